"""The intervals of kept bars: their stored names, and the series that each stands for.

Beside the tick walk: `recording.py` names what it keeps by them, history is asked for by them.
"""

from collections.abc import Mapping

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
    BarKind.MINUTE: 60,
    BarKind.HOUR: 3_600,
    BarKind.DAY: 86_400,
    BarKind.WEEK: 7 * 86_400,
    BarKind.MONTH: 28 * 86_400,
}


def interval_of(bar_type: BarType) -> str | None:
    """Return the interval's name of bars of last prices, None for bars that are not kept."""
    return _NAMES.get((bar_type.kind, bar_type.step)) if bar_type.source is BarSource.LAST else None


def shortest_ns(bar_type: BarType) -> int:
    """Return the least time that a bar of a kept interval covers, ns: a month has 28 days."""
    return _SHORTEST_S[bar_type.kind] * bar_type.step * _SECOND
