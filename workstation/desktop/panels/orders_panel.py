"""Orders panel: every order, newest first, with its state, way and reason; cancels by scope, amends in place.

Last stage of the order walk upward, and one of its doors downward. Cancels work disarmed. An edit is bound to the
order's id and version; when the order changed meanwhile the panel asks, it never guesses. A double click sends nothing.
"""

from collections.abc import Iterable, Sequence

import msgspec
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QTableView

from workstation.commands.params import CancelOne, ChangeOrder
from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.panels.older_rows import NEWEST_FIRST, OlderRows
from workstation.desktop.panels.order_editor import ConflictBar, OrderCellEditor, on_enter
from workstation.desktop.panels.orders_menus import (
    CHIPS,
    SENDER_CHIPS,
    Entry,
    amend_entries,
    chip_menu,
    group_menu,
    lay_out_chips,
    menu_chips,
    with_entries,
)
from workstation.desktop.panels.orders_owners import owner_entries
from workstation.desktop.panels.orders_scopes import CancelChoice, cancel_choices
from workstation.desktop.panels.orders_totals import OrderTotals
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.panels.tick_mover import TickMover
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import theme_notifier
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrderState, OriginKind
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.order_edits import (
    EDITABLE,
    PRICE,
    STOP,
    Amendment,
    Terms,
    aimed,
    amend_version,
    amended,
    conflict_text,
    edit_text,
    is_outdated,
    no_such_term,
    outlook,
    stepped,
    terms_of,
)
from workstation.viewmodels.order_totals import GROUPINGS, SORTS
from workstation.viewmodels.orders_table import OrderBlotter, OrderFilter


