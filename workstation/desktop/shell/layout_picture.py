"""A layout in small: where its panels would stand, each with its title and a sketch of what it shows.

Drawn from the layout's own dock tree, so that a picture cannot promise what the workspace does not hold.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workstation.desktop.colors import Colors
from workstation.desktop.shell.layouts import ROOT, Layout
from workstation.desktop.theme import current_theme, ui_font

HEIGHT_PX, GAP_PX, ROW_PX = 158, 4, 8
"""Of the whole picture, between two panels, and from one line of a sketch to the next."""


class LayoutPicture(QWidget):
    """The first window of a layout. titles: of each kind of panel."""

    def __init__(self, layout: Layout, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._layout = layout
        self._kinds = {panel.id: panel.kind for panel in layout.panel}
        self._titles = titles
        self.setFixedHeight(HEIGHT_PX)

    # Qt overrides

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the areas of the first window."""
        colors = current_theme().colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font("caption"))
        for panel_id, box in areas(self._layout, ROOT, self.rect()):
            inner = QRectF(box).adjusted(0.5, 0.5, -GAP_PX + 0.5, -GAP_PX + 0.5)
            painter.setPen(QPen(colors.line_strong))
            painter.setBrush(colors.surface_sunken)
            painter.drawRoundedRect(inner, 3, 3)
            painter.setPen(colors.text_muted)
            room, kind = inner.adjusted(5, 2, -4, -2), self._kinds[panel_id]
            words = self._titles.get(kind, kind)
            title = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
            room.setTop(room.top() + painter.fontMetrics().height() + GAP_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            _SKETCHES.get(kind, _rows)(painter, room, colors)
        painter.end()


def _rows(painter: QPainter, room: QRectF, colors: Colors) -> None:
    """Sketch a table: lines of uneven length."""
    painter.setBrush(colors.line_strong)
    for row in range(int(room.height() // ROW_PX)):
        width = room.width() * (0.62 + 0.1 * (row * 7 % 4))
        painter.drawRect(QRectF(room.left(), room.top() + row * ROW_PX, width, 2))


def _ladder(painter: QPainter, room: QRectF, colors: Colors) -> None:
    """Sketch a ladder: bids below on the left, asks above on the right."""
    rows, half = int(room.height() // ROW_PX), room.width() / 2
    for row in range(rows):
        is_bid, size = row >= rows / 2, half * (0.3 + 0.2 * (row * 5 % 4))
        painter.setBrush(colors.buy if is_bid else colors.sell)
        left = room.left() + half - size if is_bid else room.left() + half
        painter.drawRect(QRectF(left, room.top() + row * ROW_PX, size, 2))


def _chart(painter: QPainter, room: QRectF, colors: Colors) -> None:
    """Sketch a chart: candles that climb and fall back."""
    steps = (0, 1, 2, 1, 3, 4, 3, 2, 4, 5, 6, 5, 7, 6, 8, 7)
    count = min(int(room.width() // ROW_PX), len(steps) - 1)
    unit = room.height() / (max(steps) + 2)
    for number, (before, now) in enumerate(pairwise(steps[: count + 1])):
        painter.setBrush(colors.rise if now > before else colors.fall)
        top = room.bottom() - (max(before, now) + 1) * unit
        painter.drawRect(QRectF(room.left() + number * room.width() / count, top, 3, unit * abs(now - before)))


_SKETCHES: Mapping[str, Callable[[QPainter, QRectF, Colors], None]] = {"ladder": _ladder, "chart": _chart}


def areas(layout: Layout, name: str, box: QRect) -> Iterator[tuple[str, QRect]]:
    """Yield the panel in front of each area below a node, with its part of a box."""
    node = layout.dock[name]
    if not node.parts:
        yield node.current or node.tabs[0], box
        return
    begin, whole = 0.0, sum(node.sizes)
    for part, size in zip(node.parts, node.sizes, strict=True):
        end = begin + size / whole
        if node.split == "columns":
            left, right = round(begin * box.width()), round(end * box.width())
            within = QRect(box.topLeft() + QPoint(left, 0), QSize(right - left, box.height()))
        else:
            top, bottom = round(begin * box.height()), round(end * box.height())
            within = QRect(box.topLeft() + QPoint(0, top), QSize(box.width(), bottom - top))
        yield from areas(layout, part, within)
        begin = end
