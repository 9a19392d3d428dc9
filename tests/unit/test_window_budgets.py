"""The window's benchmark: what it opens, and how it judges its figures."""

from __future__ import annotations

from workstation.app.bench import BENCHMARKS, SHORT
from workstation.desktop.benchmark_window import BUDGETS, busy_layout, judged, soaked
from workstation.desktop.shell.layouts import layout_text, parse_layout


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
