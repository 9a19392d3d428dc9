"""Drawing with mouse and keys: making, selecting, moving, reshaping, deleting, undoing.

A tool draws one drawing and is put down again. Two points are made by press, pull and release, or by two clicks; a
third follows from them and is pulled afterwards. They snap to open, high, low or close of the bar under them (the
magnet), Ctrl suspends that. A click selects, a pull moves the whole or the handle under the pointer, Delete removes,
Ctrl+Z and Ctrl+Y undo and redo, Ctrl+C and Ctrl+V copy to another chart, arrows move what is selected by a bar or a
tick, Esc gives up. A locked drawing is selected and stays. Each gesture is one step of the book. It touches no order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication

from workstation.viewmodels.drawings import Drawing, DrawingKind, Point, drawings_text, read_drawings

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from workstation.desktop.charts.model import ChartModel
    from workstation.desktop.charts.tools_layer import DrawingsLayer
    from workstation.viewmodels.drawings_geometry import Ground

PULL_PX: Final = 4.0
DRAFT: Final = -1
_ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A drawing under a held button: as it was, the handle pulled (None: the whole), where and at what it was taken."""

    drawing: Drawing
    handle: int | None
    at: QPointF
    point: Point


class DrawingTools(QObject):
    """The drawing gestures of one chart.

    Emits: changed when something must be painted; tool_put_down after a drawing was made or given up;
    text_wanted(Drawing) where words are to be typed: a new text's number is not in the book yet.
    """

    changed = Signal()
    tool_put_down = Signal()
    text_wanted = Signal(object)

    def __init__(self, model: ChartModel, layer: DrawingsLayer, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._layer = layer
        self._held: _Held | None = None
        self._pressed_at = QPointF()
        self.tool: DrawingKind | None = None

    def take(self, tool: DrawingKind | None) -> None:
        """Take a tool in hand, None puts it down."""
        self.tool = tool
        self._model.draft = self._held = None
        self.changed.emit()

    def press(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin a drawing, finish one, or take the one under the pointer; return whether the press was used."""
        model = self._model
        self._pressed_at = at
        if self.tool is not None:
            point = self._point(at, modifiers)
            if model.draft is not None:
                model.draft = self._ground.stretched(model.draft, point)
            else:
                model.draft = Drawing(DRAFT, self.tool, (point,) * self.tool.points)
            self.changed.emit()
            return True
        hit = self._layer.hit(at)
        selected, before = hit[0] if hit is not None else None, model.selected
        model.selected = selected
        drawing = model.book.drawing(selected)
        if hit is not None and drawing is not None and not drawing.locked:
            self._held = _Held(drawing, hit[1], at, self._point(at, Qt.KeyboardModifier.ControlModifier))
        if selected != before:
            self.changed.emit()
        return drawing is not None

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the pointer with what is being drawn or moved."""
        model, held = self._model, self._held
        if held is not None:
            if model.draft is None and (at - held.at).manhattanLength() < PULL_PX:
                return
            model.draft = self._pulled(held, at, modifiers)
        elif model.draft is not None:
            model.draft = self._ground.stretched(model.draft, self._point(at, modifiers))
        else:
            return
        self.changed.emit()

    def release(self, at: QPointF) -> None:
        """Finish what was moved, or what was drawn by a pull; a click alone leaves the second point to a second."""
        model, held, draft = self._model, self._held, self._model.draft
        self._held = None
        if draft is None:
            return
        if held is not None:
            model.draft = None
            model.book.change(draft)
            self.changed.emit()
        elif draft.kind.points == 1 or draft.points[0] != draft.points[1]:
            self._finish(draft)
        elif (at - self._pressed_at).manhattanLength() >= PULL_PX:
            self.take(None)
            self.tool_put_down.emit()

    def double_click(self, at: QPointF) -> bool:
        """Edit the words of the text under the pointer; return whether there was one."""
        hit = self._layer.hit(at)
        drawing = self._model.book.drawing(hit[0]) if hit is not None else None
        if drawing is None or drawing.locked or drawing.kind is not DrawingKind.TEXT:
            return False
        self._held = None
        self.text_wanted.emit(drawing)
        return True

    def key(self, event: QKeyEvent) -> bool:
        """Act on a key; return whether it was one of the tools'."""
        key, book, selected = event.key(), self._model.book, self._model.selected
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if control and key in {Qt.Key.Key_Z, Qt.Key.Key_Y}:
            return book.redo() if shift or key == Qt.Key.Key_Y else book.undo()
        if key == Qt.Key.Key_Escape:
            return self._give_up()
        if control and key == Qt.Key.Key_V:
            return self.paste()
        drawing = book.drawing(selected)
        if control and key == Qt.Key.Key_C and drawing is not None:
            return self.copy((drawing,))
        if drawing is None or control:
            return False
        return self._change_selected(drawing, Qt.Key(key))

    def toggle_lock(self) -> bool:
        """Lock the selected drawing where it is, or let it be moved again; return whether there was one."""
        drawing = self._model.book.drawing(self._model.selected)
        if drawing is not None:
            self._model.book.change(replace(drawing, locked=not drawing.locked))
        return drawing is not None

    def copy(self, drawings: tuple[Drawing, ...]) -> bool:
        """Put drawings on the clipboard as their text; return whether there were any."""
        if drawings:
            QGuiApplication.clipboard().setText(drawings_text(drawings))
        return bool(drawings)

    def paste(self) -> bool:
        """Add the drawings whose text is on the clipboard, the last selected; return whether there were any."""
        numbers = self._model.book.put(read_drawings(QGuiApplication.clipboard().text()))
        if numbers:
            self._model.selected = numbers[-1]
            self.changed.emit()
        return bool(numbers)

    def _change_selected(self, drawing: Drawing, key: Qt.Key) -> bool:
        step, removes = _ARROWS.get(key), key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
        if step is None and not removes:
            return False
        if removes and not drawing.locked:
            self._model.selected = None
            self._model.book.remove(drawing.number)
        elif step is not None and not drawing.locked:
            self._nudge(drawing, *step)
        return True

    def put_text(self, drawing: Drawing, text: str) -> None:
        """Keep the words typed for a text; none at all keep no drawing."""
        book = self._model.book
        if drawing.number == DRAFT:
            if text.strip():
                self._model.selected = book.add(drawing.kind, drawing.points, text)
        elif text.strip():
            book.change(Drawing(drawing.number, drawing.kind, drawing.points, text))
        else:
            book.remove(drawing.number)

    def over_drawing(self, at: QPointF) -> bool:
        """Return whether a press here would take a drawing."""
        return self.tool is None and self._layer.hit(at) is not None

    def _finish(self, draft: Drawing) -> None:
        self.take(None)
        self.tool_put_down.emit()
        if draft.kind is DrawingKind.TEXT:
            self.text_wanted.emit(draft)
        else:
            self._model.selected = self._model.book.add(draft.kind, draft.points)

    def _give_up(self) -> bool:
        model = self._model
        busy = self.tool is not None or model.draft is not None or model.selected is not None
        in_hand = self.tool is not None
        model.selected = None
        self.take(None)
        if in_hand:
            self.tool_put_down.emit()
        return busy

    @property
    def _ground(self) -> Ground:
        return self._model.ground(self._layer.pane)

    def _nudge(self, drawing: Drawing, bars: int, ticks: int) -> None:
        start = drawing.points[0]
        end = Point(start.time_ns, start.price + ticks * self._model.tick_size)
        self._model.book.change(self._ground.moved(drawing, bars, start, end))

    def _pulled(self, held: _Held, at: QPointF, modifiers: Qt.KeyboardModifier) -> Drawing:
        if held.handle is not None:
            return held.drawing.with_point(held.handle, self._point(at, modifiers))
        ground = self._ground
        end = ground.point_at(at.x(), at.y(), snap=False)
        bars = ground.bar_at(end.time_ns) - ground.bar_at(held.point.time_ns)
        return ground.moved(held.drawing, bars, held.point, end)

    def _point(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Point:
        snap = self._model.magnet and not modifiers & Qt.KeyboardModifier.ControlModifier
        y = min(max(at.y(), 0.0), self._layer.pane.height)
        return self._ground.point_at(at.x(), y, snap=snap)
