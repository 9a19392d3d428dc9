"""The command that makes an alert at the price that a chart or a ladder of the trade focus points at.

Beside the tick walk: one alert command to the engine, which keeps and judges it. It sends no order.
"""

from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.domain.alerts import SaveAlert
from workstation.domain.orders import Origin
from workstation.viewmodels.chart_alerts import NO_MARKET, alert_at


class AlertHere:
    """Answers the command of one window."""

    def __init__(self, context: DesktopContext, keys: HotkeyFilter) -> None:
        self._context = context
        keys.runs["view.alert_here"] = self._create

    def _create(self, origin: Origin) -> None:
        context, focus = self._context, self._context.focus
        units = context.cursor.price(focus.symbol)
        if units is None:
            context.announcer.say("warning", f"No alert: point at a price of {focus.symbol} in a chart or a ladder.")
            return
        quote = context.state.quotes.get(focus.symbol)
        alert = alert_at(context.instrument(focus.symbol), quote, units, focus.account)
        if alert is None:
            context.announcer.say("warning", f"No alert: {NO_MARKET}")
            return
        context.call("alert.save", SaveAlert(alert=alert), origin, self._answered)

    def _answered(self, result: CommandResult) -> None:
        self._context.announcer.say("info" if result.ok else "warning", result.text)
