"""What a chart shows of one instrument besides its bars: orders, fills and the position as marks; intervals by name.

Last stage of both walks. Floats are for drawing; a dragged or chosen price comes back to exact units through the
tick. Qt-free; sends nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workstation.domain.errors import ValidationError
from workstation.domain.executions import ExecKind, Execution, PositionState
from workstation.domain.instruments import Instrument
from workstation.domain.market import COUNTED_KINDS, SESSION_KINDS, Anchor, BarKind, BarType
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, OriginKind, Side
from workstation.domain.orders import Residence as OrderResidence
from workstation.marketdata.intervals import bar_type_of, series_of
from workstation.viewmodels.chart_exits import Exits, line_price
from workstation.viewmodels.chart_marks import FillMark, LineState, MarkSide, OrderLine, Residence
from workstation.viewmodels.frames import PositionSnap, QuoteSnap

TIMED_INTERVALS = ("1s", "5s", "15s", "1m", "5m", "15m", "1h", "1d")
MORE_INTERVALS = ("30s", "3m", "10m", "30m", "2h", "4h", "1w", "1mo")
"""On offer in the menu, of those that any length which divides the minute, the hour or the day makes."""

COUNTED_INTERVALS = ("100t", "1000t", "1kv", "10kv", "1mn", "100ti", "20tr", "10r", "20r", "10b")
"""On offer of those whose bars trades close: ticks, volume, value, imbalance, runs, range and bricks; any other may be
typed. A venue keeps none from before it was asked."""

INTERVALS_ALLOWED = (
    "100ms, 1s to 30s, 1m to 30m, 1h to 12h, 1d, 1w, 1mo, 1y, 30m@open, ticks such as 100t, volume 5kv, value 1mn, "
    "imbalance 100ti, runs 20tr, range 20r, bricks 10b"
)
_WHOLE = {BarKind.MILLISECOND: 1_000, BarKind.SECOND: 60, BarKind.MINUTE: 60, BarKind.HOUR: 24}
"""What a step must divide, so that every second, minute, hour and day begins with a bar."""

BARS_ASKED, LONG_BARS_ASKED = 5_000, 1_500
LONG_FROM_MINUTES = 5
DEFAULT_INTERVAL = "1m"
FILLS_SHOWN_MAX = 2_000

_LINE_STATES = {
    OrdStatus.NEW: LineState.HELD,
    OrdStatus.PENDING_SUBMIT: LineState.PENDING,
    OrdStatus.PENDING_CANCEL: LineState.PENDING,
    OrdStatus.PENDING_REPLACE: LineState.PENDING,
    OrdStatus.PARTIALLY_FILLED: LineState.PARTIAL,
}
_RESIDENCES = {
    OrderResidence.EXCHANGE: Residence.EXCHANGE,
    OrderResidence.BROKER: Residence.BROKER,
    OrderResidence.PROGRAM: Residence.LOCAL,
}
_TYPES = {OrdType.LIMIT: "LMT", OrdType.STOP: "STP", OrdType.STOP_LIMIT: "STP LMT"}


def read_interval(text: str) -> str:
    """Return the name of an interval as it was typed.

    Raises:
        ValidationError: a chart has no such bars.
    """
    name = text.strip().lower()
    made = bar_type_of(name, tick=1, value=(1, 1))
    free, whole = made.kind in COUNTED_KINDS or made.anchor is Anchor.SESSION, _WHOLE.get(made.kind, 1)
    if not free and (whole % made.step or (made.step > 1 and made.step == whole)):
        raise ValidationError("interval", f"a chart has no {name} bars", allowed=INTERVALS_ALLOWED)
    return name


def is_within_days(bar_type: BarType) -> bool:
    """Tell whether bars are shorter than a day, so that trading hours can be shaded behind them."""
    return bar_type.kind not in SESSION_KINDS


def bars_asked(bar_type: BarType) -> int:
    """Return how many bars of the past a chart begins with: fewer where each covers long."""
    long = bar_type.kind not in {BarKind.MILLISECOND, BarKind.SECOND, BarKind.MINUTE, *COUNTED_KINDS}
    long = long or (bar_type.kind is BarKind.MINUTE and bar_type.step > LONG_FROM_MINUTES)
    return LONG_BARS_ASKED if long else BARS_ASKED


def interval_bars(interval: str, instrument: Instrument) -> BarType:
    """Return the series of an instrument at an interval; a range counts the tick of its highest prices."""
    return series_of(interval, instrument)


KnownLines = dict[str, tuple[tuple[OrderState, ...], OrderLine]]
"""Lines by order, each with that order and those that its words depend on, as they were when it was worded."""


def order_lines(
    instrument: Instrument,
    orders: Sequence[OrderState],
    exits: Exits,
    *,
    connected: bool,
    known: KnownLines | None = None,
) -> list[OrderLine]:
    """Return the lines of open orders that have a price; without the venue every live one is UNKNOWN.

    known: lines of before, for the same position and link; those of orders that are as they were are taken from it, and
    it holds these lines afterwards.
    """
    before = {} if known is None else dict(known)
    found: KnownLines = {}
    for order in orders:
        of = (order, *exits.kin(order))
        kept = before.get(order.cl_ord_id)
        if kept is not None and kept[0] == of:
            found[order.cl_ord_id] = kept
        elif order.is_open and (price := line_price(order)) is not None:
            line = _order_line(instrument, order, price, exits.words(order), connected=connected)
            found[order.cl_ord_id] = (of, line)
    if known is not None:
        known.clear()
        known.update(found)
    return [line for _, line in found.values()]


def _order_line(instrument: Instrument, order: OrderState, price: int, outcome: str, *, connected: bool) -> OrderLine:
    state = _LINE_STATES.get(order.status, LineState.WORKING)
    if order.unknown is not None or (not connected and order.status is not OrdStatus.NEW):
        state = LineState.UNKNOWN
    return OrderLine(
        cl_ord_id=order.cl_ord_id,
        side=_side(order.terms.side),
        price=whole_price(instrument, price),
        quantity=instrument.qty_text(order.leaves_qty or order.terms.order_qty),
        type=_TYPES.get(order.terms.ord_type, "TRAIL"),
        state=state,
        residence=_RESIDENCES[order.residence],
        note=" ".join(word for word in (_leg(order), outcome, _by(order)) if word),
    )


def fill_marks(instrument: Instrument, executions: Sequence[Execution]) -> list[FillMark]:
    """Return the marks of the newest fills that stand, oldest first. executions: by arrival."""
    taken_back: set[str] = set()
    marks: list[FillMark] = []
    for fill in reversed(executions):
        if fill.symbol != instrument.symbol:
            continue
        if fill.corrects:
            taken_back.add(fill.corrects)
        if fill.kind is not ExecKind.BUST and fill.exec_key not in taken_back:
            price = whole_price(instrument, fill.last_px)
            marks.append(FillMark(fill.ts_event, price, _side(fill.side), instrument.qty_text(fill.last_qty)))
        if len(marks) == FILLS_SHOWN_MAX:
            break
    marks.reverse()  # those of one moment stay as they came
    return sorted(marks, key=lambda mark: mark.time_ns)


def average_price(instrument: Instrument, snap: PositionSnap) -> float | None:
    """Return the position's average price in whole units, None when flat."""
    position = snap.position
    if not position.qty:
        return None
    units: float = position.cost / (position.qty * instrument.notional(1, 1))
    return units / float(10**instrument.price_decimals)


