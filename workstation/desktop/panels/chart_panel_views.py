"""How a chart shows what it shows: volume, profile, marks, drawings, magnet, scale, trading hours, prices as text.

Part of the chart panel. Sends nothing.
"""

from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_panel_prices import CALENDARS
from workstation.desktop.panels.chart_panel_tools import ChartTools
from workstation.domain.instruments import Instrument
from workstation.domain.market import BarType
from workstation.viewmodels.chart_feed import is_within_days, whole_price
from workstation.viewmodels.formats import Formats


class ChartViews:
    """The switches of one chart."""

    def __init__(self, context: DesktopContext, chart: ChartView, tools: ChartTools) -> None:
        self._context, self._chart, self._tools = context, chart, tools
        self._formats = Formats(context.bridge.session.instruments)

    def switch(self, name: str, on: bool) -> None:
        """Switch one of them but the trading hours, which the instrument tells."""
        chart = self._chart
        switches = {
            "volume": chart.set_volume_shown,
            "profile": chart.set_profile_shown,
            "signals": chart.set_signals_shown,
            "drawings": chart.set_drawings_shown,
            "magnet": chart.set_magnet,
        }
        if name in switches:
            switches[name](on)
        elif not chart.set_logarithmic(on):
            self._context.announcer.say("warning", "Prices of 0 or less have no logarithm: the scale stays linear.")
            self._tools.views[name].setChecked(False)

    def set_tick(self, instrument: Instrument, price: int | None) -> None:
        """Show prices as the instrument's are, and take the tick in force where the market is."""
        tick = instrument.ticks[-1].tick if price is None else instrument.tick_at(price)
        scale = 10**instrument.price_decimals

        def text(shown: float) -> str:
            return self._formats.price(instrument.symbol, round(shown * scale))

        self._chart.set_price_format(text, whole_price(instrument, tick))

    def show_hours(self, symbol: str, bar_type: BarType | None) -> None:
        """Shade what lies outside trading hours, where that is wanted; bars of a day and more have none."""
        wanted = bar_type is not None and self._tools.views["hours"].isChecked()
        shaded = wanted and bar_type is not None and is_within_days(bar_type)
        self._chart.set_calendar(CALENDARS[self._context.instrument(symbol).calendar] if shaded else None)
