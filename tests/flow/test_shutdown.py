"""Fills that are on their way while the program ends are heard and stored before the link to the venue is let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.product_rig import plain_sql, product_options, running_headless
from tests.helpers.storage_flow import filled_order, on_engine, order, place, wait_for
from tests.helpers.venue_truth import VenueTruth
from workstation.app.bootstrap import Program
from workstation.domain.orders import OrdStatus, Side

HOUR_NS = 3_600_000_000_000
ONE = 10**8
"""A quantity of one in the database's integer columns."""


def test_a_fill_that_is_in_the_air_when_the_program_ends_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue has filled the sale, and its words take an hour: they are heard as the link is let go."""
    with running_headless(tmp_path) as program:
        bought = filled_order(program)
        link = program.engine.core.broker
        heard = link._deliver
        monkeypatch.setattr(link, "_deliver", lambda report, _latency_ns: heard(report, HOUR_NS))
        sale = place(program, order("SIM-FILL", 1, price=None, side=Side.SELL))
        wait_for(lambda: on_engine(program, lambda: is_sold(program)))
        assert stored_sides(tmp_path) == ["BUY"]
    assert stored_sides(tmp_path) == ["BUY", "SELL"]
    (row,) = sql(tmp_path, f"SELECT status, cum_qty FROM orders WHERE cl_ord_id = '{sale.cl_ord_id}'")
    assert (row.status, row.cum_qty) == ("FILLED", ONE)
    assert bought.cl_ord_id != sale.cl_ord_id


def is_sold(program: Program) -> bool:
    """Tell whether the venue itself has filled a sale."""
    orders = VenueTruth.of_exchange(program.venue._venue.exchange).orders.values()
    return any(row.terms.side is Side.SELL and row.status is OrdStatus.FILLED for row in orders)


def stored_sides(home: Path) -> list[str]:
    return [row.side for row in sql(home, "SELECT side FROM executions ORDER BY ts_event")]


def sql(home: Path, text: str):
    return plain_sql(product_options(home, "--no-api"), text)
