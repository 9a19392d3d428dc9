"""Changes of working orders from the ladder: one drag at a time for each order, and the editor of a cell's orders.

First stage of an order's change by hand. It sends commands; the gate decides. A drag that comes while the venue has not
answered the last one waits, and goes out with the version that is known then.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from workstation.commands.params import ChangeOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.ladder_editor import OrderEditor
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.viewmodels.ladder_amend import AmendQueue, Move
from workstation.viewmodels.ladder_edits import Edit


class LadderChanges(QObject):
    """Changes that one ladder asks for.

    answered: takes the order's id and the answer. cancel: takes the ids of orders that the editor takes away.
    """

    def __init__(
        self,
        panel: QWidget,
        context: DesktopContext,
        *,
        answered: Callable[[str, CommandResult], None],
        cancel: Callable[[tuple[str, ...]], None],
    ) -> None:
        super().__init__(panel)
        self._panel, self._context = panel, context
        self._answered, self._cancel = answered, cancel
        self._amends = AmendQueue()
        self._editor: OrderEditor | None = None

    def in_flight(self, cl_ord_id: str) -> bool:
        """Tell whether a change of an order is not answered yet."""
        return self._amends.in_flight(cl_ord_id)

    def settle(self) -> None:
        """Send the drags that waited for orders whose last change is answered."""
        for move in self._amends.settle(self._context.state.open_orders):
            self._send(move, self._context.origin(OriginKind.LADDER, "drag"))

    def move(self, order: OrderState, price: int, origin: Origin) -> None:
        """Ask for another price of an order, in price units, or keep it until the last change is answered."""
        words = self._context.instrument(order.terms.symbol).price_text
        self._context.announcer.say("info", f"Pending: move to {words(price)}", order.cl_ord_id)
        move = self._amends.ask(order, price)
        if move is not None:
            self._send(move, origin)

    def edit(self, ids: tuple[str, ...], symbol: str, beside: Callable[[], QPoint | None]) -> None:
        """Open the editor of a cell's orders; beside: where on the screen it stands, None for at the pointer."""
        known = self._context.state.open_orders
        orders = tuple(known[cl_ord_id] for cl_ord_id in ids if cl_ord_id in known)
        if orders:
            editor = self._editor = OrderEditor(orders, self._context.instrument(symbol), self._panel)
            editor.submitted.connect(self._edited)
            editor.destroyed.connect(self._forget_editor)
            editor.open_at(beside() or QCursor.pos())

    def close_editor(self) -> None:
        """Close the editor: its orders are no longer shown."""
        if self._editor is not None:
            self._editor.close()

    def _send(self, move: Move, origin: Origin) -> None:
        change = ChangeOrder(cl_ord_id=move.cl_ord_id, price=move.price, stop_px=move.stop_px, version=move.version)
        self._context.call("order.replace", change, origin, partial(self._changed, move.cl_ord_id))

    def _changed(self, cl_ord_id: str, result: CommandResult) -> None:
        self._amends.answered(cl_ord_id, ok=result.ok)
        self._answered(cl_ord_id, result)

    def _forget_editor(self) -> None:
        self._editor = None

    def _edited(self, asked: list[Edit]) -> None:
        origin = self._context.origin(OriginKind.LADDER, "editor")
        for edit in asked:
            cl_ord_id = edit.order.cl_ord_id
            if edit.cancel:
                self._cancel((cl_ord_id,))
                continue
            if self._amends.in_flight(cl_ord_id):
                self._context.announcer.say("warning", "Not changed: an earlier change is unanswered.", cl_ord_id)
                continue
            move = None if edit.price is None else self._amends.ask(edit.order, edit.price)
            change = ChangeOrder(
                cl_ord_id=cl_ord_id,
                order_qty=edit.order_qty,
                price=None if move is None else move.price,
                stop_px=None if move is None else move.stop_px,
                time_in_force=edit.time_in_force,
                version=edit.order.version,
            )
            self._context.call("order.replace", change, origin, partial(self._changed, cl_ord_id))
