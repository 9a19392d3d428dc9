"""Alerts on a price as dashed lines with their words; a line can be dragged, its cross deletes it.

Last stage of the tick walk. An alert sends no order, so that its line moves on a locked chart too. Nothing here acts:
gestures are announced by the view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF

from workstation.desktop.charts.layers import Layer, dash_pen
from workstation.desktop.charts.tags import TagRoom, TagStyle, draw_cross, draw_tag, tag_height, tag_width
from workstation.desktop.charts.texts import words
from workstation.desktop.colors import blend
from workstation.desktop.theme import current_theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPainter

    from workstation.viewmodels.chart_marks import AlertLine

GRAB_PX: Final = 4.0
LEFT_SHARE: Final = 0.3
DASH: Final = (3.0, 5.0)


@dataclass(frozen=True, slots=True)
class AlertGrip:
    """Where an alert's line can be taken: its line, or its cross."""

    alert_id: str
    on_cross: bool = False


@dataclass(frozen=True, slots=True)
class _PlacedTag:
    alert: AlertLine
    y: float
    rect: QRectF
    cross: QRectF


class AlertLinesLayer(Layer):
    """The alerts that wait for a price. `clear_of`: rectangles that no tag may cover."""

    clear_of: Callable[[], Sequence[QRectF]] = staticmethod(list)

    def grip_at(self, at: QPointF) -> AlertGrip | None:
        """Return what can be taken at a point, crosses first, then the nearest line."""
        placed = self._placed()
        for tag in placed:
            if tag.rect.contains(at):
                return AlertGrip(tag.alert.alert_id, on_cross=tag.cross.contains(at))
        near = [(abs(tag.y - at.y()), tag.alert.alert_id) for tag in placed if abs(tag.y - at.y()) <= GRAB_PX]
        return AlertGrip(min(near)[1]) if near else None

    def draw(self, painter: QPainter) -> None:
        """Draw all lines before any tag, so that no line strikes out another's words."""
        pane, colors = self.pane, current_theme().colors
        face = words()
        painter.setPen(dash_pen(colors.warning, pane.ratio, DASH))
        placed = self._placed()
        for tag in placed:
            at = pane.hairline(tag.y)
            painter.drawLine(QLineF(0, at, pane.width, at))
        for tag in placed:
            hovered = self.model.hovered_alert == tag.alert.alert_id
            ground = blend(colors.warning, colors.surface, 0.18) if hovered else colors.surface
            draw_tag(painter, tag.rect, "", TagStyle(face, ground, colors.warning, colors.warning), pane.ratio)
            painter.setPen(colors.warning)
            room = tag.rect.adjusted(0, 0, -tag.cross.width(), 0)
            face.draw_centered(painter, room.center().x(), room.center().y(), self._text(tag.alert))
            draw_cross(painter, tag.cross, colors.warning, pane.ratio)

    def _placed(self) -> list[_PlacedTag]:
        """Return the tags in view from the top down, moved right or to another row where they would cover something."""
        pane, face = self.pane, words()
        height = tag_height(face)
        placed: list[_PlacedTag] = []
        if not self.model.alerts:
            return placed
        room = TagRoom(QRectF(0, 0, pane.width, pane.height), self.clear_of())
        for alert in sorted(self.model.alerts, key=lambda one: (-self.model.alert_price(one), one.alert_id)):
            y = pane.y(self.model.alert_price(alert))
            if not 0 <= y <= pane.height:
                continue
            width = tag_width(face, self._text(alert)) + height
            middle = min(max(y, height / 2), pane.height - height / 2)
            rect = QRectF(pane.width * LEFT_SHARE, middle - height / 2, width, height)
            rect = room.take(rect, leftward=False)
            rect.moveTo(pane.snapped(rect.left()), pane.snapped(rect.top()))
            placed.append(_PlacedTag(alert, y, rect, QRectF(rect.right() - height, rect.top(), height, height)))
        return placed

    def _text(self, alert: AlertLine) -> str:
        price = self.model.format_price(self.model.alert_price(alert))
        drag = self.model.alert_drag
        moved = drag is not None and drag.line_id == alert.alert_id
        return f"! {price}" if moved or not alert.text else f"! {alert.text}"
