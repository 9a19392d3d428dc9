"""Holes in a chart's bars: where a session went on and bars are missing, by the calendar of the instrument.

Beside the tick walk. A few empty intervals are a quiet market, not a hole. It repairs nothing. Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.domain.market import BarKind, BarType
from workstation.marketdata.coverage import GapFinder
from workstation.marketdata.intervals import shortest_ns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workstation.marketdata.calendar import SessionCalendar

GAPS_MAX: Final = 50
BREAKS_MAX: Final = 500
"""Newest breaks of the series that are held against the calendar; most of them are nights."""

QUIET_BARS_MAX: Final = 9
QUIET_NS_MAX: Final = 120_000_000_000
"""Intervals without a trade, and their time, that are no hole yet."""

NS_PER_S: Final = 1_000_000_000
_READ: Final = frozenset({BarKind.SECOND, BarKind.MINUTE, BarKind.HOUR, BarKind.DAY})


@dataclass(frozen=True, slots=True)
class ChartGap:
    """A hole before bar number `bar`, over [start, end) in UTC ns."""

    bar: int
    start: int
    end: int

    def words(self, zone: tzinfo) -> str:
        """Return what is missing, and what a click does."""
        first, last = (datetime.fromtimestamp(ns // NS_PER_S, zone) for ns in (self.start, self.end))
        same = first.date() == last.date()
        until = f"{last:%H:%M}" if same else f"{last:%d %b %H:%M}"
        return f"No bars {first:%d %b %H:%M} – {until} · fetch again"


def gaps_of(times_ns: NDArray[np.int64], bar_type: BarType, calendar: SessionCalendar) -> list[ChartGap]:
    """Return the newest holes of a series of opening times, oldest first; bars that trades close have none."""
    if bar_type.kind not in _READ or len(times_ns) < 2:
        return []
    step, daily = shortest_ns(bar_type), bar_type.kind is BarKind.DAY
    quiet = 0 if daily else max(QUIET_BARS_MAX * step, QUIET_NS_MAX)
    found: list[ChartGap] = []
    for before in np.flatnonzero(np.diff(times_ns) > quiet + step)[-BREAKS_MAX:]:
        opened = [int(times_ns[before]), int(times_ns[before + 1])]
        gaps = GapFinder(bar_type, calendar).add(opened, [ns + step for ns in opened])
        found += [ChartGap(int(before) + 1, gap.start, gap.end) for gap in gaps if daily or gap.missing * step > quiet]
    return found[-GAPS_MAX:]
