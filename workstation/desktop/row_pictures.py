"""Rows of a table as small pictures: painted once, changed cell by cell, copied to the screen as a whole.

A scroll or a new row at the top copies pictures and lays out no text. Which cells of a row differ from what stands on
screen is found by comparing texts and styles. Bounded by pixels; emptied when theme or columns change. This module
reads no frame and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPixmap

from workstation.desktop.cell_painting import INDENT_PX, PADDING_PX, CellPaint, PaintedCell
from workstation.viewmodels.columns import PLAIN_CELL, Column, RowStyle

PICTURE_PIXELS_MAX: Final = 4_000_000
SPARE_ROWS: Final = 8
SECTION_ROOM_PX: Final = 400
GLYPH_GAP_PX: Final = 4
Place = tuple[int, int, int]
"""A column on screen: its number, where it begins from the row's left, its width; logical pixels."""


class DressedRow:
    """One row: what stands in its cells, and its picture on a ground."""

    __slots__ = ("cells", "ground", "picture", "style")

    def __init__(self, style: RowStyle, cells: dict[int, PaintedCell]) -> None:
        self.style = style
        self.cells = cells
        self.ground = ""
        self.picture: QPixmap | None = None


class RowPictures:
    """Pictures of rows by row number. `style(row)` says how a row looks."""

    def __init__(self, columns: Sequence[Column[Any]], style: Callable[[Any], RowStyle], paint: CellPaint) -> None:
        self._columns = columns
        self._style = style
        self._paint = paint
        self._places: list[Place] = []
        self._width = 0
        self._height = 0
        self._ratio = 1.0
        self._rows: dict[int, DressedRow] = {}

    def lay_out(self, places: list[Place], height: int, ratio: float) -> None:
        """Take the columns on screen; pictures of another layout are dropped."""
        if (places, height, ratio) != (self._places, self._height, self._ratio):
            self._places, self._height, self._ratio = places, height, ratio
            self._width = max((left + width for _, left, width in places), default=0)
            self._rows.clear()

    def clear(self) -> None:
        """Forget every picture."""
        self._rows.clear()

    def forget(self, numbers: set[int]) -> None:
        """Forget rows that changed out of sight."""
        for number in self._rows.keys() & numbers:
            del self._rows[number]

    def keep(self, shown: set[int]) -> None:
        """Drop pictures out of sight beyond the bound."""
        pixels = max(self._width * self._height * self._ratio * self._ratio, 1.0)
        bound = max(int(PICTURE_PIXELS_MAX / pixels), len(shown) + SPARE_ROWS)
        if len(self._rows) > bound:
            self.forget(self._rows.keys() - shown)

    def change(self, number: int, row: Any) -> list[Place] | None:
        """Dress a row anew and correct its picture; returns the places that differ, None for the whole row."""
        before = self._rows.get(number)
        if before is None:
            return None
        style = self._style(row)
        if _whole(style) != _whole(before.style):
            del self._rows[number]
            return None
        differing = []
        for place in self._places:
            column = self._columns[place[0]]
            own = style.cells.get(column.name, PLAIN_CELL)
            old = before.cells[place[0]]
            text = old.text if column.fixed else column.text(row)
            if text != old.text or own != old.own:
                before.cells[place[0]] = self._painted(column, text, style, place[2])
                differing.append(place)
        before.style = style
        if differing and before.picture is not None:
            self._correct(before, before.picture, differing)
        return differing

    def draw(self, painter: QPainter, at: tuple[int, int], number: int, row: Any, ground: str) -> None:
        """Draw a row with its left top corner at a point of the viewport."""
        dressed = self._rows.get(number)
        if dressed is None:
            style = self._style(row)
            cells = {
                n: self._painted(self._columns[n], self._columns[n].text(row), style, w) for n, _, w in self._places
            }
            dressed = self._rows[number] = DressedRow(style, cells)
        if dressed.picture is None or dressed.ground != ground:
            dressed.ground = ground
            dressed.picture = self._pictured(dressed)
        painter.drawPixmap(at[0], at[1], dressed.picture)

    def style_of(self, number: int, row: Any) -> RowStyle:
        """Return how a row looks, as it was dressed last."""
        dressed = self._rows.get(number)
        return dressed.style if dressed is not None else self._style(row)

    def _pictured(self, dressed: DressedRow) -> QPixmap:
        picture = QPixmap(max(round(self._width * self._ratio), 1), max(round(self._height * self._ratio), 1))
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(self._paint.color(dressed.ground))
        dressed.picture = picture
        painter = QPainter(picture)
        if dressed.style.hatched:
            painter.fillRect(0, 0, self._width, self._height, self._paint.hatch())
        for place in self._places:
            self._draw_cell(painter, dressed, place)
        painter.end()
        return picture

    def _correct(self, dressed: DressedRow, picture: QPixmap, places: list[Place]) -> None:
        painter = QPainter(picture)
        ground = self._paint.color(dressed.ground)
        for place in places:
            box = QRect(place[1], 0, place[2], self._height)
            painter.fillRect(box, ground)
            if dressed.style.hatched:
                painter.fillRect(box, self._paint.hatch())
            self._draw_cell(painter, dressed, place)
        painter.end()

    def _draw_cell(self, painter: QPainter, dressed: DressedRow, place: Place) -> None:
        number, left, width = place
        cell = dressed.cells[number]
        if not (cell.shown or cell.glyph or cell.own.ground):
            return
        box = QRect(left, 0, width, self._height)
        if cell.own.ground:
            painter.fillRect(box, self._paint.color(cell.own.ground))
        self._paint.draw_cell(painter, cell, box)
        if dressed.style.struck and cell.shown and cell.ink == dressed.style.ink:
            middle = self._height // 2
            painter.drawLine(left + round(cell.text_x), middle, left + width - PADDING_PX, middle)

    def _painted(self, column: Column[Any], text: str, style: RowStyle, width: int) -> PaintedCell:
        own = style.cells.get(column.name, PLAIN_CELL)
        figures = column.right
        glyph_room = self._paint.glyph_px + GLYPH_GAP_PX if own.glyph else 0
        left = PADDING_PX + own.indent * INDENT_PX
        room = SECTION_ROOM_PX if style.section else width - left - PADDING_PX - glyph_room
        shown = self._paint.fitted(text, room, figures=figures, bold=own.bold) if text and room > 0 else ""
        text_x = float(left + glyph_room)
        if shown and (column.right or own.button):
            spare = width - self._paint.text_width(shown, figures=figures, bold=own.bold)
            text_x = spare / 2 if own.button else spare - PADDING_PX
        return PaintedCell(text, own, shown, own.ink or style.ink, own.glyph, figures, text_x, float(left))


def _whole(style: RowStyle) -> tuple[str, str, bool, bool, bool]:
    """Return what of a style concerns every cell of the row."""
    return style.ink, style.ground, style.struck, style.hatched, style.section
