"""Older bars of a chart by themselves: asked for as its left edge comes near, page by page, and put before the first.

Part of the chart panel. One request is in the air at a time; an answer about another series than the one shown finds
nobody. What does not come is said at the left edge, and asked for again only by hand.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from workstation.commands.params import OlderBars
from workstation.commands.registry import CommandResult
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_panel_prices import ChartPrices
from workstation.domain.market import BarType
from workstation.domain.orders import OriginKind
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_older import PAGE_BARS, OlderState, Reach
from workstation.viewmodels.panel_notes import LOADING_NS

NS_PER_MS = 1_000_000
BRICKS_OF_MAX = 20_000
"""Bars that bricks are made of unasked: tall ones may not fill a screen with any number."""


class OlderPages:
    """Asks for one page at a time. heard: takes each answer that is still wanted."""

    def __init__(self, context: DesktopContext, panel_id: str, heard: Callable[[CommandResult], None]) -> None:
        self._context, self._panel_id, self._heard = context, panel_id, heard
        self._asked: OlderBars | None = None

    @property
    def waits(self) -> bool:
        """Whether a page is on its way."""
        return self._asked is not None

    def ask(self, request: OlderBars) -> None:
        """Ask for a page."""
        self._asked = request
        origin = self._context.origin(OriginKind.SYSTEM, self._panel_id)
        self._context.call("market.older_bars", request, origin, lambda result: self._take(request, result))

    def forget(self) -> None:
        """Want no page any more; an answer finds nobody."""
        self._asked = None

    def _take(self, request: OlderBars, result: CommandResult) -> None:
        if request is self._asked:
            self._asked = None
            self._heard(result)


class ChartOlder(QObject):
    """The older bars of one chart. shown: is called after each page with when the first bar opens now, UTC ns."""

    def __init__(
        self,
        context: DesktopContext,
        panel_id: str,
        chart: ChartView,
        prices: ChartPrices,
        shown: Callable[[int], None],
    ) -> None:
        super().__init__(chart)
        self._context, self._chart, self._prices, self._shown = context, chart, prices, shown
        self._pages = OlderPages(context, panel_id, self._take)
        self._series: tuple[str, BarType, str] | None = None
        self._slow = QTimer(self, singleShot=True, interval=LOADING_NS // NS_PER_MS)
        self._slow.timeout.connect(lambda: chart.set_older(OlderState.LOADING))
        chart.view_changed.connect(self.look)
        chart.older_wanted.connect(self.retry)

    @property
    def busy(self) -> bool:
        """Whether a page is on its way."""
        return self._pages.waits

    def begin(self, symbol: str, bar_type: BarType, interval: str) -> None:
        """Page a series that has just been shown. interval: its short name."""
        self.forget()
        self._series = symbol, bar_type, interval
        self.look()

    def forget(self) -> None:
        """Page nothing: another series is asked for, or the panel ends."""
        self._pages.forget()
        self._series = None
        self._say(OlderState.UNKNOWN)

    def look(self) -> None:
        """Ask for a page where the left edge is near, nothing is on its way and there may be older bars."""
        model = self._chart.model
        if model.renko is None or not model.window.following or len(model.fed) < BRICKS_OF_MAX:
            self._look()

    def _look(self) -> None:
        chart, before = self._chart, self._prices.oldest_ns
        if self._series is None or before is None or self._pages.waits or chart.laying:
            return
        if chart.model.older is not OlderState.UNKNOWN:
            return
        window, held = chart.model.window, len(chart.model.fed)
        count = Reach(window.first, window.span, held).wanted()
        if not count:
            return
        symbol, bar_type, interval = self._series
        self._slow.start()
        self._pages.ask(OlderBars(symbol=symbol, bar_type=bar_type, interval=interval, before=before, count=count))

    def retry(self) -> None:
        """Ask by hand: once more for what did not come, and for bricks as long as there are bars."""
        if self._chart.model.older is OlderState.ERROR:
            self._say(OlderState.UNKNOWN)
        self._look()

    def _take(self, result: CommandResult) -> None:
        series = result.data
        if not result.ok or not isinstance(series, BarSeries):
            self._say(OlderState.ERROR)
            self._context.announcer.say("warning", f"Older bars were not loaded. {result.text}".strip())
            return
        if not len(series.ts_open):
            self._say(OlderState.ENDED)
            return
        times, columns = self._prices.prepend(series)
        full = not Reach(0.0, 1.0, len(self._chart.model.fed) + len(times)).wanted()
        self._say(OlderState.FULL if full else OlderState.UNKNOWN)
        self._chart.prepend_bars(times, columns, counted_anew=series.counted_anew)
        self._shown(int(times[0]))
        self.look()

    def _say(self, state: OlderState) -> None:
        self._slow.stop()
        self._chart.set_older(state)


class ComparedOlder:
    """The older bars of what a chart is compared with: as far back as those of the chart. lay: puts them before."""

    def __init__(
        self, context: DesktopContext, panel_id: str, prices: ChartPrices, lay: Callable[[BarSeries], None]
    ) -> None:
        self._pages = OlderPages(context, panel_id, self._take)
        self._prices, self._lay = prices, lay
        self._series: tuple[str, BarType, str] | None = None
        self._wanted_ns: int | None = None

    def begin(self, symbol: str, bar_type: BarType, interval: str) -> None:
        """Page another series, as far back as the chart reaches."""
        self._pages.forget()
        self._series = symbol, bar_type, interval

    def forget(self) -> None:
        """Page nothing."""
        self._pages.forget()
        self._series = self._wanted_ns = None

    def reach(self, first_ns: int | None) -> None:
        """Ask for pages until the bars reach back to a moment, UTC ns, None for no further."""
        self._wanted_ns = first_ns
        self.look()

    def look(self) -> None:
        """Ask for the next page where one is wanted."""
        before = self._prices.oldest_ns
        if self._series is None or self._wanted_ns is None or before is None or self._pages.waits:
            return
        if before > self._wanted_ns:
            symbol, bar_type, interval = self._series
            request = OlderBars(symbol=symbol, bar_type=bar_type, interval=interval, before=before, count=PAGE_BARS)
            self._pages.ask(request)

    def _take(self, result: CommandResult) -> None:
        series = result.data
        if not result.ok or not isinstance(series, BarSeries) or not len(series.ts_open):
            self._series = None
            return
        self._lay(series)
        self.look()
