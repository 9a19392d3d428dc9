"""Days as spans of time, for reports and snapshots: a calendar date in a zone is a stretch of UTC nanoseconds.

Zones exist here alone: the core counts UTC nanoseconds. A day on which clocks change has 23 or 25 hours.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workstation.domain.errors import ValidationError
from workstation.domain.times import NS_PER_S

UTC_NAME = "UTC"


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its IANA name.

    Raises:
        ValidationError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError("timezone", "is no IANA zone", allowed="such as UTC or America/New_York") from None


def day_bounds_ns(day: str, zone: str = UTC_NAME) -> tuple[int, int]:
    """Return a day's start and the next one's, UTC ns; `day` is YYYY-MM-DD."""
    first = date.fromisoformat(day)
    return _midnight(first, zone), _midnight(first + timedelta(days=1), zone)


def day_of(ns: int, zone: str = UTC_NAME) -> str:
    """Return the day that a moment (UTC ns) lies in, YYYY-MM-DD."""
    return datetime.fromtimestamp(ns // NS_PER_S, zone_of(zone)).date().isoformat()


def _midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), zone_of(zone)).timestamp()) * NS_PER_S