class OrdersPanel(TablePanel):
    """The orders blotter."""

    kind = "orders"
    title = "Orders"
    icon = "orders"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        session = context.bridge.session
        self.blotter = OrderBlotter(Formats(session.instruments), context.state.rejects, session.origin_names)
        self._seconds = 0
        self._build_bar()
        self._build_table()
        if context.state.status is not None:
            self.blotter.now_ns = context.state.status.now_ns
        self._take(context.state.orders.values())
        self.until_released(context.state.rejects.listen(self._on_seen))
        self._show_state()

    def on_frame(self, frame: Frame) -> None:
        """Take new orders; once a second let ages run."""
        if frame.status is not None:
            self.connection.take(frame.status)
            self.blotter.now_ns = frame.status.now_ns
            self.view.apply(lambda: self.blotter.connect(self.connection.venue_up))
        orders = [row for row in frame.rows if isinstance(row, OrderState)]
        if orders:
            self._take(orders)
        seconds = self.blotter.now_ns // NS_PER_S
        if seconds != self._seconds:
            self._seconds = seconds
            self.view.redress()
            self._apply_filter() if self.blotter.is_due() else self.totals.sum_up()
        if orders or frame.status is not None:
            self._show_state()

    def cancel_selection(self) -> None:
        """Cancel the selected open orders; says how many, and when there was nothing to do."""
        chosen = [order for order in self.view.selected_rows() if order.is_open]
        if not chosen:
            self.context.announcer.say("info", "Nothing cancelled: no open order is selected.")
            return
        for order in chosen:
            self._call("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id), "Del")
        self.context.announcer.say("info", f"Cancel asked for {len(chosen)} order{'s' if len(chosen) > 1 else ''}.")

    def acknowledge(self) -> None:
        """Count every reject as seen, here and wherever else they are counted."""
        self.context.state.rejects.acknowledge()

    def _on_seen(self, orders: list[OrderState]) -> None:
        self.view.apply(lambda: self.blotter.calm(orders))
        self._show_state()

    def cancel_menu(self) -> QMenu:
        """Return the cancel scopes, each with its count; protective stops stay unless named."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.panel_id}_cancel_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.view.selected_rows()
        selection = self.blotter.cancel_count(rows, include_protective=True)
        action = menu.addAction(icon("cancel"), f"Cancel selection ({selection.label})\tDel")
        action.setObjectName(f"{self.panel_id}_cancel_selection")
        action.setEnabled(bool(selection.cancels))
        action.triggered.connect(self.cancel_selection)
        menu.addSeparator()
        for choice in cancel_choices(self.blotter, self.context.focus, rows, self._held):
            action = menu.addAction(choice.text)
            action.setObjectName(f"{self.panel_id}_cancel_{choice.name}")
            action.setEnabled(bool(choice.count.cancels))
            action.triggered.connect(lambda _checked=False, choice=choice: self._cancel(choice))
        return menu

    def _cancel(self, choice: CancelChoice) -> None:
        if choice.scope is not None:
            self._call("order.cancel_scope", choice.scope, choice.name)
            return
        for order in choice.count.cancels:
            self._call("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id), choice.name)

    def _held(self, account: str, symbol: str) -> int:
        snap = self.context.state.position(account, symbol)
        return 0 if snap is None else snap.position.qty

    def reprice(self, ticks: int, detail: str = "") -> None:
        """Move the price, or else the stop, of each selected order by ticks; says how many, and why not the others."""
        moved = 0
        for order in self.view.selected_rows():
            terms, refusal = aimed(order), self.blotter.amend_refusal(order)
            before = terms.stop_px if terms.price is None else terms.price
            if refusal or before is None:
                self.context.announcer.say("warning", refusal or "Refused: the order has no price.", order.cl_ord_id)
                continue
            price = self.context.instrument(terms.symbol).step(before, ticks)
            name = STOP if terms.price is None else PRICE
            self._change(order, terms_of(name, price), detail or f"move {ticks:+d}t", order.version)
            moved += 1
        if moved:
            self.context.announcer.say("info", f"Asked to move {moved} order{'s' if moved > 1 else ''} by {ticks:+d}t.")

    def context_menu(self) -> QMenu:
        """Return the commands on the selected rows."""
        rows, focus = self.view.selected_rows(), self.context.focus
        entries = (
            *amend_entries(rows, self.edit),
            Entry("tick_up", "One tick up\tAlt+Up", lambda: self.reprice(1), bool(rows)),
            Entry("tick_down", "One tick down\tAlt+Down", lambda: self.reprice(-1), bool(rows)),
            Entry("move", "Move by ticks…", lambda: self.mover.ask(len(rows)), bool(rows)),
            Entry("copy", "Copy rows\tCtrl+C", self.view.copy_selection, bool(rows)),
            Entry("provenance", "Where it came from\tCtrl+I", self._ask_provenance, len(rows) == 1),
            *owner_entries(rows, self.context.origin(OriginKind.BLOTTER).user, self._call),
            Entry("show", "Show instrument", lambda: focus.move(symbol=rows[0].terms.symbol), len(rows) == 1),
            Entry("older", "Read older orders", self.older.read_on_request),
        )
        return with_entries(self.cancel_menu(), self.panel_id, entries, self.export)

    def edit(self, name: str) -> None:
        """Open the editor of a cell of the selected order, showing its column; says why where none opens."""
        positions = self.view.selectionModel().selectedRows()
        if len(positions) != 1:
            return
        order = self.columns.row_at(positions[0].row())
        if name == "price" and order.terms.price is None:
            name = "stop"
        refusal = self.blotter.amend_refusal(order) or no_such_term(order, name)
        if refusal:
            self.context.announcer.say("warning", refusal, order.cl_ord_id)
            return
        column = self.columns.column_named(name)
        self.view.showColumn(column)
        index = self.columns.index(positions[0].row(), column)
        self.view.setCurrentIndex(index)
        self.view.open_editor(index)

    def _edit_here(self) -> None:
        """Open the editor of the cell that the cursor is in, of the price where that cell is not edited."""
        current = self.view.currentIndex()
        name = self.columns.table.columns[current.column()].name if current.isValid() else PRICE
        self.edit(name if name in EDITABLE else PRICE)

    def chosen_order(self) -> str:
        """Return the selected order."""
        rows = self.view.selected_rows()
        return rows[0].cl_ord_id if rows else ""

    def save_settings(self) -> PanelSettings:
        """Return columns, sort, filter, chips and grouping."""
        chips: list[str | int] = [name for name, chip in self.chips.items() if chip.isChecked()]
        return super().save_settings() | {"chips": chips, "grouped": self.totals.by}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        super().restore_settings(settings)
        chips = settings.get("chips")
        if isinstance(chips, list):
            for name, chip in self.chips.items():
                chip.setChecked(name in chips)
        grouped = "group" if settings.get("grouped") is True else settings.get("grouped")
        self.group_by(grouped if isinstance(grouped, str) and grouped in GROUPINGS else "")

    def _build_bar(self) -> None:
        self.add_filter("Filter: aapl sell, qty>=100, -state:filled", self._apply_filter)
        self.chips = {
            name: self.add_button(name, text, f"Show only: {text.lower()}", self._apply_filter, checkable=True)
            for name, text in (*CHIPS, *SENDER_CHIPS)
        }
        meaning = "Group by linked orders, instrument, strategy or account, with subtotals"
        self.group_button = self.add_button("group", "Group ▾", meaning, self._open_group_menu)
        self.rejects = self.add_button("rejects", "", "Acknowledge rejects", self.acknowledge)
        self.rejects.setProperty("role", "danger")
        self.cancel_button = self.add_button("cancel", "Cancel ▾", "Cancel orders by scope", self._open_cancel_menu)
        self.conflict = ConflictBar(self.panel_id)
        self.conflict.reapplied.connect(self._amend)
        self.column.addWidget(self.conflict)
        self.more = self.add_button("more", "Show ▾", "Show only some orders", self._open_chip_menu)
        self.bar.add(self.more, at=1)
        self.until_released(self.context.focus.listen(self._on_focus))
        theme_notifier().changed.connect(self._show_chips)

    def _build_table(self) -> None:
        self.columns: ColumnModel[OrderState] = ColumnModel(self.blotter.table, self._edit_text)
        view = SpareColumnView(self.columns, self.blotter.style, name=f"{self.panel_id}_table", meaning="Orders")
        view.set_flexible("symbol", overflow="reason")
        view.set_spare("left", "filled", "time", until="price")
        view.setEditTriggers(QTableView.EditTrigger.SelectedClicked)  # no F2, which is a key that trades
        editor = OrderCellEditor(view, self.columns, self._refusal_of, tell=self._outlook_of, step=self._stepped)
        editor.committed.connect(self._amend)
        view.setItemDelegate(editor)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_context_menu)
        view.delete_pressed.connect(self.cancel_selection)
        on_enter(view, self._edit_here)
        self.show_view(view)
        self.mover = TickMover(self.panel_id, view, self.reprice)
        self.column.addWidget(self.mover)
        self.filter_columns(self.blotter.query.columns, view)
        self.older = OlderRows(self.context, [view], "order.older", "orders", self._take_older)
        self.until_released(self.older.end)
        self.totals = OrderTotals(self.blotter, self.panel_id)
        self.column.addWidget(self.totals)

    def _take(self, orders: Iterable[OrderState]) -> None:
        self.view.apply(lambda: self.blotter.take(orders))

    def _take_older(self, orders: Sequence[OrderState]) -> int:
        self._take(orders)
        self._show_state()
        return self.blotter.table.total

    def _edit_text(self, order: OrderState, field: str) -> str | None:
        instrument = self.context.bridge.session.instruments.get(order.terms.symbol)
        if instrument is None or self.blotter.amend_refusal(order):
            return None
        return edit_text(instrument, order, field)

    def _refusal_of(self, amendment: Amendment) -> str:
        """Return why a typed text cannot stand; a changed order is no refusal, it is asked about."""
        order = self.blotter.table.get(amendment.cl_ord_id)
        if order is None:
            return "The order is gone."
        if is_outdated(order, amendment):
            return ""
        try:
            amended(self.context.instrument(order.terms.symbol), order, amendment, self.blotter.now_ns)
        except ValidationError as error:
            return f"Refused: {error}"
        return ""

    def _outlook_of(self, amendment: Amendment) -> str:
        order = self.blotter.table.get(amendment.cl_ord_id)
        instrument = None if order is None else self.context.instrument(order.terms.symbol)
        return "" if order is None or instrument is None else outlook(instrument, order, amendment, self.blotter.now_ns)

    def _stepped(self, amendment: Amendment, steps: int) -> str:
        order = self.blotter.table.get(amendment.cl_ord_id)
        known = None if order is None else self.context.instrument(order.terms.symbol)
        return amendment.typed if order is None or known is None else stepped(known, order, amendment, steps)

    def _amend(self, amendment: Amendment) -> None:
        order = self.blotter.table.get(amendment.cl_ord_id)
        if order is None:
            return
        refusal = self.blotter.amend_refusal(order)
        if not refusal and is_outdated(order, amendment):
            renewed = msgspec.structs.replace(amendment, version=order.version, of=aimed(order))
            self.conflict.ask(renewed, conflict_text(order, amendment))
            return
        refusal = refusal or self._refusal_of(amendment)
        if refusal:
            self.context.announcer.say("warning", refusal, order.cl_ord_id)
            return
        if terms := amended(self.context.instrument(order.terms.symbol), order, amendment, self.blotter.now_ns):
            self._change(order, terms, amendment.field, amend_version(order, amendment.field))

    def _change(self, order: OrderState, terms: Terms, detail: str, version: int | None) -> None:
        change = ChangeOrder(cl_ord_id=order.cl_ord_id, version=version, **msgspec.structs.asdict(terms))
        self._call("order.replace", change, detail)

    def _call(self, command_id: str, params: msgspec.Struct, detail: str) -> None:
        self.context.call(command_id, params, self.context.origin(OriginKind.BLOTTER, detail))

    def _apply_filter(self) -> None:
        on = {name: chip.isChecked() for name, chip in self.chips.items()}
        wish = OrderFilter(
            line=self.filter_line.text() if self.filter_line is not None else "",
            symbol=self.context.focus.symbol if on["here"] else "",
            **{name: checked for name, checked in on.items() if name != "here"},
        )
        self.filter_rows(lambda: self.blotter.accepts(wish))
        self.totals.sum_up()
        self._show_chips()
        self._show_state()

    def group_by(self, name: str) -> None:
        """Group the orders by a name of GROUPINGS, "" for not at all; legs stand under their parent in a bracket."""
        self.blotter.grouped = name == "group"
        self.group_button.setText(f"By {GROUPINGS[name].lower()} ▾" if name else "Group ▾")
        by_time = NEWEST_FIRST if self.older.begun else ()
        self.view.set_default_sort(SORTS[name] if name else by_time)
        self.view.redress()
        self.totals.show_groups(name)

    def group_menu(self) -> QMenu:
        """Return what orders may be grouped by."""
        return group_menu(self, self.panel_id, self.totals.by, self.group_by)

    def _on_focus(self) -> None:
        if not self.released and self.chips["here"].isChecked():
            self._apply_filter()

    def _show_state(self) -> None:
        unseen = len(self.blotter.rejects.unseen)
        self.rejects.setVisible(bool(unseen))
        self.rejects.setText(f"{unseen} reject{'s' if unseen != 1 else ''} ✓")
        self.rejects.setToolTip(f"{unseen} orders were refused or rejected; click to acknowledge")
        self.note.show_note(self.connection.orders_note())
        table = self.blotter.table
        if table.total and not len(table):
            self.view.set_empty_text(f"None of {table.total:,} orders matches.", "Esc in the filter line clears it.")
        elif not self.connection.heard:
            self.view.set_empty_text("Loading orders…", "Waiting for the engine.")
        else:
            self.view.set_empty_text(
                "No orders today",
                "Send one from the ticket, the ladder, the chart or a key; scroll down for older days.",
            )

    def _ask_provenance(self) -> None:
        self.provenance_asked.emit(self.chosen_order())

    def chip_menu(self) -> QMenu:
        """Return the chips that do not stand in the bar as a menu: those by sender, in a narrow panel all."""
        return chip_menu(self, self.panel_id, menu_chips(self.chips, self.width()))

    def _show_chips(self, *_: object) -> None:
        self.more.setText(lay_out_chips(self.chips, self.width()))

    def _open_chip_menu(self) -> None:
        self.chip_menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _open_group_menu(self) -> None:
        self.group_menu().popup(self.group_button.mapToGlobal(self.group_button.rect().bottomLeft()))

    def _open_cancel_menu(self) -> None:
        self.cancel_menu().popup(self.cancel_button.mapToGlobal(self.cancel_button.rect().bottomLeft()))

    def _open_context_menu(self, point: QPoint) -> None:
        self.context_menu().popup(self.view.viewport().mapToGlobal(point))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the chips in a menu where they have no room side by side."""
        super().resizeEvent(event)
        self._show_chips()
