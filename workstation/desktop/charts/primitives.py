"""Arrays of rectangles, lines and polygons that Qt draws straight from numpy memory.

A list of `QRectF` objects costs more to build than to draw; these buffers are filled by whole columns and passed by
address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyqtgraph import functions
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QRectF

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter, QPolygonF


class RectArray:
    """Rectangles by columns left, top, width, height."""

    def __init__(self) -> None:
        self._array = PrimitiveArray(QRectF, 4)

    def fill(
        self,
        left: NDArray[np.float64],
        top: NDArray[np.float64],
        width: NDArray[np.float64] | float,
        height: NDArray[np.float64] | float,
    ) -> None:
        """Take one rectangle per element of `left`."""
        self._array.resize(len(left))
        memory = self._array.ndarray()
        memory[:, 0] = left
        memory[:, 1] = top
        memory[:, 2] = width
        memory[:, 3] = height

    def draw(self, painter: QPainter) -> None:
        """Draw all with the painter's pen and brush."""
        if len(self._array):
            painter.drawRects(*self._array.drawargs())


class LineArray:
    """Lines by columns x1, y1, x2, y2."""

    def __init__(self) -> None:
        self._array = PrimitiveArray(QLineF, 4)

    def fill_path(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Take the segments between consecutive points; a point that is NaN breaks the line."""
        if len(x) < 2:
            self._array.resize(0)
            return
        segments = np.column_stack((x[:-1], y[:-1], x[1:], y[1:]))
        segments = segments[np.isfinite(segments).all(axis=1)]
        self._array.resize(len(segments))
        self._array.ndarray()[:] = segments

    def draw(self, painter: QPainter) -> None:
        """Draw all with the painter's pen."""
        if len(self._array):
            painter.drawLines(*self._array.drawargs())


def polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """Return a polygon with these corners."""
    made: QPolygonF = functions.arrayToQPolygonF(x, y)
    return made
