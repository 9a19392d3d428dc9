"""Subtotals of groups: counted per group, never summed across instruments, and only brackets of several orders."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import future, limit, order, stock
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, Side
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.order_totals import order_totals, total_style, totals_table
from workstation.viewmodels.orders_table import OrderBlotter
from workstation.viewmodels.rejects import RejectWatch


def blotter(*orders: object) -> OrderBlotter:
    instruments = {one.symbol: one for one in (stock(), stock("MSFT"), future())}
    made = OrderBlotter(Formats(instruments), RejectWatch())
    made.take(orders)
    return made


def filled(cl_ord_id: str, side: Side, qty: int, price: int, symbol: str = "AAPL", **more: object) -> object:
    terms = limit(side, price, qty, symbol=symbol)
    return order(cl_ord_id, terms, OrdStatus.FILLED, cum_qty=qty, cost=qty * price, **more)


def test_buys_and_sells_are_summed_with_their_averages() -> None:
    made = blotter(
        filled("1", Side.BUY, 100, 18_700), filled("2", Side.BUY, 300, 18_740), filled("3", Side.SELL, 50, 18_801)
    )
    (total,) = order_totals(made, "symbol")
    assert (total.orders, total.working, total.bought, total.sold, total.left) == (3, 0, 400, 50, 0)
    assert total.buy_average == pytest.approx(187.30, abs=1e-9)
    assert total.sell_average == pytest.approx(188.01, abs=1e-9)


def test_a_group_of_several_instruments_shows_counts_and_no_sums() -> None:
    made = blotter(filled("1", Side.BUY, 100, 18_700), order("2", limit(symbol="MSFT")))
    (total,) = order_totals(made, "account")
    table = totals_table(made)
    table.upsert([total])
    shown = {column.name: column.text(total) for column in table.columns}
    assert (total.symbol, total.orders, total.working) == ("", 2, 1)
    assert (shown["symbol"], shown["bought"], shown["buy_average"], shown["left"]) == ("several", "—", "—", "—")
    assert total_style(total).ink == "text"


def test_only_brackets_of_several_orders_have_a_subtotal() -> None:
    link = GroupLink("G-0001", Contingency.BRACKET, LegRole.STOP_LOSS, "P")
    made = blotter(order("P", link=GroupLink("G-0001", Contingency.BRACKET, LegRole.ENTRY, "")), order("S", link=link))
    made.take([order("alone")])
    (total,) = order_totals(made, "group")
    assert (total.group, total.orders, total.left) == ("G-0001", 2, 200)


def test_a_reversals_pair_a_chain_of_replacements_and_legs_of_a_plain_order_are_groups_too() -> None:
    leg = GroupLink("GRP-uidOMSP", Contingency.BRACKET, LegRole.STOP_LOSS, "OMS-P")
    made = blotter(
        order("OMS-X", state=OrdStatus.FILLED),
        order("OMS-E", metadata={"reverses": "OMS-X"}),
        order("OMS-1", state=OrdStatus.REPLACED),
        order("OMS-2", state=OrdStatus.REPLACED, replaces="OMS-1"),
        order("OMS-P"),
        order("OMS-S", link=leg),
        order("OMS-9"),
    )
    made.take([order("OMS-3", replaces="OMS-2")])
    assert {total.group: total.orders for total in order_totals(made, "group")} == {
        "GRP-uidOMSX": 2,
        "GRP-uidOMS1": 3,
        "GRP-uidOMSP": 2,
    }


def test_an_empty_blotter_has_none_and_an_order_without_a_strategy_is_named() -> None:
    assert order_totals(blotter(), "strategy") == []
    (total,) = order_totals(blotter(order("1")), "strategy")
    assert total.group == "none"
