"""What the benchmarks say on a terminal: each has its words, figures stand beside their budgets."""

from __future__ import annotations

from workstation.app.bench import BENCHMARKS, SHORT
from workstation.app.bench_words import WHAT, listed, told


def test_every_benchmark_says_what_it_measures_and_which_is_measured_only_when_named() -> None:
    assert WHAT.keys() == BENCHMARKS.keys()
    lines = list(listed(BENCHMARKS, SHORT))
    assert lines[0].split(maxsplit=1) == ["tick_path", WHAT["tick_path"]]
    assert [line.split()[0] for line in lines if "only when named" in line] == ["soak"]


def test_a_figure_stands_beside_its_budget_and_says_whether_it_is_kept() -> None:
    results = {
        "calibration": {"cpu_s": 0.1204},
        "order_path": {"orders_per_cpu_s_few_open": 9_560.4, "many_over_few": 0.98304},
        "rest": {"post_order_cpu_ms": 0.46843},
        "blotter": {"filter_words": 0.0331, "sort_price": 0.2},
    }
    assert [" ".join(line.split()) for line in told(results)] == [
        "calibration",
        "cpu_s 0.1204",
        f"order_path: {WHAT['order_path']}",
        "orders_per_cpu_s_few_open 9,560 at least 20,000: BELOW",
        "many_over_few 0.983",
        f"rest: {WHAT['rest']}",
        "post_order_cpu_ms 0.4684 at most 1.5: kept",
        f"blotter: {WHAT['blotter']}",
        "filter_words 0.0331 at most 0.05: kept",
        "sort_price 0.2 at most 0.15: ABOVE",
    ]


def test_what_the_window_judged_itself_is_told_beside_the_figure_and_not_as_a_figure() -> None:
    lines = list(told({"desktop": {"gap_ms_p99": 12.5, "gap_ms_p99_in_budget": 1.0, "book": 5, "book_in_budget": 0.0}}))
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "gap_ms_p99 12.5 within its budget",
        "book 5 BEYOND its budget",
    ]
