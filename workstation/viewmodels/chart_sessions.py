"""Which bars of a chart lie outside the trading hours of their instrument. Must not know Qt or pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workstation.marketdata.calendar import SessionCalendar

SESSIONS_SHADED_MAX: Final = 40
"""With more sessions in view a night is too narrow to be seen."""

DAY_NS: Final = 86_400_000_000_000


def closed_bars_in(
    times_ns: NDArray[np.int64], calendar: SessionCalendar, first: int, stop: int
) -> list[tuple[int, int]]:
    """Return the runs [start, end) of bars `first` to `stop` that opened outside sessions; empty for long views."""
    first, stop = max(first, 0), min(stop, len(times_ns))
    if first >= stop:
        return []
    begin, end = int(times_ns[first]), int(times_ns[stop - 1])
    if end - begin > SESSIONS_SHADED_MAX * 2 * DAY_NS:
        return []
    runs: list[tuple[int, int]] = []
    at, session = first, calendar.session_at(begin) or calendar.session_after(begin)
    for _ in range(SESSIONS_SHADED_MAX):
        if session is None or session.open > end:
            break
        opens, closes = (first + int(n) for n in np.searchsorted(times_ns[first:stop], (session.open, session.close)))
        if at < opens:
            runs.append((at, opens))
        at, session = closes, calendar.session_after(session.open)
    else:
        return []
    return [*runs, (at, stop)] if at < stop else runs
