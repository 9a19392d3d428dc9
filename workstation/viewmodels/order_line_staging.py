"""A typed order line on one snapshot: the fields of a ticket, or one sentence on what is missing.

Between the palette and the ticket. Sizes and prices become exact numbers here; a price that was not said stays open. It
sends nothing: an order typed in the palette always stages.
"""

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction

from workstation.domain.errors import UserError
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail, TrailKind
from workstation.viewmodels.hotkey_snapshot import snapshot_of
from workstation.viewmodels.hotkeys import FocusSnapshot, Refused, Stage
from workstation.viewmodels.order_line_words import (
    All,
    AtMarket,
    AtPrice,
    AtQuote,
    AtTake,
    BuyingPower,
    Distance,
    Level,
    OrderLine,
    Preset,
    Risk,
    Units,
)
from workstation.viewmodels.preview import order_words

_DAY_NS = 86_400_000_000_000
_SHARES = frozenset({AssetClass.STOCK, AssetClass.ETF})
_NO_OCO = "The links of a working order are fixed; type both orders as one line: s 100 aapl 190 oco s 100 aapl stp 180."


class _Missing(Exception):
    """Carries the sentence of what is missing; never leaves this module."""


def staged(line: OrderLine, focus: FocusSnapshot, sizes: tuple[int, ...]) -> Stage | Refused:
    """Return an order line as a ticket's fields. focus: of the line's instrument; sizes: the presets 1 to 5."""
    try:
        return _Reader(line, focus, sizes).stage()
    except (_Missing, UserError) as missing:
        return Refused(f"{missing}")


def short_hint(terms: OrderTerms, focus: FocusSnapshot) -> str:
    """Return what to type where a plain sell of shares would leave the account short, "" where it would not."""
    instrument, held = focus.instrument, 0 if focus.position is None else max(focus.position.position.qty, 0)
    if terms.side is not Side.SELL or instrument.asset_class not in _SHARES or terms.order_qty <= held:
        return ""
    turn = ", rev turns the position" if held else ""
    return f"{instrument.qty_text(terms.order_qty - held)} more than held: ss marks a short sale{turn}"


def _check_pair(terms: OrderTerms, other: OrderTerms | None, *, legs: bool) -> None:
    """Refuse what makes no pair: legs, an order at the market, an order without a price, the same order twice."""
    if legs:
        raise _Missing("A pair carries no sl, tp or br.")
    if terms.ord_type is OrdType.MARKET:
        raise _Missing("An order at the market leaves nothing for the other one; give both a price.")
    if terms.ord_type is OrdType.LIMIT and terms.price is None:
        raise _Missing("Both orders of a pair need their price.")
    if terms == other:
        raise _Missing("Both orders of the pair are the same.")


