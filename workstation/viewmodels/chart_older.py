"""Older bars of a chart: how far they reach, in words, and how many a chart holds.

Beside the tick walk; asks for nothing and draws nothing. Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum, auto
from typing import Final

from workstation.viewmodels.level_of_detail import PAGED_BARS_MAX

PAGE_BARS: Final = 10_000
"""Bars of one page: so few that the desktop takes them within a frame, so many that a screen is filled."""

NS_PER_S: Final = 1_000_000_000


class OlderState(Enum):
    """What a chart has to say of the bars before its first."""

    UNKNOWN = auto()
    LOADING = auto()
    ENDED = auto()
    FULL = auto()
    ERROR = auto()

    def words(self, first_ns: int, zone: tzinfo) -> str:
        """Return what stands before the first bar, which opened at `first_ns` (UTC); "" for nothing."""
        if self is OlderState.LOADING:
            return "Loading older bars…"
        if self is OlderState.ENDED:
            return f"No older bars than {datetime.fromtimestamp(first_ns // NS_PER_S, zone):%d %b %Y}"
        if self is OlderState.FULL:
            return f"A chart holds {PAGED_BARS_MAX:,} bars: no older ones are shown"
        return "Older bars were not loaded · try again" if self is OlderState.ERROR else ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is in view of a series: `first` is the left edge in bars, `span` the width, `count` the bars there are."""

    first: float
    span: float
    count: int

    def wanted(self) -> int:
        """Return how many older bars to ask for now: none while more than a screen of them is at hand."""
        near = 0 < self.count < PAGED_BARS_MAX and self.first < self.span
        return min(PAGE_BARS, PAGED_BARS_MAX - self.count) if near else 0
