"""Indicators computed beside the GUI thread: a slow one over a million bars takes seconds, and the chart goes on.

One job an indicator, in Qt's pool of threads; a job reads closed bars only, which never change. The GUI thread looks
for finished ones while any are out, so no signal crosses threads and a chart may be deleted at any time. A job that
was overtaken gives up at its next look and its result is dropped; so does one that takes longer than BUDGET_MS, whose
pane says so. A user's own indicator has threads of its own, one at a time, for live bars too; whatever it raises is
told of in its pane, and one that does not return is interrupted.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QObject, QThreadPool, QTimer, Signal

from workstation.kernel.bus import Bus
from workstation.kernel.interrupting import interrupt_thread
from workstation.strategies.importing import trouble_of
from workstation.viewmodels.chart_indicators import Advance, Calculation, IndicatorLines, calculate, closed_bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workstation.viewmodels.level_of_detail import BarPyramid

LOOK_EVERY_MS: Final = 12
BUDGET_MS: Final = 30_000
"""Longest that one indicator may compute over the bars of a chart before it is suspended."""

OWN_STEP_BUDGET_MS: Final = 2_000
"""Longest that a user's own one may take for a live bar."""

REST_SHARE: Final = 9
"""How many times as long as it computed an own indicator rests before its next live bar."""


AGAIN_AFTER_MS: Final = 250
"""How long no older bars have come before lines are computed anew from the first of them on."""


class CalculationInterrupted(BaseException):
    """Raised into the thread of an own indicator that does not return."""


