"""What `workstation bench` says on a terminal: what each benchmark measures, and each figure beside its budget.

A figure is judged only in words: a benchmark reports, it never passes or fails. JSON holds the bare figures.
"""

from collections.abc import Iterator, Mapping
from typing import Any

WHAT = {
    "tick_path": "ticks through book, bars and marks; no screen, no disk",
    "order_path": "orders through risk to their acceptance, without a disk",
    "backtest": "a strategy over bars and quotes",
    "storage": "orders made durable in a new database, one by one and in a burst",
    "rest": "lists and orders over REST, processor time",
    "lists": "lists over REST in a database of 100,000 orders",
    "chart": "a chart of 1,000,000 bars, processor seconds",
    "blotter": "tables with 1,000,000 orders and a moving watchlist, processor seconds",
    "start": "from the command to a window with live data, and idle memory",
    "desktop": "the real window under 50,000 ticks a second: behind a feed (feed_), with the exchange (exchange_)",
    "keys": "a key of the real window to the journal, to the venue and to its row",
    "recovery": "a start after 1,000,000 orders with 5,000 open",
    "flood": "an order by hand while REST is flooded",
    "strategies": "an order by hand beside strategies that misbehave",
    "soak": "the window under load for half an hour: its worst minute, and memory",
}
MEASURED_BY_ITSELF = "only when named"

Bounds = tuple[float | None, float | None]
"""Least and most that a figure may be, None where nothing bounds it on that side."""

_BUDGETS: Mapping[str, Mapping[str, Bounds]] = {
    "tick_path": {"ticks_per_cpu_s": (300_000, None)},
    "order_path": {
        "orders_per_cpu_s_few_open": (20_000, None),
        "orders_per_cpu_s_many_open": (20_000, None),
    },
    "backtest": {"bars_with_orders_per_cpu_s": (300_000, None)},
    "storage": {"durable_orders_per_s": (3_000, None)},
    "rest": {"list_100_orders_cpu_ms": (None, 2.6), "post_order_cpu_ms": (None, 1.5)},
    "chart": {"open": (None, 1.0), "pan": (None, 0.004), "zoom": (None, 0.004), "tick": (None, 0.0001)},
    "start": {"window_with_live_data_s": (None, 2.0), "idle_memory_mb": (None, 300.0)},
    "recovery": {"window_state_s": (None, 2.0), "unlocked_s": (None, 5.0)},
}
_JUDGED = "_in_budget"


def listed(names: Mapping[str, object], short: tuple[str, ...]) -> Iterator[str]:
    """Yield one line a benchmark: its name and what it measures."""
    for name in names:
        apart = "" if name in short else f" ({MEASURED_BY_ITSELF})"
        yield f"{name:<12} {WHAT[name]}{apart}"


def told(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line a figure, with its budget and whether that is kept where it has one."""
    for name, figures in results.items():
        yield f"{name}: {WHAT[name]}" if name in WHAT else name
        budgets = _BUDGETS.get(name) or _budgets_of_tables(name)
        for figure, value in figures.items():
            if figure.endswith(_JUDGED):
                continue
            words = _judgement(float(value), budgets.get(figure))
            kept = figures.get(f"{figure}{_JUDGED}")
            if kept is not None:
                words = "within its budget" if kept else "BEYOND its budget"
            yield f"  {figure:<44} {_number(float(value)):>14}  {words}".rstrip()


def _budgets_of_tables(name: str) -> Mapping[str, Bounds]:
    """Return the budgets of benchmarks that draw: they stand beside what they measure."""
    if name == "blotter":
        from workstation.desktop.benchmark_tables import BUDGETS_S  # noqa: PLC0415  Qt, only where it was measured

        return {figure: (None, most) for figure, most in BUDGETS_S.items()}
    return {}


def _judgement(value: float, bounds: Bounds | None) -> str:
    if bounds is None:
        return ""
    least, most = bounds
    if least is not None:
        return f"at least {_number(least)}: {'kept' if value >= least else 'BELOW'}"
    if most is not None:
        return f"at most {_number(most)}: {'kept' if value <= most else 'ABOVE'}"
    return ""


def _number(value: float) -> str:
    """Return a figure with four digits that count, and no more behind the point than it has."""
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 0.001 else f"{value:.6f}"
