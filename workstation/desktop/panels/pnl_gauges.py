"""Pictures of the P&L panel: the day's net as a curve under its high, and how much of the day's limit is used.

Last stage of both walks. They draw what they are shown and value nothing.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.desktop.colors import with_alpha
from workstation.desktop.focus_frame import FocusFrame
from workstation.desktop.spoken_value import offer_values
from workstation.desktop.theme import current_theme, figure_font, theme_notifier, ui_font
from workstation.viewmodels.formats import money, time_of_day
from workstation.viewmodels.loss_limits import LimitGauge
from workstation.viewmodels.pnl_curve import NetCurve, Stretch

EDGE_PX = 8
STEP = 0.02
"""Share of the time that an arrow key moves by."""


class CurveView(QWidget):
    """The day's net as a line around zero under its high so far; the pointer reads one moment of it.

    A drag, or Shift with the arrow keys, brushes a stretch; Esc lets it go. Emits: brushed() as it changes, and
    stretch_opened(Stretch) on a double click or Enter.
    """

    spoken_role = QAccessible.Role.Chart

    brushed = Signal()
    stretch_opened = Signal(object)

    def __init__(self, curve: NetCurve, name: str) -> None:
        super().__init__()
        self._curve = curve
        self._pointed: float | None = None
        self._brush: tuple[float, float] | None = None
        self._pressed: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        FocusFrame(self)
        offer_values()
        self._drawn = QRectF()
        self.setObjectName(name)
        self.setAccessibleName("Net P&L over the day")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        theme_notifier().changed.connect(self.update)

    @property
    def reading(self) -> str:
        """What the pointer reads, "" while it is elsewhere."""
        return "" if self._pointed is None else self.reading_at(self._pointed)

    def spoken_value(self) -> str:
        """Return the moment that is pointed at, else the newest, as a screen reader tells it."""
        return self.reading or self.reading_at(1.0)

    def reading_at(self, share: float) -> str:
        """Return the moment nearest to a share of the time, 0 to 1, in words."""
        found = self._curve.reading(share)
        if found is None:
            return ""
        ts, net, fall = found
        below = f"  {money(fall)} below the high" if fall else ""
        return f"{time_of_day(ts)[:8]}  {money(net, signed=True)}{below}"

    @property
    def stretch(self) -> Stretch | None:
        """What the brushed stretch holds, None while nothing is brushed."""
        return None if self._brush is None else self._curve.stretch(*self._brush)

    def let_go(self) -> None:
        """Brush nothing."""
        self._show_brush(None)

    def _show_brush(self, brush: tuple[float, float] | None) -> None:
        if brush != self._brush:
            self._brush = brush
            self.update()
            self.brushed.emit()

    def _share_at(self, x: float) -> float:
        share = (x - self._drawn.left()) / max(self._drawn.width(), 1.0)
        return min(max(share, 0.0), 1.0)

    def _point(self, share: float) -> None:
        self._pointed = share
        self.setAccessibleDescription(self.reading)
        self.update()

    def _draw_brush(self, painter: QPainter, box: QRectF) -> None:
        if self._brush is not None:
            first, last = (box.left() + share * box.width() for share in sorted(self._brush))
            accent = current_theme().colors.accent
            painter.fillRect(QRectF(first, box.top(), last - first, box.height()), with_alpha(accent, 0.18))
            painter.setPen(QPen(accent, 1))
            for at in (first, last):
                painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))

    def _draw(self, painter: QPainter) -> None:
        colors = current_theme().colors
        points = self._curve.points
        low, high = self._curve.extremes()
        low, high = min(low, 0), max(high, 0)
        painter.setFont(figure_font("caption"))
        if len(points) < 2 or low == high:
            painter.setPen(colors.text_muted)
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), centred, "The day's curve begins with the first change.")
            return
        labels = (money(high, signed=True, places=0), money(low, signed=True, places=0))
        room = max(painter.fontMetrics().horizontalAdvance(label) for label in labels) + 6
        box = self._drawn = QRectF(self.rect()).adjusted(EDGE_PX, 5, -room - 6, -5)
        start, span = points[0][0], points[-1][0] - points[0][0] or 1

        def line_of(values: Sequence[int]) -> list[QPointF]:
            rise = box.height() / (high - low)
            times = (ts for ts, _ in points)
            return [
                QPointF(box.left() + (ts - start) / span * box.width(), box.bottom() - (value - low) * rise)
                for ts, value in zip(times, values, strict=True)
            ]

        self._draw_brush(painter, box)
        line = line_of([net for _, net in points])
        zero = box.bottom() + low / (high - low) * box.height()
        color = colors.rise if points[-1][1] >= 0 else colors.fall
        painter.setPen(QPen(colors.line_strong, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(box.left(), zero), QPointF(box.right(), zero))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(color, 0.16))
        painter.drawPolygon(QPolygonF([QPointF(box.left(), zero), *line, QPointF(box.right(), zero)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.text_muted, 1, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF(line_of(self._curve.highs())))
        painter.setPen(QPen(color, 1.4))
        painter.drawPolyline(QPolygonF(line))
        self._draw_labels(painter, box, room, labels)

    def _draw_labels(self, painter: QPainter, box: QRectF, room: float, labels: tuple[str, str]) -> None:
        colors = current_theme().colors
        painter.setPen(colors.text_muted)
        side = QRectF(box.right() + 4, 0, room, self.height())
        painter.drawText(side, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, labels[0])
        painter.drawText(side, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, labels[1])
        if self._pointed is None:
            return
        at = box.left() + self._pointed * box.width()
        painter.setPen(QPen(colors.text_muted, 1))
        painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
        words = painter.boundingRect(box, Qt.AlignmentFlag.AlignLeft, self.reading)
        words.moveLeft(box.left() if self._pointed > 0.5 else box.right() - words.width())
        painter.fillRect(words.adjusted(-2, 0, 2, 0), with_alpha(colors.surface, 0.85))
        painter.setPen(colors.text)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, self.reading)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a height at which a day's shape is legible."""
        return QSize(160, 52)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the curve over its zero line."""
        painter = QPainter(self)
        self._draw(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stretch at the pointer; a press beside the one that is brushed lets that go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = share = self._share_at(event.position().x())
            if self._brush is not None and not min(self._brush) <= share <= max(self._brush):
                self.let_go()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the moment under the pointer; pressed, brush up to it."""
        share = self._share_at(event.position().x())
        if self._pressed is not None and share != self._pressed:
            self._show_brush((self._pressed, share))
        self._point(share)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Leave the stretch as it is."""
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the whole day, or what is brushed."""
        self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the reading with the arrow keys, with Shift the end of the stretch; Enter opens it, Esc lets it go."""
        key = event.key()
        steps = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP, Qt.Key.Key_Home: -1.0, Qt.Key.Key_End: 1.0}
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open()
        elif key == Qt.Key.Key_Escape and self._brush is not None:
            self.let_go()
        elif key in steps:
            before = 1.0 if self._pointed is None else self._pointed
            share = min(max(before + steps[Qt.Key(key)], 0.0), 1.0)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._show_brush((before if self._brush is None else self._brush[0], share))
            self._point(share)
        else:
            super().keyPressEvent(event)

    def _open(self) -> None:
        found = self._curve.stretch(*(self._brush or (0.0, 1.0)))
        if found is not None:
            self.stretch_opened.emit(found)

    def leaveEvent(self, event: QEvent) -> None:
        """Read nothing."""
        self._pointed = None
        self.update()


BAR_ROOM_PX = 10
"""Height of the bar of a limit, with what parts it from the words above."""


class LimitBar(QWidget):
    """How much of the day's loss limit is used, as a bar and in words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._gauge = LimitGauge(0.0, "ok", "")
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_notifier().changed.connect(self._on_theme)

    def _on_theme(self, *_: object) -> None:
        self.updateGeometry()
        self.update()

    @property
    def warns(self) -> bool:
        """Whether the limit is near, or reached."""
        return self._gauge.level != "ok"

    def show_gauge(self, gauge: LimitGauge) -> None:
        """Show a distance; equal ones cost nothing."""
        if gauge != self._gauge:
            self._gauge = gauge
            self.setAccessibleName(f"Day loss limit: {gauge.text}")
            self.setToolTip(gauge.text)
            self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a bar with a line of words."""
        return QSize(160, QFontMetrics(ui_font("caption")).height() + BAR_ROOM_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words over a thin bar."""
        colors = current_theme().colors
        painter = QPainter(self)
        level = {"ok": colors.accent, "amber": colors.warning, "red": colors.danger}[self._gauge.level]
        box = self.rect().adjusted(8, 0, -8, -2)
        painter.setFont(ui_font("caption"))
        painter.setPen(colors.text_muted if self._gauge.level == "ok" else level)
        text = painter.fontMetrics().elidedText(self._gauge.text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box.adjusted(0, 0, 0, -6), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        track = QRectF(box.left(), box.bottom() - 4, box.width(), 4)
        painter.fillRect(track, colors.line)
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * self._gauge.share, 4), level)
        painter.end()
