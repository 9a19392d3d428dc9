"""What is due when: requests on their way, reports, timers, expiries; and the order of things at one instant.

The clock of a backtest: time moves from one entry to the next. At one instant the venue matches first, then reports go
out, then news, then timers; what is asked meanwhile belongs to the next cycle of the same instant, and a bar that opens
then comes after all of them. Ties go by sequence, never by chance.
"""

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from typing import Any


class Rank(IntEnum):
    """Place within one cycle of an instant."""

    CORPORATE = 0
    MATCH = 1
    ARRIVAL = 2
    REPORT = 3
    NEWS = 4
    TIMER = 5


OPENING = 1 << 30
"""Cycle of bars that open at an instant: after all cycles that end it."""

FOREVER = 1 << 63
"""Later than any time of data, UTC ns."""


Due = tuple[int, int, int, int]
"""When something is due: time (UTC ns), cycle of that instant, rank, then a tie-break."""

FEED_TIE = 1 << 60
"""Added to the tie-breaks of feeds: what is on the agenda goes before a row of the same rank."""


class Agenda:
    """Calls in the order in which they are due. now, ts: where the run stands. entries: a heap, what is next first."""

    def __init__(self) -> None:
        self.now: Due = (0, 0, 0, 0)
        self.ts = 0
        self.entries: list[tuple[Due, Callable[[Any], None], Any]] = []
        self._sequence = 0

    @property
    def next_due(self) -> Due | None:
        """When the next entry is due, None when nothing is."""
        return self.entries[0][0] if self.entries else None

    def move_to(self, due: Due) -> None:
        """Let the run stand at `due`."""
        self.now, self.ts = due, due[0]

    def step_to(self, rank: Rank) -> None:
        """Stand where a call of this rank at this instant would run, when nothing else is due before it."""
        ts, cycle, reached, _tie = self.now
        self._sequence += 1
        self.now = ts, cycle + (rank <= reached), rank, self._sequence

    def add(self, ts: int, rank: Rank, call: Callable[[Any], None], argument: Any = None) -> None:
        """Call `call(argument)` at `ts`; what is due at this instant and of an earlier rank goes to the next cycle."""
        cycle = 0
        if ts <= self.ts:
            ts, cycle, reached, _tie = self.now
            if rank <= reached:
                cycle += 1
        self._sequence = sequence = self._sequence + 1
        heappush(self.entries, ((ts, cycle, rank, sequence), call, argument))

    def run_next(self) -> None:
        """Move to the next entry and run it."""
        self.now, call, argument = heappop(self.entries)
        self.ts = self.now[0]
        call(argument)
