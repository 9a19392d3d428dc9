"""Small labels: a price on the axis, an order on its line. Also keeps labels from covering each other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF

from workstation.desktop.charts.layers import NO_PEN, antialiased, hairline_pen
from workstation.desktop.colors import with_alpha

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PySide6.QtGui import QColor, QPainter

    from workstation.desktop.charts.texts import Typeface

TAG_PADDING_PX: Final = 5.0
TAG_MARGIN_PX: Final = 2.0
TAG_GAP_PX: Final = 3.0
ROWS_AWAY: Final = (0, *(way * row for row in range(1, 9) for way in (1, -1)))
"""Rows in which a tag may stand, its own first, then the nearest below and above."""


@dataclass(frozen=True, slots=True)
class AxisTag:
    """A label on the price axis. Higher `rank` keeps its place, lower ones give way."""

    y: float
    text: str
    fill: QColor
    ink: QColor
    rank: int
    second_line: str = ""
    outline_only: bool = False


def tag_height(face: Typeface) -> float:
    """Return the height of a one-line tag."""
    return face.height + 2.0


def tag_width(face: Typeface, text: str) -> float:
    """Return the width of a tag around a text."""
    return float(round(face.width(text) + 2 * TAG_PADDING_PX))


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How a tag is drawn; `outline` frames it inside its rectangle."""

    face: Typeface
    fill: QColor
    ink: QColor
    outline: QColor | None = None


def draw_tag(painter: QPainter, rect: QRectF, text: str, style: TagStyle, ratio: float) -> None:
    """Draw a tag with centred text. `ratio` is device pixels per logical pixel."""
    painter.setBrush(style.fill)
    if style.outline is None:
        painter.setPen(NO_PEN)
        painter.drawRect(rect)
    else:
        painter.setPen(hairline_pen(style.outline, ratio))
        half = painter.pen().widthF() / 2
        painter.drawRect(rect.adjusted(half, half, -half, -half))
    painter.setPen(style.ink)
    if text:
        style.face.draw_centered(painter, rect.center().x(), rect.center().y(), text)


def draw_cross(painter: QPainter, box: QRectF, ink: QColor, ratio: float) -> None:
    """Draw the cross that takes a tag's line away, set off from the tag's words."""
    arm = box.height() * 0.2
    middle = box.center()
    painter.setPen(hairline_pen(ink, 1.0))
    with antialiased(painter):
        painter.drawLine(QPointF(middle.x() - arm, middle.y() - arm), QPointF(middle.x() + arm, middle.y() + arm))
        painter.drawLine(QPointF(middle.x() - arm, middle.y() + arm), QPointF(middle.x() + arm, middle.y() - arm))
    painter.setPen(hairline_pen(with_alpha(ink, 0.35), ratio))
    x = round(box.left() * ratio) / ratio + 0.5 / ratio
    painter.drawLine(QLineF(x, box.top() + 3, x, box.bottom() - 3))


class TagRoom:
    """Where tags stand, so that each covers nothing that is taken. room: what they stand in; taken: what is there."""

    def __init__(self, room: QRectF, taken: Iterable[QRectF] = ()) -> None:
        self._left, self._top, self._right, self._bottom = _edges(room)
        self._taken = [_edges(rect) for rect in taken]

    def take(self, wanted: QRectF, *, leftward: bool) -> QRectF:
        """Return the place nearest to the wanted one where a tag covers nothing, and keep it.

        It moves along its own line first, left or right, then to a row below or above, from where it wanted to be, at
        last close to something that is there. Without any such place it stands as wanted.
        """
        width, height = wanted.width(), wanted.height()
        left, top = wanted.left(), wanted.top()
        rows = (top + away * (height + TAG_GAP_PX) for away in ROWS_AWAY)
        for row in chain(rows, self._close_rows(top, height)):
            at = self._along(left, row, (width, height), leftward=leftward)
            if at is not None:
                left, top = at, row
                break
        self._taken.append((left, top, left + width, top + height))
        return QRectF(left, top, width, height)

    def _close_rows(self, top: float, height: float) -> Iterator[float]:
        """Yield the tops right above and below all that is there, the nearest first."""
        above = [taken[1] - TAG_GAP_PX - height for taken in self._taken]
        below = [taken[3] + TAG_GAP_PX for taken in self._taken]
        yield from sorted([*above, *below], key=lambda row: abs(row - top))

    def _along(self, left: float, top: float, size: tuple[float, float], *, leftward: bool) -> float | None:
        """Return where in one row a tag has room, None where nowhere."""
        width, bottom = size[0], top + size[1]
        if top < self._top or bottom > self._bottom:
            return None
        row = [taken for taken in self._taken if taken[1] < bottom and taken[3] > top]
        while left >= self._left and left + width <= self._right:
            crossed = [taken for taken in row if taken[0] < left + width and taken[2] > left]
            if not crossed:
                return left
            if leftward:
                left = min(taken[0] for taken in crossed) - TAG_GAP_PX - width
            else:
                left = max(taken[2] for taken in crossed) + TAG_GAP_PX
        return None


def _edges(rect: QRectF) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom."""
    return rect.left(), rect.top(), rect.right(), rect.bottom()


def spread(tags: list[AxisTag], height: float, low: float, high: float) -> list[tuple[AxisTag, float]]:
    """Return each tag with the top that it gets, so that none covers another where there is room for all.

    The highest rank sits on its price while the others have room; those keep their order above and below it and are
    pushed away as little as needed. `height` is one line's height; tags stay between `low` and `high`.
    """
    if not tags:
        return []
    rising = sorted(tags, key=lambda tag: tag.y)
    heights = [height * (2 if tag.second_line else 1) + TAG_MARGIN_PX for tag in rising]
    tops = [min(max(tag.y - height / 2, low), high - size) for tag, size in zip(rising, heights, strict=True)]
    anchor = max(range(len(rising)), key=lambda place: rising[place].rank)
    for place in range(anchor + 1, len(rising)):
        tops[place] = max(tops[place], tops[place - 1] + heights[place - 1])
    for place in range(anchor - 1, -1, -1):
        tops[place] = min(tops[place], tops[place + 1] - heights[place])
    edge = low
    for place, size in enumerate(heights):  # down from the upper edge, where so many are pushed up against it
        tops[place] = max(tops[place], edge)
        edge = tops[place] + size
    edge = high
    for place in range(len(tops) - 1, -1, -1):
        tops[place] = min(tops[place], edge - heights[place])
        edge = tops[place]
    return list(zip(rising, tops, strict=True))
