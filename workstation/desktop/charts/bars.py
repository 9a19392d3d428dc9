"""The bars of a chart and what follows from them: averaged candles, bricks, indicators, and the places of marks.

Whatever way bars come, all at once, live or older ones page by page, what is drawn is what it would be had all been
there from the start. What takes long over a million bars is worked out beside the GUI thread. Part of `ChartView`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from workstation.desktop.charts.calculations import LOOK_EVERY_MS, Calculations
from workstation.desktop.charts.model import BAR_NS_DEFAULT
from workstation.viewmodels.chart_heikin_ashi import averaged, averaged_before, averaged_from, keep_up
from workstation.viewmodels.chart_renko import Laid, Renko, lay_bricks
from workstation.viewmodels.chart_window import ChartType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from workstation.desktop.charts.model import ChartModel

PACE_BARS: Final = 512
BRICKS_AT_ONCE: Final = 20_000
"""Newest bars whose bricks are laid at once; those of a longer series follow as soon as they are all laid."""

Row = tuple[float, float, float, float, float]


class _Laying:
    """Bricks that are laid anew on a thread. Written by it: made, then done. Written by the GUI thread: wanted."""

    def __init__(self, renko: Renko, height: int) -> None:
        count = max(len(renko.bars) - 1, 0)
        self.renko, self.wanted, self.done = renko, True, False
        self.made: tuple[Laid, list[tuple[int, Row]]] | None = None
        self._read = renko.bars.times_ns[:count], renko.bars.columns[:, :count], height, renko.tick

    def run(self) -> None:
        """Lay them."""
        self.made = lay_bricks(*self._read, lambda: self.wanted)
        self.done = True


class ChartBars(QObject):
    """Keeps a model's bars. Emits: changed where all is to be laid out anew, last_changed where only the last bar is.

    window_moved: the bars in view have other numbers now.
    """

    changed = Signal()
    last_changed = Signal()
    window_moved = Signal()

    def __init__(self, model: ChartModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self.calculations = Calculations(self, model.bars, lambda: model.window.last_bar_visible)
        self._laying: _Laying | None = None
        self._look = QTimer(self, interval=LOOK_EVERY_MS)
        self._look.timeout.connect(self._take_laid)

    @property
    def laying(self) -> bool:
        """Return whether bricks of older bars are still being laid."""
        return self._laying is not None

    def take(self, times_ns: ArrayLike, columns: dict[str, ArrayLike], *, keep_view: bool) -> None:
        """Take a whole series. keep_view: the bars of before in other prices; those in view stay there."""
        model = self._model
        self._end_laying()
        model.renko = None
        model.bars.replace(times_ns, **columns)
        if not keep_view:
            model.counted_anew = []
        if model.chart_type is ChartType.RENKO:
            self._lay_bricks()
        self._begin(keep_view=keep_view and model.renko is None)

    def put(self, time_ns: int, bar: Row) -> None:
        """Change the last bar, or append one that opened later. Constant time; nothing repaints while out of sight."""
        model, window = self._model, self._model.window
        height = model.renko.brick_ticks if model.renko is not None else 0
        appended = (model.renko or model.bars).put(time_ns, bar)
        if model.renko is not None and model.renko.brick_ticks != height:
            self._begin()
            return
        if model.averaged is not None:
            keep_up(model.averaged, model.bars)
        self.calculations.update(model.indicators)
        _open, high, low, _close, _volume = bar
        if appended:
            if len(model.bars) <= PACE_BARS:
                self._take_pace()
            if window.on_bars_appended(len(model.bars)) or window.last_bar_visible:
                self.changed.emit()
        elif window.auto_price and window.last_bar_visible and not window.low < low <= high < window.high:
            self.changed.emit()
        else:
            self.last_changed.emit()

    def revise(self, time_ns: int, bar: Row) -> None:
        """Change an earlier bar; indicators and bricks keep what they had."""
        model = self._model
        if model.renko is None and model.bars.revise(time_ns, bar):
            if model.averaged is not None:
                averaged_from(model.averaged, model.bars, model.bars.index_at(time_ns))
            self.changed.emit()

    def prepend(self, times_ns: NDArray[np.int64], columns: NDArray[np.float64]) -> None:
        """Put older bars before those there are, (n,) times and (5, n) columns; what is in view stays where it is.

        Costs what they are. Indicators, and bricks all of them, follow from the new first bar on as soon as they are
        worked out beside.
        """
        model, added = self._model, len(times_ns)
        if model.renko is not None:
            unsure = model.renko.is_unsure
            model.renko.bars.prepend(times_ns, columns)
            self._lay_anew(model.renko, unsure=unsure)
            return
        model.bars.prepend(times_ns, columns)
        if model.averaged is not None:
            averaged_before(model.averaged, model.bars, added)
        self.calculations.prepended(added, model.indicators)
        model.window.on_bars_prepended(added)
        if model.pointer is not None:
            model.pointer.bar += added
        if model.measure is not None:
            start, end = model.measure.start, model.measure.end
            model.measure.start, model.measure.end = (start[0] + added, start[1]), (end[0] + added, end[1])
        self._take_pace()
        self.number_marks()
        self.changed.emit()
        self.window_moved.emit()

    def set_type(self, chart_type: ChartType) -> None:
        """Make what a type draws."""
        model = self._model
        model.chart_type = chart_type
        if (chart_type is ChartType.RENKO) != (model.renko is not None):
            self._lay_bricks()
            self._begin()
        self._average()
        self.changed.emit()

    def lay_again(self) -> None:
        """Lay the bricks anew at the size chosen, where there are any."""
        if self._model.renko is not None:
            self._lay_bricks()
            self._begin()

    def number_marks(self) -> None:
        """Find the bar of each fill and signal, and what its price is multiplied by."""
        model = self._model
        self._place_marks([mark.time_ns for mark in model.fills], model.fill_places)
        self._place_marks([mark.time_ns for mark in model.signals], model.signal_places)

    def _place_marks(self, times_ns: Sequence[int], places: list[tuple[int, float]]) -> None:
        model, moments = self._model, np.array(times_ns, dtype=np.int64)
        factors = model.mark_factors(moments).tolist()
        found = np.searchsorted(model.bars.times_ns, moments, side="right") - 1
        bars = np.maximum(found, 0).tolist() if len(model.bars) else []
        places[:] = list(zip(bars, factors, strict=False))

    def _lay_bricks(self) -> None:
        """Put bricks in place of the bars, or the bars back where no bricks are wanted."""
        model, fed = self._model, self._model.fed
        self._end_laying()
        times, columns = fed.times_ns.copy(), fed.columns.copy()
        if model.chart_type is ChartType.RENKO:
            model.renko = Renko(model.bars, model.brick_size, model.tick_size)
            model.renko.take(times, columns, at_once=BRICKS_AT_ONCE)
            if len(times) > BRICKS_AT_ONCE + 1:
                self._lay_anew(model.renko, unsure=False)
        else:
            model.renko = None
            open_, high, low, close, volume = columns
            model.bars.replace(times, open=open_, high=high, low=low, close=close, volume=volume)

    def _lay_anew(self, renko: Renko, *, unsure: bool) -> None:
        """Lay all bricks on a thread: their grid begins with the first bar. unsure: their height is to be found too."""
        self._end_laying()
        height = renko.size.ticks(renko.bars.columns[:, :-1], renko.tick) if unsure else renko.brick_ticks
        self._laying = _Laying(renko, height)
        QThreadPool.globalInstance().start(self._laying.run)
        self._look.start()

    def _end_laying(self) -> None:
        if self._laying is not None:
            self._laying.wanted = False
        self._laying = None
        self._look.stop()

    def _take_laid(self) -> None:
        laying, model = self._laying, self._model
        if laying is None or not laying.done:
            return
        self._end_laying()
        window, bricks = model.window, model.bars
        held = min(max(int(window.stop), 0), len(bricks) - 1)
        time_ns, right = int(bricks.times_ns[held]), window.stop - held
        if laying.made is not None and laying.renko is model.renko:
            laying.renko.adopt(laying.made)
            window.on_bars_appended(len(bricks))
            if not window.following:
                window.show(bricks.index_at(time_ns) + right - window.span, window.span)
            self._begin(keep_view=True)
            self.window_moved.emit()

    def _begin(self, *, keep_view: bool = False) -> None:
        """Start over on other bars, from their live end, or where the window is."""
        model = self._model
        self._take_pace()
        if keep_view:
            model.window.on_bars_appended(len(model.bars))
        else:
            model.window.reset(len(model.bars))
        self._average()
        self.calculations.start(model.indicators)
        self.number_marks()
        self.changed.emit()

    def _take_pace(self) -> None:
        """Take the usual time from bar to bar off the first ones: counted bars, and bricks, have none of their own."""
        times = self._model.bars.times_ns[:PACE_BARS]
        self._model.bar_ns = int(np.median(np.diff(times))) if len(times) > 1 else BAR_NS_DEFAULT

    def _average(self) -> None:
        self._model.averaged = averaged(self._model.bars) if self._model.chart_type is ChartType.HEIKIN_ASHI else None
