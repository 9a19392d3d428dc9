"""The names of the language as they stand at a press: one trade focus becomes one snapshot of exact values.

Order walk, between the trade focus and the expressions of a bind. What the screen does not know is left out, so that
an expression that reads it is absent and says so; nothing is guessed, no price is stood in for another.
"""

from fractions import Fraction

from workstation.domain.accounts import Environment
from workstation.domain.expressions.evaluation import Absent, Expression, Snapshot, Value
from workstation.domain.expressions.vocabulary import TRADING, Kind
from workstation.domain.instruments import Instrument
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.viewmodels.frames import QuoteSnap
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


def snapshot_of(focus: FocusSnapshot, risk_cash: Expression | None = None) -> Snapshot:
    """Return the values that expressions read. risk_cash: money to risk in one order, itself an expression."""
    instrument = focus.instrument
    values: dict[str, Value] = {
        "lot": qty_value(instrument.lot, instrument),
        "preset": Fraction(focus.size),
        "armed": focus.armed is focus.environment,
        "live": focus.environment is Environment.LIVE,
        "sim": focus.environment is Environment.SIM,
    }
    if instrument.max_qty is not None:
        values["max_qty"] = qty_value(instrument.max_qty, instrument)
    if focus.cursor is not None:
        values["cursor"] = price_value(focus.cursor, instrument)
    if focus.funds is not None:
        values["equity"] = Fraction(focus.funds.equity, MONEY_ONE)
        if focus.funds.buying_power is not None:
            values["bp"] = Fraction(focus.funds.buying_power, MONEY_ONE)
    if focus.quote is not None:
        values |= _market(focus.quote, instrument)
    point_value = _point_value(focus)
    values |= _held(focus, point_value)
    tick = price_value(instrument.tick_at(_reference(focus)), instrument)
    values["tick"] = tick
    lot = qty_value(instrument.lot, instrument)
    snapshot = Snapshot(values=values, tick=tick, lot=lot, point_value=point_value)
    cash = None if risk_cash is None else risk_cash.value(snapshot)
    if isinstance(cash, Fraction):
        values["risk_cash"] = cash
    return snapshot


def _market(quote: QuoteSnap, instrument: Instrument) -> dict[str, Value]:
    found: dict[str, Value] = {
        "fresh": quote.freshness == "FRESH",
        "synced": "UNSYNCED" not in quote.flags,
        "rth": quote.phase is SessionPhase.OPEN,
        "halted": quote.phase is SessionPhase.HALTED or "HALTED" in quote.flags,
    }
    if quote.freshness == "ABSENT":
        return found
    prices = {"bid": quote.bid, "ask": quote.ask, "last": quote.last, "hod": quote.high, "lod": quote.low}
    prices["vwap"] = quote.vwap
    found |= {name: price_value(price, instrument) for name, price in prices.items() if price is not None}
    if quote.bid is not None and quote.ask is not None:
        found["mid"] = price_value(quote.bid + quote.ask, instrument) / 2
        found["spread"] = price_value(quote.ask - quote.bid, instrument)
    return found


def _held(focus: FocusSnapshot, point_value: Fraction | None) -> dict[str, Value]:
    """Return the position's values; `open_risk` is what its protective stops would lose from its average."""
    instrument = focus.instrument
    qty = 0 if focus.position is None else focus.position.position.qty
    found: dict[str, Value] = {
        "pos": qty_value(qty, instrument),
        "flat": qty == 0,
        "long": qty > 0,
        "short": qty < 0,
    }
    average = average_of(focus)
    if average is None:
        return found
    found["avg"] = average
    stops = [row for row in guards_of(focus.working, qty) if row.terms.stop_px is not None]
    if stops and point_value is not None:
        sign = 1 if qty > 0 else -1
        lost = sum(
            (
                max((average - price_value(row.terms.stop_px or 0, instrument)) * sign, Fraction(0))
                * qty_value(row.leaves_qty, instrument)
                for row in stops
            ),
            Fraction(0),
        )
        found["open_risk"] = lost * point_value
    return found


def average_of(focus: FocusSnapshot) -> Fraction | None:
    """Return the position's average price in currency units, None when flat."""
    held, instrument = focus.position, focus.instrument
    if held is None or not held.position.qty:
        return None
    per_point = Fraction(instrument.multiplier, 10**instrument.multiplier_decimals)
    qty = qty_value(held.position.qty, instrument)
    return Fraction(held.position.cost, MONEY_ONE) / (qty * per_point)


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
