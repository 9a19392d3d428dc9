"""Hours: what the settings of MARKET_HOURS say, one rule a line: what it does, whose calendar, and which blackouts.

Order walk, beside the rule `market_closed`. A line is `ACTION`, `ACTION|CALENDAR` or `ACTION|CALENDAR|FROM-TO,…`, with
an empty calendar where only blackouts count and times in UTC ns, [from, to). Calendars are data; no clock is read here.
"""

from functools import lru_cache

import msgspec

from workstation.marketdata.calendar import Calendars

CALENDARS = Calendars()
"""Calendars that a rule may name."""

HOLD = "HOLD"
_SEPARATOR = "|"


class Hours(msgspec.Struct, frozen=True, order=True):
    """One rule's hours. holds: keeps orders for a person instead of refusing them; blackouts: [from, to) in UTC ns."""

    holds: bool
    calendar: str = ""
    blackouts: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The line of a setting that says the same."""
        spans = ",".join(f"{start}-{end}" for start, end in self.blackouts)
        parts = (HOLD if self.holds else "REFUSE", self.calendar, spans)
        return _SEPARATOR.join(parts).rstrip(_SEPARATOR)

    def objection(self, now_ns: int, *, is_open: bool) -> str:
        """Return why nothing may be added now, "" when it may. is_open: whether the instrument itself trades."""
        if any(start <= now_ns < end for start, end in self.blackouts):
            return "in a blackout"
        if self.calendar:
            return "" if CALENDARS[self.calendar].session_at(now_ns) else f"outside the hours of {self.calendar}"
        return "" if is_open or self.blackouts else "not open"


@lru_cache(maxsize=1_024)
def hours_of(setting: str) -> tuple[Hours, ...]:
    """Return the rules of a setting, those that refuse first."""
    return tuple(sorted(map(_line, setting.split("\n"))))


def _line(line: str) -> Hours:
    action, calendar, spans = (line + _SEPARATOR * 2).split(_SEPARATOR)[:3]
    blackouts = [span.split("-") for span in spans.split(",") if span]
    return Hours(action == HOLD, calendar, tuple((int(start), int(end)) for start, end in blackouts))
