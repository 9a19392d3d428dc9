"""Fills of one order as one row: exact sums, what was taken back left out, each report counted once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.desktop_rig import stock
from tests.unit.viewmodels.test_fills_table import fill
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.fills_by_order import FillsByOrder
from workstation.viewmodels.formats import Formats

SECOND = 10**9
FIRST = fill("X-1", last_qty=100, last_px=18_720)
LATER = fill("X-2", last_qty=50, last_px=18_726, liquidity=Liquidity.TAKER, ts_event=FIRST.ts_event + 3 * SECOND)


def made(*fills: Execution) -> FillsByOrder:
    sums = FillsByOrder(Formats({"AAPL": stock()}))
    sums.take(fills)
    return sums


def texts(sums: FillsByOrder, position: int = 0) -> dict[str, str]:
    return {column.name: column.text(sums.table.row_at(position)) for column in sums.table.columns}


def test_an_orders_fills_are_summed_with_their_average() -> None:
    row = texts(made(FIRST, LATER, LATER))
    assert (row["qty"], row["price"], row["fills"], row["fee"]) == ("150", "187.22", "2", "1.0000")
    assert (row["time"], row["took"], row["liquidity"]) == ("15:00:03.000", "3.0 s", "both")
    assert made(FIRST, fill("X-3", cl_ord_id="OMS-000002")).table.total == 2


def test_fills_of_orders_from_elsewhere_stay_apart_by_the_venues_id() -> None:
    foreign = [fill(f"F-{n}", cl_ord_id="", order_id=order) for n, order in enumerate(("V-1", "V-2", "V-1", ""))]
    assert sorted(row.count for row in map(made(*foreign).table.row, range(3))) == [1, 1, 2]


def test_what_was_taken_back_is_left_out() -> None:
    bust = fill("X-9", kind=ExecKind.BUST, corrects="X-1")
    assert texts(made(FIRST, LATER, bust))["qty"] == "50"
    assert texts(made(bust, FIRST, LATER))["qty"] == "50", "whatever comes first"
    right = fill("X-9", kind=ExecKind.CORRECTION, corrects="X-1", last_px=18_700)
    assert texts(made(FIRST, right))["price"] == "187.00"
    gone = made(FIRST, bust)
    assert (texts(gone)["qty"], texts(gone)["price"], gone.style(gone.table.row_at(0)).ink) == ("0", "—", "text_muted")


def test_fees_of_several_currencies_are_never_added_up() -> None:
    row = texts(made(FIRST, fill("X-2", fee=MONEY_ONE, fee_currency="EUR")))
    assert row["fee"] == "—"


def test_rows_are_filtered_as_fills_are() -> None:
    sums = made(FIRST, LATER, fill("X-3", cl_ord_id="OMS-000002", last_qty=7))
    sums.table.filter_by(sums.accepts("qty>=100"))
    assert [sums.table.row_at(at).cl_ord_id for at in range(len(sums.table))] == ["OMS-000001"]
    assert sums.accepts("") is None


FILLS = st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 500), st.integers(18_000, 19_000)), max_size=30)


@given(FILLS, st.randoms(use_true_random=False))
def test_sums_are_those_of_the_fills_that_stand_in_any_order(drawn: list[tuple[str, int, int]], rng) -> None:
    fills = [fill(f"X-{n}", cl_ord_id=order, last_qty=qty, last_px=px) for n, (order, qty, px) in enumerate(drawn)]
    struck = [one for one in fills if rng.random() < 0.3]
    busts = [
        fill(f"B-{n}", cl_ord_id=one.cl_ord_id, kind=ExecKind.BUST, corrects=one.exec_key)
        for n, one in enumerate(struck)
    ]
    reports = [*fills, *busts]
    rng.shuffle(reports)
    sums = made(*reports, *reports[:5])
    for order in "AB":
        stand = [one for one in fills if one.cl_ord_id == order and one not in struck]
        row = sums.table.get(order)
        assert (0 if row is None else row.qty) == sum(one.last_qty for one in stand)
        assert (0 if row is None else row.cost) == sum(one.last_qty * one.last_px for one in stand)
    assert np.isfinite(sums.table.numbers("fills", sums.table.view)).all()
