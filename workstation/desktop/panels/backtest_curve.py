"""The curve of a backtest: the account above, its falls from the peak below, each point in words on hover.

Part of the backtests panel. It paints what it is given.
"""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from workstation.desktop.colors import blend
from workstation.desktop.panels.study_drawing import StudyDrawing
from workstation.desktop.theme import current_theme, use_figure_font
from workstation.viewmodels.backtest_view import AccountCurve, Values
from workstation.viewmodels.formats import exact_time

FALL_SHARE = 0.28
"""Part of the height that the falls take."""

EDGE_PX = 8
GAP_PX = 10
FILL_SHARE = 0.25
NOTHING = "Select a backtest that is done to see its account over time."


class CurveView(StudyDrawing):
    """Paints a curve; `shown` is what it shows, `span` the time that stands out, UTC ns."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Account over time")
        self.shown: AccountCurve | None = None
        self.span: tuple[int, int] | None = None

    def show_curve(self, shown: AccountCurve | None) -> None:
        """Show a curve, None for none."""
        self.shown, self.span = shown, None
        self.setAccessibleDescription(NOTHING if shown is None else f"Ends {shown.words(len(shown.ts) - 1)}")
        self.update()

    def mark_span(self, span: tuple[int, int] | None) -> None:
        """Let a span of time stand out, UTC ns; None for none."""
        self.span = span
        self.update()

    def text_at(self, point: QPointF) -> str:
        """Return the account at a point, "" beside the curve."""
        shown, box = self.shown, self._box()
        if shown is None or not box.contains(point):
            return ""
        return shown.words(shown.at((point.x() - box.left()) / box.width()))

    def _labels(self, shown: AccountCurve) -> tuple[str, str, str]:
        """Return the highest and the lowest worth and the deepest fall."""
        high, low = max(float(shown.equity.max()), shown.initial), min(float(shown.equity.min()), shown.initial)
        return f"{high:,.0f}", f"{low:,.0f}", f"-{float(shown.fall.max()):.1%}"

    def _box(self) -> QRectF:
        """Return where the curve is: beside the figures on the right, above the days."""
        room = 0
        metrics = self.fontMetrics()
        if self.shown is not None:
            room = max(metrics.horizontalAdvance(text) for text in self._labels(self.shown)) + EDGE_PX
        return QRectF(self.rect()).adjusted(EDGE_PX, EDGE_PX, -room - EDGE_PX, -metrics.height() - EDGE_PX)

    def _draw(self, painter: QPainter) -> None:
        colors, shown = current_theme().colors, self.shown
        if shown is None:
            self._draw_nothing(painter, NOTHING)
            return
        use_figure_font(self, "caption")
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box()
        below = QRectF(box.left(), box.bottom() - box.height() * FALL_SHARE, box.width(), box.height() * FALL_SHARE)
        above = QRectF(box.left(), box.top(), box.width(), box.height() - below.height() - GAP_PX)
        high, low = max(float(shown.equity.max()), shown.initial), min(float(shown.equity.min()), shown.initial)
        xs = box.left() + (shown.ts - shown.ts[0]) / (shown.ts[-1] - shown.ts[0]) * box.width()
        if self.span is not None:
            left, right = (box.left() + shown.share(ts) * box.width() for ts in self.span)
            held = QRectF(left, box.top(), max(right - left, 1.0), box.height())
            painter.fillRect(held, blend(colors.accent, colors.surface, FILL_SHARE))
        span = (high - low) or 1.0
        ys = above.bottom() - (shown.equity - low) / span * above.height()
        begun = above.bottom() - (shown.initial - low) / span * above.height()
        painter.setPen(QPen(colors.text_muted, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(box.left(), begun), QPointF(box.right(), begun))
        painter.setPen(QPen(colors.accent, 1.5))
        painter.drawPath(_line(xs, ys))
        deepest = float(shown.fall.max()) or 1.0
        falls = below.top() + shown.fall / deepest * below.height()
        area = _line(np.r_[xs[0], xs, xs[-1]], np.r_[below.top(), falls, below.top()])
        painter.fillPath(area, blend(colors.fall, colors.surface, FILL_SHARE))
        painter.setPen(QPen(colors.fall, 1))
        painter.drawPath(_line(xs, falls))
        self._write(painter, shown, above, below)

    def _write(self, painter: QPainter, shown: AccountCurve, above: QRectF, below: QRectF) -> None:
        painter.setPen(current_theme().colors.text_muted)
        height = painter.fontMetrics().height()
        left = above.right() + EDGE_PX
        room = self.width() - left
        highest, lowest, deepest = self._labels(shown)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextDontClip
        for text, top in (
            (highest, above.top()),
            (lowest, above.bottom() - height),
            (deepest, below.bottom() - height),
        ):
            painter.drawText(QRectF(left, top, room, height), flags, text)
        days = QRectF(above.left(), below.bottom() + 2, above.width(), height)
        for ts, side in ((shown.ts[0], Qt.AlignmentFlag.AlignLeft), (shown.ts[-1], Qt.AlignmentFlag.AlignRight)):
            painter.drawText(days, side | Qt.TextFlag.TextDontClip, exact_time(int(ts))[:10])

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a size at which a year is legible."""
        return QSize(360, 180)


def _line(xs: Values, ys: Values) -> QPainterPath:
    path = QPainterPath(QPointF(float(xs[0]), float(ys[0])))
    for x, y in zip(xs[1:].tolist(), ys[1:].tolist(), strict=True):
        path.lineTo(x, y)
    return path
