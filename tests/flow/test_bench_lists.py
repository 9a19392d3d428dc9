"""The list budget is measured on what the journal really wrote, through the real server."""

from __future__ import annotations

from workstation.app.bench_lists import run

ORDERS = 1_000


def test_lists_of_a_real_database_are_measured() -> None:
    figures = run(orders=ORDERS)
    assert figures.pop("orders") == ORDERS
    assert set(figures) == {"list_100_orders_cpu_ms", "list_100_new_orders_cpu_ms"}
    assert all(spent > 0 for spent in figures.values())
