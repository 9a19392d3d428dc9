"""The question which instrument a chart is compared with, and the bars of that instrument for one chart.

Last stage of the tick walk. It asks for bars as the chart does and keeps them up with each frame; no orders here.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_panel_older import ComparedOlder
from workstation.desktop.panels.chart_panel_prices import ChartPrices
from workstation.domain.market import BarType
from workstation.domain.orders import OriginKind
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_adjustment import Row
from workstation.viewmodels.chart_comparison import Comparison
from workstation.viewmodels.chart_feed import interval_bars
from workstation.viewmodels.frames import BarUpdate

PLACEHOLDER_SPARE = 28
"""Room about the words of an empty line: its frame, its padding and the caret."""


class CompareDialog(QDialog):
    """Emits: chosen(symbol) on Enter, "" for no comparison; an unknown symbol is told of in place."""

    chosen = Signal(str)

    def __init__(self, symbols: Iterable[str], shown: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._symbols = sorted(symbols)
        self.setObjectName(f"{parent.objectName()}_compare_dialog")
        self.setWindowTitle("Compare with")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit(shown, self, placeholderText="Symbol; empty for none")
        self.line.setObjectName(f"{parent.objectName()}_compare_symbol")
        self.line.setAccessibleName("Symbol to compare with")
        words = self.line.fontMetrics().horizontalAdvance(self.line.placeholderText())
        self.line.setMinimumWidth(words + PLACEHOLDER_SPARE)
        completer = QCompleter(self._symbols, self.line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.line.setCompleter(completer)
        self.error = QLabel(self, wordWrap=True)
        self.error.setProperty("role", "danger")
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.error)
        self.line.returnPressed.connect(self._on_entered)
        self.line.selectAll()

    def _on_entered(self) -> None:
        wanted = self.line.text().strip()
        found = next((symbol for symbol in self._symbols if symbol.lower() == wanted.lower()), "")
        if wanted and not found:
            self.error.setText(f"“{wanted}” is no instrument on offer here.")
            self.line.setAccessibleDescription(self.error.text())
            return
        self.chosen.emit(found)
        self.accept()


class ComparedBars:
    """The bars of the compared instrument. `changed(comparison)` is called when they did, with None when it ended."""

    def __init__(self, context: DesktopContext, panel_id: str, changed: Callable[[Comparison | None], None]) -> None:
        self._context = context
        self._panel_id = panel_id
        self._changed = changed
        self._comparison: Comparison | None = None
        self._bar_type: BarType | None = None
        self.prices = ChartPrices(context, panel_id, self._lay, self._put)
        self.older = ComparedOlder(context, panel_id, self.prices, self._lay_older)

    @property
    def series(self) -> tuple[tuple[str, BarType], ...]:
        """The series to watch, at most one."""
        return () if self._bar_type is None or not self.symbol else ((self.symbol, self._bar_type),)

    @property
    def symbol(self) -> str:
        """The compared instrument, "" for none."""
        return "" if self._comparison is None else self._comparison.symbol

    @property
    def on_offer(self) -> Iterable[str]:
        """Every instrument there is."""
        return self._context.bridge.session.instruments

    def compare(self, symbol: str, interval: str, count: int) -> None:
        """Ask for the bars of an instrument, "" for none; an answer that is overtaken is dropped."""
        known = symbol in self._context.bridge.session.instruments
        self._comparison = comparison = Comparison(symbol) if known else None
        self._changed(comparison)
        if comparison is not None:
            self._bar_type = interval_bars(interval, self._context.instrument(symbol))
            request = BarsRequest(symbol=symbol, bar_type=self._bar_type, count=count)
            origin = self._context.origin(OriginKind.SYSTEM, self._panel_id)
            self.prices.forget()
            self.older.begin(symbol, self._bar_type, interval)
            self._context.call("market.bars", request, origin, lambda result: self._on_bars(comparison, result))
            self.prices.ask(request)

    def release(self) -> None:
        """End; answers find nobody."""
        self._comparison = None
        self.older.forget()
        self.prices.release()

    def take(self, updates: Iterable[BarUpdate]) -> None:
        """Follow the live bars."""
        comparison = self._comparison
        if comparison is None or not len(comparison.bars):
            return
        for update in updates:
            fits = update.symbol == comparison.symbol and update.bar_type == self._bar_type
            if fits:
                self.prices.put(update.bar)
            if fits and update.split:
                self.prices.ask_again()

    def _lay(self, times_ns: NDArray[np.int64], columns: NDArray[np.float64], _same_bars: bool) -> None:
        comparison = self._comparison
        if comparison is not None:
            open_, high, low, close, volume = columns
            comparison.bars.replace(times_ns, open=open_, high=high, low=low, close=close, volume=volume)
            self._changed(comparison)

    def _lay_older(self, series: BarSeries) -> None:
        comparison = self._comparison
        if comparison is not None:
            comparison.bars.prepend(*self.prices.prepend(series))
            self._changed(comparison)

    def _put(self, time_ns: int, bar: Row) -> None:
        if self._comparison is not None:
            bars = self._comparison.bars
            if not len(bars) or time_ns >= bars.times_ns[-1]:
                bars.put(time_ns, bar)
            else:
                bars.revise(time_ns, bar)
            self._changed(self._comparison)

    def _on_bars(self, comparison: Comparison, result: CommandResult) -> None:
        if comparison is not self._comparison:
            return
        series = result.data
        if not result.ok or not isinstance(series, BarSeries):
            self._comparison = None
            self._context.announcer.say("warning", result.text or f"No bars of {comparison.symbol} to compare with.")
            self._changed(None)
            return
        self.prices.begin(series)
        self.older.look()


def ask_comparison(panel: QWidget, compared: ComparedBars, chosen: Callable[[str], None]) -> None:
    """Ask which instrument a chart is compared with."""
    dialog = CompareDialog(compared.on_offer, compared.symbol, panel)
    dialog.chosen.connect(chosen)
    dialog.show()
