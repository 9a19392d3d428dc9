"""What leaving at an order's line would bring: its words in money and R, the bracket's zones, the position's words.

Last stage of both walks, beside `chart_feed`. An exit is measured from the average of the position, a leg of an entry
that has not filled from that entry's price. Qt-free; values nothing by a market price, sends nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState
from workstation.viewmodels.chart_marks import BracketZone
from workstation.viewmodels.formats import money
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.open_profit import average_units, risk_text

WHOLE_MONEY_FROM = 100 * MONEY_ONE


class _Way(msgspec.Struct, frozen=True):
    """From where an order leaves. entry: price units; sign: + long; qty: most units that it can close."""

    entry: Fraction
    sign: int
    qty: int
    parent: str = ""


def line_price(order: OrderState) -> int | None:
    """Return the price that an order's line stands at: its stop until that fired, else its limit."""
    terms = order.terms
    return terms.stop_px if terms.stop_px is not None and not order.triggered else terms.price


class Exits:
    """The open orders of one instrument and account, beside what is held of it."""

    def __init__(self, instrument: Instrument, orders: Iterable[OrderState], held: PositionSnap | None) -> None:
        self._instrument, self._held = instrument, held
        average = None if held is None else average_units(held, instrument)
        qty = 0 if held is None else held.position.qty
        self._out = None if average is None else _Way(average, 1 if qty > 0 else -1, abs(qty))
        self._orders = {order.cl_ord_id: order for order in orders if order.is_open}
        self._stops: dict[str, list[OrderState]] = defaultdict(list)
        for order in self._orders.values():
            if order.is_protective and order.link is not None and order.link.parent:
                self._stops[order.link.parent].append(order)

    def words(self, order: OrderState) -> str:
        """Return what a fill at the line would gain or lose, such as `−120 −1.0R`; "" for an order that enters."""
        way = self._way(order)
        profit = None if way is None else self._profit(order, way)
        if way is None or profit is None:
            return ""
        text = money(profit, signed=True, places=0 if abs(profit) >= WHOLE_MONEY_FROM else 2)
        risk = self._risk(way)
        return f"{text} {risk_text(profit, risk)}" if risk else text

    def kin(self, order: OrderState) -> tuple[OrderState, ...]:
        """Return the other orders that the words of one depend on: its entry, and the stops beside it."""
        parent = self._parent(order)
        return () if parent is None else (parent, *self._stops[parent.cl_ord_id])

    def zones(self) -> list[BracketZone]:
        """Return the prices between an entry and the furthest way out of it, one zone for each side of the entry."""
        ways: dict[str, tuple[_Way, int, int]] = {}
        for order in self._orders.values():
            way, price = self._way(order), line_price(order)
            if way is not None and price is not None:
                _, low, high = ways.get(way.parent, (way, price, price))
                ways[way.parent] = (way, min(low, price), max(high, price))
        furthest: dict[tuple[Fraction, bool], int] = {}
        for way, low, high in ways.values():
            below, above = (way.entry, way.sign < 0), (way.entry, way.sign > 0)
            if high > way.entry:
                furthest[above] = max(furthest.get(above, high), high)
            if low < way.entry:
                furthest[below] = min(furthest.get(below, low), low)
        scale = float(10**self._instrument.price_decimals)
        zones = [BracketZone(float(entry) / scale, at / scale, gains) for (entry, gains), at in furthest.items()]
        return sorted(zones, key=lambda zone: (zone.entry, not zone.gains))

    def _parent(self, order: OrderState) -> OrderState | None:
        return self._orders.get(order.link.parent) if order.link is not None and order.link.parent else None

    def _way(self, order: OrderState) -> _Way | None:
        parent = self._parent(order)
        if parent is not None:
            entry = line_price(parent)
            sign = parent.terms.side.sign
            return None if entry is None else _Way(Fraction(entry), sign, parent.terms.order_qty, parent.cl_ord_id)
        out = self._out
        return out if out is not None and order.terms.side.sign == -out.sign else None

    def _profit(self, order: OrderState, way: _Way) -> int | None:
        price = line_price(order)
        if price is None:
            return None
        qty = min(order.leaves_qty or order.terms.order_qty, way.qty)
        return int((price - way.entry) * way.sign * self._instrument.notional(1, 1) * qty)

    def _risk(self, way: _Way) -> int | None:
        if not way.parent:
            return None if self._held is None else self._held.risk
        return sum(max(-(self._profit(stop, way) or 0), 0) for stop in self._stops[way.parent]) or None


def position_words(instrument: Instrument, held: PositionSnap) -> str:
    """Return what stands on the position's line: side, size, open profit, and that in R where a stop says how much."""
    quantity = held.position.qty
    side = "Long" if quantity > 0 else "Short"
    text = f"{side} {instrument.qty_text(abs(quantity))}  {money(held.unrealised, signed=True)}"
    return f"{text}  {risk_text(held.unrealised, held.risk)}" if held.risk and held.unrealised is not None else text
