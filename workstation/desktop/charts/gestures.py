"""Mouse and keys on a chart: what each gesture does to the window, and what it announces.

A small state machine: nothing held, panning, scaling an axis, dragging a line, measuring. Wheel zooms at the pointer
(Ctrl: prices, Shift: pans), a drag pans, an axis drag scales, a double click on an axis rescales, Shift+drag
measures, End returns to the live bar, Esc gives a dragged line back. A double click never sends anything. Stage:
input, before `commands`.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from workstation.desktop.charts.model import LineDrag, Measure, Pointer
from workstation.desktop.charts.order_lines import Part
from workstation.desktop.charts.tools import DrawingTools

if TYPE_CHECKING:
    from workstation.desktop.charts.alert_lines import AlertGrip
    from workstation.desktop.charts.canvas import ChartCanvas
    from workstation.desktop.charts.order_lines import Grip

WHEEL_ZOOM_PER_NOTCH: Final = 0.85
AXIS_ZOOM_PER_PX: Final = 1.006
KEY_ZOOM: Final = 0.8
KEY_PAN_SHARE: Final = 0.1
PAGE_PAN_SHARE: Final = 0.9
DRAG_START_PX: Final = 3.0
NOTCH: Final = 120.0


class _Hold(Enum):
    NOTHING = auto()
    PAN = auto()
    PRICE_AXIS = auto()
    TIME_AXIS = auto()
    LINE = auto()
    ALERT = auto()
    MEASURE = auto()
    DRAWING = auto()
    GAP = auto()
    OLDER = auto()


class ChartGestures(QObject):
    """Event filter of the canvas' viewport.

    Emits: window_changed after the visible range changed; pointer_moved after the pointer entered, moved or left;
    order_dropped(cl_ord_id, price), cancel_pressed(cl_ord_id), position_pulled(price), alert_dropped(alert_id, price)
    and alert_deleted(alert_id) for lines; line_moved while one is dragged, so that it can be redrawn; gap_pressed
    on a click on a hole in the bars; older_wanted on Home, and on a click on the words that older bars did not come;
    touched when a press should take the focus.
    """

    window_changed = Signal()
    pointer_moved = Signal()
    line_moved = Signal()
    order_dropped = Signal(str, float)
    cancel_pressed = Signal(str)
    position_pulled = Signal(float)
    alert_dropped = Signal(str, float)
    alert_deleted = Signal(str)
    gap_pressed = Signal()
    older_wanted = Signal()
    touched = Signal()

    def __init__(self, canvas: ChartCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._model = canvas.model
        self.tools = DrawingTools(canvas.model, canvas.drawings, self)
        self._hold = _Hold.NOTHING
        self._from = QPointF()
        self._last = QPointF()
        self._over: QPointF | None = None
        self._grip: Grip | None = None
        self._alert: AlertGrip | None = None
        canvas.view.viewport().installEventFilter(self)

    def on_key(self, event: QKeyEvent) -> bool:
        """Act on a key; return whether it was one of the chart's."""
        window = self._model.window
        key = event.key()
        if key == Qt.Key.Key_Escape and self.give_back():
            return True
        if self.tools.key(event):
            return True
        if key == Qt.Key.Key_End:
            window.follow()
        elif key == Qt.Key.Key_Home:
            window.show(0.0, window.span)
            self.older_wanted.emit()
        elif key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            window.pan(window.span * KEY_PAN_SHARE * (1 if key == Qt.Key.Key_Right else -1))
        elif key in {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}:
            window.pan(window.span * PAGE_PAN_SHARE * (1 if key == Qt.Key.Key_PageDown else -1))
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            window.zoom_about_end(KEY_ZOOM)
        elif key == Qt.Key.Key_Minus:
            window.zoom_about_end(1 / KEY_ZOOM)
        else:
            return False
        self.window_changed.emit()
        return True

    def give_back(self) -> bool:
        """Return a dragged line to where it was, or drop a measurement; return whether there was one."""
        model = self._model
        held = any(one is not None for one in (model.drag, model.alert_drag, model.measure))
        model.drag, model.alert_drag, model.measure = None, None, None
        self._hold, self._grip, self._alert = _Hold.NOTHING, None, None
        if held:
            self.line_moved.emit()
            self.pointer_moved.emit()
        return held

    def end_drag_of(self, cl_ord_id: str) -> None:
        """End a drag whose order filled, changed or left; the line goes back."""
        drag = self._model.drag
        if drag is not None and drag.line_id == cl_ord_id:
            self.give_back()

    def end_alert_drag(self) -> None:
        """End the drag of an alert that fired, changed or left; the line goes back."""
        if self._model.alert_drag is not None:
            self.give_back()

    def _pressed(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        canvas, model = self._canvas, self._model
        self.touched.emit()
        self._from = self._last = at
        self._grip = self._alert = None
        in_prices = canvas.price_rect.contains(at)
        if in_prices and self.tools.tool is not None:
            self.tools.press(at, modifiers)
            self._hold = _Hold.DRAWING
            return
        if canvas.in_time_axis(at):
            self._hold = _Hold.TIME_AXIS
        elif canvas.in_price_axis(at):
            self._hold = _Hold.PRICE_AXIS
        elif modifiers & Qt.KeyboardModifier.ShiftModifier and not canvas.below_price(at):
            self._hold = _Hold.MEASURE
            point = self._data(at)
            model.measure = Measure(point, point)
        else:
            self._grip = self._movable(at)
            model.measure = None
            self._alert = self._alert_at(at) if self._grip is None else None
            if self._grip is not None:
                self._hold = _Hold.LINE
            elif self._alert is not None:
                self._hold = _Hold.ALERT
            else:
                taken = in_prices and self.tools.press(at, modifiers)
                gap = not taken and self._over_gap(at)
                older = not taken and not gap and self._canvas.older.is_pressed_by(at)
                self._hold = _Hold.OLDER if older else _Hold.GAP if gap else _Hold.PAN
                if taken:
                    self._hold = _Hold.DRAWING
        self._set_cursor(at)

    def _over_gap(self, at: QPointF) -> bool:
        return self._canvas.price_rect.contains(at) and self._canvas.gaps.gap_at(at) is not None

    def _movable(self, at: QPointF) -> Grip | None:
        """Return what a press would take: cancels always (they reduce), order lines only where trading is unlocked."""
        if not self._canvas.price_rect.contains(at):
            return None
        grip = self._canvas.orders.grip_at(at)
        if grip is not None and grip.part is Part.LINE and not self._model.trading:
            return None
        return grip

    def _alert_at(self, at: QPointF) -> AlertGrip | None:
        return self._canvas.alerts.grip_at(at) if self._canvas.price_rect.contains(at) else None

    def _dragged(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        canvas, model, window = self._canvas, self._model, self._model.window
        step = at - self._last
        self._last = at
        pane = canvas.price_pane()
        if self._hold is _Hold.PAN:
            window.pan(-step.x() / pane.bar_width)
            if not window.auto_price and not canvas.below_price(self._from):
                window.pan_price(step.y() / pane.height)
            self.window_changed.emit()
        elif self._hold is _Hold.PRICE_AXIS:
            window.zoom_price(AXIS_ZOOM_PER_PX ** step.y())
            self.window_changed.emit()
        elif self._hold is _Hold.TIME_AXIS:
            window.zoom_about_end(AXIS_ZOOM_PER_PX ** -step.x())
            self.window_changed.emit()
        elif self._hold is _Hold.MEASURE and model.measure is not None:
            model.measure.end = self._data(at)
        elif self._hold is _Hold.LINE:
            self._drag_line(at)
        elif self._hold is _Hold.ALERT:
            self._drag_alert(at)
        elif self._hold is _Hold.DRAWING:
            self.tools.move(at, modifiers)

    def _drag_line(self, at: QPointF) -> None:
        model, grip = self._model, self._grip
        if grip is None or grip.part is Part.CANCEL:
            return
        if model.drag is not None or (at - self._from).manhattanLength() >= DRAG_START_PX:
            price = model.to_tick(self._canvas.price_pane().price(at.y()))
            model.drag = LineDrag(grip.cl_ord_id, price)
            self.line_moved.emit()

    def _drag_alert(self, at: QPointF) -> None:
        model, grip = self._model, self._alert
        if grip is None or grip.on_cross:
            return
        if model.alert_drag is not None or (at - self._from).manhattanLength() >= DRAG_START_PX:
            model.alert_drag = LineDrag(grip.alert_id, model.to_tick(self._canvas.price_pane().price(at.y())))
            self.line_moved.emit()

    def _released(self, at: QPointF) -> None:
        model, grip, drag = self._model, self._grip, self._model.drag
        held, self._hold, self._grip = self._hold, _Hold.NOTHING, None
        model.drag = None
        if held is _Hold.DRAWING:
            self.tools.release(at)
        if held is _Hold.GAP and self._over_gap(at):
            self.gap_pressed.emit()
        if held is _Hold.OLDER and self._canvas.older.is_pressed_by(at):
            self.older_wanted.emit()
        if held is _Hold.ALERT:
            self._drop_alert(at)
        if held is _Hold.LINE and grip is not None:
            if grip.part is Part.CANCEL:
                if self._canvas.orders.grip_at(at) == grip:
                    self.cancel_pressed.emit(grip.cl_ord_id)
            elif drag is not None:
                self._drop(drag, at)
            self.line_moved.emit()
        self._set_cursor(at)

    def _drop(self, drag: LineDrag, at: QPointF) -> None:
        """Announce a drop inside the pane at another price; anywhere else the line simply returns."""
        if not self._canvas.price_rect.contains(at):
            return
        if not drag.line_id:
            position = self._model.position
            if position is not None and self._model.to_tick(position.average) != drag.price:
                self.position_pulled.emit(drag.price)
            return
        order = self._model.order(drag.line_id)
        if order is not None and self._model.to_tick(order.price) != drag.price:
            self.order_dropped.emit(drag.line_id, drag.price)

    def _drop_alert(self, at: QPointF) -> None:
        """Announce a cross that was pressed and left alone, or a line let go inside the pane at another price."""
        model, grip, drag = self._model, self._alert, self._model.alert_drag
        model.alert_drag = self._alert = None
        if grip is not None and grip.on_cross:
            if self._alert_at(at) == grip:
                self.alert_deleted.emit(grip.alert_id)
        elif drag is not None and self._canvas.price_rect.contains(at):
            alert = model.alert(drag.line_id)
            if alert is not None and model.to_tick(alert.price) != drag.price:
                self.alert_dropped.emit(drag.line_id, drag.price)
        self.line_moved.emit()

    def point_again(self) -> None:
        """Let a pointer that rests point at what is under it, after the window moved there."""
        pointer = self._model.pointer
        if self._over is None or pointer is None or pointer.linked or self._hold is not _Hold.NOTHING:
            return
        self._point(self._over)
        if self._model.pointer != pointer:
            self.pointer_moved.emit()

    def _point(self, at: QPointF) -> None:
        canvas, model = self._canvas, self._model
        pane = canvas.price_pane()
        if at.x() > pane.width or canvas.in_time_axis(at):
            model.pointer = None
        else:
            below_price = canvas.below_price(at)
            model.pointer = Pointer(pane.bar(at.x()), at.y() if below_price else pane.price(at.y()), below_price)

    def _hovered(self, at: QPointF) -> None:
        canvas, model = self._canvas, self._model
        self._over = at
        self._point(at)
        if self._hold is _Hold.NOTHING:
            fill, signal = canvas.fills.fill_at(at), canvas.signals.signal_at(at)
            grip = canvas.orders.grip_at(at) if canvas.price_rect.contains(at) else None
            order = grip.cl_ord_id if grip is not None else None
            near = self._alert_at(at) if order is None else None
            alert = near.alert_id if near is not None else None
            before = (model.hovered_fill, model.hovered_signal, model.hovered_order, model.hovered_alert)
            if (fill, signal, order, alert) != before:
                model.hovered_fill, model.hovered_signal = fill, signal
                model.hovered_order, model.hovered_alert = order, alert
                self.line_moved.emit()
            self._set_cursor(at)
        self.pointer_moved.emit()

    def _left(self) -> None:
        self._over = None
        if self._hold is _Hold.NOTHING:
            self._model.pointer = None
            model = self._model
            model.hovered_fill = model.hovered_signal = model.hovered_order = model.hovered_alert = None
            self.pointer_moved.emit()

    def _double_clicked(self, at: QPointF) -> None:
        window = self._model.window
        if self._canvas.in_time_axis(at):
            window.reset_span()
        elif self._canvas.in_price_axis(at):
            window.auto_price = True
        else:
            self.tools.double_click(at)
            return
        self.window_changed.emit()

    def _wheeled(self, event: QWheelEvent) -> None:
        window, pane = self._model.window, self._canvas.price_pane()
        notches = event.angleDelta().y() / NOTCH
        sideways = event.angleDelta().x() / NOTCH
        at = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier or self._canvas.in_price_axis(at):
            window.zoom_price(WHEEL_ZOOM_PER_NOTCH**notches, pane.price(at.y()))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or (sideways and not notches):
            window.pan(-(sideways or notches) * window.span * KEY_PAN_SHARE)
        else:
            window.zoom(WHEEL_ZOOM_PER_NOTCH**notches, pane.bar(at.x()))
        self.window_changed.emit()

    def _set_cursor(self, at: QPointF) -> None:
        canvas = self._canvas
        shape = Qt.CursorShape.CrossCursor
        if canvas.in_time_axis(at):
            shape = Qt.CursorShape.SizeHorCursor
        elif canvas.in_price_axis(at):
            shape = Qt.CursorShape.SizeVerCursor
        else:
            grip = self._grip or self._movable(at)
            alert = self._alert or self._alert_at(at)
            if grip is None and alert is not None and self._hold is not _Hold.PAN:
                shape = Qt.CursorShape.PointingHandCursor if alert.on_cross else Qt.CursorShape.SizeVerCursor
            elif grip is not None:
                cancel = grip.part is Part.CANCEL
                shape = Qt.CursorShape.PointingHandCursor if cancel else Qt.CursorShape.SizeVerCursor
            elif (
                self._hold is not _Hold.PAN
                and canvas.price_rect.contains(at)
                and (self.tools.over_drawing(at) or self._over_gap(at) or canvas.older.is_pressed_by(at))
            ):
                shape = Qt.CursorShape.PointingHandCursor
            elif self._hold is _Hold.PAN:
                shape = Qt.CursorShape.ClosedHandCursor
        canvas.view.viewport().setCursor(shape)

    def _data(self, at: QPointF) -> tuple[float, float]:
        pane = self._canvas.price_pane()
        return pane.bar(at.x()), self._model.to_tick(pane.price(min(max(at.y(), 0.0), pane.height)))

    # --- Qt overrides ---

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the viewport's mouse; everything else goes its way."""
        kind = event.type()
        if isinstance(event, QWheelEvent):
            self._wheeled(event)
        elif isinstance(event, QMouseEvent):
            at = event.position()
            if kind == QEvent.Type.MouseMove:
                if self._hold is not _Hold.NOTHING:
                    self._dragged(at, event.modifiers())
                elif self._model.draft is not None:
                    self.tools.move(at, event.modifiers())
                self._hovered(at)
            elif event.button() != Qt.MouseButton.LeftButton:
                return False
            elif kind == QEvent.Type.MouseButtonPress:
                self._pressed(at, event.modifiers())
            elif kind == QEvent.Type.MouseButtonRelease:
                self._released(at)
            elif kind == QEvent.Type.MouseButtonDblClick:
                self._double_clicked(at)
        elif kind == QEvent.Type.Leave:
            self._left()
            return False
        else:
            return False
        event.accept()
        return True
