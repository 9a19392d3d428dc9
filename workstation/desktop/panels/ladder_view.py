"""The ladder under the pointer: buttons and wheel on rows become signals with a price.

First stage of an order by click. A click is priced by the row that was painted when the button
went down. Nothing moves under a pressed or just moved pointer; a recentring then waits. It sends nothing itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QCursor, QMouseEvent, QWheelEvent

from workstation.desktop.bracket_key import bracket_key
from workstation.desktop.focus_frame import FocusFrame
from workstation.desktop.panels.ladder_canvas import ENTRY_COLUMNS, OWN_COLUMNS, LadderCanvas
from workstation.desktop.panels.ladder_columns import Place
from workstation.desktop.shell.hotkeys import ESCAPE_LAYER
from workstation.domain.orders import OrderState
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.ladder import Ladder, LadderPicture
from workstation.viewmodels.ladder_amend import line_price
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import POINTER_QUIET_NS, Click, Drag

WHEEL_ROWS = 3
WHEEL_NOTCH = 120
_LEFT, _RIGHT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


@dataclass(slots=True)
class Press:
    """A button that is down, and the cell painted under it at that moment."""

    button: Qt.MouseButton
    place: Place
    modifiers: Qt.KeyboardModifier


@dataclass(frozen=True, slots=True)
class Sources:
    """What the view asks for.

    An order by id, the other legs of its bracket, whether its amend is in flight, the middle price, monotonic time,
    the position with its open risk.
    """

    order: Callable[[str], OrderState | None]
    legs: Callable[[OrderState], tuple[OrderState, ...]]
    in_flight: Callable[[str], bool]
    middle: Callable[[], int | None]
    mono_ns: Callable[[], int]
    held: Callable[[], tuple[PositionSnap | None, int | None]]


class LadderView(LadderCanvas):
    """A ladder that can be worked with the pointer.

    Emits: entry_clicked(Column, price, Click), cancel_asked(ids), move_asked(OrderState, price), edit_asked(ids),
    reject_seen(Column, price), refused(text), pointed(Column or None, price, Click), centred().
    """

    entry_clicked = Signal(object, object, object)
    cancel_asked = Signal(object)
    move_asked = Signal(object, object)
    edit_asked = Signal(object)
    reject_seen = Signal(object, object)
    refused = Signal(str)
    pointed = Signal(object, object, object)
    centred = Signal()

    def __init__(self, ladder: Ladder, sources: Sources) -> None:
        super().__init__(ladder)
        self._sources = sources
        self._press: Press | None = None
        self._moved_at: int | None = None
        self._centre_wanted = False
        self._regroup_wanted = 0
        self._click = Click()
        self.pin_pointer = False
        self._by_key = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        FocusFrame(self)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)

    def show_ladder(self, ladder: Ladder) -> None:
        """Show another instrument: drag, cursor and hover end."""
        self._end_drag()
        self._press = None
        self._centre_wanted, self._regroup_wanted = False, 0
        super().show_ladder(ladder)

    def show_picture(self, picture: LadderPicture) -> None:
        """Paint what differs, let go of a held order that has ended, and end a drag whose order has changed."""
        if self._held is not None and self._sources.order(self._held.cell.ids[0]) is None:
            self._held = None
            self.update()
        super().show_picture(picture)
        self._watch_drag()

    def recentre(self) -> None:
        """Put the inside in the middle, as soon as no pointer is busy over the orders."""
        self._centre_wanted = True
        self.centre_when_quiet()

    def regroup(self, steps: int) -> None:
        """Put more ticks into a row (fewer for a negative number), as soon as no pointer is busy over the orders."""
        self._regroup_wanted += steps
        self.centre_when_quiet()

    def centre_when_quiet(self) -> bool:
        """Do a regrouping and a recentring that are due; returns whether rows were centred."""
        if not self._is_quiet():
            return False
        if self._regroup_wanted:
            self.ladder.map.regroup(self._regroup_wanted)
            self._regroup_wanted = 0
            self.update()
        if not self._centre_wanted:
            return False
        self._centre_wanted = False
        middle = self._sources.middle()
        if middle is not None:
            self.ladder.map.centre(middle)
            self.centred.emit()
        return middle is not None

    def follow_market(self) -> None:
        """Keep the inside in the middle, for the dynamic mode, as long as no pointer is busy over the orders."""
        middle, prices = self._sources.middle(), self.ladder.map
        if middle is not None and prices.row_of(middle) != prices.rows // 2 and self._is_quiet():
            prices.centre(middle)

    def _is_quiet(self) -> bool:
        """Tell whether no button is down, and no pointer has just moved over an order column."""
        if self._press is not None or self.drag is not None:
            return False
        return self._moved_at is None or self._sources.mono_ns() - self._moved_at >= POINTER_QUIET_NS

    def _start_press(self, event: QMouseEvent) -> None:
        edge = self._edge_at(event.position().toPoint())
        if edge is not None and edge.jump is not None:
            self.ladder.map.centre(edge.jump)
            self.update()
            return
        place = self.place_at(event.position().toPoint())
        if place is not None:
            self._press = Press(event.button(), place, event.modifiers())

    def _end_press(self, press: Press, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        own = self._own_at(press.place)
        if press.button is _MIDDLE:
            if own is not None:
                self.edit_asked.emit(own.ids)
            else:
                self.recentre()
        elif place is None or place.column is not press.place.column:
            return
        elif place.price != press.place.price:
            self._refuse_moved(press.place.price, place.price)
        elif place.column in ENTRY_COLUMNS:
            self.entry_clicked.emit(place.column, place.price, click_of(press.modifiers, right=press.button is _RIGHT))
        elif own is not None and press.button is _LEFT:
            self._work(own, every=bool(press.modifiers & Qt.KeyboardModifier.ControlModifier))
        elif place.column in OWN_COLUMNS:
            self.reject_seen.emit(place.column, place.price)

    def _refuse_moved(self, down: int, up: int) -> None:
        words = self.ladder.instrument.price_text
        self.refused.emit(f"Refused: pressed at {words(down)}, released at {words(up)}; click within one row.")

    def _work(self, own: OwnCell, *, every: bool) -> None:
        """Do what a click on an own cell does: cancel the newest or open it, by setting; cancel every order of it."""
        if self.opens_own and not every:
            self.edit_asked.emit(own.ids)
        else:
            self._cancel(own, every=every)

    def _cancel(self, own: OwnCell, *, every: bool) -> None:
        self.cancel_asked.emit(own.ids if every else own.ids[:1])

    def _maybe_drag(self, press: Press, place: Place | None) -> None:
        """Start a drag when the pointer leaves the row on which an own order was pressed, or follow it."""
        if self.drag is None and press.button is _LEFT and press.place.column in OWN_COLUMNS:
            own = self._own_at(press.place)
            if own is None or place is None or place.row == press.place.row:
                return
            order = self._sources.order(own.ids[0])
            start = None if order is None else self._row_price(order)
            if order is None or start is None:
                return
            self._begin_drag(order, start, together=bracket_key().held(press.modifiers))
        if self.drag is not None and place is not None:
            self.drag.move_to(place.price)
            self.update()

    def _begin_drag(self, order: OrderState, start: int, *, together: bool) -> None:
        version = None if self._sources.in_flight(order.cl_ord_id) else order.version
        legs = self._sources.legs(order) if together else ()
        self.drag = Drag(order, version, start, start, legs, *self._sources.held())
        self.setProperty(ESCAPE_LAYER, True)  # noqa: FBT003  Qt's signature

    def _drop(self, drag: Drag, place: Place | None) -> None:
        self._end_drag()
        if place is not None:
            drag.move_to(place.price)
            for order, price in drag.moves(self.ladder.instrument):
                self.move_asked.emit(order, price)

    def _row_price(self, order: OrderState) -> int | None:
        """Return the price of the row on which an order stands."""
        price = line_price(order.pending_terms or order.terms)
        return None if price is None else self.ladder.map.bucket(price, "down" if order.terms.side.sign > 0 else "up")

    def _end_drag(self) -> None:
        if self.drag is not None:
            self.drag, self._by_key = None, False
            self.setProperty(ESCAPE_LAYER, False)  # noqa: FBT003  Qt's signature
            self.update()

    def _watch_drag(self) -> None:
        """End a drag whose order filled or changed on the way."""
        drag = self.drag
        if drag is not None and not drag.still_holds(self._sources.order(drag.order.cl_ord_id)):
            self._end_drag()
            self._press = None
            self.refused.emit("Drag ended: the order changed under it; nothing was moved.")

    def _point(self, place: Place | None, click: Click) -> None:
        """Follow the pointer, and the keys held with it: the preview is of the order that a click would send now."""
        if (place, click) == (self._hover, self._click):
            return
        self._click = click
        for old in (self._hover, place):
            if old is not None:
                self.update(self.grid.row_rect(old.row, self.width()))
        self._hover = place
        self._hold(place)
        self.pointed.emit(None if place is None else place.column, 0 if place is None else place.price, click)

    def _carry_pointer(self, before: int | None) -> None:
        """Keep a pinned pointer on the price that it stood on before rows moved, where that is still in view."""
        if self.pin_pointer and self._hover is not None and before is not None:
            row = self.ladder.map.row_of(before)
            if row is not None:
                down = (row - self._hover.row) * self.grid.row_height
                QCursor.setPos(QCursor.pos() + QPoint(0, down))
                self._hover = Place(row, before, self._hover.column)

    # Qt overrides

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember the cell that is painted under the pointer now."""
        if self._press is None:
            self._start_press(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish a click or a drag."""
        press, drag = self._press, self.drag
        if press is None or event.button() is not press.button:
            return
        self._press = None
        if drag is not None:
            self._drop(drag, self.place_at(event.position().toPoint()))
        else:
            self._end_press(press, event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Swallow the second press of a double click: it never sends, cancels or closes."""
        self._press = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer with the preview or the drag."""
        place = self.place_at(event.position().toPoint())
        if place is not None and place.column in (*ENTRY_COLUMNS, *OWN_COLUMNS):
            self._moved_at = self._sources.mono_ns()
        if self._press is not None:
            self._maybe_drag(self._press, place)
        self._point(place, click_of(event.modifiers()))

    def leaveEvent(self, event: QEvent) -> None:
        """Take the preview away."""
        self._point(None, Click())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll rows; with Ctrl change the ticks per row, once no button is down and the pointer rests."""
        notches = (event.angleDelta().y() or event.angleDelta().x()) / WHEEL_NOTCH
        if not notches:
            return
        before = None if self._hover is None else self._hover.price
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.regroup(-1 if notches > 0 else 1)
        else:
            self.ladder.map.scroll(round(notches * WHEEL_ROWS) or (1 if notches > 0 else -1))
        self._carry_pointer(before)
        event.accept()
        self.update()


def click_of(held: Qt.KeyboardModifier, *, right: bool = False) -> Click:
    """Return what the keys held with a button say: the bracket key a bracket, Shift the second quantity."""
    return Click(
        right=right,
        bracket=bracket_key().held(held),
        second=bool(held & Qt.KeyboardModifier.ShiftModifier),
    )
