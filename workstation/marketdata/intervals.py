"""The intervals of bars: the stored names of those that are kept, the short names that people write, and their series.

Beside the tick walk: `recording.py` names what it keeps by them, history is asked for by them.
"""

import re
from collections.abc import Mapping

from workstation.domain.errors import ValidationError
from workstation.domain.market import BarKind, BarSource, BarType

_SECOND = 10**9

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
_SHORTEST_S = {
    BarKind.SECOND: 1,
    BarKind.MINUTE: 60,
    BarKind.HOUR: 3_600,
    BarKind.DAY: 86_400,
    BarKind.WEEK: 7 * 86_400,
    BarKind.MONTH: 28 * 86_400,
}
_SHORT = re.compile(r"([1-9]\d{0,8})(s|mo|m|h|d|w|([km]?)([tv])|r)", re.ASCII)
_THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
STEP_MAX = 1_000_000_000
"""Most ticks or whole units that a bar may count."""
RANGE_TICKS_MAX = 10_000
_KINDS = {
    "s": BarKind.SECOND, "m": BarKind.MINUTE, "h": BarKind.HOUR, "d": BarKind.DAY, "w": BarKind.WEEK,
    "mo": BarKind.MONTH, "t": BarKind.TICK, "v": BarKind.VOLUME, "r": BarKind.RANGE,
}  # fmt: skip


def interval_of(bar_type: BarType) -> str | None:
    """Return the interval's name of bars of last prices, None for bars that are not kept."""
    return _NAMES.get((bar_type.kind, bar_type.step)) if bar_type.source is BarSource.LAST else None


def shortest_ns(bar_type: BarType) -> int:
    """Return the least time that a bar of time covers, ns: a month has 28 days."""
    return _SHORTEST_S[bar_type.kind] * bar_type.step * _SECOND


def bar_type_of(text: str, qty_decimals: int = 0, tick: int = 0) -> BarType:
    """Return the series of a short name such as 1s, 5m, 1h, 1d, 1w, 1mo, 500t (ticks), 5kv (volume, whole units).

    tick: price units of the tick that a range such as 20r counts; 0 for a reader that has no bars of a range.

    Raises:
        ValidationError: it names no interval.
    """
    found = _SHORT.fullmatch(text)
    step = int(found.group(1)) * _THOUSANDS[found.group(3) or ""] if found is not None else 0
    ranged = found is not None and found.group(2) == "r"
    most = (RANGE_TICKS_MAX if tick else 0) if ranged else STEP_MAX
    if found is None or step > most:
        raise ValidationError("interval", f"{text!r} is no interval", allowed="1s 5m 1h 1d 1w 1mo 500t 10000v 10kv")
    kind = _KINDS[found.group(4) or found.group(2)]
    units = {BarKind.VOLUME: 10**qty_decimals, BarKind.RANGE: tick}.get(kind, 1)
    return BarType(kind, step * units)
