"""The names of the language as they stand at a press: one trade focus becomes one snapshot of exact values.

Order walk, between the trade focus and the expressions of a bind. What the screen does not know is left out, so that
an expression that reads it is absent and says so; nothing is guessed, no price is stood in for another.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from msgspec.structs import replace

from workstation.domain.accounts import Environment
from workstation.domain.expressions.evaluation import Absent, Expression, Snapshot, Value
from workstation.domain.expressions.vocabulary import TRADING, Kind
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.frames import AccountSnap, QuoteSnap
from workstation.viewmodels.guards import guards_of
from workstation.viewmodels.hotkeys import FocusSnapshot

_HINTS = {
    "cursor": "point at a price in a ladder or chart of {symbol}",
    "avg": "there is no position in {symbol}",
    "open_risk": "{symbol} has no position with a protective stop",
    "risk_cash": "set risk_cash under [defaults] of the key file, such as equity * 0.25%",
    "equity": "the figures of the account are not known yet",
    "bp": "{symbol} is traded without a known buying power",
    "max_qty": "{symbol} states no greatest quantity",
    "currency rate": "{symbol} is traded in another currency than the account's",
}


class FocusValues(Mapping[str, Value]):
    """The values of one trade focus by name, each read when an expression asks for it: a key needs but a few."""

    def __init__(self, focus: FocusSnapshot, risk_cash: Callable[[], Value | Absent | None] = lambda: None) -> None:
        self._focus = focus
        self._risk_cash = risk_cash

    def __getitem__(self, name: str) -> Value:
        read = _READS.get(name)
        found = self._risk_cash() if name == "risk_cash" else None if read is None else read(self._focus)
        if found is None or isinstance(found, Absent):
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in (*_READS, "risk_cash") if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def snapshot_of(focus: FocusSnapshot, risk_cash: Expression | None = None) -> Snapshot:
    """Return the values that expressions read. risk_cash: money to risk in one order, itself an expression."""
    bare = Snapshot(
        values=FocusValues(focus),
        tick=_tick(focus),
        lot=qty_value(focus.instrument.lot, focus.instrument),
        point_value=_point_value(focus),
    )
    return bare if risk_cash is None else replace(bare, values=FocusValues(focus, lambda: risk_cash.value(bare)))


def _of_quote(read: Callable[[QuoteSnap], bool]) -> Callable[[FocusSnapshot], bool | None]:
    return lambda focus: None if focus.quote is None else read(focus.quote)


def _price(read: Callable[[QuoteSnap], int | None]) -> Callable[[FocusSnapshot], Fraction | None]:
    """Return what reads a price of the market; an absent quote has none."""

    def value(focus: FocusSnapshot) -> Fraction | None:
        quote = focus.quote
        price = None if quote is None or quote.freshness == "ABSENT" else read(quote)
        return None if price is None else price_value(price, focus.instrument)

    return value


def _middle(focus: FocusSnapshot) -> Fraction | None:
    twice = _price(lambda quote: None if quote.bid is None or quote.ask is None else quote.bid + quote.ask)(focus)
    return None if twice is None else twice / 2


def _spread(quote: QuoteSnap) -> int | None:
    return None if quote.bid is None or quote.ask is None else quote.ask - quote.bid


def _qty(focus: FocusSnapshot) -> int:
    return 0 if focus.position is None else focus.position.position.qty


def _money(read: Callable[[AccountSnap], int | None]) -> Callable[[FocusSnapshot], Fraction | None]:
    def value(focus: FocusSnapshot) -> Fraction | None:
        units = None if focus.funds is None else read(focus.funds)
        return None if units is None else Fraction(units, MONEY_ONE)

    return value


def _max_qty(focus: FocusSnapshot) -> Fraction | None:
    most = focus.instrument.max_qty
    return None if most is None else qty_value(most, focus.instrument)


def _open_risk(focus: FocusSnapshot) -> Fraction | None:
    """Return what the position's protective stops would lose from its average, in money."""
    average, point_value, qty = average_of(focus), _point_value(focus), _qty(focus)
    stops = [row for row in guards_of(focus.working, qty) if row.terms.stop_px is not None]
    if average is None or point_value is None or not stops:
        return None
    instrument, sign = focus.instrument, 1 if qty > 0 else -1
    lost = sum(
        (
            max((average - price_value(row.terms.stop_px or 0, instrument)) * sign, Fraction(0))
            * qty_value(row.leaves_qty, instrument)
            for row in stops
        ),
        Fraction(0),
    )
    return lost * point_value


