"""Calendars out of market hours that a file brought: spans of each weekday, holidays, early closes and late opens.

Beside the tick walk. A market whose week opens on an evening has trading days that begin at that hour, others begin
theirs at midnight; what is open from one to the next is a session, and a hole in it a pause.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from workstation.domain.errors import ValidationError
from workstation.marketdata.calendar import DAY_S, Session, SessionCalendar
from workstation.marketdata.holidays import XNYS_EARLY_CLOSES, XNYS_HOLIDAYS
from workstation.ports.market_data import MarketHours, Span

US_EQUITIES = "usa.equity"
"""Imported hours of this name are those of the built-in calendar XNYS too, whose holidays they add to."""

_FIXED = "UTC"


class HoursCalendar(SessionCalendar):
    """The calendar of imported market hours. name: what instruments call it.

    Raises:
        ValidationError: the zone is none.
    """

    def __init__(self, hours: MarketHours, name: str = "") -> None:
        roll_s = _roll_s(hours.week)
        super().__init__(
            name or hours.name,
            zone_of(hours.zone),
            weekdays=frozenset(range(7)),
            open_s=roll_s - DAY_S if roll_s else 0,
            close_s=roll_s or DAY_S,
        )
        self.hours = msgspec.structs.replace(hours, name=self.name)
        self._roll_s = roll_s or DAY_S
        self._closed = frozenset(hours.holidays)

    def _build(self, label: date) -> Session | None:
        before = _clipped(self._day(label - timedelta(days=1)), self._roll_s, DAY_S)
        spans = [(start - DAY_S, end - DAY_S) for start, end in before]
        spans += _clipped(self._day(label), 0, self._roll_s)
        joined: list[Span] = []
        for start, end in spans:
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        if not joined:
            return None
        edges = [self._utc(label, edge) for span in joined for edge in span]
        inner = edges[1:-1]
        return Session(label, edges[0], edges[-1], tuple(zip(inner[::2], inner[1::2], strict=True)))

    def _day(self, day: date) -> list[Span]:
        """Return the open spans of a day of the market's zone."""
        text, spans = day.isoformat(), self.hours.week[day.weekday()]
        if text in self._closed:
            return []
        close, reopen = self.hours.early_closes.get(text), self.hours.late_opens.get(text)
        if close is not None and reopen is not None and close < reopen:
            return [*_clipped(spans, 0, close), *_clipped(spans, reopen, DAY_S)]
        return _clipped(spans, reopen or 0, DAY_S if close is None else close)


class ImportedCalendars(Mapping[str, SessionCalendar]):
    """Calendars of imported hours by name, each made when it is first asked for."""

    def __init__(self, hours: Mapping[str, MarketHours]) -> None:
        self._hours = dict(hours)
        if US_EQUITIES in hours:
            self._hours["XNYS"] = us_equities_with(hours[US_EQUITIES])
        self._made: dict[str, SessionCalendar] = {}

    def __getitem__(self, name: str) -> SessionCalendar:
        """Return the calendar called `name`."""
        if name not in self._made:
            self._made[name] = HoursCalendar(self._hours[name], name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Begin to name them."""
        return iter(self._hours)

    def __len__(self) -> int:
        """Count them."""
        return len(self._hours)


def us_equities_with(hours: MarketHours) -> MarketHours:
    """Return imported hours of the New York stock exchange with the holidays and early closes that are built in."""
    early = {day.isoformat(): second for day, second in XNYS_EARLY_CLOSES.items()} | hours.early_closes
    closed = {day.isoformat() for day in XNYS_HOLIDAYS} | set(hours.holidays)
    return msgspec.structs.replace(hours, holidays=tuple(sorted(closed)), early_closes=early)


def zone_of(name: str) -> tzinfo:
    """Return a zone of the IANA list, or of a fixed distance such as `UTC-05`.

    Raises:
        ValidationError: there is no such zone.
    """
    distance = name.removeprefix(_FIXED)
    if distance == "":
        return UTC
    try:
        if distance != name:
            return timezone(timedelta(hours=int(distance)))
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError("zone", f"{name!r} is no zone", allowed="UTC, America/New_York, …") from error


def _roll_s(week: tuple[tuple[Span, ...], ...]) -> int:
    """Return the earliest second at which a span begins that runs on past midnight; 0 where none does."""
    evenings = [
        start
        for day, spans in enumerate(week)
        for start, end in spans
        if end == DAY_S and start and any(after == 0 for after, _ in week[(day + 1) % len(week)])
    ]
    return min(evenings, default=0)


def _clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """Return what of spans lies in [start, end)."""
    cut = ((max(first, start), min(last, end)) for first, last in spans)
    return [span for span in cut if span[0] < span[1]]
