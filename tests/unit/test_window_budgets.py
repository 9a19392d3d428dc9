"""The window's benchmark: what it opens, and how it judges its figures."""

from __future__ import annotations

from workstation.desktop.benchmark_window import BUDGETS, busy_layout, judged
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
