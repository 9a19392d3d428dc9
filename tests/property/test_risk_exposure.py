"""Exposure totals equal a recount of all live orders after any sequence of changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.risk import INSTRUMENTS, QUOTE, changed, live, terms
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdStatus, OrdType, Side
from workstation.risk.exposure import Exposure
from workstation.risk.valuation import worst_notional

SYMBOLS = ("AAPL", "CL")
TYPES = (OrdType.LIMIT, OrdType.MARKET, OrdType.STOP_LIMIT)
LINKS = (None, GroupLink("g", Contingency.OCO, LegRole.OCO), GroupLink("h", Contingency.OTO, LegRole.ENTRY))

asked = st.builds(
    lambda symbol, side, qty, price, ord_type: terms(
        side,
        qty=qty,
        price=None if ord_type is OrdType.MARKET else price,
        symbol=symbol,
        ord_type=ord_type,
        stop_px=price if ord_type is OrdType.STOP_LIMIT else None,
    ),
    st.sampled_from(SYMBOLS),
    st.sampled_from((Side.BUY, Side.SELL)),
    st.integers(1, 50),
    st.integers(9_990, 10_010),
    st.sampled_from(TYPES),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(("new", "fill", "pend", "settle", "trigger", "end")),
        st.integers(0, 9),
        asked,
        st.sampled_from(LINKS),
        st.sampled_from(("", "s1")),
    ),
    max_size=40,
)


def moved(order, step, change):
    """Return the order one step on."""
    match step:
        case "fill" if order.leaves_qty > 1:
            return changed(order, cum_qty=order.cum_qty + 1, leaves_qty=order.leaves_qty - 1)
        case "pend":
            pending = changed(order.terms, order_qty=order.cum_qty + change.order_qty)
            if order.terms.price is not None:
                pending = changed(pending, price=change.price or 10_000)
            return changed(order, status=OrdStatus.PENDING_REPLACE, pending_terms=pending)
        case "settle" if order.pending_terms is not None:
            leaves = order.pending_terms.order_qty - order.cum_qty
            return changed(
                order, status=OrdStatus.ROUTED, terms=order.pending_terms, pending_terms=None, leaves_qty=leaves
            )
        case "trigger":
            return changed(order, triggered=True)
        case "end":
            return changed(order, status=OrdStatus.CANCELLED, leaves_qty=0)
    return order


def worst(order):
    pending = order.pending_terms
    qtys = [order.leaves_qty] + ([pending.order_qty - order.cum_qty] if pending else [])
    values = [
        worst_notional(term, qty, QUOTE, INSTRUMENTS[order.terms.symbol])
        for term, qty in zip([order.terms, pending], qtys, strict=False)
    ]
    return max(qtys), max(values)


def recount(orders, symbol, side):
    """Return quantity, notional and resting prices of a side, from nothing but the orders."""
    alone, groups, prices = [], {}, []
    for order in orders:
        if order.terms.symbol != symbol or order.terms.side is not side:
            continue
        if order.link is not None and order.link.contingency is Contingency.OCO:
            groups.setdefault(order.link.group_id, []).append(worst(order))
        else:
            alone.append(worst(order))
        prices += [
            term.price
            for term in (order.terms, order.pending_terms)
            if term and term.price is not None and (term.ord_type is OrdType.LIMIT or order.triggered)
        ]
    qty = sum(row[0] for row in alone) + sum(max(row[0] for row in legs) for legs in groups.values())
    notional = sum(row[1] for row in alone) + sum(max(row[1] for row in legs) for legs in groups.values())
    best = None if not prices else max(prices) if side is Side.BUY else min(prices)
    return qty, notional, best


@given(steps, st.integers(-60, 60))
def test_the_totals_equal_a_recount_of_the_live_orders(script, position):
    exposure, orders = Exposure(INSTRUMENTS), {}
    for step, number, change, link, strategy in script:
        name = str(number)
        before = orders.get(name)
        after = live(name, change, link=link, strategy_id=strategy) if before is None else moved(before, step, change)
        exposure.on_change(before, after)
        orders[name] = after
        if not after.is_open:
            del orders[name]

        opening = exposure.opening("SIM-1", lambda _account, _symbol: position)
        expected = 0
        for symbol in SYMBOLS:
            working = exposure.working("SIM-1", symbol)
            for side, totals in ((Side.BUY, working.buy), (Side.SELL, working.sell)):
                assert (totals.qty, totals.notional, totals.best) == recount(orders.values(), symbol, side)
            expected += working.opening_at(position)
        assert opening.get("USD", 0) == expected
        assert exposure.open_orders(("TENANT", "")) == len(orders)
        assert exposure.open_orders(("STRATEGY", "s1")) == sum(o.strategy_id == "s1" for o in orders.values())
    rebuilt = Exposure(INSTRUMENTS)
    for order in orders.values():
        rebuilt.on_change(None, order)
    for symbol in SYMBOLS:
        for sign in (1, -1):
            left, right = (e.working("SIM-1", symbol).side(sign) for e in (rebuilt, exposure))
            assert (left.qty, left.notional, left.best) == (right.qty, right.notional, right.best)
