"""What a key means: from a command of the key map and one snapshot of the trade focus to one request, or a refusal.

Order walk, between the keyboard's filter and the command that goes to the engine. Everything is read once, from one
snapshot; prices are exact integers on the instrument's grid, and a missing input refuses by its name. The class of an
order, arming, freshness and limits are the gate's business and are not guessed here. Qt-free, no clock of its own.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Side
from workstation.viewmodels.frames import PositionSnap, QuoteSnap
from workstation.viewmodels.preview import order_words

DOUBLE_PRESS_NS = 450_000_000
TAKE_TICKS = 2
TAKE_SPREAD_TICKS_MAX = 20
TAKE_SPREAD_SHARE = 200
"""A take is refused when the spread exceeds both TAKE_SPREAD_TICKS_MAX ticks and 1/TAKE_SPREAD_SHARE of the price."""
NUDGE_TICKS = 1
NUDGE_TICKS_FAR = 5
HALF_BPS, QUARTER_BPS, ALL_BPS = 5_000, 2_500, 10_000


class FocusSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The trade focus at the instant of a press. working: open orders, oldest first; size in whole units."""

    account: str
    instrument: Instrument
    quote: QuoteSnap | None
    working: Sequence[OrderState]
    position: PositionSnap | None
    size: int

    @property
    def order_qty(self) -> int:
        """The chosen size in quantity units, rounded down to the lot."""
        units = self.size * 10**self.instrument.qty_decimals
        return int(units // self.instrument.lot * self.instrument.lot)


class Place(msgspec.Struct, frozen=True):
    """Place one order, with the legs of a bracket where they are given; `words` is the sentence shown and recorded."""

    terms: OrderTerms
    words: str
    stop_loss_px: int | None = None
    take_profit_px: int | None = None


class Nudge(msgspec.Struct, frozen=True):
    """Move an order's price, or its trigger, by signed ticks."""

    order: OrderState
    ticks: int


class CancelWorking(msgspec.Struct, frozen=True):
    """Cancel the working orders of the focus, or of the whole account."""

    whole_account: bool
    include_protective: bool
    words: str


class CancelNewest(msgspec.Struct, frozen=True):
    """Cancel the newest working order of the focus that is no protective stop."""

    words: str


class Exit(msgspec.Struct, frozen=True):
    """Exit a part of the focus position."""

    portion_bps: int
    words: str


class ExitAll(msgspec.Struct, frozen=True):
    """Flatten the account."""

    words: str


class Refused(msgspec.Struct, frozen=True):
    """Nothing is sent; one sentence says why."""

    text: str


Request = Place | Nudge | CancelWorking | CancelNewest | Exit | ExitAll | Refused


def decide(command_id: str, focus: FocusSnapshot) -> Request:
    """Return what a trading command of the key map asks for on this snapshot.

    Raises:
        KeyError: the command is none of the trading commands.
    """
    return _DECISIONS[command_id](focus)


def is_decided_here(command_id: str) -> bool:
    """Tell whether `decide` knows the command; the others concern arming, size and fields."""
    return command_id in _DECISIONS


def _join(side: Side, improve_ticks: int) -> Callable[[FocusSnapshot], Request]:
    def request(focus: FocusSnapshot) -> Request:
        quote, instrument = focus.quote, focus.instrument
        near = "bid" if side is Side.BUY else "ask"
        far = "ask" if side is Side.BUY else "bid"
        price = _side_price(quote, near)
        if price is None:
            return _absent(focus, near)
        opposite = _side_price(quote, far)
        wanted = instrument.step(price, side.sign * improve_ticks)
        if opposite is not None and (opposite - wanted) * side.sign <= 0:
            words = instrument.price_text
            return Refused(
                f"Refused: never crosses. {words(wanted)} would meet {far} {words(opposite)}; join or take instead."
            )
        return _place(focus, side, wanted)

    return request


def _take(side: Side) -> Callable[[FocusSnapshot], Request]:
    def request(focus: FocusSnapshot) -> Request:
        quote, instrument = focus.quote, focus.instrument
        far = "ask" if side is Side.BUY else "bid"
        price = _side_price(quote, far)
        if price is None:
            return _absent(focus, far)
        near = _side_price(quote, "bid" if side is Side.BUY else "ask")
        if near is not None:
            spread = (price - near) * side.sign
            ticks = spread // instrument.tick_at(price)
            if ticks > TAKE_SPREAD_TICKS_MAX and spread * TAKE_SPREAD_SHARE > abs(price):
                return Refused(f"Refused: spread guard. Spread {ticks}t; limit {TAKE_SPREAD_TICKS_MAX}t. Join instead.")
        return _place(focus, side, instrument.step(price, side.sign * TAKE_TICKS))

    return request


def _place(focus: FocusSnapshot, side: Side, price: int) -> Request:
    qty = focus.order_qty
    if qty <= 0:
        lot = focus.instrument.qty_text(focus.instrument.lot)
        return Refused(f"Refused: size {focus.size} is below one lot of {lot}; choose a larger size.")
    terms = OrderTerms(
        symbol=focus.instrument.symbol,
        account=focus.account,
        side=side,
        ord_type=OrdType.LIMIT,
        order_qty=qty,
        price=price,
    )
    return Place(terms, order_words(terms, focus.instrument))


def _nudge(ticks: int) -> Callable[[FocusSnapshot], Request]:
    def request(focus: FocusSnapshot) -> Request:
        order = newest(focus.working, lambda row: row.terms.price is not None or row.terms.stop_px is not None)
        if order is None:
            return Refused(f"Nothing to move: no working priced order in {focus.instrument.symbol}.")
        return Nudge(order, ticks)

    return request


def _cancel_working(focus: FocusSnapshot) -> Request:
    """Cancel always goes out, even where nothing shows yet: an order pressed a moment ago may not be on the screen."""
    held = focus.position is not None and focus.position.position.qty != 0
    going = [row for row in focus.working if not (held and row.is_protective)]
    kept = ", protective stops kept" if len(going) < len(focus.working) else ""
    words = f"Cancelling {_count(len(going))} in {focus.instrument.symbol}{kept}"
    return CancelWorking(whole_account=False, include_protective=not held, words=words)


def _cancel_account(focus: FocusSnapshot) -> Request:
    words = f"Cancelling all orders of {focus.account}, protective stops included"
    return CancelWorking(whole_account=True, include_protective=True, words=words)


def _cancel_newest(focus: FocusSnapshot) -> Request:
    order = newest(focus.working, lambda row: not row.is_protective)
    shown = f"the newest order in {focus.instrument.symbol}"
    return CancelNewest(f"Cancelling {shown if order is None else order_words(order.terms, focus.instrument)}")


def _exit(portion_bps: int) -> Callable[[FocusSnapshot], Request]:
    """Ask for an exit. It always goes out: the desk sizes it from the position it knows, not from the screen."""

    def request(focus: FocusSnapshot) -> Request:
        held = 0 if focus.position is None else focus.position.position.qty
        part = "Flattening" if portion_bps == ALL_BPS else f"Exiting {portion_bps // 100} % of"
        what = focus.instrument.symbol
        if held:
            what = f"{'long' if held > 0 else 'short'} {focus.instrument.qty_text(abs(held))} {what}"
        return Exit(portion_bps, f"{part} {what}")

    return request


def _exit_all(focus: FocusSnapshot) -> Request:
    return ExitAll(f"Flattening every position of {focus.account}")


_DECISIONS: dict[str, Callable[[FocusSnapshot], Request]] = {
    "trade.buy_join": _join(Side.BUY, 0),
    "trade.sell_join": _join(Side.SELL, 0),
    "trade.buy_improve": _join(Side.BUY, 1),
    "trade.sell_improve": _join(Side.SELL, 1),
    "trade.buy_take": _take(Side.BUY),
    "trade.sell_take": _take(Side.SELL),
    "trade.nudge_up": _nudge(NUDGE_TICKS),
    "trade.nudge_down": _nudge(-NUDGE_TICKS),
    "trade.nudge_up_five": _nudge(NUDGE_TICKS_FAR),
    "trade.nudge_down_five": _nudge(-NUDGE_TICKS_FAR),
    "trade.cancel_working": _cancel_working,
    "trade.cancel_newest": _cancel_newest,
    "trade.cancel_account": _cancel_account,
    "trade.exit_half": _exit(HALF_BPS),
    "trade.exit_quarter": _exit(QUARTER_BPS),
    "trade.flatten": _exit(ALL_BPS),
    "trade.flatten_account": _exit_all,
}


def newest(working: Sequence[OrderState], wanted: Callable[[OrderState], bool]) -> OrderState | None:
    """Return the newest order that still can be acted on: no cancel of it is under way."""
    alive = [row for row in working if wanted(row) and row.status is not OrdStatus.PENDING_CANCEL]
    return max(alive, key=lambda row: row.created_at, default=None)


def _side_price(quote: QuoteSnap | None, side: str) -> int | None:
    if quote is None or quote.freshness == "ABSENT":
        return None
    return quote.bid if side == "bid" else quote.ask


def _absent(focus: FocusSnapshot, side: str) -> Refused:
    return Refused(f"Refused: {side} is absent. {focus.instrument.symbol} has no {side}; wait for a quote.")


def _count(orders: int) -> str:
    if orders == 0:
        return "whatever works"
    return "1 order" if orders == 1 else f"{orders} orders"


class DoublePress:
    """Counts presses of keys that act on the second one. Any other key in between starts over."""

    def __init__(self) -> None:
        self._command = ""
        self._at = 0

    def press(self, command_id: str, mono_ns: int) -> Literal["first", "second"]:
        """Tell whether this press completes the pair within DOUBLE_PRESS_NS."""
        if self._command == command_id and mono_ns - self._at <= DOUBLE_PRESS_NS:
            self._command = ""
            return "second"
        self._command, self._at = command_id, mono_ns
        return "first"

    def clear(self) -> None:
        """Forget a first press."""
        self._command = ""