def average_of(focus: FocusSnapshot) -> Fraction | None:
    """Return the position's average price in currency units, None when flat."""
    held, instrument = focus.position, focus.instrument
    if held is None or not held.position.qty:
        return None
    per_point = Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)
    qty = qty_value(held.position.qty, instrument)
    return Fraction(held.position.cost, MONEY_ONE) / (qty * per_point)


def _tick(focus: FocusSnapshot) -> Fraction:
    return price_value(focus.instrument.tick_at(_reference(focus)), focus.instrument)


def _reference(focus: FocusSnapshot) -> int:
    quote = focus.quote
    prices = () if quote is None else (quote.bid, quote.ask, quote.last, quote.prev_close)
    return next((price for price in prices if price is not None), 0)


def _point_value(focus: FocusSnapshot) -> Fraction | None:
    instrument = focus.instrument
    if instrument.inverse or (focus.funds is not None and focus.funds.currency != instrument.currency):
        return None
    return Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)


def price_value(price: int, instrument: Instrument) -> Fraction:
    """Return a price in currency units."""
    return Fraction(price, 10**instrument.price_decimals)


def qty_value(qty: int, instrument: Instrument) -> Fraction:
    """Return a quantity in whole units."""
    return Fraction(qty, 10**instrument.qty_decimals)


def absence(absent: Absent, focus: FocusSnapshot, snapshot: Snapshot) -> str:
    """Return why an expression has no value, naming the input and what brings it."""
    symbol = focus.instrument.symbol
    name = absent.reason.removesuffix(" is missing")
    if name == absent.reason:
        return f"Refused: {absent.reason}."
    if name in ("mid", "spread"):
        name = "bid" if "bid" not in snapshot.values else "ask"
    if name in _HINTS:
        return f"Refused: {name} is absent: {_HINTS[name].format(symbol=symbol)}."
    return f"Refused: {name} is absent. {symbol} has no {name}; wait for a quote."


def value_text(name: str, value: Value, snapshot: Snapshot) -> str:
    """Return a value in the unit that its name is read in, such as `3t`, `187.20` or `long`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if TRADING.get(name) is Kind.DISTANCE and snapshot.tick:
        return f"{plain(value / snapshot.tick)}t"
    return plain(value)


def plain(value: Fraction) -> str:
    """Return a fraction as decimal text, at most eight digits after the point."""
    text = f"{float(value):.8f}" if value.denominator != 1 else f"{value.numerator}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_READS: Mapping[str, Callable[[FocusSnapshot], Value | None]] = {
    "lot": lambda focus: qty_value(focus.instrument.lot, focus.instrument),
    "tick": _tick,
    "max_qty": _max_qty,
    "preset": lambda focus: Fraction(focus.size),
    "armed": lambda focus: focus.armed is focus.environment,
    "live": lambda focus: focus.environment is Environment.LIVE,
    "sim": lambda focus: focus.environment is Environment.SIM,
    "cursor": lambda focus: None if focus.cursor is None else price_value(focus.cursor, focus.instrument),
    "equity": _money(lambda funds: funds.equity),
    "bp": _money(lambda funds: funds.buying_power),
    "fresh": _of_quote(lambda quote: quote.freshness == "FRESH"),
    "synced": _of_quote(lambda quote: "UNSYNCED" not in quote.flags),
    "rth": _of_quote(lambda quote: quote.phase is SessionPhase.OPEN),
    "halted": _of_quote(lambda quote: quote.phase is SessionPhase.HALTED or "HALTED" in quote.flags),
    "bid": _price(lambda quote: quote.bid),
    "ask": _price(lambda quote: quote.ask),
    "last": _price(lambda quote: quote.last),
    "hod": _price(lambda quote: quote.high),
    "lod": _price(lambda quote: quote.low),
    "vwap": _price(lambda quote: quote.vwap),
    "mid": _middle,
    "spread": _price(_spread),
    "pos": lambda focus: qty_value(_qty(focus), focus.instrument),
    "flat": lambda focus: _qty(focus) == 0,
    "long": lambda focus: _qty(focus) > 0,
    "short": lambda focus: _qty(focus) < 0,
    "avg": average_of,
    "open_risk": _open_risk,
}
"""How each name is read; what is not known has no value. `risk_cash` is an expression on these."""
