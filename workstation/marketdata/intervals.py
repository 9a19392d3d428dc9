"""The intervals of bars: the stored names of those that are kept, the short names that people write, and their series.

Beside the tick walk: `recording.py` names what it keeps by them, history is asked for by them. A short name is what
closes a bar, then, where it differs from the usual, what it counts from, its price and what it is made of:

    250ms 1s 5m 1h 1d 1w 1mo 1y   the clock; @open counts from the session's open, @open+15m or @30m from later
    500t 10kv 1mn                 ticks, volume in whole units, value (notional) in the currency
    100ti 10kvi 1mni              imbalance: what one side took less what the other did
    20tr 10kvr 1mnr               runs: what one side took in a row
    20r 10b                       range and renko bricks, in ticks of the price
    :bid :ask :mid                prices of quotes in place of trades
    :every                        an interval without a trade gives a bar too
    :of-1m                        composed of smaller bars
"""

import re
from collections.abc import Mapping

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import CLOCK_KINDS, COUNTED_KINDS, SESSION_KINDS, Anchor, BarKind, BarSource, BarType
from workstation.domain.times import NS_PER_S

INTERVALS: Mapping[str, BarType] = {
    "1_MINUTE": BarType(BarKind.MINUTE, 1),
    "5_MINUTE": BarType(BarKind.MINUTE, 5),
    "15_MINUTE": BarType(BarKind.MINUTE, 15),
    "30_MINUTE": BarType(BarKind.MINUTE, 30),
    "1_HOUR": BarType(BarKind.HOUR, 1),
    "4_HOUR": BarType(BarKind.HOUR, 4),
    "1_DAY": BarType(BarKind.DAY, 1),
    "1_WEEK": BarType(BarKind.WEEK, 1),
    "1_MONTH": BarType(BarKind.MONTH, 1),
}
_NAMES = {(bar_type.kind, bar_type.step): name for name, bar_type in INTERVALS.items()}
_SHORTEST_NS = {
    BarKind.MILLISECOND: NS_PER_S // 1_000,
    BarKind.SECOND: NS_PER_S,
    BarKind.MINUTE: 60 * NS_PER_S,
    BarKind.HOUR: 3_600 * NS_PER_S,
    BarKind.DAY: 86_400 * NS_PER_S,
    BarKind.WEEK: 7 * 86_400 * NS_PER_S,
    BarKind.MONTH: 28 * 86_400 * NS_PER_S,
    BarKind.YEAR: 365 * 86_400 * NS_PER_S,
}
_KINDS = {
    "ms": BarKind.MILLISECOND, "s": BarKind.SECOND, "m": BarKind.MINUTE, "h": BarKind.HOUR, "d": BarKind.DAY,
    "w": BarKind.WEEK, "mo": BarKind.MONTH, "y": BarKind.YEAR, "t": BarKind.TICK, "v": BarKind.VOLUME,
    "n": BarKind.VALUE, "ti": BarKind.TICK_IMBALANCE, "vi": BarKind.VOLUME_IMBALANCE, "ni": BarKind.VALUE_IMBALANCE,
    "tr": BarKind.TICK_RUNS, "vr": BarKind.VOLUME_RUNS, "nr": BarKind.VALUE_RUNS, "r": BarKind.RANGE,
    "b": BarKind.RENKO,
}  # fmt: skip
_SHORT = re.compile(r"([1-9]\d{0,8})(?:([km]?)([tvn][ir]?)|(ms|mo|[smhdwyrb]))", re.ASCII)
_ORIGIN = re.compile(r"(open)?(?:(?:(?<=open)\+|(?<!open))([1-9]\d{0,8}(?:ms|[smh])))?", re.ASCII)
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
STEP_MAX = 1_000_000_000
"""Most ticks, whole units or units of value that a bar may count."""
RANGE_TICKS_MAX = 10_000
SESSION_PART_NS = 300 * NS_PER_S
"""Longest part of bars that count from a session's open: parts count from midnight, and sessions open at five minutes.
"""
ALLOWED = "1s 5m 1h 1d 1w 1mo 500t 10000v 10kv"
_OF_VOLUME = frozenset({BarKind.VOLUME, BarKind.VOLUME_IMBALANCE, BarKind.VOLUME_RUNS})
_OF_VALUE = frozenset({BarKind.VALUE, BarKind.VALUE_IMBALANCE, BarKind.VALUE_RUNS})
_OF_PRICE = frozenset({BarKind.RANGE, BarKind.RENKO})


def interval_of(bar_type: BarType) -> str | None:
    """Return the interval's name of bars that are kept, None for others, such as bars of quotes or composed ones."""
    plain = BarType(bar_type.kind, bar_type.step, external=bar_type.external)
    return _NAMES.get((bar_type.kind, bar_type.step)) if bar_type == plain else None


def shortest_ns(bar_type: BarType) -> int:
    """Return the least time that a bar of time covers, ns: a month has 28 days. 0 for bars that trades close."""
    return _SHORTEST_NS.get(bar_type.kind, 0) * bar_type.step


