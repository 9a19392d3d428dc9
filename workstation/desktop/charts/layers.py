"""What every drawn part of a chart is: a graphics item in pixel coordinates of its pane.

Layers are children of a pane and draw in its own pixels through a `PaneScale`: a pan changes no transform, every line
can be put on a device pixel, and text never stretches. `place` hands over a new scale; `draw` paints it.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from workstation.viewmodels.chart_window import PaneScale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    from workstation.desktop.charts.model import ChartModel

NO_PEN = Qt.PenStyle.NoPen


def hairline_pen(color: QColor, ratio: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen one logical pixel wide in whole device pixels."""
    pen = QPen(color, max(1, int(ratio)) / ratio, style)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def dash_pen(color: QColor, ratio: float, dashes: tuple[float, ...]) -> QPen:
    """Return a hairline pen with dashes and gaps given in pixels."""
    pen = hairline_pen(color, ratio)
    if dashes:
        pen.setDashPattern([dash / pen.widthF() for dash in dashes])
    return pen


def hatch(color: QColor) -> QBrush:
    """Return the hatching that marks what is stale."""
    return QBrush(color, Qt.BrushStyle.BDiagPattern)


@contextmanager
def antialiased(painter: QPainter) -> Iterator[None]:
    """Smooth slanted lines within the block; upright and level ones stay crisp without."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    yield
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


class Layer(QGraphicsItem):
    """One drawn part. Subclasses paint in `draw` and must not keep data of their own beyond caches."""

    def __init__(self, parent: QGraphicsItem | None, model: ChartModel, z: float) -> None:
        super().__init__(parent)
        self.model = model
        self.pane = PaneScale(0.0, 1.0, 0.0, 1.0, 1.0, 1.0)
        self.setZValue(z)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def place(self, pane: PaneScale) -> None:
        """Take a new scale and repaint."""
        if (pane.width, pane.height) != (self.pane.width, self.pane.height):
            self.prepareGeometryChange()
        self.pane = pane
        self.update()

    @abstractmethod
    def draw(self, painter: QPainter) -> None:
        """Paint in pixels of the pane; what lies outside the damaged region is clipped away."""

    # --- Qt overrides ---

    def boundingRect(self) -> QRectF:
        """Return the whole pane."""
        return QRectF(0.0, 0.0, self.pane.width, self.pane.height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint through `draw`."""
        self.draw(painter)
