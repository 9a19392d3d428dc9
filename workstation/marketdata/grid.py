"""The grid of time bars: which [open, close) a tick belongs to, in the session's zone and by the exchange's calendar.

Bars within a day count from local midnight or from the session's open, or from a moment after it; a change of the
zone's offset ends a bar. Days to years run from the first session's open to the last session's close and leave out
other ticks.
"""

from datetime import date, timedelta
from typing import NamedTuple

from workstation.domain.errors import ValidationError
from workstation.domain.market import Anchor, BarKind, BarType
from workstation.domain.times import NS_PER_S
from workstation.marketdata.calendar import DAY_NS, SessionCalendar

STEP_MAX = {
    BarKind.MILLISECOND: 86_400_000,
    BarKind.SECOND: 86_400,
    BarKind.MINUTE: 1_440,
    BarKind.HOUR: 24,
    BarKind.DAY: 366,
    BarKind.WEEK: 52,
    BarKind.MONTH: 12,
    BarKind.YEAR: 10,
}
"""Largest step of each kind of time bar."""

EMPTY_BARS_MAX = 10_000
"""Most intervals of one silence that are told of; a longer one is skipped."""

NEVER = 1 << 62
"""A time behind all others, UTC ns."""

_STEP_NS = {
    BarKind.MILLISECOND: NS_PER_S // 1_000, BarKind.SECOND: NS_PER_S, BarKind.MINUTE: 60 * NS_PER_S,
    BarKind.HOUR: 3_600 * NS_PER_S,
}  # fmt: skip


class Interval(NamedTuple):
    """[open, close) in UTC ns. `inside` is False for a stretch whose ticks belong to no bar."""

    open: int
    close: int
    inside: bool


class TimeGrid:
    """Intervals of one kind and step on one calendar, counted from what the type says.

    Raises:
        ValidationError: not a time bar, a step outside 1..STEP_MAX, or an origin that such bars have not.
    """

    def __init__(self, bar_type: BarType, calendar: SessionCalendar) -> None:
        most = STEP_MAX.get(bar_type.kind)
        if most is None or not 1 <= bar_type.step <= most:
            raise ValidationError("step", f"no {bar_type.kind} grid of {bar_type.step}", allowed=f"1 to {most}")
        self._kind = bar_type.kind
        self._step = bar_type.step
        self._step_ns = _STEP_NS.get(bar_type.kind, 0) * bar_type.step
        self._calendar = calendar
        self._anchor, self._offset = bar_type.anchor, bar_type.offset_ns
        if (self._offset or self._anchor is Anchor.SESSION) and not self._step_ns:
            raise ValidationError("origin", "bars of days and longer are the exchange's own", allowed="within a day")
        if self._step_ns and not 0 <= self._offset < self._step_ns:
            raise ValidationError("origin", "an origin lies within the first bar", allowed="0 to less than its length")

    @property
    def generation(self) -> int:
        """That of the calendar: an interval of an older one may be another by now."""
        return self._calendar.generation

    def cuts(self, ts_open: int, ts_close: int) -> bool:
        """Tell whether a bar is one as the calendar stands."""
        return self.interval(ts_open) == (ts_open, ts_close, True)

    def interval(self, ts: int) -> Interval:
        """Return the interval that holds `ts`."""
        if not self._step_ns:
            return self._sessions(ts)
        return self._from_session(ts) if self._anchor is Anchor.SESSION else self._from_midnight(ts)

    def silent(self, ts: int, to: int) -> tuple[list[Interval], int]:
        """Return the intervals of sessions from `ts` on that end at or before `to`, and where the next begins.

        None where they are more than EMPTY_BARS_MAX.
        """
        found: list[Interval] = []
        at = self._resumes(ts)
        while (span := self.interval(at)).close <= to:
            found.append(span)
            at = self._resumes(span.close)
            if len(found) > EMPTY_BARS_MAX:
                return [], to
        return found, at

    def _resumes(self, ts: int) -> int:
        """Return `ts` while a session is on, else where the interval begins in which the next one opens."""
        session = self._calendar.session_at(ts) or self._calendar.session_after(ts)
        if session is None:
            return NEVER
        return ts if session.open <= ts else max(ts, self.interval(session.open).open)

    def _from_midnight(self, ts: int) -> Interval:
        offset = self._calendar.utc_offset(ts)
        wall = ts + offset
        midnight = wall - wall % DAY_NS
        start, end = self._counted(wall, midnight, midnight + DAY_NS)
        return Interval(
            self._bar_start(start - offset, ts, offset), self._bar_end(ts, end - offset, offset), inside=True
        )

    def _counted(self, at: int, first: int, last: int) -> tuple[int, int]:
        """Return the [start, end) around `at`, counted from the origin after `first`; the first and last may be short.

        An origin after `first` makes a first bar of the time before it.
        """
        origin = first + self._offset
        start = origin + (at - origin) // self._step_ns * self._step_ns
        return max(start, first), min(start + self._step_ns, last)

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
            return Interval(*self._counted(ts, session.open, session.close), inside=True)
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
        if self._kind in (BarKind.MONTH, BarKind.YEAR):
            months = self._step * (12 if self._kind is BarKind.YEAR else 1)
            month = (label.year * 12 + label.month - 1) // months * months
            after = month + months
            return date(month // 12, month % 12 + 1, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1)
        days = self._step * (7 if self._kind is BarKind.WEEK else 1)
        first = (label.toordinal() - 1) // days * days + 1  # ordinal 1 is a Monday
        return date.fromordinal(first), date.fromordinal(first + days - 1)
