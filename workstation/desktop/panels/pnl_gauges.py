"""Pictures of the P&L panel: the day's net as a curve under its high, and how much of the day's limit is used.

Last stage of both walks. They draw what they are shown and value nothing.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.desktop.colors import with_alpha
from workstation.desktop.theme import current_theme, figure_font, theme_notifier, ui_font
from workstation.viewmodels.formats import money, time_of_day
from workstation.viewmodels.pnl_view import LimitGauge, NetCurve

EDGE_PX = 8


class CurveView(QWidget):
    """The day's net as a line around zero under its high so far; the pointer reads one moment of it."""

    def __init__(self, curve: NetCurve, name: str) -> None:
        super().__init__()
        self._curve = curve
        self._pointed: float | None = None
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

    def reading_at(self, share: float) -> str:
        """Return the moment nearest to a share of the time, 0 to 1, in words."""
        found = self._curve.reading(share)
        if found is None:
            return ""
        ts, net, fall = found
        below = f"  {money(fall)} below the high" if fall else ""
        return f"{time_of_day(ts)[:8]}  {money(net, signed=True)}{below}"

    def _draw(self, painter: QPainter) -> None:
        colors = current_theme().colors
        points = self._curve.points
        low, high = self._curve.extremes()
        low, high = min(low, 0), max(high, 0)
        painter.setFont(figure_font("caption"))
        if len(points) < 2 or low == high:
            painter.setPen(colors.text_muted)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "The day's curve begins with the first change.")
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

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the moment under the pointer."""
        share = (event.position().x() - self._drawn.left()) / max(self._drawn.width(), 1.0)
        self._pointed = min(max(share, 0.0), 1.0)
        self.setAccessibleDescription(self.reading)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Read nothing."""
        self._pointed = None
        self.update()


class LimitBar(QWidget):
    """How much of the day's loss limit is used, as a bar and in words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._gauge = LimitGauge(0.0, "ok", "")
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_notifier().changed.connect(self.update)

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
        return QSize(160, 24)

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
