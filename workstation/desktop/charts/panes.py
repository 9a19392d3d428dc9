"""The graphics view under a chart, and the panes in it: pixels of the viewport are coordinates of the scene.

Panes clip their layers and move none of them: layers draw in their pane's pixels. No scrolling, no scaling, no input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QFrame, QGraphicsItem, QGraphicsRectItem, QGraphicsScene, QGraphicsView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class PaneView(QGraphicsView):
    """Shows panes and axes, one unit a logical pixel, the origin at the top left."""

    def __init__(self) -> None:
        super().__init__()
        self.setScene(QGraphicsScene(self))
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def add_pane(self) -> Pane:
        """Return a new pane of this view."""
        pane = Pane()
        self.scene().addItem(pane)
        return pane

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep scene and viewport the same size."""
        self.setSceneRect(QRectF(self.viewport().rect()))
        super().resizeEvent(event)


class Pane(QGraphicsRectItem):
    """A clipped part of the view; its children draw in its own pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsChildrenToShape)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def place(self, box: QRectF) -> None:
        """Cover a rectangle of the view."""
        self.setPos(box.topLeft())
        self.setRect(0.0, 0.0, box.width(), box.height())
