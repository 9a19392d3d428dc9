"""Types of single values: decimals as text, times with an offset, ids, and the exact texts that go out.

In: what is not exactly the documented form is refused. Out: rounded once, half to even, at the scale of the field.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even, format_scaled, parse_scaled, rescale
from workstation.domain.texts import composed
from workstation.domain.times import NS_PER_S

INTEGER_MAX = 2**53 - 1
PRICE_DIGITS = 8
"""Most digits after the point of a price, quantity or size on the wire, and all digits of an average."""

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", re.ASCII)
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class Request(BaseModel):
    """Base of request bodies: unknown fields are refused and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """Base of query strings: every value is text, or a list of texts where a parameter may repeat."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Resource(BaseModel):
    """Base of answers, for the description of the interface."""

    model_config = ConfigDict(extra="forbid")


# In


def _decimal(value: Any, digits: int, scale: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > 40 or not _DECIMAL.fullmatch(value):
        raise ValueError("must be a plain decimal number as text")
    whole, _, fraction = value.lstrip("-").partition(".")
    if len(fraction.rstrip("0")) > scale:
        raise ValueError(f"has more than {scale} digits after the point")
    if len(whole) > digits - scale:
        raise ValueError(f"has more than {digits - scale} digits before the point")
    return value


def decimal_text(digits: int, scale: int) -> Any:
    """Return the type of a decimal with `digits` digits in all, `scale` after the point; kept as text."""
    schema = _decimal_schema(digits, scale, sign="-?")
    return Annotated[str, BeforeValidator(lambda value: _decimal(value, digits, scale)), WithJsonSchema(schema)]


def _decimal_schema(digits: int, scale: int, *, sign: str) -> JsonSchemaValue:
    pattern = rf"^{sign}(0|[1-9][0-9]{{0,{digits - scale - 1}}})(\.[0-9]{{1,{scale}}})?$"
    whole = {"type": "integer"} if sign else {"type": "integer", "minimum": 0}
    return {"anyOf": [{"type": "string", "pattern": pattern}, whole]}


def unsigned_text(digits: int, scale: int) -> Any:
    """Return the type of a decimal of 0 or more as `decimal_text`."""
    schema = WithJsonSchema(_decimal_schema(digits, scale, sign=""))
    return Annotated[decimal_text(digits, scale), AfterValidator(_unsigned), schema]


def judged_text(digits: int, scale: int) -> Any:
    """Return the type of a decimal that the engine refuses where it is not above 0, with the step that it must have."""
    return Annotated[decimal_text(digits, scale), WithJsonSchema(_decimal_schema(digits, scale, sign=""))]


def _unsigned(text: str) -> str:
    if text.startswith("-"):
        raise ValueError("must not be below 0")
    return text


def _above_zero(text: str) -> str:
    value = parse_scaled(text, PRICE_DIGITS)
    if value <= 0:
        raise ValueError("must be above 0")
    return format_scaled(value, PRICE_DIGITS)


def positive_text(digits: int, scale: int) -> Any:
    """Return the type of a decimal above 0 as `decimal_text`; kept as text without trailing zeros."""
    schema = WithJsonSchema(_decimal_schema(digits, scale, sign=""))
    return Annotated[decimal_text(digits, scale), AfterValidator(_above_zero), schema]


def _time_ns(value: Any) -> int:
    if isinstance(value, str) and _TIME.fullmatch(value):
        whole = value[:19].upper().replace("T", " ")
        rest = value[19:].upper()
        fraction = re.match(r"\.([0-9]+)", rest)
        zone = rest[fraction.end() :] if fraction else rest
        try:
            moment = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
            nanos = int(fraction[1].ljust(9, "0")) if fraction else 0
            return int(moment.timestamp()) * NS_PER_S + nanos
        except (ValueError, OverflowError):
            pass
    raise ValueError("must be a time with offset, as 2026-01-31T09:30:00Z")


def _time_or_date_ns(value: Any, *, is_end: bool) -> int:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date of the calendar") from None
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return (int(start.timestamp()) + (86_400 if is_end else 0)) * NS_PER_S
    return _time_ns(value)


def _calendar_day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("must be a date of the calendar") from None


def _whole(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value, re.ASCII):
        return int(value)
    raise ValueError("must be a whole number")


def _flag(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError("must be true or false")


def no_controls(value: str) -> str:
    """Return a text without control characters.

    Raises:
        ValueError: it has one.
    """
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("must not hold control characters")
    return value


def _listed(value: Any) -> Any:
    return tuple(part for part in value.split(",")) if isinstance(value, str) else value


Uuid = Annotated[str, StringConstraints(pattern=_UUID), WithJsonSchema({"type": "string", "format": "uuid"})]
Time = Annotated[int, BeforeValidator(_time_ns), WithJsonSchema({"type": "string", "format": "date-time"})]
_TIME_OR_DATE = WithJsonSchema({"anyOf": [{"type": "string", "format": kind} for kind in ("date-time", "date")]})
StartTime = Annotated[int, BeforeValidator(lambda value: _time_or_date_ns(value, is_end=False)), _TIME_OR_DATE]
EndTime = Annotated[int, BeforeValidator(lambda value: _time_or_date_ns(value, is_end=True)), _TIME_OR_DATE]
Day = Annotated[
    str,
    StringConstraints(pattern=_DATE.pattern),
    AfterValidator(_calendar_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A date of the calendar, YYYY-MM-DD."""

