"""When an instrument's trading hours next open or close, in words for the clock. Qt-free; times are UTC ns."""

from typing import NamedTuple

from workstation.domain.errors import NotFound
from workstation.marketdata.calendar import DAY_NS, Calendars
from workstation.viewmodels.formats import exact_time

MINUTE_NS = 60_000_000_000
SOON_NS = 5 * MINUTE_NS
"""A close that is so near is marked."""

NONE_NEAR = "no hours"


class HoursEvent(NamedTuple):
    """The next event: short words, a whole sentence, and whether it is a close that is near."""

    text: str
    sentence: str
    is_near: bool = False


def next_event(calendars: Calendars, calendar: str, now_ns: int) -> HoursEvent:
    """Return the next opening or close of a calendar; a market that never closes has none."""
    try:
        hours = calendars[calendar]
    except NotFound:
        return HoursEvent(NONE_NEAR, f"The trading hours {calendar} are not known.")
    open_now = hours.session_at(now_ns)
    if open_now is not None:
        follows = hours.session_at(open_now.close)
        if follows is not None:
            return HoursEvent("24 h", f"{calendar}: open at every hour.")
        left = open_now.close - now_ns
        text, moment = f"closes in {span(left)}", exact_time(open_now.close)[:16].replace("T", " ")
        return HoursEvent(text, f"{calendar} is open and closes at {moment} UTC.", is_near=left <= SOON_NS)
    ahead = hours.session_after(now_ns)
    if ahead is None:
        return HoursEvent(NONE_NEAR, f"{calendar} is closed; no opening is known.")
    moment = exact_time(ahead.open)[:16].replace("T", " ")
    return HoursEvent(f"opens in {span(ahead.open - now_ns)}", f"{calendar} is closed and opens at {moment} UTC.")


def span(ns: int) -> str:
    """Return a span of time in its two largest units, whole minutes, a begun minute counted."""
    days, rest = divmod(max(ns, 0), DAY_NS)
    minutes = -(-rest // MINUTE_NS)
    if days:
        return f"{days} d {minutes // 60} h"
    return f"{minutes // 60} h {minutes % 60:02} m" if minutes >= 60 else f"{minutes} m"
