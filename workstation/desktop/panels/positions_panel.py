"""Positions panel: what is held and by whom, what it earns, what protects it; Flatten, parts, breakeven and reverse.

Last stage of both walks, and a door of exits. An exit is one press on a button of the row or Enter in its cell, or
Enter in the field of per cent, never a double click; it works disarmed, and the engine keeps at most one outstanding.
An instrument chosen here moves the trade focus; a row carried to a chart or ladder shows it there. A press on the size,
or a stop or target of the menu, fills a ticket in and sends nothing.
"""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu

from workstation.commands.params import ExitPosition, WatchedOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.panels.asking_panel import PressTwice, named
from workstation.desktop.panels.ladder_controls import OneLine
from workstation.desktop.panels.pnl_reconcile import FillsBehind
from workstation.desktop.panels.positions_cells import GAP, TO_TICKET, ButtonCells
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.panels.watchlist_view import panel_at
from workstation.desktop.shell.staging import stage
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.domain.orders import OrderState, OrderTerms, OrdType, OriginKind, Side
from workstation.viewmodels.formats import Formats, money
from workstation.viewmodels.frames import Frame, PositionSnap
from workstation.viewmodels.hotkeys import Stage
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.positions_table import PORTIONS_BPS, PositionsView, is_stale, portion_of, watched_here

PART_FIELD_PX = 76


