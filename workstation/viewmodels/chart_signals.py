"""Signals of strategies as marks on a chart: when, at which price, on which side, and what was said. Pure.

Last stage of the tick walk. A signal carries no price of its own: its order's average or limit is shown where it names
one, else the close of the bar that it was sent in.
"""

from collections.abc import Iterable, Mapping

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.strategies.run_signals import NamedSignal
from workstation.viewmodels.chart_feed import whole_price
from workstation.viewmodels.chart_marks import MarkSide, SignalMark
from workstation.viewmodels.formats import time_of_day

_SIDES = {"BUY": MarkSide.BUY, "SELL": MarkSide.SELL}


def signal_marks(
    instrument: Instrument, rows: Iterable[NamedSignal], orders: Mapping[str, OrderState]
) -> list[SignalMark]:
    """Return the marks of signals on an instrument, in their order."""
    marks = []
    for row in rows:
        signal, ts = row.told.signal, row.told.ts
        price = _price(instrument, orders.get(signal.cl_ord_id))
        words = [signal.action, f"{signal.confidence:.0%}", row.run_name, signal.reason, time_of_day(ts)[:8]]
        marks.append(SignalMark(ts, price, _SIDES.get(signal.action), "  ".join(word for word in words if word)))
    return marks


def _price(instrument: Instrument, order: OrderState | None) -> float | None:
    if order is None:
        return None
    if order.cum_qty:
        average: float = order.cost / order.cum_qty
        return average / float(10**instrument.price_decimals)
    return None if order.terms.price is None else whole_price(instrument, order.terms.price)
