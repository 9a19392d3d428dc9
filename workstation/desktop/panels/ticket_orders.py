"""Working orders of the ticket's instrument, in the room that a tall ticket has below its button.

Last stage of the order walk, and a door of cancels: Del or the button cancels what is selected, also disarmed. A click
selects and a double click does nothing more.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.commands.params import CancelOne
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import named
from workstation.desktop.theme import use_figure_font
from workstation.domain.orders import OrderState, OriginKind
from workstation.viewmodels.order_states import order_word
from workstation.viewmodels.preview import order_words

LEAST_HEIGHT_PX = 96
"""Room below which the list stays away, at a text scale of 1."""

SHOWN_MAX = 50
"""Newest orders that are listed, beside those that are selected; the orders panel has all of them."""

_ID = Qt.ItemDataRole.UserRole


class TicketOrders(QWidget):
    """The list with its caption. `place` returns the (account, symbol) that the ticket is about."""

    def __init__(self, context: DesktopContext, name: str, place: Callable[[], tuple[str, str]]) -> None:
        super().__init__()
        self._context, self._place = context, place
        self._shown: tuple[object, ...] | None = None
        self._known: dict[tuple[str, int, bool], str] = {}
        self.caption = QLabel("No working orders")
        self.caption.setProperty("role", "caption")
        self.cancel = named(
            QPushButton("Cancel selected"), f"{name}_cancel_selected", "Cancel the selected orders (Del)", "quiet"
        )
        self.list = QListWidget()
        self.list.setObjectName(f"{name}_working")
        self.list.setAccessibleName(self.caption.text())
        use_figure_font(self.list, "caption")
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.setAutoRepeat(False)
        delete.activated.connect(self.cancel_selected)
        self.cancel.clicked.connect(self.cancel_selected)
        self.list.itemSelectionChanged.connect(self._on_selection)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)  # it never holds a ticket tall
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.caption, 1)
        head.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.list, 1)

    def show_orders(self) -> None:
        """Show the open orders of the place now, newest first; what is selected stays selected."""
        account, symbol = self._place()
        working, connected = self._context.state.working(account, symbol), self._context.state.connected
        if self._shown is not None and self._shown[0] is working and self._shown[1:] == (account, symbol, connected):
            return
        self._shown = (working, account, symbol, connected)
        kept = {item.data(_ID) for item in self.list.selectedItems()}
        orders = sorted(working, key=lambda order: order.created_at, reverse=True)
        orders = [*orders[:SHOWN_MAX], *(order for order in orders[SHOWN_MAX:] if order.cl_ord_id in kept)]
        self._say(symbol, len(working), len(orders))
        known, self._known = self._known, {}
        self.list.clear()
        for order in orders:
            key = order.cl_ord_id, order.version, connected
            words = self._known[key] = known.get(key) or self._words(order, connected=connected)
            item = QListWidgetItem(words)
            item.setToolTip(words)
            item.setData(_ID, order.cl_ord_id)
            self.list.addItem(item)
            item.setSelected(order.cl_ord_id in kept)
        self._on_selection()

    def cancel_selected(self) -> None:
        """Cancel the selected orders."""
        origin = self._context.origin(OriginKind.TICKET, "working orders")
        for item in self.list.selectedItems():
            params = CancelOne(cl_ord_id=item.data(_ID), reason="ticket")
            self._context.call("order.cancel", params, origin, self._answered)

    def _say(self, symbol: str, working: int, listed: int) -> None:
        """Caption the list: how many orders work, and that not all of them are listed."""
        rest = f", {listed} listed" if listed < working else ""
        self.caption.setText(f"Working in {symbol}: {working:,}{rest}" if working else f"No working orders in {symbol}")
        self.list.setAccessibleName(self.caption.text())

    def _answered(self, result: CommandResult) -> None:
        self._context.announcer.say("info" if result.ok else "warning", result.text)

    def _on_selection(self) -> None:
        self.cancel.setEnabled(bool(self.list.selectedItems()))

    def _words(self, order: OrderState, *, connected: bool) -> str:
        instrument = self._context.instrument(order.terms.symbol)
        word = order_word(order, connected=connected)
        filled = f" · {instrument.qty_text(order.cum_qty)} filled" if order.cum_qty else ""
        words = order_words(order.terms, instrument).removesuffix(f" · {order.terms.account}")
        return f"{word}{filled}  {words.replace(f' {instrument.symbol} ', ' ', 1)}"
