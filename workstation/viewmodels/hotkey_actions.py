"""What a bind means on one snapshot of the trade focus: one request, or a refusal that names rule, value and limit.

Order walk, between the keyboard's filter and the command that goes to the engine. Everything is read once and exactly:
an entry rounds to the tick on its passive side, a protective stop is rounded before the quantity is, and a quantity
rounds down to the lot. The class of an order, arming and limits are the gate's business. Qt-free, no clock of its own.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderState, OrderTerms, OrdType, Side, TimeInForce
from workstation.viewmodels.guards import guards_of
from workstation.viewmodels.hotkey_binds import Bind
from workstation.viewmodels.hotkey_file import HotkeyFile
from workstation.viewmodels.hotkey_reading import Reading, Refusal
from workstation.viewmodels.hotkey_snapshot import average_of, qty_value
from workstation.viewmodels.hotkeys import (
    ALL_BPS,
    THROUGH_TICKS,
    CancelNewest,
    CancelWorking,
    Control,
    Exit,
    FocusSnapshot,
    Nudge,
    Place,
    Protect,
    Refused,
    Request,
    Reverse,
    Run,
    SetSize,
    Stage,
    newest,
)
from workstation.viewmodels.preview import order_words

STOP_TICKS_MIN = 1
"""Least distance of an attached stop from the price that would trigger it now."""

_SIDES: Mapping[str, Side] = {
    "buy_limit": Side.BUY, "buy_stop": Side.BUY, "sell_limit": Side.SELL, "sell_stop": Side.SELL,
}  # fmt: skip


def request_of(bind: Bind, file: HotkeyFile, focus: FocusSnapshot) -> Request:
    """Return what a bind asks for on this snapshot. `when` is judged first, then each field that the verb needs."""
    reading = Reading(bind, file, focus)
    try:
        reading.judge_when()
        return _VERBS[bind.do](reading)
    except Refusal as refusal:
        return Refused(str(refusal))


def first_that_holds(binds: tuple[Bind, ...], file: HotkeyFile, focus: FocusSnapshot) -> Bind:
    """Return the first bind of one key whose `when` holds; the last one when none does, so that it says why."""
    for bind in binds[:-1]:
        try:
            Reading(bind, file, focus).judge_when()
        except Refusal:
            continue
        return bind
    return binds[-1]


def _order(reading: Reading, side: Side) -> tuple[OrderTerms, int | None, int | None]:
    """Return terms, stop and target of an order verb, each rounded and on its right side."""
    bind, focus = reading.bind, reading.focus
    is_stop = bind.do.endswith("_stop")
    passive: Literal["down", "up"] = "down" if (side.sign > 0) != is_stop else "up"
    price = reading.price(bind.expressions["price"], passive) if "price" in bind.expressions else None
    legs: dict[str, int] = {}
    for leg in bind.attach:
        legs[leg.do] = reading.price(leg.price, "down" if (leg.do == "stop") == (side.sign > 0) else "up")
    stop, target = legs.get("stop"), legs.get("target")
    if price is not None:
        _check_legs(reading, side, price, stop, target)
    qty = reading.quantity()
    if price is not None:
        qty = reading.within_risk(qty, price, stop)
        if qty <= 0:
            raise Refusal("Refused: risk. One lot would lose more than risk_cash at the stop; point nearer.")
    terms = OrderTerms(
        symbol=focus.instrument.symbol,
        account=focus.account,
        side=side,
        ord_type=OrdType.STOP if is_stop else OrdType.LIMIT,
        order_qty=qty,
        price=None if is_stop else price,
        stop_px=price if is_stop else None,
        time_in_force=TimeInForce(str(bind.plain.get("tif") or reading.file.plain.get("tif", "DAY"))),
    )
    return terms, stop, target


def _check_legs(reading: Reading, side: Side, entry: int, stop: int | None, target: int | None) -> None:
    words = reading.instrument.price_text
    if stop is not None and (entry - stop) * side.sign < reading.instrument.tick_at(entry):
        where = "below" if side.sign > 0 else "above"
        raise Refusal(f"Refused: stop side. Stop {words(stop)} is not {where} the entry {words(entry)}; point {where}.")
    if stop is not None and not reading.bind.do.endswith("_stop"):
        _check_distance(reading, side, stop)
    if target is not None and (target - entry) * side.sign <= 0:
        where = "above" if side.sign > 0 else "below"
        raise Refusal(f"Refused: target side. Target {words(target)} is not {where} the entry {words(entry)}.")


def _check_distance(reading: Reading, side: Side, stop: int) -> None:
    """Refuse a stop that the market would trigger as soon as the entry fills: so near, a risked sum is no limit."""
    quote, instrument = reading.focus.quote, reading.instrument
    name, way = ("bid", "below") if side.sign > 0 else ("ask", "above")
    near = None if quote is None else quote.bid if side.sign > 0 else quote.ask
    if near is None:
        return
    away = (near - stop) * side.sign // instrument.tick_at(near)
    if away < STOP_TICKS_MIN:
        words, least = instrument.price_text, f"least {STOP_TICKS_MIN}t; point further {way}"
        place = f"{abs(away)}t {way if away >= 0 else 'past'} {name} {words(near)}"
        raise Refusal(f"Refused: stop distance. Stop {words(stop)} is {place}; {least}.")


def _place(reading: Reading) -> Request:
    side = _SIDES[reading.bind.do]
    terms, stop, target = _order(reading, side)
    if increases(reading.focus, terms):
        _check_market(reading, terms)
    words = order_words(terms, reading.instrument, stop_loss_px=stop, take_profit_px=target)
    return Place(terms, words, stop, target)


def _stage(reading: Reading) -> Request:
    side = Side(str(reading.bind.plain["side"]).upper())
    terms, stop, target = _order(reading, side)
    return Stage(terms, order_words(terms, reading.instrument, stop_loss_px=stop, take_profit_px=target), stop, target)


def increases(focus: FocusSnapshot, terms: OrderTerms) -> bool:
    """Tell whether an order adds risk as far as the screen knows; the gate has the last word."""
    held = 0 if focus.position is None else focus.position.position.qty
    ahead = sum(row.leaves_qty for row in focus.working if row.terms.side.sign == terms.side.sign)
    return terms.order_qty + ahead > max(-terms.side.sign * held, 0)


def _check_market(reading: Reading, terms: OrderTerms) -> None:
    """Hold an entry to the file's own age and collar, in the gate's words; the gate's own follow."""
    quote, instrument = reading.focus.quote, reading.instrument
    if quote is None or quote.phase is SessionPhase.CLOSED:
        return
    age_max = reading.bind.plain.get("max_age_ms") or reading.file.plain.get("max_age_ms")
    if isinstance(age_max, int) and quote.freshness == "FRESH" and quote.age_ms > age_max:
        age = f"{quote.age_ms} ms old; limit {age_max} ms"
        raise Refusal(f"Refused: reference price. The quote of {terms.symbol} is {age}; wait for a fresh quote.")
    name = "ask" if terms.side.sign > 0 else "bid"
    opposite = quote.ask if terms.side.sign > 0 else quote.bid
    if terms.price is None or opposite is None:
        return
    collar = reading.number("collar")
    if collar is None:
        return
    limit, through = int(collar / reading.snapshot.tick), (terms.price - opposite) * terms.side.sign
    ticks = -(-through // instrument.tick_at(opposite))
    if ticks > limit:
        price, side = instrument.price_text(terms.price), f"{name} {instrument.price_text(opposite)}"
        raise Refusal(f"Refused: price collar. {price} is {ticks}t through {side}; limit {limit}t. Price it nearer.")


def _exit(reading: Reading) -> Request:
    """Ask for an exit. It always goes out: the desk sizes it from the position it knows, not from the screen."""
    portion = reading.number("portion") if reading.bind.do == "exit" else None
    bps = ALL_BPS if portion is None else round(portion * ALL_BPS)
    if not 0 < bps <= ALL_BPS:
        raise Refusal(f"Refused: portion {bps / 100:g} % is not above 0 % and up to 100 %.")
    part = "Flattening" if bps == ALL_BPS else f"Exiting {bps / 100:g} % of"
    return Exit(bps, f"{part} {_holding(reading)}", reading.ticks("through", THROUGH_TICKS))


def _holding(reading: Reading) -> str:
    symbol, held = reading.instrument.symbol, reading.held
    if not held:
        return symbol
    return f"{'long' if held > 0 else 'short'} {reading.instrument.qty_text(abs(held))} {symbol}"


def _reverse(reading: Reading) -> Request:
    symbol, held = reading.instrument.symbol, reading.held
    if not held:
        raise Refusal(f"Refused: {symbol} is flat; there is nothing to reverse.")
    if any(row.unknown is not None for row in reading.focus.working):
        raise Refusal(f"Refused: reverse. An order in {symbol} is UNKNOWN; wait until it is known.")
    side = Side.SELL if held > 0 else Side.BUY
    words = f"Reversing {_holding(reading)}: exit first, then {side.value} {reading.instrument.qty_text(abs(held))}"
    return Reverse(side, abs(held), words, reading.ticks("through", THROUGH_TICKS))


def _breakeven(reading: Reading) -> Request:
    """Move the protective stop past the average price; never loosens it, never into a market that is through."""
    focus, instrument, held = reading.focus, reading.instrument, reading.held
    average = average_of(focus)
    if average is None:
        raise Refusal(f"Refused: {instrument.symbol} is flat; there is no average to protect.")
    exact = average * 10**instrument.price_decimals
    sign = 1 if held > 0 else -1
    whole = math.ceil(exact) if held > 0 else math.floor(exact)
    even = instrument.round_to_tick(whole, "up" if held > 0 else "down")
    price, words = instrument.step(even, sign * reading.ticks("offset", 0)), instrument.price_text
    quote = focus.quote
    near, name = (None, "bid") if quote is None else (quote.bid, "bid") if held > 0 else (quote.ask, "ask")
    if near is not None and (near - price) * sign <= 0:
        raise Refusal(f"Refused: breakeven. {words(price)} is through already: {name} is {words(near)}; use an exit.")
    stop = newest(guards_of(focus.working, held), lambda row: row.terms.stop_px is not None)
    if stop is None:
        return _offered_stop(reading, price)
    before = stop.terms.stop_px or 0
    if (price - before) * sign <= 0:
        raise Refusal(f"Refused: breakeven. The stop at {words(before)} is not looser than {words(price)}; kept.")
    return Protect(stop, price, f"stop of {_holding(reading)} from {words(before)} to {words(price)}")


def _offered_stop(reading: Reading, price: int) -> Stage:
    terms = OrderTerms(
        symbol=reading.instrument.symbol,
        account=reading.focus.account,
        side=Side.SELL if reading.held > 0 else Side.BUY,
        ord_type=OrdType.STOP,
        order_qty=abs(reading.held),
        stop_px=price,
        reduce_only=True,
    )
    reason = f"No protective stop in {terms.symbol}: the ticket offers one at {reading.instrument.price_text(price)}."
    return Stage(terms, order_words(terms, reading.instrument), reason=reason)


def _cancel_focus(reading: Reading) -> Request:
    """Cancel always goes out, even where nothing shows yet: an order pressed a moment ago may not be on the screen."""
    protective = bool(reading.bind.plain.get("include_protective", not reading.held))
    going = [row for row in reading.focus.working if protective or not row.is_protective]
    kept = ", protective stops kept" if len(going) < len(reading.focus.working) else ""
    words = f"Cancelling {_count(len(going))} in {reading.instrument.symbol}{kept}"
    return CancelWorking(whole_account=False, include_protective=protective, words=words)


def _cancel_all(reading: Reading) -> Request:
    protective = bool(reading.bind.plain.get("include_protective", False))
    stops = f"protective stops included{_bared(reading.focus.held)}" if protective else "protective stops kept"
    words = f"Cancelling all orders of {reading.focus.account}, {stops}"
    return CancelWorking(whole_account=True, include_protective=protective, words=words)


def _bared(held: tuple[str, ...]) -> str:
    """Return how many positions stand without a stop once every order of the account is gone, and which."""
    if not held:
        return ""
    return f": {len(held)} position{'s' * (len(held) > 1)} left unprotected, {', '.join(held)}"


def _cancel_last(reading: Reading) -> Request:
    order = newest(reading.focus.working, lambda row: not row.is_protective)
    shown = f"the newest order in {reading.instrument.symbol}"
    return CancelNewest(f"Cancelling {shown if order is None else order_words(order.terms, reading.instrument)}")


def _nudge(reading: Reading) -> Request:
    working = reading.focus.working
    chosen = [row for row in working if row.cl_ord_id == reading.focus.chosen]
    order = newest(chosen, _has_price) or newest(working, _has_price)
    if order is None:
        raise Refusal(f"Nothing to move: no working priced order in {reading.instrument.symbol}.")
    return Nudge(order, reading.ticks("by", 0))


def _has_price(order: OrderState) -> bool:
    return order.terms.price is not None or order.terms.stop_px is not None


def _resize(reading: Reading) -> Request:
    step = reading.bind.plain.get("step")
    if isinstance(step, int):
        return SetSize(step=step)
    size = int(qty_value(reading.lots(reading.number("to") or Fraction(0)), reading.instrument))
    if size <= 0:
        raise Refusal("Refused: a size is one whole unit or more.")
    return SetSize(size=size)


def _count(orders: int) -> str:
    if orders == 0:
        return "whatever works"
    return "1 order" if orders == 1 else f"{orders} orders"


_VERBS: Mapping[str, Callable[[Reading], Request]] = {
    **dict.fromkeys(_SIDES, _place),
    "stage": _stage,
    "exit": _exit,
    "flatten": _exit,
    "reverse": _reverse,
    "breakeven": _breakeven,
    "cancel_focus": _cancel_focus,
    "cancel_last": _cancel_last,
    "cancel_all": _cancel_all,
    "nudge": _nudge,
    "size": _resize,
    "arm": lambda _: Control("arm"),
    "disarm": lambda _: Control("disarm"),
    "kill": lambda _: Control("kill"),
    "run": lambda reading: Run(reading.bind.command),
}
"""What each verb of the file asks for."""


def at_half(request: Request, instrument: Instrument) -> Request:
    """Return an order at half its size, at least one lot: how the first orders after a change of the file go out."""
    if not isinstance(request, Place):
        return request
    lot = instrument.lot
    qty = max(request.terms.order_qty // 2 // lot * lot, lot)
    terms = msgspec.structs.replace(request.terms, order_qty=qty)
    words = order_words(terms, instrument, stop_loss_px=request.stop_loss_px, take_profit_px=request.take_profit_px)
    return Place(terms, words, request.stop_loss_px, request.take_profit_px)
