"""The bars of a chart, or of what it is compared with, in the prices chosen: asks for splits and dividends, lays anew.

Part of the chart panel, last stage of the tick walk. Bars are laid as soon as they come and once more where a split or
dividend changes them. It adjusts bars alone: orders, the position and the last price stay what they are.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandResult
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.domain.market import SESSION_KINDS, Bar, BarKind
from workstation.domain.orders import OriginKind
from workstation.marketdata.calendar import Calendars
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_adjustment import AdjustedSeries, PriceKind, Row
from workstation.viewmodels.chart_feed import rising_times, times_before

CALENDARS = Calendars()

OF_END = SESSION_KINDS - {BarKind.DAY}
"""Bars within which an action may take force: they are built in prices of their end."""

Lay = Callable[[NDArray[np.int64], NDArray[np.float64], bool], None]
"""Takes times and (5, n) columns, and whether they are the bars of before in other prices."""


class ChartPrices:
    """One series in the prices chosen. oldest_ns: when its first bar opened, UTC ns, None without one.

    lay: shows all of it; put: shows a live bar, or a revised one of before; told: takes the prices chosen, and what
    they are adjusted for in words.
    """

    def __init__(
        self,
        context: DesktopContext,
        panel_id: str,
        lay: Lay,
        put: Callable[[int, Row], object],
        told: Callable[[PriceKind, str], None] = lambda _kind, _words: None,
    ) -> None:
        self._context, self._panel_id = context, panel_id
        self._lay, self._put, self._on_told = lay, put, told
        self._asked: BarsRequest | None = None
        self.series = AdjustedSeries()
        self.oldest_ns: int | None = None

    def ask(self, request: BarsRequest) -> None:
        """Ask which splits and dividends a series has; until they are known nothing is adjusted."""
        self._asked = request
        origin = self._context.origin(OriginKind.SYSTEM, self._panel_id)
        self._context.call("market.actions", request, origin, lambda result: self._on_actions(request, result))

    def ask_again(self) -> None:
        """Ask which splits there are by now, one having taken force."""
        if self._asked is not None:
            self.ask(self._asked)

    def forget(self) -> None:
        """Begin on another series; answers about this one find nobody."""
        kind, self._asked, self.series = self.series.kind, None, AdjustedSeries()
        self.oldest_ns = None
        self.series.choose(kind)
        self._told()

    def release(self) -> None:
        """End; answers find nobody."""
        self._asked = None

    def begin(self, bars: BarSeries) -> None:
        """Show a series from its live end."""
        of_end = bars.bar_type.kind in OF_END
        self.series.begin(rising_times(bars.ts_open), bars.ohlcv, of_end=of_end, now_ns=self._now_ns())
        self.oldest_ns = int(bars.ts_open[0]) if len(bars.ts_open) else None
        self._lay(*self.series.shown(), False)  # noqa: FBT003  a lay takes its three by place
        self._told()

    def prepend(self, bars: BarSeries) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Take older bars than the first; return times and (5, n) columns as they are to be shown before it."""
        first = self.series.first_ns
        times = rising_times(bars.ts_open) if first is None else times_before(bars.ts_open, first)
        self.oldest_ns = int(bars.ts_open[0])
        shown = self.series.prepend(times, bars.ohlcv)
        self._told()
        return shown

    def put(self, bar: Bar) -> None:
        """Show a live bar; where a split takes force with it, all earlier ones anew.

        One of before stands in the place of what it revises; of a time without a bar it is none of these.
        """
        instrument = self._context.instrument(bar.symbol)
        scale, lot = float(10**instrument.price_decimals), float(10**instrument.qty_decimals)
        row = bar.open / scale, bar.high / scale, bar.low / scale, bar.close / scale, bar.volume / lot
        newest = self.series.newest_ns
        self.oldest_ns = bar.ts_open if newest is None else self.oldest_ns
        if newest is not None and bar.ts_open < newest:
            shown = self.series.revise(bar.ts_open, row)
            if shown is not None:
                self._put(bar.ts_open, shown)
        elif self.series.put(bar.ts_open, row, self._now_ns()):
            self._anew()
        else:
            self._put(bar.ts_open, row)

    def _now_ns(self) -> int:
        """Return the market's time as the engine reported it last, UTC ns, 0 before it did."""
        status = self._context.state.status
        return 0 if status is None else status.now_ns

    def choose(self, kind: PriceKind) -> None:
        """Show other prices, the same bars in view."""
        if self.series.choose(kind):
            self._anew()
        self._told()

    def _anew(self) -> None:
        self._lay(*self.series.shown(), True)  # noqa: FBT003  a lay takes its three by place
        self._told()

    def _told(self) -> None:
        self._on_told(self.series.kind, self.series.words)

    def _on_actions(self, request: BarsRequest, result: CommandResult) -> None:
        if request is not self._asked:
            return
        if not result.ok:
            self._context.announcer.say("warning", f"Prices of {request.symbol} stay raw. {result.text}")
            return
        if self.series.know(result.data or (), CALENDARS[self._context.instrument(request.symbol).calendar]):
            self._anew()
        self._told()


def chart_prices(
    context: DesktopContext, panel_id: str, chart: ChartView, told: Callable[[PriceKind, str], None]
) -> ChartPrices:
    """Return the prices of a chart's own bars; fills and signals are drawn where the bars of their time are."""

    def lay(times_ns: NDArray[np.int64], columns: NDArray[np.float64], same_bars: bool) -> None:
        first, high, low, last, volume = columns
        chart.set_bars(times_ns, open=first, high=high, low=low, close=last, volume=volume, keep_view=same_bars)
        chart.set_mark_factors(prices.series.factors)

    def put(time_ns: int, bar: Row) -> None:
        times = chart.model.fed.times_ns
        if len(times) and time_ns < times[-1]:
            chart.revise_bar(time_ns, bar)
            return
        first, high, low, last, volume = bar
        chart.append_or_update_last(time_ns, open=first, high=high, low=low, close=last, volume=volume)

    prices = ChartPrices(context, panel_id, lay, put, told)
    return prices
