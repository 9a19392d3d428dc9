"""A map of two axes of a sweep: one cell for each pair of values, gain and loss by colour and in figures.

Part of the sweeps panel. It paints what it is given; a cell says on hover what it stands for.
"""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from workstation.desktop.colors import blend
from workstation.desktop.panels.study_drawing import StudyDrawing
from workstation.desktop.theme import current_theme, figure_font
from workstation.viewmodels.sweep_view import HeatMap, heat_text

SHARE_MIN, SHARE_MAX = 0.08, 0.62
"""How strongly the smallest and the largest value tint their cells; figures on them stay legible."""

TEXT_FROM_PX = 36
LABEL_ROOM_PX = 56
HEAD_PX = 20
NOTHING = "Choose a sweep of two or more parameters to see their map."


class HeatView(StudyDrawing):
    """Paints a map; `shown` is what it shows."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "Map of two parameters")
        self.shown: HeatMap | None = None

    def show_map(self, shown: HeatMap | None) -> None:
        """Show a map, None for none."""
        self.shown = shown if shown is not None and shown.cells else None
        self.setAccessibleDescription(self._words())
        self.update()

    def text_at(self, point: QPointF) -> str:
        """Return what the cell under a point stands for, "" beside all of them."""
        shown = self.shown
        if shown is None:
            return ""
        box, (width, height) = self._box(), self._cell(shown)
        place = int((point.x() - box.left()) // width), int((point.y() - box.top()) // height)
        value = shown.cells.get(place)
        if value is None:
            return ""
        named = f"{shown.across} {shown.columns[place[0]]}, {shown.down} {shown.rows[place[1]]}"
        return f"{named}: {value:.4g}"

    def _words(self) -> str:
        shown = self.shown
        if shown is None:
            return NOTHING
        place = max(shown.cells, key=lambda at: shown.cells[at])
        best = f"{shown.across} {shown.columns[place[0]]}, {shown.down} {shown.rows[place[1]]}"
        return f"{len(shown.cells)} cells; most at {best}: {shown.cells[place]:.4g}"

    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LABEL_ROOM_PX, HEAD_PX, -8, -6)

    def _cell(self, shown: HeatMap) -> tuple[float, float]:
        box = self._box()
        return box.width() / max(len(shown.columns), 1), box.height() / max(len(shown.rows), 1)

    def _draw(self, painter: QPainter) -> None:
        colors, shown = current_theme().colors, self.shown
        if shown is None:
            self._draw_nothing(painter, NOTHING)
            return
        box, (width, height) = self._box(), self._cell(shown)
        painter.setFont(figure_font("caption"))
        line = painter.fontMetrics().height()
        for (x, y), value in shown.cells.items():
            cell = QRectF(box.left() + x * width, box.top() + y * height, width, height).adjusted(0.5, 0.5, -0.5, -0.5)
            share = SHARE_MIN + (SHARE_MAX - SHARE_MIN) * (abs(value) / shown.most if shown.most else 0.0)
            painter.fillRect(cell, blend(colors.rise if value >= 0 else colors.fall, colors.surface, share))
            if width >= TEXT_FROM_PX and height >= line:
                painter.setPen(colors.text)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, heat_text(value))
        painter.setPen(colors.text_muted)
        for at in _spread(len(shown.columns), width, LABEL_ROOM_PX):
            head = QRectF(box.left() + at * width, 0, width, HEAD_PX)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
            painter.drawText(head, flags, str(shown.columns[at]))
        for at in _spread(len(shown.rows), height, line):
            side = QRectF(0, box.top() + at * height, LABEL_ROOM_PX - 6, height)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight | Qt.TextFlag.TextDontClip
            painter.drawText(side, flags, str(shown.rows[at]))

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a size at which a map of ten by ten is legible."""
        return QSize(320, 180)


def _spread(count: int, each: float, room: float) -> range:
    """Return which of `count` labels have the room to stand beside each other."""
    return range(0, count, max(1, -(-int(room) // max(int(each), 1))))
