"""Signals of strategies on a chart, asked for while it is seen.

Last stage of the tick walk. What a signal's order traded at moves its mark there; nothing here sends an order.
"""

from workstation.commands.registry import CommandResult
from workstation.commands.strategies import SignalsOf
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_lists import ChartList
from workstation.strategies.run_signals import NamedSignal
from workstation.viewmodels.chart_signals import signal_marks


class ChartSignals(ChartList):
    """The signal marks of one chart."""

    def __init__(self, context: DesktopContext, panel_id: str, chart: ChartView) -> None:
        super().__init__(context, panel_id, chart)
        self._rows: tuple[NamedSignal, ...] = ()

    def show_symbol(self, symbol: str) -> None:
        """Show another instrument; the marks of the last one go at once."""
        self._rows = ()
        super().show_symbol(symbol)

    def ask(self) -> None:
        """Ask for the newest signals now."""
        self.read("strategy.signals", SignalsOf(symbol=self.symbol), self._heard)

    def show(self) -> None:
        """Mark what is known."""
        if not self.symbol:
            return
        marks = signal_marks(self.context.instrument(self.symbol), self._rows, self.context.state.orders)
        if marks != self.chart.model.signals:
            self.chart.set_signals(marks)

    def _heard(self, result: CommandResult) -> None:
        if result.ok and isinstance(result.data, tuple):
            rows = tuple(row for row in result.data if row.told.signal.symbol == self.symbol)
            self._rows = rows if len(rows) == len(result.data) else self._rows
            self.show()