Price = decimal_text(18, 8)
Size = positive_text(18, 8)
Multiplier = positive_text(10, 4)
Strike = positive_text(10, 2)
TickSize = positive_text(10, 6)
Percent = decimal_text(5, 2)
PositivePercent = positive_text(5, 2)
PositiveGain = positive_text(7, 2)
PositiveMoney = positive_text(15, 2)
Amount = decimal_text(15, 4)
Money = decimal_text(15, 2)
PositiveAmount = positive_text(15, 4)
Quantity = judged_text(18, 8)
"""A quantity; what is not above 0 is refused with the step and bounds of its instrument."""

Trail = judged_text(5, 2)
Threshold = unsigned_text(18, 8)
Part = unsigned_text(5, 2)
Symbol = Annotated[str, StringConstraints(min_length=1, max_length=32), AfterValidator(no_controls)]
Reason = Annotated[str, StringConstraints(max_length=2_000)]
ClientOrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
SearchText = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(no_controls), AfterValidator(composed)
]
QueryInteger = Annotated[int, BeforeValidator(_whole)]
QueryFlag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
CommaList = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=50)], ...],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=60),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 400}),
]

# Out

DecimalOut = Annotated[str, StringConstraints(pattern=r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$")]
TimeOut = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
DayOut = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
IdOut = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]


@lru_cache(maxsize=8_192)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(ns: int) -> str:
    """Return RFC 3339 in UTC with microseconds; what is below is cut off."""
    second, rest = divmod(ns, NS_PER_S)
    return f"{_second_text(second)}.{rest // 1_000:06d}Z"


def time_or_none(ns: int | None) -> str | None:
    """Return a time's text, None where there is none (0 counts as none)."""
    return time_text(ns) if ns else None


def price_text(instrument: Instrument, price: int) -> str:
    """Return a price with the decimals of its grid, more where it needs them, at most PRICE_DIGITS."""
    if instrument.price_decimals <= PRICE_DIGITS:
        return instrument.price_text(price)
    return _cut(price, instrument.price_decimals, min(instrument.decimals_at(price), PRICE_DIGITS))


def quantity_text(instrument: Instrument, qty: int) -> str:
    """Return a quantity with the decimals of the lot, more where it needs them, at most PRICE_DIGITS."""
    if instrument.qty_decimals == 0:
        return str(qty)
    keep = lot_decimals(instrument.lot, instrument.qty_decimals)
    if instrument.qty_decimals <= PRICE_DIGITS:
        return format_scaled(qty, instrument.qty_decimals, keep=keep)
    return _cut(qty, instrument.qty_decimals, min(keep, PRICE_DIGITS))


@lru_cache(maxsize=1_024)
def lot_decimals(lot: int, decimals: int) -> int:
    """Return how many decimals a step of `lot` units needs."""
    while decimals and lot % 10 == 0:
        lot, decimals = lot // 10, decimals - 1
    return decimals


def average_text(numerator: int, decimals: int, count: int) -> str:
    """Return numerator / count, both integers, numerator on `decimals`, with PRICE_DIGITS digits."""
    scaled = div_half_even(numerator * 10**PRICE_DIGITS, count * 10**decimals)
    return format_scaled(scaled, PRICE_DIGITS, keep=PRICE_DIGITS)


def scaled_text(value: int, decimals: int, places: int) -> str:
    """Return value / 10 ** decimals with exactly `places` digits after the point."""
    if decimals <= places:
        return fixed_text(value * 10 ** (places - decimals), places)
    return fixed_text(rescale(value, decimals, places), places)


def fixed_text(value: int, places: int) -> str:
    """Return value / 10 ** places with all its digits."""
    digits = str(abs(value)).zfill(places + 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def money_text(amount: int, places: int = 2) -> str:
    """Return money with exactly `places` digits after the point."""
    return scaled_text(amount, MONEY_DECIMALS, places)


def kept_text(text: str | None) -> str | None:
    """Return money or percent as a record keeps it, with exactly two digits after the point."""
    return None if text is None else money_text(parse_scaled(text, MONEY_DECIMALS))


def ratio_text(value: float | None, places: int) -> str | None:
    """Return a ratio with exactly `places` digits after the point."""
    return None if value is None else scaled_text(round(value * 10**places), places, places)


def _cut(value: int, decimals: int, keep: int) -> str:
    return format_scaled(rescale(value, decimals, PRICE_DIGITS), PRICE_DIGITS, keep=keep)
