"""The newest lines of each run's log, in memory, for whoever looks at a run; all of them are rows of the database."""

from collections import OrderedDict, deque

from workstation.kernel.bus import Bus
from workstation.strategies.runs import RunLine

LINES_MAX = 500
RUNS_MAX = 100
"""Runs whose lines are remembered; the one that has been silent longest goes first."""


class RunTails:
    """Remembers lines as they are said; engine thread."""

    def __init__(self, bus: Bus) -> None:
        self._lines: OrderedDict[str, deque[RunLine]] = OrderedDict()
        bus.subscribe(RunLine, self._on_line)

    def of(self, run_id: str) -> tuple[RunLine, ...]:
        """Return the newest lines of a run since the program began, oldest first."""
        return tuple(self._lines.get(run_id, ()))

    def _on_line(self, line: RunLine) -> None:
        self._lines.setdefault(line.run_id, deque(maxlen=LINES_MAX)).append(line)
        self._lines.move_to_end(line.run_id)
        if len(self._lines) > RUNS_MAX:
            self._lines.popitem(last=False)
