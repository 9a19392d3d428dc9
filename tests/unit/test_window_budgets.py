"""The window's benchmarks: what they open, and how they judge their figures."""

from __future__ import annotations

import time

import pytest

from tests.helpers.desktop_rig import SECOND, order
from workstation.app.bench import BENCHMARKS, SHORT
from workstation.desktop.benchmark_keys import BUDGETS as KEY_BUDGETS
from workstation.desktop.benchmark_keys import keyed, spread
from workstation.desktop.benchmark_window import BUDGETS, busy_layout, judged, soaked
from workstation.desktop.shell.layouts import layout_text, parse_layout
from workstation.domain.orders import OrderState, OrdStatus, Origin, OriginKind

REJECTED = OrdStatus.REJECTED


def figures(**changes: float) -> dict[str, float]:
    """Return figures that keep every budget exactly."""
    kept = {
        "frames_per_s": 30.0, "gap_ms_p99": 16.0, "gap_ms_max": 100.0, "gui_work_ms_p99": 16.0,
        "gui_work_ms_max": 100.0, "book_age_ms_max": 100.0,
    }  # fmt: skip
    return kept | changes


def test_two_charts_the_ladder_and_more_than_eight_panels_are_open() -> None:
    layout = busy_layout()
    kinds = [panel.kind for panel in layout.panel]
    assert kinds.count("chart") == 2
    assert kinds.count("ladder") == 1
    assert len(kinds) >= 8
    assert parse_layout(layout_text(layout), source="benchmark").dock == layout.dock


def test_a_figure_at_its_budget_keeps_it_and_one_beyond_does_not() -> None:
    assert {name for name, value in judged(figures()).items() if name.endswith("_in_budget") and not value} == set()
    for name, beyond in (
        ("frames_per_s", 29.9),
        ("gap_ms_p99", 16.1),
        ("gap_ms_max", 100.1),
        ("gui_work_ms_max", 101),
        ("book_age_ms_max", 100.1),
    ):
        assert judged(figures(**{name: beyond}))[f"{name}_in_budget"] == 0.0
    assert set(BUDGETS) <= set(judged(figures()))


def test_a_soak_tells_its_worst_minute_and_the_slope_of_memory_once_buffers_are_full() -> None:
    minute = figures(updates_per_s=50_000.0, book_age_ms_p99=40.0)
    bad = minute | {"frames_per_s": 20.0, "gap_ms_max": 250.0}
    told = soaked([minute, bad, minute, minute, minute, minute], [300.0, 330.0, 340.0, 341.0, 342.0, 343.0])
    assert (told["minutes"], told["frames_per_s_of_the_worst_minute"]) == (6.0, 20.0)
    assert (told["gap_ms_max_of_the_worst_minute"], told["gap_ms_p99_median"]) == (250.0, 16.0)
    assert (told["memory_mb_first"], told["memory_mb_half"], told["memory_mb_last"]) == (300.0, 341.0, 343.0)
    assert abs(told["memory_mb_per_h"] - 60.0) < 1e-6, "1 MB a minute"
    assert set(BENCHMARKS) - set(SHORT) == {"soak"}, "half an hour is measured only where it is named"


def pressed(cl_ord_id: str, key_to_sent_ms: int, *, status: OrdStatus = OrdStatus.NEW) -> OrderState:
    """Return an order of a key pressed a second ago, durable half-way to its sending."""
    gesture, ago = time.monotonic_ns() - SECOND, time.time_ns() - SECOND
    half = key_to_sent_ms * 500_000
    origin = Origin(OriginKind.HOTKEY, ts_gesture=gesture)
    return order(cl_ord_id, state=status, origin=origin, ts_durable=ago + half, ts_sent=ago + 2 * half)


def test_keys_are_judged_from_the_press_over_what_the_disk_itself_takes() -> None:
    orders = [pressed(str(number), 4) for number in range(98)] + [pressed("slow", 9), pressed("no", 4, status=REJECTED)]
    found = keyed(orders, [20.0] * 99 + [40.0], [2.5] * 100)
    assert (found["orders"], found["refused"]) == (100.0, 1.0)
    assert found["key_to_journal_ms_p50"] == pytest.approx(2.0, abs=0.5)
    assert found["over_fsync_ms_p50"] == pytest.approx(1.5, abs=0.5)
    assert found["row_seen_ms_p99"] == 20.0
    assert [found[f"{name}_in_budget"] for name in KEY_BUDGETS] == [1.0, 1.0, 1.0]
    late = keyed(orders, [34.0] * 100, [0.1] * 100)
    assert [late[f"{name}_in_budget"] for name in KEY_BUDGETS] == [0.0, 1.0, 0.0]


def test_keys_that_made_no_order_keep_no_budget() -> None:
    found = keyed([], [], [0.1])
    assert [found[f"{name}_in_budget"] for name in KEY_BUDGETS] == [0.0, 0.0, 0.0]
    assert spread("x", [3.0, 1.0, 2.0]) == {"x_p50": 2.0, "x_p99": 3.0}