class PositionsPanel(TablePanel):
    """Positions of all accounts."""

    kind = "positions"
    title = "Positions"
    icon = "positions"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        session = context.bridge.session
        self.positions = PositionsView(Formats(session.instruments), session.origin_names)
        self.totals = OneLine(f"{panel_id}_totals", "Totals by currency")
        self.add_spare(self.totals, 1)
        self.even = self.add_button(
            "breakeven", "Breakeven", "Stop of the selected position to breakeven", self.breakeven
        )
        self.when_low(lambda is_low: self.even.setText("B/E" if is_low else "Breakeven"))
        turn = PressTwice("Reverse", lambda: self._run_on_selected("trade.reverse"))
        meaning = "Exit the selected position, then enter the other way; press twice"
        self.turn = named(turn, f"{panel_id}_reverse", meaning, "quiet")
        self.bar.add(self.turn)
        self.guard = self.add_button(
            "to_broker",
            "To broker",
            "Move the protection of what is selected from this PC to the broker",
            self.to_broker,
        )
        self.part = self._add_part_field()
        theme_notifier().changed.connect(self._fit_part)
        self._fit_part()
        self.half = self.add_button("half", "Exit 50 %", "Exit half of the selected positions", self.exit_half)
        self.flat = self.add_button("flatten", "Flatten", "Flatten the selected positions", self.flatten)
        self.columns: ColumnModel[PositionSnap] = ColumnModel(self.positions.table)
        view = ButtonCells(self.columns, self.positions.style, name=f"{panel_id}_table", meaning="Positions")
        view.cell_pressed.connect(self._on_cell)
        view.row_carried.connect(self._carry)
        view.rows_chosen.connect(self._on_chosen)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_context_menu)
        view.set_flexible("symbol", overflow="account")
        view.set_spare("kind", "mark", "average", until="open")
        self.show_view(view)
        self.view.apply(lambda: self.positions.take(context.state.positions.values()))
        self._show_state()

    def on_frame(self, frame: Frame) -> None:
        """Take new position snapshots."""
        if frame.status is not None:
            self.connection.take(frame.status)
        if frame.positions:
            self.view.apply(lambda: self.positions.take(frame.positions.values()))
        if frame.positions or frame.status is not None:
            self._show_state()

    def chosen_order(self) -> str:
        """Return the newest filled order behind the selected position."""
        rows = self.view.selected_rows()
        return self.context.state.order_behind(rows[0].position.account, rows[0].position.symbol) if rows else ""

    def flatten(self) -> None:
        """Flatten the selected positions."""
        self._exit_selected("flatten")

    def exit_half(self) -> None:
        """Exit half of the selected positions."""
        self._exit_selected("half")

    def breakeven(self) -> None:
        """Move the stop of the selected position to breakeven; never loosens it."""
        self._run_on_selected("trade.breakeven")

    def to_broker(self) -> None:
        """Give the stops of the selected positions that are watched here to their venue; says why where it cannot."""
        watched = self._watched()
        if not watched:
            self.context.announcer.say("info", "Nothing moved: no stop of the selected positions is kept on this PC.")
        for order in watched:
            origin = self.context.origin(OriginKind.POSITIONS, "to_broker")
            self.context.call("order.move_to_broker", WatchedOrder(cl_ord_id=order.cl_ord_id), origin, self._on_answer)

    def _watched(self) -> list[OrderState]:
        orders = self.context.state.open_orders.values()
        return [order for snap in self.view.selected_rows() for order in watched_here(orders, snap)]

    def _run_on_selected(self, command_id: str) -> None:
        """Aim the trade focus at the one selected position and run a command of the key map on it."""
        held = [snap for snap in self.view.selected_rows() if snap.position.qty]
        if len(held) != 1:
            self.context.announcer.say("info", "Nothing sent: select one open position.")
            return
        self._show_instrument(held[0])
        self.command_asked.emit(command_id)

    def exit_part(self, portion_bps: int) -> None:
        """Exit a part of the selected positions, in basis points."""
        for snap in self.view.selected_rows():
            if snap.position.qty:
                self._exit(snap, portion_bps, f"{portion_bps / 100:g} %")

    def exit_typed(self) -> None:
        """Exit the typed per cent of the selected positions; what is not 1 to 100 is marked and sends nothing."""
        portion_bps = portion_of(self.part.text())
        self._mark_part(wrong=portion_bps is None)
        if portion_bps is None:
            words = f"Nothing sent: “{self.part.text()}” is not a part; type 0.01 to 100 per cent."
            self.context.announcer.say("warning", words)
        elif not any(snap.position.qty for snap in self.view.selected_rows()):
            self.context.announcer.say("info", "Nothing sent: no open position is selected.")
        else:
            self.exit_part(portion_bps)
            self.part.clear()

    def _add_part_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{self.panel_id}_part")
        field.setAccessibleName("Exit this many per cent of the selected positions")
        field.setPlaceholderText("Exit n %")
        field.setToolTip("Per cent of the selected positions; Enter exits them, Esc clears")
        field.setMaxLength(6)
        field.returnPressed.connect(self.exit_typed)
        field.textEdited.connect(lambda _text: self._mark_part(wrong=False))
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), field)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(field.clear)
        self.bar.add(field)
        return field

    def _fit_part(self, *_: object) -> None:
        """Give the typed part room for its words at the size of the text."""
        self.part.setFixedWidth(round(PART_FIELD_PX * max(current_theme().text_scale, 1.0)))

    def _mark_part(self, *, wrong: bool) -> None:
        field = self.part
        if (field.property("invalid") == "true") is not wrong:
            field.setProperty("invalid", "true" if wrong else "false")
            field.style().polish(field)

    def _carry(self, snap: PositionSnap, at: QPoint) -> None:
        """Show the instrument in the chart, ladder or other linked panel that its row was carried to."""
        target = panel_at(at)
        if target is not None and target is not self and target.linked:
            target.choose_symbol(snap.position.symbol)

    def _exit_selected(self, name: str) -> None:
        held = [snap for snap in self.view.selected_rows() if snap.position.qty]
        if not held:
            self.context.announcer.say("info", "Nothing sent: no open position is selected.")
        for snap in held:
            self._exit(snap, PORTIONS_BPS[name], name)

    def _exit(self, snap: PositionSnap, portion_bps: int, name: str) -> None:
        position = snap.position
        params = ExitPosition(account=position.account, symbol=position.symbol, portion_bps=portion_bps)
        origin = self.context.origin(OriginKind.POSITIONS, name)
        self.context.call("position.flatten", params, origin, self._on_answer)

    def _on_answer(self, result: CommandResult) -> None:
        self.context.announcer.say("info" if result.ok else "warning", result.text)
        if not self.released:
            self.note.show_note(self._note() if result.ok else PanelNote("warning", result.text))

    def _on_cell(self, snap: PositionSnap, name: str) -> None:
        if name == TO_TICKET:
            self._to_ticket(snap, OrdType.LIMIT)
        elif name == GAP:
            self._show_gap(snap)
        elif snap.position.qty:
            self._exit(snap, PORTIONS_BPS[name], name)

    def _show_gap(self, snap: PositionSnap) -> None:
        """Show today's fills behind a quantity that differs from the venue's; nothing where both agree."""
        position = snap.position
        if snap.theirs is not None:
            key = (position.account, position.symbol)
            fills = [fill for fill in self.context.state.executions if (fill.account, fill.symbol) == key]
            words = f"{self.positions.gap_of(snap)}. What is missing on one side is among these or came before today."
            FillsBehind(self.context, f"{position.symbol} in {position.account}", words, fills, self).show()

    def _to_ticket(self, snap: PositionSnap, ord_type: OrdType) -> None:
        """Put the exit of a whole position into a ticket, not sent; its price is left to be typed."""
        position = snap.position
        if not position.qty:
            return
        terms = OrderTerms(
            symbol=position.symbol,
            account=position.account,
            side=Side.SELL if position.qty > 0 else Side.BUY,
            ord_type=ord_type,
            order_qty=abs(position.qty),
            reduce_only=True,
        )
        size = self.context.instrument(position.symbol).qty_text(terms.order_qty)
        kind = "stop" if ord_type is OrdType.STOP else "limit"
        words = f"{terms.side.value.capitalize()} {size} {position.symbol} {kind}, reduces only; type its price."
        self.context.focus.move(account=position.account, symbol=position.symbol)
        stage(self.context, Stage(terms, words))

    def _on_chosen(self) -> None:
        held = sum(bool(snap.position.qty) for snap in self.view.selected_rows())
        one = held == 1
        for button, on in ((self.part, held), (self.half, held), (self.flat, held), (self.even, one), (self.turn, one)):
            button.setEnabled(bool(on))
        self.guard.setVisible(bool(self._watched()))

    def _show_state(self) -> None:
        parts = []
        for currency, total in sorted(self.positions.totals().items()):
            parts.append(
                f"open {money(total.open, signed=True)}  realised {money(total.realised, signed=True)}  "
                f"fees {money(total.fees)} {currency}"
            )
        unpriced = self.positions.unpriced()
        if unpriced:
            parts.append(f"{len(unpriced)} unpriced: {', '.join(unpriced)}")
        self.totals.show_text("   ·   ".join(parts), "figure")
        self.note.show_note(self._note())
        self._on_chosen()
        if self.connection.heard:
            self.view.set_empty_text("Flat in all accounts", "A position appears here with its first fill.")
        else:
            self.view.set_empty_text("Loading positions…", "Waiting for the engine.")

    def _note(self) -> PanelNote:
        note = self.connection.orders_note()
        if note.text:
            return note if self.connection.venue_up else self._with_phones(note)
        gap = self.positions.gap_words()
        if gap:
            return PanelNote("danger", f"Not reconciled: {gap}. Entries are refused until they agree.")
        stale = [snap.position.symbol for snap in self.positions.rows() if is_stale(snap)]
        if stale:
            return PanelNote("warning", f"Stale marks: {', '.join(stale)}. Their open P&L is of the age shown.")
        return note

    def _with_phones(self, note: PanelNote) -> PanelNote:
        """Say where exits are given by voice while none can be sent."""
        cards = [self.context.bridge.session.card(snap.position.account) for snap in self.positions.rows()]
        desks = sorted({f"{card.venue}: {card.phone}" for card in cards if card is not None and card.phone})
        return PanelNote(note.level, f"{note.text} Trade desk of {', '.join(desks)}.") if desks else note

    def context_menu(self) -> QMenu:
        """Return the commands on the selected rows."""
        menu = QMenu(self)
        menu.setObjectName(f"{self.panel_id}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = self.view.selected_rows()
        held = any(row.position.qty for row in rows)
        one = held and len(rows) == 1
        entries = (
            ("flatten", "Flatten", self.flatten, held),
            ("part_25", "Exit 25 %", lambda: self.exit_part(2_500), held),
            ("half", "Exit 50 %", self.exit_half, held),
            ("part_75", "Exit 75 %", lambda: self.exit_part(7_500), held),
            ("stop", "Add a stop in the ticket", lambda: self._to_ticket(rows[0], OrdType.STOP), one),
            ("target", "Add a target in the ticket", lambda: self._to_ticket(rows[0], OrdType.LIMIT), one),
            ("breakeven", "Stop to breakeven", self.breakeven, one),
            ("reverse", "Reverse", lambda: self._run_on_selected("trade.reverse"), one),
            ("to_broker", "Move protection to the broker", self.to_broker, bool(self._watched())),
            ("show", "Show instrument", lambda: self._show_instrument(rows[0]), len(rows) == 1),
            ("provenance", "Where it came from\tCtrl+I", self._ask_provenance, len(rows) == 1),
            ("copy", "Copy rows\tCtrl+C", self.view.copy_selection, bool(rows)),
            ("export", "Export view as CSV or JSON…", self.export, True),
        )
        for name, text, run, on in entries:
            action = menu.addAction(icon("flatten"), text) if name == "flatten" else menu.addAction(text)
            action.setObjectName(f"{self.panel_id}_{name}_action")
            action.setEnabled(on)
            action.triggered.connect(lambda _checked=False, run=run: run())
        return menu

    def _ask_provenance(self) -> None:
        self.provenance_asked.emit(self.chosen_order())

    def _show_instrument(self, snap: PositionSnap) -> None:
        self.context.focus.move(account=snap.position.account, symbol=snap.position.symbol)

    def _open_context_menu(self, point: QPoint) -> None:
        self.context_menu().popup(self.view.viewport().mapToGlobal(point))
