"""Session calendars: when an instrument trades, in the exchange's own time, asked and answered in UTC nanoseconds.

Used by bars (what day a tick belongs to), the cache (day statistics) and DAY orders (when the session closes). Holidays
and early closes are data, and what a file of market hours says goes before what is built in. A session is labelled by
its trading date; it may begin on the evening before.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from workstation.domain.errors import NotFound
from workstation.domain.times import NS_PER_S
from workstation.marketdata.holidays import XNYS_EARLY_CLOSES, XNYS_HOLIDAYS

HOUR_S = 3_600
DAY_S = 86_400
DAY_NS = DAY_S * NS_PER_S

SESSION_SEARCH_DAYS_MAX = 30
"""Longest closure that is looked across for the next session."""

_CACHED_DATES_MAX = 4_096


class Session(NamedTuple):
    """One trading session: [open, close) in UTC ns, labelled by its trading date.

    pauses: stretches [from, to) inside in which nothing trades, ascending.
    """

    label: date
    open: int
    close: int
    pauses: tuple[tuple[int, int], ...] = ()

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """Return what is left of the session without its pauses, ascending."""
        edges = (self.open, *(edge for pause in self.pauses for edge in pause), self.close)
        return tuple(zip(edges[::2], edges[1::2], strict=True))

    def trades_at(self, ts: int) -> bool:
        """Tell whether the session is open at `ts`, and no pause is."""
        return self.open <= ts < self.close and not any(start <= ts < end for start, end in self.pauses)


class SessionCalendar:
    """Weekly sessions in one zone, less holidays, with early closes.

    weekdays: Monday 0 to Sunday 6, of the label. open_s, close_s: seconds of wall-clock time from the label's local
    midnight; a negative open is the evening before. early_closes: label -> close_s of that day.
    """

    def __init__(
        self,
        name: str,
        zone: tzinfo,
        *,
        weekdays: frozenset[int],
        open_s: int,
        close_s: int,
        holidays: frozenset[date] = frozenset(),
        early_closes: Mapping[date, int] | None = None,
    ) -> None:
        self.name = name
        self._zone = zone
        self._weekdays = weekdays
        self._open_s = open_s
        self._close_s = close_s
        self._holidays = holidays
        self._early_closes = dict(early_closes or {})
        self._roll = timedelta(seconds=max(-open_s, 0))
        self._sessions: dict[date, Session | None] = {}

    @property
    def generation(self) -> int:
        """Number of the hours behind this calendar: what was worked out by an older one may be another by now."""
        return 0

    def utc_offset(self, ts: int) -> int:
        """Return the zone's distance from UTC at `ts`, ns, + east."""
        offset = datetime.fromtimestamp(ts // NS_PER_S, self._zone).utcoffset() or timedelta()
        return int(offset.total_seconds()) * NS_PER_S

    def trading_date(self, ts: int) -> date:
        """Return the label of the trading day that `ts` belongs to; every instant belongs to one."""
        local = datetime.fromtimestamp(ts // NS_PER_S, self._zone).replace(tzinfo=None)
        return (local + self._roll).date()

    def day_window(self, label: date) -> tuple[int, int]:
        """Return [start, end) of a trading day in UTC ns; windows follow each other without a gap."""
        roll_s = int(self._roll.total_seconds())
        return self._utc(label, -roll_s), self._utc(label + timedelta(days=1), -roll_s)

    def session(self, label: date) -> Session | None:
        """Return the session of a trading date, None on a day without one."""
        try:
            return self._sessions[label]
        except KeyError:
            if len(self._sessions) >= _CACHED_DATES_MAX:
                self._sessions.clear()
            found = self._sessions[label] = self._build(label)
            return found

    def session_at(self, ts: int) -> Session | None:
        """Return the session that is open at `ts`, None while closed and in a pause."""
        found = self.session(self.trading_date(ts))
        return found if found is not None and found.trades_at(ts) else None

    def session_after(self, ts: int) -> Session | None:
        """Return the first session that opens after `ts`, None beyond SESSION_SEARCH_DAYS_MAX days.

        In a pause that is the rest of the session that pauses.
        """
        label = self.trading_date(ts)
        now = self.session(label)
        for start, end in () if now is None else now.pauses:
            if now is not None and start <= ts < end:
                return now._replace(open=end, pauses=tuple(pause for pause in now.pauses if pause[0] >= end))
        for ahead in range(SESSION_SEARCH_DAYS_MAX):
            found = self.session(label + timedelta(days=ahead))
            if found is not None and found.open > ts:
                return found
        return None

    def close_after(self, ts: int) -> int | None:
        """Return when a DAY order given at `ts` ends: the close of the open session, else of the next, UTC ns."""
        found = self.session_at(ts) or self.session_after(ts)
        return found.close if found else None

    def _build(self, label: date) -> Session | None:
        if label.weekday() not in self._weekdays or label in self._holidays:
            return None
        close_s = self._early_closes.get(label, self._close_s)
        return Session(label, self._utc(label, self._open_s), self._utc(label, close_s))

    def _utc(self, label: date, seconds: int) -> int:
        wall = datetime(label.year, label.month, label.day) + timedelta(seconds=seconds)  # noqa: DTZ001  zone follows
        return int(wall.replace(tzinfo=self._zone).timestamp()) * NS_PER_S


def always_open() -> SessionCalendar:
    """Return the calendar of markets that never close: one session for each UTC day."""
    return SessionCalendar("ALWAYS", UTC, weekdays=frozenset(range(7)), open_s=0, close_s=DAY_S)


def us_equities(
    holidays: frozenset[date] = XNYS_HOLIDAYS, early_closes: Mapping[date, int] = XNYS_EARLY_CLOSES
) -> SessionCalendar:
    """Return the regular session of the New York stock exchange, 09:30 to 16:00 local time."""
    return SessionCalendar(
        "XNYS",
        ZoneInfo("America/New_York"),
        weekdays=frozenset(range(5)),
        open_s=9 * HOUR_S + HOUR_S // 2,
        close_s=16 * HOUR_S,
        holidays=holidays,
        early_closes=early_closes,
    )


def foreign_exchange() -> SessionCalendar:
    """Return the over-the-counter currency week: Sunday 17:00 to Friday 17:00 New York, days rolling at 17:00."""
    zone = ZoneInfo("America/New_York")
    return SessionCalendar("FX", zone, weekdays=frozenset(range(5)), open_s=-7 * HOUR_S, close_s=17 * HOUR_S)


class PresentCalendar(SessionCalendar):
    """The hours of a name as they are known now: what is imported while somebody holds it, it tells at once.

    Where the name is known no more it goes on as it was. Any thread.
    """

    def __init__(self, name: str, found: SessionCalendar, find: Callable[[str], SessionCalendar]) -> None:
        self.name = name
        self._find, self._found, self._seen = find, found, Calendars.generation

    @property
    def generation(self) -> int:
        """How often hours were imported in this process."""
        return Calendars.generation

    def utc_offset(self, ts: int) -> int:
        """Return the zone's distance from UTC at `ts`, ns, + east."""
        return self._present().utc_offset(ts)

    def trading_date(self, ts: int) -> date:
        """Return the label of the trading day that `ts` belongs to; every instant belongs to one."""
        return self._present().trading_date(ts)

    def day_window(self, label: date) -> tuple[int, int]:
        """Return [start, end) of a trading day in UTC ns; windows follow each other without a gap."""
        return self._present().day_window(label)

    def session(self, label: date) -> Session | None:
        """Return the session of a trading date, None on a day without one."""
        return self._present().session(label)

    def _present(self) -> SessionCalendar:
        if self._seen != Calendars.generation:
            self._seen = Calendars.generation
            with suppress(NotFound):
                self._found = self._find(self.name)
        return self._found


class Calendars:
    """Finds a calendar by the id that an instrument names: what is handed over, what was imported, what is built in."""

    generation: ClassVar[int] = 0
    _imported: ClassVar[Mapping[str, SessionCalendar]] = {}

    def __init__(self, extra: Mapping[str, SessionCalendar] | None = None) -> None:
        self._extra = dict(extra or {})
        self._known = {"ALWAYS": always_open(), "XNYS": us_equities(), "FX": foreign_exchange()}

    @classmethod
    def adopt(cls, imported: Mapping[str, SessionCalendar]) -> None:
        """Let every `Calendars` of this process find imported calendars, and none of those adopted before.

        Calendars that are in use go by them from the next question on.
        """
        cls._imported = imported
        Calendars.generation += 1

    def __getitem__(self, name: str) -> SessionCalendar:
        """Return the calendar called `name`.

        Raises:
            NotFound: there is none of that name.
        """
        if name in self._extra:
            return self._extra[name]
        return PresentCalendar(name, self._find(name), self._find)

    def _find(self, name: str) -> SessionCalendar:
        for found in (self._imported, self._known):
            if name in found:
                return found[name]
        raise NotFound("calendar", name)
