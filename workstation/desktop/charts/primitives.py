"""Arrays of rectangles, lines and polygons that Qt draws straight from numpy memory.

A list of `QRectF` objects costs more to build than to draw; these buffers are filled by whole columns and passed by
address.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import QLineF, QRect, Qt
from PySide6.QtGui import QPolygonF
from shiboken6 import Shiboken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PySide6.QtGui import QPainter


class RectArray:
    """Filled rectangles in whole device pixels. Draw them inside `device_pixels`.

    `QRect` holds left, top, right, bottom as 32-bit integers, the last two inclusive; whole numbers take Qt's
    shortest path.
    """

    def __init__(self) -> None:
        self._memory = np.empty((0, 4), dtype=np.int32)

    def take(self, memory: NDArray[np.int32]) -> None:
        """Take (n, 4) int32 rows of left, top, right, bottom, the last two exclusive; the rows are consumed."""
        memory[:, 2:] -= 1
        self._memory = memory

    def draw(self, painter: QPainter) -> None:
        """Draw all with the painter's brush."""
        if len(self._memory):
            first = cast("QRect", Shiboken.wrapInstance(self._memory.ctypes.data, QRect))
            painter.drawRects(first, len(self._memory))


@contextmanager
def device_pixels(painter: QPainter, ratio: float) -> Iterator[None]:
    """Let coordinates within the block count device pixels, without an outline."""
    painter.setPen(Qt.PenStyle.NoPen)
    if ratio == 1.0:
        yield
        return
    painter.save()
    painter.scale(1.0 / ratio, 1.0 / ratio)
    yield
    painter.restore()


class LineArray:
    """Lines by columns x1, y1, x2, y2."""

    def __init__(self) -> None:
        self._memory = np.empty((0, 4), dtype=np.float64)

    def fill_path(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Take the segments between consecutive points; a point that is NaN breaks the line."""
        segments = np.column_stack((x[:-1], y[:-1], x[1:], y[1:]))
        self._memory = segments[np.isfinite(segments).all(axis=1)]

    def draw(self, painter: QPainter) -> None:
        """Draw all with the painter's pen."""
        if len(self._memory):
            first = cast("QLineF", Shiboken.wrapInstance(self._memory.ctypes.data, QLineF))
            painter.drawLines(first, len(self._memory))


def polygon(x: NDArray[np.float64], y: NDArray[np.float64]) -> QPolygonF:
    """Return a polygon with these corners."""
    made = QPolygonF()
    made.resize(len(x))
    address: Any = made.data()
    # The buffer is the polygon's own; the typing of the binding knows the address only.
    buffer = cast("Any", Shiboken.VoidPtr)(address, len(x) * 2 * x.itemsize, True)  # noqa: FBT003  the library's signature
    corners = np.frombuffer(buffer, dtype=np.float64).reshape(-1, 2)
    corners[:, 0], corners[:, 1] = x, y
    return made
