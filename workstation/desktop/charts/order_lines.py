"""Orders and position as lines with tags. States differ by dash pattern and word, not colour alone.

`OrderLinesLayer` also answers what lies under the pointer, so that a drag or a cancel finds its order; where many lie
close, they share a tag (`order_crowds.py`), and the one that is pointed at has its own. Nothing here sends: gestures
are announced by the view, and the panel turns them into commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF

from workstation.desktop.charts.layers import Layer, dash_pen, hairline_pen
from workstation.desktop.charts.order_crowds import Crowd, Line, crowds
from workstation.desktop.charts.tags import (
    AxisTag,
    TagRoom,
    TagStyle,
    draw_cross,
    draw_tag,
    tag_height,
    tag_width,
)
from workstation.desktop.charts.texts import words
from workstation.desktop.colors import blend, with_alpha
from workstation.desktop.fonts import Weight
from workstation.desktop.theme import current_theme
from workstation.viewmodels.chart_marks import LineState, MarkSide, OrderLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QColor, QPainter
    from PySide6.QtWidgets import QGraphicsItem

    from workstation.desktop.charts.model import ChartModel

GRAB_PX: Final = 4.0
TAG_RIGHT_PX: Final = 10.0
TETHER_PX: Final = 6.0
ZONE_OPACITY: Final = 0.07
ZONES_MAX: Final = 24
"""Areas of profit and loss that are painted; more lie over each other and say nothing."""

DASHES: Final[dict[LineState, tuple[float, ...]]] = {
    LineState.WORKING: (),
    LineState.PARTIAL: (),
    LineState.PENDING: (6, 4),
    LineState.HELD: (12, 4, 2, 4),
    LineState.UNKNOWN: (2, 3),
}
_IN_FORCE: Final = frozenset({LineState.WORKING, LineState.PARTIAL})


class Part(Enum):
    """Part of a line that the pointer can take."""

    LINE = "line"
    CANCEL = "cancel"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Grip:
    """Where a line can be taken: an order's, or with an empty id the position's."""

    cl_ord_id: str
    part: Part


@dataclass(frozen=True, slots=True)
class _PlacedTag:
    """cancel: where the cross of a tag is that stands for one order, None for several. text: as it has room."""

    crowd: Crowd
    text: str
    rect: QRectF
    cancel: QRectF | None

    @property
    def y(self) -> float:
        return self.crowd.y


def order_colors(order: OrderLine) -> tuple[QColor, QColor]:
    """Return line colour and the ink that reads on it."""
    colors = current_theme().colors
    if order.state is LineState.UNKNOWN:
        return colors.warning, colors.on_warning
    if order.side is MarkSide.BUY:
        return colors.buy, colors.on_buy
    return colors.sell, colors.on_sell


class OrderLinesLayer(Layer):
    """Working orders with their tags, and the position at its average. `clear_of`: rectangles that no tag may cover."""

    clear_of: Callable[[], Sequence[QRectF]] = staticmethod(list)

    def __init__(self, parent: QGraphicsItem | None, model: ChartModel, z: float) -> None:
        super().__init__(parent, model, z)
        self._drawn_lines: list[Line] = []
        self._tags: list[_PlacedTag] = []
        self._settled_for: tuple[object, ...] = ()

    def grip_at(self, at: QPointF) -> Grip | None:
        """Return what can be taken at a point, cancel boxes first, then the nearest line."""
        alone = [(tag, tag.crowd.alone) for tag in self._placed()]
        for tag, order in alone:
            if order is not None and tag.cancel is not None and tag.cancel.contains(at):
                return Grip(order.cl_ord_id, Part.CANCEL)
        for tag, order in alone:
            if tag.rect.contains(at):
                return None if order is None else Grip(order.cl_ord_id, Part.LINE)
        near = [(abs(y - at.y()), order.cl_ord_id) for y, order in self._lines() if abs(y - at.y()) <= GRAB_PX]
        if near:
            return Grip(min(near, key=lambda entry: entry[0])[1], Part.LINE)
        position = self.model.position
        if position is not None and abs(self.pane.y(position.average) - at.y()) <= GRAB_PX:
            return Grip("", Part.POSITION)
        return None

    def tag_rects(self) -> list[QRectF]:
        """Return where the tags of orders and position stand."""
        held = self._position_rect()
        return [tag.rect for tag in self._placed()] + ([] if held is None else [held])

    def axis_tags(self) -> list[AxisTag]:
        """Return the labels that these lines put on the price axis."""
        model, colors, pane = self.model, current_theme().colors, self.pane
        tags = []
        for order in filter(None, (tag.crowd.alone for tag in self._placed())):
            price = model.shown_price(order)
            y = pane.y(price)
            if 0 <= y <= pane.height:
                fill, ink = order_colors(order)
                working = order.state in _IN_FORCE
                ink = ink if working else fill
                tags.append(AxisTag(y, model.format_price(price), fill, ink, 1, outline_only=not working))
        if model.position is not None and 0 <= pane.y(model.position.average) <= pane.height:
            text = model.format_price(model.position.average)
            tags.append(AxisTag(pane.y(model.position.average), text, colors.accent, colors.on_accent, 2))
        return tags

    def draw(self, painter: QPainter) -> None:
        """Draw position, orders, and a line being pulled."""
        self._draw_zones(painter)
        self._draw_lines(painter)
        self._draw_position_tag(painter)
        for tag in self._placed():
            self._draw_order_tag(painter, tag)
        drag = self.model.drag
        if drag is not None and not drag.line_id:
            self._draw_pulled(painter, drag.price)

    def _lines(self) -> list[Line]:
        """Return each order with the height of its line, from the top down."""
        self._settle()
        return self._drawn_lines

    def _placed(self) -> list[_PlacedTag]:
        """Return the tags as they stand."""
        self._settle()
        return self._tags

    def _settle(self) -> None:
        """Work out lines and tags anew where something has changed that they depend on."""
        model, drag = self.model, self.model.drag
        pulled = None if drag is None else (drag.line_id, drag.price, model.dragged_words())
        clear = [QRectF(rect) for rect in self.clear_of()]
        key = (self.pane, pulled, model.hovered_order, model.position, clear, tag_height(words(Weight.Medium)))
        if self._settled_for and self._settled_for[0] is model.orders and self._settled_for[1:] == key:
            return
        self._settled_for = (model.orders, *key)
        heights = self.pane.ys(np.array([model.shown_price(order) for order in model.orders])).tolist()
        self._drawn_lines = sorted(
            zip(heights, model.orders, strict=True), key=lambda line: (line[0], line[1].cl_ord_id)
        )
        self._tags = self._place_tags()

    def _place_tags(self) -> list[_PlacedTag]:
        """Return tags from the top down, moved left or to another row where they would cover something."""
        pane, model, face = self.pane, self.model, words(Weight.Medium)
        height = tag_height(face)
        held = self._position_rect()
        room = TagRoom(QRectF(0, 0, pane.width, pane.height), [*self.clear_of(), *([] if held is None else [held])])
        apart = {model.hovered_order or "", "" if model.drag is None else model.drag.line_id}
        placed: list[_PlacedTag] = []
        for crowd in crowds(self._drawn_lines, pane.height, height, apart):
            middle = min(max(crowd.y, height / 2 + 1), pane.height - height / 2 - 1)
            beside = height if crowd.alone else 0.0
            room_px = pane.width - 2 * TAG_RIGHT_PX - beside
            texts = self._texts(crowd)
            text = next((form for form in texts if tag_width(face, form) <= room_px), texts[-1])
            width = tag_width(face, text) + beside
            rect = room.take(
                QRectF(pane.width - TAG_RIGHT_PX - width, middle - height / 2, width, height), leftward=True
            )
            rect.moveTo(pane.snapped(rect.left()), pane.snapped(rect.top()))
            cancel = QRectF(rect.right() - height, rect.top(), height, height) if crowd.alone else None
            placed.append(_PlacedTag(crowd, text, rect, cancel))
        return placed

    def _texts(self, crowd: Crowd) -> list[str]:
        """Return what a tag says, by the room there is, the longest first."""
        away = "▲ " if crowd.y < 0 else "▼ " if crowd.y > self.pane.height else ""
        drag, order = self.model.drag, crowd.alone
        if order is not None and drag is not None and drag.line_id == order.cl_ord_id:
            ticks = round((drag.price - order.price) / self.model.tick_size)
            said = self.model.dragged_words() or f"{order.label}  {ticks:+d} ticks"
            return [said, *(f"{label}  {ticks:+d}t" for label in order.labels)]
        return [away + label for label in crowd.labels]

    def _draw_zones(self, painter: QPainter) -> None:
        colors = current_theme().colors
        for zone in self.model.zones if len(self.model.zones) <= ZONES_MAX else ():
            top, bottom = sorted((self.pane.y(zone.entry), self.pane.y(zone.exit)))
            color = colors.buy if zone.gains else colors.sell
            painter.fillRect(QRectF(0, top, self.pane.width, bottom - top), with_alpha(color, ZONE_OPACITY))

    def _draw_lines(self, painter: QPainter) -> None:
        """Draw all lines before any tag, so that no line strikes out another's words; those on one pixel once."""
        model, pane, colors = self.model, self.pane, current_theme().colors
        if model.position is not None:
            painter.setPen(hairline_pen(colors.accent, pane.ratio))
            self._level(painter, pane.y(model.position.average))
        drag = model.drag
        if drag is not None and (before := model.order(drag.line_id)) is not None:
            painter.setPen(dash_pen(with_alpha(order_colors(before)[0], 0.6), pane.ratio, DASHES[LineState.UNKNOWN]))
            self._level(painter, pane.y(before.price))
        rows: dict[tuple[MarkSide, LineState], dict[int, Line]] = {}
        for line in self._lines():
            y, order = line
            if 0 <= y <= pane.height:
                rows.setdefault((order.side, order.state), {})[int(y * pane.ratio)] = line
        for (_, state), lines in rows.items():
            color, _ = order_colors(next(iter(lines.values()))[1])
            painter.setPen(dash_pen(color, pane.ratio, DASHES[state]))
            levels = [pane.hairline(y) for y, _ in lines.values()]
            painter.drawLines([QLineF(0, at, pane.width, at) for at in levels])

    def _draw_order_tag(self, painter: QPainter, tag: _PlacedTag) -> None:
        pane, order, colors = self.pane, tag.crowd.orders[0], current_theme().colors
        fill, ink = order_colors(order)
        solid = all(one.state in _IN_FORCE for one in tag.crowd.orders)
        hovered = tag.crowd.alone is not None and self.model.hovered_order == order.cl_ord_id
        ground = (blend(colors.text, fill, 0.18) if hovered else fill) if solid else colors.surface
        text_ink = ink if solid else fill
        face = words(Weight.Medium)
        self._draw_tether(painter, tag.rect, tag.y, fill)
        draw_tag(painter, tag.rect, "", TagStyle(face, ground, text_ink, None if solid else fill), pane.ratio)
        room = tag.rect.adjusted(0, 0, 0 if tag.cancel is None else -tag.cancel.width(), 0)
        face.draw_centered(painter, room.center().x(), room.center().y(), tag.text)
        if tag.cancel is not None:
            draw_cross(painter, tag.cancel, text_ink, pane.ratio)

    def _draw_tether(self, painter: QPainter, rect: QRectF, y: float, color: QColor) -> None:
        """Tie a tag that had to leave its line to it."""
        if rect.top() <= y <= rect.bottom() or not 0 <= y <= self.pane.height:
            return
        painter.setPen(hairline_pen(color, self.pane.ratio))
        at = self.pane.hairline(rect.left() + TETHER_PX)
        painter.drawLine(QLineF(at, y, at, rect.bottom() if y > rect.bottom() else rect.top()))

    def _position_rect(self) -> QRectF | None:
        """Return where the position's tag stands, None where its line is out of view."""
        position = self.model.position
        if position is None or not 0 <= self.pane.y(position.average) <= self.pane.height:
            return None
        return self._left_rect(self.pane.y(position.average), position.text)

    def _left_rect(self, y: float, text: str) -> QRectF:
        """Return where a tag at the left end of a line stands clear of the read-out."""
        pane, face = self.pane, words(Weight.Medium)
        height = tag_height(face)
        middle = min(max(y, height / 2), pane.height - height / 2)
        rect = QRectF(TAG_RIGHT_PX, middle - height / 2, tag_width(face, text), height)
        rect = TagRoom(QRectF(0, 0, pane.width, pane.height), self.clear_of()).take(rect, leftward=False)
        rect.moveTop(pane.snapped(rect.top()))
        return rect

    def _draw_position_tag(self, painter: QPainter) -> None:
        position, pane, colors = self.model.position, self.pane, current_theme().colors
        rect = self._position_rect()
        if position is None or rect is None:
            return
        face = words(Weight.Medium)
        self._draw_tether(painter, rect, pane.y(position.average), colors.accent)
        draw_tag(painter, rect, position.text, TagStyle(face, colors.surface, colors.accent, colors.accent), pane.ratio)

    def _draw_pulled(self, painter: QPainter, price: float) -> None:
        """Draw the stop or target that is being pulled from the position, and say which of the two it would be."""
        position, pane, colors = self.model.position, self.pane, current_theme().colors
        if position is None:
            return
        gains = (price > position.average) == (position.quantity > 0)
        color = colors.buy if gains else colors.sell
        painter.setPen(dash_pen(color, pane.ratio, (6, 4)))
        y = pane.y(price)
        self._level(painter, y)
        ticks = round((price - position.average) / self.model.tick_size)
        said = self.model.dragged_words() or f"{'TARGET' if gains else 'STOP'} {self.model.format_price(price)}"
        text = f"{said}  {ticks:+d}t"
        rect = self._left_rect(y, text)
        self._draw_tether(painter, rect, y, color)
        style = TagStyle(words(Weight.Medium), colors.surface, color, color)
        draw_tag(painter, rect, text, style, pane.ratio)

    def _level(self, painter: QPainter, y: float) -> None:
        if 0 <= y <= self.pane.height:
            at = self.pane.hairline(y)
            painter.drawLine(QLineF(0, at, self.pane.width, at))
