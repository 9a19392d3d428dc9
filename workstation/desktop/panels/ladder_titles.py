"""The ladder's title strip: words that stand apart in any width, shorter first, then smaller. Painting only.

A title that has no room in any form is left out: one that ran into its neighbour would be read as another word.
"""

from typing import NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QFont, QPainter

from workstation.desktop.fonts import Weight
from workstation.desktop.panels.ladder_columns import TITLES, Columns
from workstation.desktop.panels.ladder_texts import TextFace
from workstation.desktop.theme import current_theme, ui_font
from workstation.viewmodels.ladder_clicks import Column

APART_PX = 6
"""What two titles keep between them."""
SIZES = (1.0, 0.85, 0.7)
"""Sizes of the words, as shares of the caption's, from the one that is wanted."""


class Title(NamedTuple):
    """A title in its column; left and width in pixels."""

    text: str
    left: int
    width: int


class TitleStrip:
    """Titles in the look of one theme; made anew when the theme changes."""

    def __init__(self) -> None:
        theme = current_theme()
        self.height = theme.metrics.row
        self._colors = theme.colors
        self._faces = [TextFace(_sized(share)) for share in SIZES]

    def chosen(self, columns: Columns) -> tuple[TextFace, list[Title]]:
        """Return the largest words in which every column has a title, and the titles."""
        for face in self._faces:
            titles = [_title(face, *edge) for edge in columns.edges]
            if all(title.text for title in titles):
                break
        return face, titles

    def paint(self, painter: QPainter, columns: Columns, width: int) -> None:
        """Paint the strip over a width in pixels."""
        painter.fillRect(0, 0, width, self.height, self._colors.surface_raised)
        painter.fillRect(0, self.height - 1, width, 1, self._colors.line)
        painter.setPen(self._colors.text_muted)
        face, titles = self.chosen(columns)
        face.use(painter)
        for title in titles:
            face.centre(painter, QRect(title.left, 0, title.width, self.height - 1), title.text)


def _title(face: TextFace, column: Column, left: int, width: int) -> Title:
    """Return a column's title in the longest form that has room, "" where none has."""
    whole = TITLES[column]
    forms = (whole, whole.partition(" ")[0])
    return Title(next((form for form in forms if face.width(form) <= width - APART_PX), ""), left, width)


def _sized(share: float) -> QFont:
    font = ui_font("caption", Weight.Medium)
    font.setPixelSize(round(font.pixelSize() * share))
    return font
