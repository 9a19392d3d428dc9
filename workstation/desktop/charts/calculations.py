"""Indicators computed beside the GUI thread: a slow one over a million bars takes seconds, and the chart goes on.

One job an indicator, in Qt's pool of threads; a job reads closed bars only, which never change. The GUI thread looks
for finished ones while any are out, so no signal crosses threads and a chart may be deleted at any time. A job that
was overtaken gives up at its next look and its result is dropped; so does one that takes longer than BUDGET_MS, whose
pane says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QObject, QThreadPool, QTimer, Signal

from workstation.viewmodels.chart_indicators import Calculation, ClosedBars, IndicatorLines, calculate, closed_bars

if TYPE_CHECKING:
    from workstation.viewmodels.level_of_detail import BarPyramid

LOOK_EVERY_MS: Final = 12
BUDGET_MS: Final = 30_000
"""Longest that one indicator may compute over the bars of a chart before it is suspended."""


@dataclass(slots=True, eq=False)
class _Job:
    """Written by its thread: result and error, then done. Written by the GUI thread: wanted."""

    lines: IndicatorLines
    bars: ClosedBars
    wanted: bool = True
    done: bool = False
    made: Calculation | None = None
    error: str = ""
    began: QElapsedTimer = field(default_factory=QElapsedTimer)

    def run(self) -> None:
        """Calculate; a formula that fails is told of in the indicator's pane and stops nothing else."""
        self.began.start()
        try:
            self.made = calculate(self.lines.chosen, self.bars, lambda: self.wanted)
        except (ArithmeticError, ValueError) as problem:
            self.error = f"{self.lines.chosen.label}: {problem}"
        self.done = True


class Calculations(QObject):
    """The jobs of one chart. Emits: finished after lines have taken their values."""

    finished = Signal()

    def __init__(self, parent: QObject, bars: BarPyramid) -> None:
        super().__init__(parent)
        self.budget_ms = BUDGET_MS
        self._bars = bars
        self._jobs: list[_Job] = []
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        jobs = self._jobs  # of the closure, not of the object that is gone by then
        self.destroyed.connect(lambda: _give_up(jobs))

    @property
    def busy(self) -> bool:
        """Return whether lines still wait for their values."""
        return bool(self._jobs)

    def start(self, lines: list[IndicatorLines]) -> None:
        """Compute these lines, and no others, over the bars as they stand."""
        _give_up(self._jobs)
        self._jobs[:] = [_Job(each, closed_bars(self._bars)) for each in lines]
        for job in self._jobs:
            job.lines.forget()
            QThreadPool.globalInstance().start(job.run)
        if self._jobs:
            self._timer.start()

    def _is_late(self, job: _Job) -> bool:
        return job.began.isValid() and job.began.elapsed() > self.budget_ms

    def _look(self) -> None:
        late = {id(job) for job in self._jobs if not job.done and self._is_late(job)}
        finished = [job for job in self._jobs if job.done or id(job) in late]
        for job in finished:
            self._jobs.remove(job)
            if id(job) in late:
                job.wanted = False
                job.error = f"{job.lines.chosen.label}: suspended, it took over {self.budget_ms / 1_000:g} s"
            job.lines.error = job.error
            if job.made is not None:
                job.lines.take(job.made, self._bars)
        if not self._jobs:
            self._timer.stop()
        if finished:
            self.finished.emit()


def _give_up(jobs: list[_Job]) -> None:
    for job in jobs:
        job.wanted = False