@dataclass(slots=True, eq=False)
class _Job:
    """Written by its thread: result and error, then done. Written by the GUI thread: wanted."""

    lines: IndicatorLines
    make: Callable[[Callable[[], bool]], Calculation | Advance | None]
    budget_ms: int
    wanted: bool = True
    done: bool = False
    made: Calculation | Advance | None = None
    error: str = ""
    began: QElapsedTimer = field(default_factory=QElapsedTimer)
    took_ms: int = 0
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, on a thread of its own where the code is a user's."""
        if not self.lines.chosen.is_own:
            QThreadPool.globalInstance().start(self.run)
            return
        self.thread = threading.Thread(target=self._run_own, name="own-indicator", daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Calculate; a formula that fails is told of in the indicator's pane and stops nothing else."""
        self.began.start()
        try:
            self.made = self.make(lambda: self.wanted)
        except (ArithmeticError, ValueError) as problem:
            self.error = f"{self.lines.chosen.label}: {problem}"
        self.done = True

    def _run_own(self) -> None:
        """Calculate with code of a user's, which may raise anything."""
        self.began.start()
        with suppress(CalculationInterrupted):
            error = Bus(lambda _job, _error: None).guard(self, self._make_own)
            if error is not None:
                self.error = trouble_of(error, self.lines.chosen.indicator.id.split(".")[1])
            self.took_ms = self.began.elapsed()
            self.done = True

    def _make_own(self) -> None:
        try:
            self.made = self.make(lambda: self.wanted)
        except (SystemExit, KeyboardInterrupt) as end:
            raise RuntimeError(f"{type(end).__name__} is not for an indicator") from end

    def give_up(self) -> None:
        """Let its result go; an own one is interrupted."""
        self.wanted = False
        if self.thread is not None and self.thread.ident is not None and self.thread.is_alive():
            interrupt_thread(self.thread.ident, CalculationInterrupted)


@dataclass(slots=True, eq=False)
class _Live:
    """A user's own lines that follow live bars: whether there is news, and since when they rest."""

    lines: IndicatorLines
    news: bool = False
    rest_ms: int = 0
    since: QElapsedTimer = field(default_factory=QElapsedTimer)


class Calculations(QObject):
    """The jobs of one chart. seen: whether the last bar is in view. Emits: finished after lines took values to show."""

    finished = Signal()

    def __init__(self, parent: QObject, bars: BarPyramid, seen: Callable[[], bool]) -> None:
        super().__init__(parent)
        self.budget_ms, self.step_budget_ms = BUDGET_MS, OWN_STEP_BUDGET_MS
        self._bars, self._seen = bars, seen
        self._jobs: list[_Job] = []
        self._live: list[_Live] = []
        self._older: list[IndicatorLines] = []
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_AFTER_MS)
        self._again.timeout.connect(self._begin_again)
        jobs = self._jobs  # of the closure, not of the object that is gone by then
        self.destroyed.connect(lambda: _give_up(jobs))

    @property
    def busy(self) -> bool:
        """Return whether lines still wait for their values."""
        return bool(self._jobs) or self._again.isActive() or any(live.news for live in self._live)

    def start(self, lines: list[IndicatorLines]) -> None:
        """Compute these lines, and no others, over the bars as they stand."""
        self._end_jobs()
        self._live = [_Live(each) for each in lines if each.chosen.is_own]
        for each in lines:
            each.forget()
            self._begin(each, _whole(each, self._bars), self.budget_ms)

    def prepended(self, added: int, lines: Sequence[IndicatorLines]) -> None:
        """Compute lines anew from the first of `added` older bars on, soon: pages mostly come one after the other.

        Until then each keeps the values it had, and follows the last bar from them.
        """
        self._end_jobs()
        self._older = list(lines)
        for each in lines:
            each.prepend(added)
        self._again.start()

    def update(self, lines: Sequence[IndicatorLines]) -> None:
        """Bring lines up to the last bar: now, or those of a user's own as soon as they are rested."""
        for each in lines:
            each.update_last(self._bars)
        for live in self._live:
            live.news = live.lines.ready
        if self._live and not self._timer.isActive():
            self._timer.start()

    def _end_jobs(self) -> None:
        _give_up(self._jobs)
        self._jobs.clear()
        self._again.stop()
        self._older = []

    def _begin_again(self) -> None:
        for each in self._older:
            self._begin(each, _whole(each, self._bars), self.budget_ms)
        self._older = []

    def _begin(
        self, lines: IndicatorLines, make: Callable[[Callable[[], bool]], Calculation | Advance | None], budget_ms: int
    ) -> None:
        job = _Job(lines, make, budget_ms)
        self._jobs.append(job)
        job.start()
        self._timer.start()

    def _is_late(self, job: _Job) -> bool:
        budget_ms = job.budget_ms
        return job.began.isValid() and job.began.elapsed() > budget_ms

    def _look(self) -> None:
        late = {id(job) for job in self._jobs if not job.done and self._is_late(job)}
        finished = [job for job in self._jobs if job.done or id(job) in late]
        for job in finished:
            self._jobs.remove(job)
            if id(job) in late:
                job.give_up()
                job.error = f"{job.lines.chosen.label}: suspended, it took over {job.budget_ms / 1_000:g} s"
            self._take(job)
        self._follow()
        if not self.busy:
            self._timer.stop()
        if any(isinstance(job.made, Calculation) or job.error for job in finished) or (finished and self._seen()):
            self.finished.emit()

    def _take(self, job: _Job) -> None:
        lines = job.lines
        if job.error:
            lines.forget()
        lines.error = job.error
        if isinstance(job.made, Calculation):
            lines.take(job.made, self._bars)
        elif isinstance(job.made, Advance) and not job.error:
            lines.take_step(job.made)
        for live in self._live:
            if live.lines is lines:
                live.news = lines.ready and (live.news or isinstance(job.made, Calculation))
                live.rest_ms = job.took_ms * REST_SHARE if isinstance(job.made, Advance) else 0
                live.since.start()

    def _follow(self) -> None:
        """Begin the next step of own lines that have news, are rested and have no job."""
        under_way = {id(job.lines) for job in self._jobs} | {id(lines) for lines in self._older}
        for live in self._live:
            if live.news and id(live.lines) not in under_way and live.since.elapsed() >= live.rest_ms:
                live.news = False
                step = live.lines.next_step(self._bars)
                if step is not None:
                    self._begin(live.lines, _once(step), self.step_budget_ms)


def _whole(lines: IndicatorLines, bars: BarPyramid) -> Callable[[Callable[[], bool]], Calculation | None]:
    chosen, closed = lines.chosen, closed_bars(bars)
    return lambda wanted: calculate(chosen, closed, wanted)


def _once(step: Callable[[], Advance]) -> Callable[[Callable[[], bool]], Advance]:
    return lambda _wanted: step()


def _give_up(jobs: list[_Job]) -> None:
    for job in jobs:
        job.give_up()
