"""The legs of a ticket's bracket: a price as typed, or a distance from the entry in ticks, percent or money.

Read after the entry is known, before the gate. A distance becomes a price on the grid: the stop-loss nearer to the
entry, so that it never loses more than was asked for, the take-profit further away. Qt-free.
"""

from decimal import ROUND_FLOOR, Decimal

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS
from workstation.domain.orders import Side
from workstation.viewmodels.ticket_fields import plain_number

ALLOWED = "a price, or a distance such as 20t, 0.5% or 100 {currency}"
_PERCENT = Decimal(100)


class Distance(msgspec.Struct, frozen=True):
    """A typed distance. unit: `t` ticks, `%` of the entry, or `money` of the instrument's currency for the order."""

    amount: Decimal
    unit: str


class Leg(msgspec.Struct, frozen=True):
    """One leg as typed: a price in price units, or a distance."""

    price: int | None = None
    distance: Distance | None = None


def parse_distance(text: str, currency: str, *, field: str) -> Distance | None:
    """Return a distance, None where the text has no unit and so is a price.

    Raises:
        ValidationError: it has a unit, and its number is none, not above 0, or parts of a tick.
    """
    body = text.strip().lower()
    for suffix, unit in ((currency.lower(), "money"), ("%", "%"), ("t", "t")):
        if not body.endswith(suffix):
            continue
        allowed = ALLOWED.format(currency=currency)
        amount = Decimal(plain_number(body.removesuffix(suffix).strip(), field, allowed))
        if amount <= 0:
            raise ValidationError(field, "must be a distance above 0", allowed=allowed)
        if unit == "t" and amount != int(amount):
            raise ValidationError(field, "is in whole ticks", allowed=allowed)
        return Distance(amount, unit)
    return None


def stepped_ticks(text: str, steps: int) -> str:
    """Return a distance in ticks moved by signed steps, at least one tick; an empty one begins that many ticks away.

    "" where the text is no distance in ticks.
    """
    body = text.strip().lower()
    if not body:
        return f"{abs(steps)}t"
    ticks = body.removesuffix("t").strip()
    if ticks == body or not (ticks.isascii() and ticks.isdigit()):
        return ""
    return f"{max(int(ticks) + steps, 1)}t"


def leg_price(distance: Distance, instrument: Instrument, side: Side, entry: int, qty: int, *, stop: bool) -> int:
    """Return the price at a distance from the entry: on the losing side for a stop, else on the winning side.

    Raises:
        ValidationError: no tick away at this quantity, or below any price.
    """
    sign = -side.sign if stop else side.sign
    if distance.unit == "t":
        return _possible(instrument.step(entry, sign * int(distance.amount)), entry, instrument)
    if distance.unit == "%":
        span = abs(entry) * distance.amount / _PERCENT
    else:
        span = distance.amount.scaleb(MONEY_DECIMALS) / abs(instrument.notional(1, qty))
    exact = Decimal(entry) + sign * span
    below = int(exact.to_integral_value(ROUND_FLOOR))
    rounds_up = (sign < 0) == stop
    whole = below if exact == below or not rounds_up else below + 1
    return _possible(instrument.round_to_tick(whole, "up" if rounds_up else "down"), entry, instrument)


def _possible(price: int, entry: int, instrument: Instrument) -> int:
    if price == entry:
        raise ValidationError("leg", "is nearer than one tick at this quantity")
    if price <= 0 and not instrument.price_may_be_negative:
        raise ValidationError("leg", "lies below any price")
    return price