class _Reader:
    """Reads one line once."""

    def __init__(self, line: OrderLine, focus: FocusSnapshot, sizes: tuple[int, ...]) -> None:
        self._line, self._focus, self._sizes = line, focus, sizes
        self._sign = line.side.sign
        self._snapshot = snapshot_of(focus)

    @property
    def _instrument(self) -> Instrument:
        return self._focus.instrument

    def stage(self) -> Stage:
        line = self._line
        other = self._other(line.oco)
        if line.account not in (None, self._focus.account):
            raise _Missing(f"The ticket trades {self._focus.account}; choose {line.account} first.")
        price = self._price()
        stop = None if line.stop is None else self._on_scale(line.stop.price)
        stop_loss, take_profit = self._legs(stop if price is None else price)
        terms = OrderTerms(
            symbol=self._instrument.symbol,
            account=self._focus.account,
            side=line.side,
            ord_type=self._type(),
            order_qty=self._qty(stop if price is None else price, stop_loss),
            price=price,
            stop_px=stop,
            trail=self._trail(),
            time_in_force=line.time_in_force or TimeInForce.DAY,
            expire_time=self._expiry(),
        )
        words = order_words(terms, self._instrument, stop_loss_px=stop_loss, take_profit_px=take_profit)
        if other is not None:
            _check_pair(terms, other, legs=stop_loss is not None or take_profit is not None)
            words = f"{words} · OCO {order_words(other, self._instrument)}"
        return Stage(terms, words, stop_loss, take_profit, oco=other)

    def _other(self, oco: OrderLine | str | None) -> OrderTerms | None:
        """Return the other order of a pair; it needs everything but a key press."""
        if oco is None:
            return None
        if isinstance(oco, str):
            raise _Missing(_NO_OCO)
        if oco.symbol.upper() != self._line.symbol.upper():
            raise _Missing("Both orders of a pair are of one instrument.")
        staged_other = _Reader(oco, self._focus, self._sizes).stage()
        _check_pair(staged_other.terms, None, legs=staged_other.stop_loss_px is not None or oco.take_profit is not None)
        if staged_other.oco is not None:
            raise _Missing("A pair has two orders.")
        return staged_other.terms

    def _type(self) -> OrdType:
        line, priced = self._line, isinstance(self._line.at, AtPrice | AtQuote | AtTake)
        if line.trail is not None:
            return OrdType.TRAILING_STOP
        if line.stop is not None:
            return OrdType.STOP_LIMIT if priced else OrdType.STOP
        return OrdType.MARKET if isinstance(line.at, AtMarket) else OrdType.LIMIT

    def _price(self) -> int | None:
        match self._line.at:
            case AtPrice(price):
                return self._on_scale(price)
            case AtQuote(quote, ticks):
                return self._rounded(self._quoted(quote) + Fraction(ticks) * self._snapshot.tick)
            case AtTake(ticks):
                side = "ask" if self._sign > 0 else "bid"
                return self._rounded(self._quoted(side) + self._sign * Fraction(ticks) * self._snapshot.tick)
        return None

    def _on_scale(self, price: Decimal) -> int:
        return self._instrument.price_from(f"{price:f}")

    def _quoted(self, name: str) -> Fraction:
        found = self._snapshot.values.get(name)
        if found is None:
            raise _Missing(f"{self._instrument.symbol} has no {name} now; type a price.")
        return Fraction(found)

    def _rounded(self, price: Fraction) -> int:
        """Return a price on the grid, on the order's passive side."""
        units = price * 10**self._instrument.price_decimals
        if self._sign > 0:
            return self._instrument.round_to_tick(math.floor(units), "down")
        return self._instrument.round_to_tick(math.ceil(units), "up")

    def _legs(self, entry: int | None) -> tuple[int | None, int | None]:
        """Return stop-loss and take-profit prices; distances are measured from the order's own price."""
        line = self._line
        stop: Level | None = line.stop_loss if line.bracket is None else line.bracket.stop
        target: Level | None = line.take_profit if line.bracket is None else line.bracket.target
        return self._level(stop, entry, -self._sign), self._level(target, entry, self._sign)

    def _level(self, level: Level | None, entry: int | None, sign: int) -> int | None:
        if level is None:
            return None
        if isinstance(level, AtPrice):
            return self._on_scale(level.price)
        if entry is None:
            raise _Missing("A distance needs the order's price; type the price, or a stop as a price.")
        if level.unit == "t":
            return self._instrument.step(entry, sign * int(level.number))
        wanted = entry + sign * Fraction(level.number) / 100 * entry
        return self._instrument.round_to_tick(round(wanted), "up" if sign < 0 else "down")

    def _trail(self) -> Trail | None:
        trail: Distance | None = self._line.trail
        if trail is None:
            return None
        if trail.unit == "t":
            return Trail(TrailKind.TICKS, int(trail.number))
        return Trail(TrailKind.BPS, round(trail.number * 100))

    def _expiry(self) -> int | None:
        """Return the end of the named UTC day; the first instant after it."""
        if self._line.expire_date is None:
            return None
        return (self._line.expire_date - dt.date(1970, 1, 1)).days * _DAY_NS + _DAY_NS

    def _qty(self, price: int | None, stop_loss: int | None) -> int:
        match self._line.qty:
            case Units(number):
                return self._instrument.qty_from(f"{number:f}")
            case Preset(number):
                return self._lots(Fraction(self._sizes[number - 1]))
            case All():
                return self._all()
            case BuyingPower(percent):
                money = Fraction(self._known("bp", "buying power")) * Fraction(percent) / 100
                return self._bought(money, price)
            case Risk(money):
                return self._risked(Fraction(money), price, stop_loss)
        return self._lots(Fraction(self._focus.size))

    def _known(self, name: str, words: str) -> Fraction:
        found = self._snapshot.values.get(name)
        if found is None:
            raise _Missing(f"The {words} of {self._focus.account} is not known; type a quantity.")
        return Fraction(found)

    def _all(self) -> int:
        held = 0 if self._focus.position is None else self._focus.position.position.qty
        if held * self._sign >= 0:
            side = "sell" if self._sign < 0 else "buy back"
            raise _Missing(f"There is no position in {self._instrument.symbol} to {side}.")
        return abs(held)

    def _bought(self, money: Fraction, price: int | None) -> int:
        if price is None:
            raise _Missing("A share of the buying power needs a price.")
        return self._lots(money / (self._at(price) * self._point_value()))

    def _risked(self, money: Fraction, price: int | None, stop_loss: int | None) -> int:
        if price is None or stop_loss is None:
            raise _Missing("risk needs a price and a stop: add sl PRICE or br STOP/TARGET.")
        distance = (price - stop_loss) * self._sign
        if distance <= 0:
            raise _Missing("The stop is on the wrong side of the order's price.")
        return self._lots(money / (self._at(distance) * self._point_value()))

    def _at(self, price: int) -> Fraction:
        if price <= 0:
            raise _Missing("A price at or below zero sizes nothing; type a quantity.")
        return Fraction(price, 10**self._instrument.price_decimals)

    def _point_value(self) -> Fraction:
        if self._snapshot.point_value is None:
            raise _Missing("The currency rate is missing; type a quantity.")
        return self._snapshot.point_value

    def _lots(self, whole: Fraction) -> int:
        lot = self._instrument.lot
        qty = int(math.floor(whole * 10**self._instrument.qty_decimals) // lot * lot)
        if qty <= 0:
            raise _Missing(f"That is less than one lot of {self._instrument.qty_text(lot)}.")
        return qty
