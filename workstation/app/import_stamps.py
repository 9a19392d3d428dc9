"""Times in files of rows: what a stamp says, and nothing that it does not say.

A stamp without a zone needs one from the call; whether a bar's stamp is its open or its close must be told as well.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from workstation.domain.errors import ValidationError
from workstation.domain.market import BarKind, BarType
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.intervals import shortest_ns

_EPOCH = re.compile(r"\d{10}|\d{13}|\d{16}|\d{19}", re.ASCII)
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2}) (\d{2}:\d{2}.*)", re.ASCII)
_FRACTION = re.compile(r"\.(\d{1,9})", re.ASCII)
_GRID_NS = 1_800 * 10**9
"""Bars longer than half an hour may begin at a session's half hour."""


class Stamp(StrEnum):
    """What the time of a bar's row means."""

    OPEN = "open"
    CLOSE = "close"


def instant(text: str, zone: tzinfo | None) -> int:
    """Return a time as UTC ns: ISO text, or digits of s, ms, us or ns since 1970.

    Raises:
        ValidationError: text without a zone, and none is given.
        ValueError: no time.
    """
    if _EPOCH.fullmatch(text):
        return int(text.ljust(19, "0"))
    if found := _COMPACT.fullmatch(text):
        text = "{}-{}-{} {}".format(*found.groups())
    fraction = _FRACTION.search(text)
    moment = datetime.fromisoformat(_FRACTION.sub("", text))
    if moment.tzinfo is None:
        if zone is None:
            raise ValidationError("zone", f"{text!r} names no zone, and none is guessed: give --zone, such as UTC")
        moment = moment.replace(tzinfo=zone)
    nanoseconds = int(fraction.group(1).ljust(9, "0")) if fraction else 0
    return int(moment.astimezone(UTC).timestamp()) * 10**9 + nanoseconds


def span_reader(
    bar_type: BarType, stamp: Stamp | None, zone: tzinfo | None, calendar: SessionCalendar
) -> Callable[[str], tuple[int, int]]:
    """Return what turns a row's stamp into its bar's [start, end), UTC ns.

    A daily bar spans the session of its date and needs no stamp. The function raises ValueError for a row that has no
    place.

    Raises:
        ValidationError: an interval within the day without `stamp`, or one that is no such interval.
    """
    if bar_type.kind is BarKind.DAY:
        return lambda text: _session(text, calendar)
    if bar_type.kind not in (BarKind.MINUTE, BarKind.HOUR):
        raise ValidationError("interval", "rows of weeks and months are not read", allowed="1m 5m 15m 30m 1h 4h 1d")
    if stamp is None:
        raise ValidationError("stamp", "a bar's time may be its open or its close: give --stamp open or close")
    step = shortest_ns(bar_type)
    grid = min(step, _GRID_NS)

    def span(text: str) -> tuple[int, int]:
        at = instant(text, zone)
        start = at if stamp is Stamp.OPEN else at - step
        if start % grid:
            raise ValueError("time is off the interval's grid")
        return start, start + step

    return span


def _session(text: str, calendar: SessionCalendar) -> tuple[int, int]:
    found = _DAY.match(text)
    if found is None:
        raise ValueError("not a date")
    session = calendar.session(date(*(int(part) for part in found.groups())))
    if session is None:
        raise ValueError(f"{calendar.name} has no session on this day")
    return session.open, session.close
