"""The grid of time bars: which [open, close) a tick belongs to, in the session's zone and by the exchange's calendar.

Seconds, minutes and hours count from local midnight or from the session's open; a change of the zone's offset ends a
bar. Days, weeks and months run from the first session's open to the last session's close and leave out other ticks.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from workstation.domain.errors import ValidationError
from workstation.domain.market import BarKind, BarType
from workstation.marketdata.calendar import DAY_NS, NS_PER_SECOND, SessionCalendar

STEP_MAX = {
    BarKind.SECOND: 86_400,
    BarKind.MINUTE: 1_440,
    BarKind.HOUR: 24,
    BarKind.DAY: 366,
    BarKind.WEEK: 52,
    BarKind.MONTH: 12,
}
"""Largest step of each kind of time bar."""

_STEP_NS = {BarKind.SECOND: NS_PER_SECOND, BarKind.MINUTE: 60 * NS_PER_SECOND, BarKind.HOUR: 3_600 * NS_PER_SECOND}


class Anchor(StrEnum):
    """What intraday bars are counted from."""

    MIDNIGHT = "MIDNIGHT"
    SESSION = "SESSION"


class Interval(NamedTuple):
    """[open, close) in UTC ns. `inside` is False for a stretch whose ticks belong to no bar."""

    open: int
    close: int
    inside: bool


class TimeGrid:
    """Intervals of one kind and step on one calendar.

    Raises:
        ValidationError: not a time bar, or a step outside 1..STEP_MAX.
    """

    def __init__(self, bar_type: BarType, calendar: SessionCalendar, anchor: Anchor = Anchor.MIDNIGHT) -> None:
        most = STEP_MAX.get(bar_type.kind)
        if most is None or not 1 <= bar_type.step <= most:
            raise ValidationError("step", f"no {bar_type.kind} grid of {bar_type.step}", allowed=f"1 to {most}")
        self._kind = bar_type.kind
        self._step = bar_type.step
        self._step_ns = _STEP_NS.get(bar_type.kind, 0) * bar_type.step
        self._calendar = calendar
        self._anchor = anchor

    def interval(self, ts: int) -> Interval:
        """Return the interval that holds `ts`."""
        if not self._step_ns:
            return self._sessions(ts)
        return self._from_session(ts) if self._anchor is Anchor.SESSION else self._from_midnight(ts)

    def _from_midnight(self, ts: int) -> Interval:
        offset = self._calendar.utc_offset(ts)
        wall = ts + offset
        midnight = wall - wall % DAY_NS
        start = midnight + (wall - midnight) // self._step_ns * self._step_ns
        end = min(start + self._step_ns, midnight + DAY_NS)
        return Interval(
            self._bar_start(start - offset, ts, offset), self._bar_end(ts, end - offset, offset), inside=True
        )

    def _bar_start(self, start: int, ts: int, offset: int) -> int:
        return start if self._calendar.utc_offset(start) == offset else self._offset_change(start, ts)

    def _bar_end(self, ts: int, end: int, offset: int) -> int:
        return end if self._calendar.utc_offset(end - 1) == offset else self._offset_change(ts, end - 1)

    def _offset_change(self, low: int, high: int) -> int:
        """Return the first instant after `low` with the offset of `high`; it changes once between them."""
        target = self._calendar.utc_offset(high)
        while high - low > 1:
            middle = (low + high) // 2
            if self._calendar.utc_offset(middle) == target:
                high = middle
            else:
                low = middle
        return high

    def _from_session(self, ts: int) -> Interval:
        session = self._calendar.session(self._calendar.trading_date(ts))
        if session is not None and session.open <= ts < session.close:
            start = session.open + (ts - session.open) // self._step_ns * self._step_ns
            return Interval(start, min(start + self._step_ns, session.close), inside=True)
        found = self._from_midnight(ts)
        if session is None:
            return found
        if ts < session.open:
            return found._replace(close=min(found.close, session.open))
        return found._replace(open=max(found.open, session.close))

    def _sessions(self, ts: int) -> Interval:
        session = self._calendar.session_at(ts)
        if session is None:
            following = self._calendar.session_after(ts)
            return Interval(ts, following.open if following else ts + DAY_NS, inside=False)
        first, last = self._group(session.label)
        opens = closes = None
        while opens is None:
            opens, first = self._calendar.session(first), first + timedelta(days=1)
        while closes is None:
            closes, last = self._calendar.session(last), last - timedelta(days=1)
        return Interval(opens.open, closes.close, inside=True)

    def _group(self, label: date) -> tuple[date, date]:
        """Return the first and the last calendar date of the bar that `label` belongs to."""
        if self._kind is BarKind.MONTH:
            month = (label.year * 12 + label.month - 1) // self._step * self._step
            after = month + self._step
            return date(month // 12, month % 12 + 1, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1)
        days = self._step * (7 if self._kind is BarKind.WEEK else 1)
        first = (label.toordinal() - 1) // days * days + 1  # ordinal 1 is a Monday
        return date.fromordinal(first), date.fromordinal(first + days - 1)
