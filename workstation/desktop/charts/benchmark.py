"""What a chart costs in processor time: opening, panning, zooming, and one live tick. Used by `workstation bench`.

Times are CPU seconds of this process, of a window of full-HD size, painted for real; `tests/bench` compares them
with the budgets.
"""

from __future__ import annotations

from time import process_time, thread_time
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtWidgets import QApplication

from workstation.desktop.charts.view import ChartView
from workstation.viewmodels.chart_indicators import choose
from workstation.viewmodels.chart_older import PAGE_BARS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BARS_DEFAULT: Final = 1_000_000
WIDTH_PX: Final = 1_920
HEIGHT_PX: Final = 1_080
FRAMES: Final = 60
TICKS: Final = 2_000
FIRST_BARS: Final = 5_000
MINUTE_NS: Final = 60_000_000_000


def random_walk(bars: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return minute times and (5, bars) open high low close volume of a seeded walk."""
    rng = np.random.default_rng(20)
    close = 40_000.0 + np.cumsum(rng.normal(0.0, 5.0, bars))
    open_ = np.concatenate((close[:1], close[:-1]))
    reach = rng.random((2, bars)) * 6.0
    high, low = np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1]
    times = np.arange(bars, dtype=np.int64) * MINUTE_NS
    return times, np.array([open_, high, low, close, rng.random(bars) * 1_000.0])


def run(bars: int = BARS_DEFAULT) -> dict[str, float]:
    """Return CPU seconds: `open` once; per frame `pan`, `pan_all`, `zoom`, `tick_frame`; `tick` without its frame.

    `page`: of one page of older bars before the chart's middle, with its frame; `page_max` is the dearest of them.
    """
    app = QApplication.instance() or QApplication([])
    times, columns = random_walk(bars)
    view = ChartView()
    view.resize(WIDTH_PX, HEIGHT_PX)
    view.set_indicators([choose("sma", {"bars": 20}), choose("ema", {"bars": 50}, 1)])
    view.show()

    def frame() -> None:
        app.processEvents()

    def opened() -> None:
        names = ("open", "high", "low", "close", "volume")
        view.set_bars(times, **dict(zip(names, columns, strict=True)))
        frame()

    def panned(number: int) -> None:
        view.show_range(bars / 2 + number * 3.0, 300.0)
        frame()

    def panned_all(number: int) -> None:
        view.show_range(-number * 50.0, float(bars))
        frame()

    def zoomed(number: int) -> None:
        view.show_range(bars / 4, 100.0 * 1.17**number)
        frame()

    last = columns[:, -1].tolist()

    def ticked(number: int) -> None:
        close = last[3] + (number % 7) * 0.1
        view.append_or_update_last(
            int(times[-1]), open=last[0], high=last[1], low=last[2], close=close, volume=last[4] + number
        )

    def ticked_frame(number: int) -> None:
        ticked(number)
        frame()

    figures = {"open": _seconds(lambda _: opened(), 1)}
    while view.computing:
        frame()
    figures["pan"] = _seconds(panned, FRAMES)
    figures["pan_all"] = _seconds(panned_all, FRAMES)
    figures["zoom"] = _seconds(zoomed, FRAMES)
    view.go_live()
    frame()
    figures["tick"] = _seconds(ticked, TICKS)
    figures["tick_frame"] = _seconds(ticked_frame, FRAMES)
    pages = _paged(view, times, columns, frame)
    figures["page"], figures["page_max"] = sum(pages) / len(pages), max(pages)
    view.close()
    view.deleteLater()
    return figures


def _paged(
    view: ChartView, times: NDArray[np.int64], columns: NDArray[np.float64], frame: Callable[[], None]
) -> list[float]:
    """Return what each page costs this thread with which a series of its newest bars grows to half of all."""
    at = len(times) - FIRST_BARS
    view.set_bars(times[at:], **dict(zip(("open", "high", "low", "close", "volume"), columns[:, at:], strict=True)))
    view.show_range(0.0, 300.0)
    frame()
    spent = []
    while at > len(times) // 2:
        size = min(PAGE_BARS, at)
        begun = thread_time()
        view.prepend_bars(times[at - size : at], columns[:, at - size : at])
        frame()
        spent.append(thread_time() - begun)
        at -= size
    return spent


def _seconds(step: Callable[[int], None], times: int) -> float:
    begun = process_time()
    for number in range(times):
        step(number)
    return (process_time() - begun) / times
