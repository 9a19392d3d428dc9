"""Fills panel: one row an execution, newest first, or one an order; what was taken back is struck through and linked.

Last stage of the order walk upward. Read-only: it sends nothing.
"""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QMenu

from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.panels.older_rows import OlderRows
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.domain.executions import Execution
from workstation.viewmodels.fills_by_order import FillsByOrder
from workstation.viewmodels.fills_table import FillBlotter
from workstation.viewmodels.formats import Formats, money
from workstation.viewmodels.frames import Frame


class FillsPanel(TablePanel):
    """The fills blotter."""

    kind = "fills"
    title = "Fills"
    icon = "check"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.blotter = FillBlotter(Formats(context.bridge.session.instruments))
        self.add_filter("Filter: aapl sell, qty>=100, -liq:maker", self._apply_filter)
        self.here = self.add_button(
            "here", "This instrument", "Show only: this instrument", self._apply_filter, checkable=True
        )
        self.by_order = self.add_button(
            "by_order",
            "By order",
            "One row an order: quantity, average price and fees",
            self._on_by_order,
            checkable=True,
        )
        self.totals = QLabel()
        self.totals.setObjectName(f"{panel_id}_totals")
        self.totals.setProperty("role", "caption")
        self.add_spare(self.totals)
        self.columns: ColumnModel[Execution] = ColumnModel(self.blotter.table)
        self.orders = FillsByOrder(Formats(context.bridge.session.instruments))
        self.single = SpareColumnView(self.columns, self.blotter.style, name=f"{panel_id}_table", meaning="Fills")
        self.summed = SpareColumnView(
            ColumnModel(self.orders.table), self.orders.style, name=f"{panel_id}_orders", meaning="Fills by order"
        )
        for view in (self.summed, self.single):
            view.set_flexible("symbol", overflow="order")
            view.set_spare("time", until="price")
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(self._open_context_menu)
            self.show_view(view)
        self.filter_columns(self.orders.query.columns, self.summed)
        self.filter_columns(self.blotter.query.columns, self.single)
        self.summed.hide()
        self.older = OlderRows(context, [self.single, self.summed], "fill.older", "fills", self._take_older)
        self.until_released(self.older.end)
        self.until_released(context.focus.listen(self._on_focus))
        if context.state.status is not None:
            self.blotter.now_ns = self.orders.now_ns = context.state.status.now_ns
        self._take(context.state.executions)
        self._show_state()

    def on_frame(self, frame: Frame) -> None:
        """Take new executions."""
        if frame.status is not None:
            self.connection.take(frame.status)
            self.blotter.now_ns = self.orders.now_ns = frame.status.now_ns
        fills = [row for row in frame.rows if isinstance(row, Execution)]
        if fills:
            self._take(fills)
        if fills or frame.status is not None:
            self._show_state()

    def chosen_order(self) -> str:
        """Return the order that the selected fill belongs to."""
        rows = self.view.selected_rows()
        return rows[0].cl_ord_id if rows else ""

    def save_settings(self) -> PanelSettings:
        """Return columns, widths and sort of single fills, the filter, and whether fills stand by order."""
        settings = self.single.save_settings() | {"by_order": self.by_order.isChecked()}
        line = self.filter_line
        return settings | ({"filter": line.text()} if line is not None and line.text() else {})

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        self.by_order.setChecked(False)
        super().restore_settings(settings)
        self.by_order.setChecked(settings.get("by_order") is True)

    def _take(self, fills: Iterable[Execution]) -> None:
        held = list(fills)
        self.single.apply(lambda: self.blotter.take(held))
        self.summed.apply(lambda: self.orders.take(held))

    def _take_older(self, fills: Sequence[Execution]) -> int:
        self._take(fills)
        self._show_state()
        return self.blotter.table.total

    def _on_by_order(self) -> None:
        by_order = self.by_order.isChecked()
        self.view = self.summed if by_order else self.single
        self.single.setVisible(not by_order)
        self.summed.setVisible(by_order)
        self.setFocusProxy(self.view)
        self._apply_filter()

    def _apply_filter(self) -> None:
        line = self.filter_line.text() if self.filter_line is not None else ""
        symbol = self.context.focus.symbol if self.here.isChecked() else ""
        now_ns = 0 if self.context.state.status is None else self.context.state.status.now_ns
        shown = self.orders if self.by_order.isChecked() else self.blotter
        self.filter_rows(lambda: shown.accepts(line, symbol, now_ns=now_ns))
        self._show_state()

    def _on_focus(self) -> None:
        if not self.released and self.here.isChecked():
            self._apply_filter()

    def _show_state(self) -> None:
        totals = self.blotter.totals()
        fees = "  ".join(f"fees {money(fee)} {currency}" for currency, fee in sorted(totals.fees.items()))
        taken_back = f"  {totals.struck} taken back" if totals.struck else ""
        self.totals.setText(f"{totals.count:,} fill{'' if totals.count == 1 else 's'}{taken_back}  {fees}".rstrip())
        self.note.show_note(self.connection.orders_note())
        table = self.view.columns.table
        if table.total and not len(table):
            what = "orders" if self.by_order.isChecked() else "fills"
            self.view.set_empty_text(f"None of {table.total:,} {what} matches.", "Esc in the filter line clears it.")
        elif not self.connection.heard:
            self.view.set_empty_text("Loading fills…", "Waiting for the engine.")
        else:
            self.view.set_empty_text(
                "No fills today",
                "Executions appear here the moment the venue reports them; scroll down for older days.",
            )

    def context_menu(self) -> QMenu:
        """Return the commands on the selected rows."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.panel_id}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.view.selected_rows()
        copy = menu.addAction(icon("copy"), "Copy rows\tCtrl+C")
        copy.setObjectName(f"{self.panel_id}_copy")
        copy.setEnabled(bool(rows))
        copy.triggered.connect(self.view.copy_selection)
        why = menu.addAction("Where it came from\tCtrl+I")
        why.setObjectName(f"{self.panel_id}_provenance")
        why.setEnabled(len(rows) == 1)
        why.triggered.connect(lambda: self.provenance_asked.emit(self.chosen_order()))
        show = menu.addAction("Show instrument")
        show.setObjectName(f"{self.panel_id}_show")
        show.setEnabled(len(rows) == 1)
        show.triggered.connect(lambda: self.context.focus.move(symbol=rows[0].symbol))
        older = menu.addAction("Read older fills")
        older.setObjectName(f"{self.panel_id}_older")
        older.triggered.connect(self.older.read_on_request)
        menu.addSeparator()
        export = menu.addAction(icon("save"), "Export view as CSV or JSON…")
        export.setObjectName(f"{self.panel_id}_export")
        export.triggered.connect(self.export)
        return menu

    def _open_context_menu(self, point: QPoint) -> None:
        self.context_menu().popup(self.view.viewport().mapToGlobal(point))
