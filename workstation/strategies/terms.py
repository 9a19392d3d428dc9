"""From a strategy's numbers to an order's integers: exact decimals as they are, floats rounded to the grid.

A float price is rounded on the passive side (a buy down, a sell up; a stop the other way), since it was computed; a
Decimal is what its author wrote and is refused where it misses the grid. Sizes as floats are rounded down to the lot.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeVar

from msgspec.structs import replace

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce, Trail, TrailKind, TriggerSource
from workstation.strategies.door import Number

_TERMS = frozenset(
    [
        "limit", "stop", "trail", "trail_ticks", "trail_percent", "activation", "trigger", "tif", "expire", "post_only",
        "reduce_only", "display", "stop_loss", "take_profit", "notes",
    ]
)  # fmt: skip
_TRAIL_TERMS = frozenset(["trail", "trail_ticks", "trail_percent", "activation"])
_CHANGED = _TRAIL_TERMS | {"quantity", "limit", "stop"}
NEAR = 1e-6
"""Share of a price or quantity unit within which a float stands for the unit."""

E = TypeVar("E", bound=StrEnum)
_Direction = Literal["down", "up"]


def order_terms(
    instrument: Instrument, account: str, side: Side, quantity: Number, terms: Mapping[str, Any]
) -> OrderTerms:
    """Return the terms of an order; bracket prices and notes are read by `leg_price` and the host.

    Raises:
        ValidationError: an unknown term, or a value that is no number.
    """
    if not terms.keys() <= _TERMS:
        unknown = terms.keys() - _TERMS
        raise ValidationError(min(unknown), "is no term of an order", allowed=", ".join(sorted(_TERMS)))
    limit, stop, trail = terms.get("limit"), terms.get("stop"), _trail(instrument, side, terms)
    buys = side.sign > 0
    price = None if limit is None else price_units(instrument, limit, "down" if buys else "up", "limit")
    stop_px = None if stop is None else price_units(instrument, stop, "up" if buys else "down", "stop")
    display = terms.get("display")
    return OrderTerms(
        symbol=instrument.symbol,
        account=account,
        side=side,
        ord_type=_type_of(limit=limit is not None, stop=stop is not None, trail=trail is not None),
        order_qty=qty_units(instrument, quantity, "quantity"),
        price=price,
        stop_px=stop_px,
        trail=trail,
        trigger=_member(TriggerSource, terms.get("trigger", TriggerSource.LAST), "trigger"),
        time_in_force=_member(TimeInForce, terms.get("tif", TimeInForce.DAY), "tif"),
        expire_time=_instant(terms.get("expire")),
        post_only=bool(terms.get("post_only", False)),
        reduce_only=bool(terms.get("reduce_only", False)),
        display_qty=None if display is None else qty_units(instrument, display, "display"),
    )


def leg_price(instrument: Instrument, entry: Side, value: Number | None, *, stop: bool) -> int | None:
    """Return the price of a bracket's leg, rounded so that a float never widens what is lost or asks for more."""
    if value is None:
        return None
    direction: _Direction = "up" if (entry.sign > 0) is stop else "down"
    return price_units(instrument, value, direction, "stop_loss" if stop else "take_profit")


def trail_change(
    instrument: Instrument, terms: OrderTerms, asked: Mapping[str, Any]
) -> tuple[Trail | None, int | None]:
    """Return what a change of an order asks of its trail: a distance and an activation price, None for the old one.

    Raises:
        ValidationError: an unknown term, an order that does not trail, or a value that is no number.
    """
    asked = {name: value for name, value in asked.items() if value is not None}
    if not asked:
        return None, None
    if not asked.keys() <= _TRAIL_TERMS:
        unknown = min(asked.keys() - _TRAIL_TERMS)
        raise ValidationError(unknown, "is no term of a change", allowed=", ".join(sorted(_CHANGED)))
    if terms.trail is None:
        raise ValidationError(min(asked), "is a trailing stop's")
    if asked.keys() == {"activation"}:
        direction: _Direction = "down" if terms.side.sign > 0 else "up"
        return None, price_units(instrument, asked["activation"], direction, "activation")
    trail = _trail(instrument, terms.side, asked)
    if trail is None or trail.activation_px is None:
        return trail, None
    return replace(trail, activation_px=None), trail.activation_px


