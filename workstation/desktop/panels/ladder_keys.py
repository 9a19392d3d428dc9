"""The ladder under the keyboard: a cursor on cells, and for every gesture of the pointer a key.

First stage of an order by key on the ladder. Arrows move the cursor, Enter acts on its cell as a click would, Shift
with arrows moves an order that is amended when Shift is let go. Each move of the cursor is told to a screen reader.
It sends nothing itself.
"""

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent

from workstation.desktop.bracket_key import bracket_key
from workstation.desktop.panels.ladder_accessible import announce_cell, offer_cells
from workstation.desktop.panels.ladder_canvas import ENTRY_COLUMNS, OWN_COLUMNS
from workstation.desktop.panels.ladder_columns import Place
from workstation.desktop.panels.ladder_view import LadderView, Sources, click_of
from workstation.viewmodels.ladder import Ladder
from workstation.viewmodels.ladder_cells import OwnCell
from workstation.viewmodels.ladder_clicks import Click, Column

CURSOR_COLUMNS = (Column.OWN_BID, Column.BID, Column.ASK, Column.OWN_ASK)
"""Columns that Left and Right go through; the others are read with the row."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_GROUPING = {Qt.Key.Key_Plus: -1, Qt.Key.Key_Minus: 1}
_SHIFT, _ALT, _CTRL = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class KeyedLadder(LadderView):
    """A ladder that pointer and keyboard can work."""

    def __init__(self, ladder: Ladder, sources: Sources) -> None:
        super().__init__(ladder, sources)
        offer_cells()

    def cursor_point(self) -> QPoint:
        """Return where the cursor's cell lies, in the view; its middle where there is no cursor in view."""
        row = None if self._cursor is None else self.ladder.map.row_of(self._cursor[1])
        if self._cursor is None or row is None:
            return self.rect().center()
        return self.cell_rect(self._cursor[0], row).center()

    def _move_cursor(self, rows: int, column: Column | None) -> None:
        prices = self.ladder.map.prices
        if not prices:
            return
        at, price = self._cursor or (Column.BID, self._sources.middle() or prices[len(prices) // 2])
        row = self.ladder.map.row_of(price)
        row = len(prices) // 2 if row is None else row + rows
        if row < 0 or row >= len(prices):
            self.ladder.map.scroll(1 if row < 0 else -1)
            prices = self.ladder.map.prices
            row = min(max(row, 0), len(prices) - 1)
        self._cursor = (column or at, prices[row])
        self.setAccessibleDescription(f"{self._cursor[0].value} {self.ladder.instrument.price_text(prices[row])}")
        self.pointed.emit(*self._cursor, Click())
        announce_cell(self, row, self._cursor[0])
        self.update()

    def _step_aside(self, step: int) -> None:
        """Go one column to the left or right; without a cursor yet, to the bids or the asks."""
        if self._cursor is None:
            self._move_cursor(0, Column.BID if step < 0 else Column.ASK)
            return
        place = CURSOR_COLUMNS.index(self._cursor[0]) + step
        self._move_cursor(0, CURSOR_COLUMNS[min(max(place, 0), len(CURSOR_COLUMNS) - 1)])

    def _drag_by_key(self, rows: int, *, together: bool) -> None:
        """Move the newest own order at the cursor's row on its side; it is amended when Shift is let go."""
        if self.drag is None and self._cursor is not None:
            own = self._own_at_cursor(*self._cursor)
            order = None if own is None else self._sources.order(own.ids[0])
            start = None if order is None else self._row_price(order)
            if order is not None and start is not None:
                self._begin_drag(order, start, together=together)
                self._by_key = True
        if self.drag is not None and self._by_key:
            self._move_cursor(rows, None)
            if self._cursor is not None:
                self.drag.move_to(self._cursor[1])
            self.update()

    def _own_at_cursor(self, column: Column, price: int) -> OwnCell | None:
        row = self.ladder.map.row_of(price)
        side = Column.OWN_BID if column.sign > 0 else Column.OWN_ASK
        return None if row is None else self._own_at(Place(row, price, side))

    def _act(self, column: Column, price: int, held: Qt.KeyboardModifier) -> None:
        """Do what a click on the cursor's cell does."""
        own = self._own_at_cursor(column, price)
        if column in ENTRY_COLUMNS:
            self.entry_clicked.emit(column, price, _key_click(held))
        elif own is not None:
            self._work(own, every=bool(held & _CTRL))
        elif column in OWN_COLUMNS:
            self.reject_seen.emit(column, price)

    def _on_cell(self, event: QKeyEvent) -> bool:
        """Act on the cursor's cell, where the key says so; returns whether it did. A held key repeats nothing."""
        key = event.key()
        if self._cursor is None or key not in (*_ENTER, Qt.Key.Key_Delete, Qt.Key.Key_E):
            return False
        if event.isAutoRepeat():
            return True
        own = self._own_at_cursor(*self._cursor)
        if key in _ENTER:
            self._act(*self._cursor, event.modifiers())
        elif own is not None and key == Qt.Key.Key_Delete:
            self._cancel(own, every=bool(event.modifiers() & _CTRL))
        elif own is not None and not event.modifiers():
            self.edit_asked.emit(own.ids)
        return True

    def _on_rows(self, event: QKeyEvent) -> bool:
        """Move cursor or rows, where the key says so; returns whether it did."""
        key, page = event.key(), max(len(self.ladder.map.prices) - 2, 1)
        up = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key))
        if up is not None and event.modifiers() & _SHIFT and not event.modifiers() & _CTRL:
            self._drag_by_key(up, together=bool(event.modifiers() & _ALT))
        elif up is not None and not event.modifiers():
            self._move_cursor(up, None)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not event.modifiers():
            self._step_aside(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.ladder.map.scroll(page if key == Qt.Key.Key_PageUp else -page)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._jump(above=key == Qt.Key.Key_Home)
        elif Qt.Key(key) in _GROUPING and not event.modifiers() & _CTRL:
            self.regroup(_GROUPING[Qt.Key(key)])
        else:
            return False
        return True

    def _jump(self, *, above: bool) -> None:
        """Bring into view what is out of it at one edge: market, orders or position."""
        picture = self.picture
        edge = None if picture is None else picture.above if above else picture.below
        if edge is not None and edge.jump is not None:
            self.ladder.map.centre(edge.jump)

    def _rekey(self, event: QKeyEvent) -> None:
        """Take the modifiers as they are after a key event."""
        bracket = bracket_key()
        changed = {bracket.key: bracket.modifier, Qt.Key.Key_Shift: _SHIFT}.get(Qt.Key(event.key()))
        if changed is not None and self._hover is not None:
            down = event.type() == QEvent.Type.KeyPress
            self._point(self._hover, click_of(event.modifiers() | changed if down else event.modifiers() & ~changed))

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the cursor with arrows, an order with Shift and arrows; Enter acts, Space centres, R resets flow."""
        key = event.key()
        self._rekey(event)
        if key == Qt.Key.Key_Escape and self.drag is not None:
            self._end_drag()
            self._press = None
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.recentre()
        elif key == Qt.Key.Key_R and not event.modifiers():
            self.ladder.flow.reset()
        elif not self._on_cell(event) and not self._on_rows(event):
            super().keyPressEvent(event)
            return
        self.update()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Show what a click does without the key that was let go; with Shift, an order moved by keys is amended."""
        self._rekey(event)
        if event.key() == Qt.Key.Key_Shift and self._by_key and self.drag is not None and self._cursor is not None:
            column, price = self._cursor
            row = self.ladder.map.row_of(price)
            self._drop(self.drag, None if row is None else Place(row, price, column))
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Return an order that keys were moving: without the keyboard its release would not be seen."""
        if self._by_key:
            self._end_drag()
        super().focusOutEvent(event)


def _key_click(held: Qt.KeyboardModifier) -> Click:
    """Return what Enter means: with Shift the other button, with Ctrl the second quantity, with Alt a bracket."""
    return Click(right=bool(held & _SHIFT), bracket=bool(held & _ALT), second=bool(held & _CTRL))