def series_of(text: str, instrument: Instrument) -> BarType:
    """Return the series of an instrument by its short name; ranges and bricks count the tick of its highest prices.

    Raises:
        ValidationError: it names no interval.
    """
    scale = instrument.price_decimals + instrument.qty_decimals + instrument.multiplier_decimals
    value = 10**scale, instrument.multiplier
    return bar_type_of(text, instrument.qty_decimals, instrument.ticks[-1].tick, value)


def bar_type_of(text: str, qty_decimals: int = 0, tick: int = 0, value: tuple[int, int] = (0, 1)) -> BarType:
    """Return the series of a short name such as 1s, 5m, 1mo, 500t (ticks), 5kv (volume), 1mn (value), 30m@open:mid.

    tick: price units of the tick that a range such as 20r and a brick such as 10b count; value: what one unit of money
    is in price units times quantity units, as a fraction. Where either is 0 such bars are none.

    Raises:
        ValidationError: it names no interval.
    """
    named, more, rest = text.partition(":")
    base, at, origin = named.partition("@")
    made = _base_of(base, text, qty_decimals, tick, value)
    if at:
        made = _counted_from(made, origin, text)
    for word in rest.split(":") if more else ():
        made = _with(made, word, text)
    return made


def _base_of(base: str, text: str, qty_decimals: int, tick: int, value: tuple[int, int]) -> BarType:
    found = _SHORT.fullmatch(base)
    if found is None:
        raise _none(text)
    number, thousands, counted, other = found.groups()
    kind, step = _KINDS[counted or other], int(number) * _THOUSANDS[thousands or ""]
    most = (RANGE_TICKS_MAX if tick else 0) if kind in _OF_PRICE else STEP_MAX
    if step > most or (kind in _OF_VALUE and not value[0]):
        raise _none(text)
    if kind in _OF_VALUE:
        return BarType(kind, -(-step * value[0] // value[1]))
    return BarType(kind, step * (10**qty_decimals if kind in _OF_VOLUME else tick if kind in _OF_PRICE else 1))


def _counted_from(made: BarType, origin: str, text: str) -> BarType:
    """Return bars within a day that count from the session's open, or from later than that or than midnight."""
    found = _ORIGIN.fullmatch(origin)
    if found is None or not origin or made.kind not in CLOCK_KINDS - SESSION_KINDS:
        raise ValidationError("interval", f"{text!r} has no such origin", allowed="30m@open 1h@open+15m 4h@30m")
    offset = 0 if found.group(2) is None else shortest_ns(bar_type_of(found.group(2)))
    if offset >= shortest_ns(made):
        raise ValidationError(
            "interval", f"the origin of {text!r} lies behind its first bar", allowed="less than a bar"
        )
    anchor = Anchor.SESSION if found.group(1) else Anchor.MIDNIGHT
    return msgspec.structs.replace(made, anchor=anchor, offset_ns=offset)


def _with(made: BarType, word: str, text: str) -> BarType:
    """Return a series with one more word of its name heeded."""
    if word.upper() in (BarSource.BID, BarSource.ASK, BarSource.MID) and made.source is BarSource.LAST:
        if made.kind in _OF_VOLUME | _OF_VALUE:
            raise ValidationError("interval", f"{text!r}: quotes have no volume", allowed="bars of trades")
        parts = None if made.parts is None else msgspec.structs.replace(made.parts, source=BarSource(word.upper()))
        return msgspec.structs.replace(made, source=BarSource(word.upper()), parts=parts)
    if word == "every" and made.kind in CLOCK_KINDS:
        parts = None if made.parts is None else msgspec.structs.replace(made.parts, every=True)
        return msgspec.structs.replace(made, every=True, parts=parts)
    if word.startswith("of-") and made.parts is None:
        return msgspec.structs.replace(made, parts=_parts_of(made, word[3:], text))
    raise _none(text)


def _parts_of(made: BarType, part: str, text: str) -> BarType:
    """Return the smaller bars that a series is composed of, of its own price."""
    smaller = bar_type_of(part)
    length, whole = shortest_ns(smaller), shortest_ns(made)
    apart = made.kind in SESSION_KINDS
    if smaller.kind in COUNTED_KINDS or made.kind in COUNTED_KINDS or smaller != BarType(smaller.kind, smaller.step):
        raise ValidationError("interval", f"{text!r}: bars of time are composed of bars of time", allowed="5m:of-1m")
    if length >= whole or (not apart and (whole % length or made.offset_ns % length)):
        raise ValidationError("interval", f"{part} bars make no {text!r}", allowed="a part of its length")
    if made.anchor is Anchor.SESSION and length > SESSION_PART_NS:
        raise ValidationError("interval", f"no session need begin with a bar of {part}", allowed="parts up to 5m")
    return msgspec.structs.replace(smaller, source=made.source, every=made.every)


def _none(text: str) -> ValidationError:
    return ValidationError("interval", f"{text!r} is no interval", allowed=ALLOWED)
