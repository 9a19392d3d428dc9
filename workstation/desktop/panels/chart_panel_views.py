"""What a chart's view menu switches: volume, profile, marks, drawings, magnet, scale, trading hours.

Part of the chart panel. Sends nothing.
"""

from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_panel_prices import CALENDARS
from workstation.desktop.panels.chart_panel_tools import ChartTools
from workstation.domain.market import BarType
from workstation.viewmodels.chart_feed import is_within_days


class ChartViews:
    """The switches of one chart."""

    def __init__(self, context: DesktopContext, chart: ChartView, tools: ChartTools) -> None:
        self._context, self._chart, self._tools = context, chart, tools

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

    def show_hours(self, symbol: str, bar_type: BarType | None) -> None:
        """Shade what lies outside trading hours, where that is wanted; bars of a day and more have none."""
        wanted = bar_type is not None and self._tools.views["hours"].isChecked()
        shaded = wanted and bar_type is not None and is_within_days(bar_type)
        self._chart.set_calendar(CALENDARS[self._context.instrument(symbol).calendar] if shaded else None)