def price_units(instrument: Instrument, value: Number, direction: _Direction, field: str) -> int:
    """Return a price in the instrument's units; a float is rounded to the grid in `direction`.

    Raises:
        ValidationError: no finite number, or a Decimal with more digits than the instrument has.
    """
    if isinstance(value, float):
        scaled = _finite(value, field) * 10**instrument.price_decimals
        nearest = round(scaled)
        # A float that stands for a price on the grid is that price; anything else moves to the passive side.
        units = (
            nearest
            if abs(scaled - nearest) < 1e-6
            else math.floor(scaled)
            if direction == "down"
            else math.ceil(scaled)
        )
        return instrument.round_to_tick(units, direction)
    return instrument.price_from(_text(value, field), field=field)


def qty_units(instrument: Instrument, value: Number, field: str) -> int:
    """Return a quantity in the instrument's units; a float is rounded down to the lot.

    Raises:
        ValidationError: no finite number, or a Decimal with more digits than the instrument has.
    """
    if isinstance(value, float):
        units: int = math.floor(_finite(value, field) * 10**instrument.qty_decimals + NEAR)
        return units // instrument.lot * instrument.lot
    if type(value) is int:
        return int(value * 10**instrument.qty_decimals)
    return instrument.qty_from(_text(value, field), field=field)


def _type_of(*, limit: bool, stop: bool, trail: bool) -> OrdType:
    if trail:
        return OrdType.TRAILING_STOP_LIMIT if limit else OrdType.TRAILING_STOP
    if stop:
        return OrdType.STOP_LIMIT if limit else OrdType.STOP
    return OrdType.LIMIT if limit else OrdType.MARKET


def _finite(value: float, field: str) -> float:
    if not math.isfinite(value):
        raise ValidationError(field, f"{value} is no price or quantity", allowed="a finite number")
    return value


def _text(value: object, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise ValidationError(field, f"{value!r} is no number", allowed="a Decimal, int or float")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _trail(instrument: Instrument, side: Side, terms: Mapping[str, Any]) -> Trail | None:
    """Return what a trailing stop keeps: a distance in price, in ticks or as a percentage, and from which price on."""
    given = [name for name in ("trail", "trail_ticks", "trail_percent") if terms.get(name) is not None]
    activation = terms.get("activation")
    if not given:
        if activation is not None:
            raise ValidationError("activation", "is a trailing stop's", allowed="with trail or its kin")
        return None
    first = given[0]
    if len(given) > 1:
        raise ValidationError(
            first, "is no distance beside another", allowed="one of trail, trail_ticks, trail_percent"
        )
    begin = None
    if activation is not None:
        begin = price_units(instrument, activation, "down" if side.sign > 0 else "up", "activation")
    if first == "trail":
        offset, kind = price_units(instrument, terms["trail"], "up", "trail"), TrailKind.PRICE
    elif first == "trail_ticks":
        offset, kind = _whole(terms["trail_ticks"]), TrailKind.TICKS
    else:
        offset, kind = _bps(terms["trail_percent"]), TrailKind.BPS
    if offset <= 0:
        raise ValidationError(first, f"{terms[first]} is no distance", allowed="above 0")
    return Trail(kind, offset, begin)


def _whole(ticks: object) -> int:
    if isinstance(ticks, bool) or not isinstance(ticks, int):
        raise ValidationError("trail_ticks", f"{ticks!r} is no number of ticks", allowed="a whole number")
    return ticks


def _bps(percent: object) -> int:
    bps = Decimal(_text(percent if not isinstance(percent, float) else Decimal(str(percent)), "trail_percent")) * 100
    if bps != int(bps) or bps <= 0:
        raise ValidationError("trail_percent", f"{percent} is no distance", allowed="above 0, two decimals")
    return int(bps)


def _member(kind: type[E], value: object, field: str) -> E:
    if isinstance(value, kind):
        return value
    if value not in kind.__members__:
        raise ValidationError(field, f"{value!r} is none", allowed=", ".join(kind.__members__))
    return kind(str(value))


def _instant(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp()) * 1_000_000_000 + value.microsecond * 1_000
    raise ValidationError("expire", f"{value!r} is no instant", allowed="a datetime with a zone, or UTC ns")
