"""Alerts from a chart: made where the pointer is, moved by their line, deleted by their cross or from the menu.

Beside the tick walk. The engine keeps and judges alerts; this module asks for them while its chart is seen, and turns
gestures into the alert commands of the alerts panel. Nothing here sends an order, so that the padlock does not matter.
"""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from workstation.commands.registry import CommandResult
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_lists import ChartList
from workstation.desktop.spelt import spelt
from workstation.domain.alerts import Alert, AlertRow, DeleteAlert, ListAlerts, SaveAlert
from workstation.domain.orders import OriginKind
from workstation.viewmodels.alerts import words_of
from workstation.viewmodels.chart_alerts import NO_MARKET, alert_at, alert_lines, moved_alert
from workstation.viewmodels.chart_feed import price_units


class ChartAlerts(ChartList):
    """The alert lines of one chart."""

    def __init__(self, context: DesktopContext, panel_id: str, chart: ChartView) -> None:
        super().__init__(context, panel_id, chart)
        self._rows: tuple[AlertRow, ...] = ()
        chart.alert_line_dragged.connect(self.move)
        chart.alert_delete_requested.connect(self.delete)
        chart.menu_asked.connect(self.open_menu)

    def ask(self) -> None:
        """Ask for the alerts now."""
        self.read("alert.list", ListAlerts(), self._heard)

    def show(self) -> None:
        """Draw the lines of what is known."""
        lines = alert_lines(self.symbol, self._rows)
        if lines != self.chart.model.alerts:
            self.chart.set_alert_lines(lines)

    def create(self, price: float) -> None:
        """Keep a new alert that waits for the last price to reach a price."""
        instrument = self.context.instrument(self.symbol)
        quote = self.context.state.quotes.get(self.symbol)
        self._save(alert_at(instrument, quote, price_units(instrument, price), self.context.focus.account))

    def move(self, alert_id: str, price: float) -> None:
        """Let an alert wait for another price; its line is there at once and returns if that is refused."""
        alert = self._alert(alert_id)
        if alert is not None:
            instrument, quote = self.context.instrument(self.symbol), self.context.state.quotes.get(self.symbol)
            self._save(moved_alert(alert, instrument, quote, price_units(instrument, price)))

    def delete(self, alert_id: str) -> None:
        """Forget an alert."""
        self.call("alert.delete", DeleteAlert(id=alert_id), OriginKind.CHART, self._answered)

    def open_menu(self, at: QPoint, price: float, alert_id: str) -> None:
        """Offer what can be done with alerts at a price; `alert_id` is the line under the pointer, "" for none."""
        if not self.symbol:
            return
        menu = QMenu(self.chart)
        menu.setObjectName(f"{self.panel_id}_alert_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        create = menu.addAction(f"Create alert at {self.chart.model.format_price(price)}")
        create.setObjectName("create_alert")
        create.triggered.connect(lambda: self.create(price))
        alert = self._alert(alert_id)
        if alert is not None:
            delete = menu.addAction(f"Delete alert {spelt(words_of(alert))}")
            delete.setObjectName("delete_alert")
            delete.triggered.connect(lambda: self.delete(alert_id))
        menu.popup(at)

    def _alert(self, alert_id: str) -> Alert | None:
        return next((row.alert for row in self._rows if row.alert.id == alert_id), None)

    def _save(self, alert: Alert | None) -> None:
        if alert is None:
            self.context.announcer.say("warning", f"No alert: {NO_MARKET}")
        else:
            self.call("alert.save", SaveAlert(alert=alert), OriginKind.CHART, self._answered)

    def _answered(self, result: CommandResult) -> None:
        self.context.announcer.say("info" if result.ok else "warning", result.text)
        self.ask()

    def _heard(self, result: CommandResult) -> None:
        if result.ok and isinstance(result.data, tuple):
            self._rows = result.data
            self.show()