def whole_price(instrument: Instrument, price: int) -> float:
    """Return a price as a float in whole units, for drawing."""
    return price / float(10**instrument.price_decimals)


def price_units(instrument: Instrument, price: float) -> int:
    """Return the grid price nearest to a drawn one."""
    units = round(price * float(10**instrument.price_decimals))
    tick = instrument.tick_at(units)
    return round(units / tick) * tick


def order_at(
    instrument: Instrument, quote: QuoteSnap, *, account: str, side: MarkSide, price: float, quantity: int
) -> OrderTerms | None:
    """Return the order that a click at a price means: a limit on the passive side of the market, else a stop.

    None where no fresh price says which side that is, or the price is on the market.
    """
    market = quote.last if quote.last is not None else quote.bid
    if market is None or quote.freshness != "FRESH":
        return None
    units = price_units(instrument, price)
    buying = side is MarkSide.BUY
    passive = units <= market if buying else units >= market
    return OrderTerms(
        symbol=instrument.symbol,
        account=account,
        side=Side.BUY if buying else Side.SELL,
        ord_type=OrdType.LIMIT if passive else OrdType.STOP,
        order_qty=quantity,
        price=units if passive else None,
        stop_px=None if passive else units,
    )


def exit_at(instrument: Instrument, position: PositionState, price: float) -> OrderTerms | None:
    """Return the order that takes a whole position off at a price: a limit where that gains, a stop where it loses.

    It only reduces. None when flat, or at the average price itself.
    """
    units = price_units(instrument, price)
    gain = instrument.notional(units, position.qty) - position.cost
    if not position.qty or not gain:
        return None
    return OrderTerms(
        symbol=instrument.symbol,
        account=position.account,
        side=Side.SELL if position.qty > 0 else Side.BUY,
        ord_type=OrdType.LIMIT if gain > 0 else OrdType.STOP,
        order_qty=abs(position.qty),
        price=units if gain > 0 else None,
        stop_px=None if gain > 0 else units,
        reduce_only=True,
    )


def order_label(instrument: Instrument, terms: OrderTerms, *, quantity: int | None = None) -> str:
    """Return an order in words, exactly what would be sent. quantity: what is left of it, where that is less."""
    verb = "Buy" if terms.side.sign > 0 else "Sell"
    kind = {OrdType.LIMIT: "limit", OrdType.STOP_LIMIT: "stop limit"}.get(terms.ord_type, "stop")
    price = terms.stop_px if terms.stop_px is not None else terms.price or 0
    size = instrument.qty_text(terms.order_qty if quantity is None else quantity)
    return f"{verb} {kind} {size} @ {instrument.price_text(price)}"


def rising_times(times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return opening times that rise strictly: bars of ticks may open in the same nanosecond."""
    steps = np.arange(len(times_ns), dtype=np.int64)
    return np.asarray(np.maximum.accumulate(times_ns - steps) + steps)


def times_before(times_ns: NDArray[np.int64], first_ns: int) -> NDArray[np.int64]:
    """Return opening times that rise strictly and end before a moment, UTC ns, as `rising_times` does."""
    left = np.arange(len(times_ns), 0, -1, dtype=np.int64)
    return np.asarray(np.minimum(rising_times(times_ns), first_ns - left))


def _leg(order: OrderState) -> str:
    return "" if order.link is None else order.link.role.value.replace("_", " ").lower()


def _by(order: OrderState) -> str:
    """Return who placed an order that no hand on this desktop did, "" for the hand."""
    return "script" if order.origin.kind is OriginKind.REST else ""


def _side(side: Side) -> MarkSide:
    return MarkSide.BUY if side.sign > 0 else MarkSide.SELL
