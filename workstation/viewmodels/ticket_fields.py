"""What a person types into a ticket: quantities, prices, distances and times as text, read exactly or refused.

Quantities take `300`, `2k`, `1.5m`; thousands may be grouped by commas. NaN, infinity, exponents and control characters
are refused, nothing is clamped or rounded, and an empty field is not zero. Qt-free.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import parse_scaled
from workstation.domain.orders import Trail, TrailKind
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.preview import EPOCH

TEXT_CHARS_MAX = 40

_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?", re.ASCII)
_MULTIPLES = {"k": 3, "m": 6}
_QUANTITY_ALLOWED = "a number such as 300, 2k or 1.5m"
_TIME_ALLOWED = "a UTC time such as 2026-01-31 16:00, or 16:00 for today"


def parse_quantity(text: str, instrument: Instrument, *, field: str = "quantity") -> int:
    """Return a quantity in quantity units.

    Raises:
        ValidationError: no plain number, or more decimals than the instrument's quantities have.
    """
    body = text.strip().lower()
    zeros = _MULTIPLES.get(body[-1:], 0)
    plain = plain_number(body[:-1] if zeros else body, field, _QUANTITY_ALLOWED)
    return parse_scaled(_shifted(plain, zeros), instrument.qty_decimals, field=field)


def parse_price(text: str, instrument: Instrument, *, field: str = "price") -> int:
    """Return a price in price units; the tick is not checked here.

    Raises:
        ValidationError: no plain number, or more decimals than the instrument's prices have.
    """
    return parse_scaled(
        plain_number(text.strip(), field, "a number such as 187.20"), instrument.price_decimals, field=field
    )


def parse_trail(text: str, instrument: Instrument) -> Trail:
    """Return a trailing distance: `0.50` in price, `5t` in ticks, `25bps` or `0.25%` of the price.

    Raises:
        ValidationError: none of these.
    """
    body, allowed = text.strip().lower().replace(" ", ""), "a distance such as 0.50, 5t, 25bps or 0.25%"
    for suffix, kind, decimals in (("bps", TrailKind.BPS, 0), ("%", TrailKind.BPS, 2), ("t", TrailKind.TICKS, 0)):
        if body.endswith(suffix):
            plain = plain_number(body.removesuffix(suffix), "trail", allowed)
            return Trail(kind, parse_scaled(plain, decimals, field="trail"))
    return Trail(
        TrailKind.PRICE, parse_scaled(plain_number(body, "trail", allowed), instrument.price_decimals, field="trail")
    )


def parse_utc(text: str, now_ns: int) -> int:
    """Return a UTC time in ns: date and time, or a time of the day that `now_ns` is in.

    Raises:
        ValidationError: no such time.
    """
    body = text.strip().upper().removesuffix("UTC").strip().replace("T", " ")
    today = EPOCH + timedelta(seconds=now_ns // NS_PER_S)
    for shape in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%H:%M:%S", "%H:%M"):
        try:
            moment = datetime.strptime(body, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
        if not shape.startswith("%Y"):
            moment = moment.replace(year=today.year, month=today.month, day=today.day)
        return round((moment - EPOCH).total_seconds()) * NS_PER_S
    raise ValidationError("expire_time", f"{_shown(text)} is not a time", allowed=_TIME_ALLOWED)


def plain_number(body: str, field: str, allowed: str) -> str:
    """Return a number without grouping, leading zeros or a bare point.

    Raises:
        ValidationError: no plain number; the text is shown in the reason.
    """
    if not body or len(body) > TEXT_CHARS_MAX or not _NUMBER.fullmatch(body) or not body.strip("-."):
        raise ValidationError(field, f"{_shown(body)} is not a number" if body else "is empty", allowed=allowed)
    sign, digits = ("-", body[1:]) if body.startswith("-") else ("", body)
    whole, point, fraction = digits.replace(",", "").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{fraction}"


def _shifted(plain: str, zeros: int) -> str:
    """Return a plain number times 10 ** zeros."""
    whole, _, fraction = plain.partition(".")
    moved = fraction.ljust(zeros, "0")
    number = f"{whole}{moved[:zeros]}"
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    rest = moved[zeros:]
    return f"{sign}{digits.lstrip('0') or '0'}" + (f".{rest}" if rest else "")


def _shown(text: str) -> str:
    """Return typed text as it may be shown: printable and short."""
    printable = "".join(char if char.isprintable() else "·" for char in text[:TEXT_CHARS_MAX])
    return f"{printable!r}"


def nearest_prices(text: str, instrument: Instrument) -> tuple[str, ...]:
    """Return the valid prices below and above a decimal text, whatever digits it has."""
    try:
        exact = Decimal(text.strip().replace(",", "")).scaleb(instrument.price_decimals)
    except InvalidOperation:
        return ()
    below = instrument.round_to_tick(int(exact // 1), "down")
    near = (below, instrument.step(below, 1))
    return tuple(instrument.price_text(price) for price in near if price > 0 or instrument.price_may_be_negative)
