"""Whether two pictures of a panel show the same: tolerant of how edges are smoothed, not of what is drawn.

A picture is read in tiles. Smoothing of another font engine changes single pixels and leaves the mean
of a tile nearly where it was; a moved column, a lost word or another colour moves the mean of whole tiles. A ground
that is a shade off moves the mean of a large tile by little but everywhere. Thin lines hardly move a mean, so a pixel
that is far from every stored pixel around it counts as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

TILES = {8: 14.0, 32: 4.0}
"""Levels of 255 by which the mean of a tile may differ in its worst channel, by the tile's side in pixels."""
PIXEL_MAX = 56
"""Levels by which a pixel may lie outside what the stored pixels around it span."""
STRAY_MAX = 3
"""How many pixels of a picture may lie outside."""

Pixels = npt.NDArray[np.int16]


class Difference(NamedTuple):
    """What differs: size, tiles with another mean, pixels found nowhere near, and where the first of them is."""

    size: bool
    tiles: int
    strays: int
    at: tuple[int, int]

    def __bool__(self) -> bool:
        """Tell whether the pictures show something else."""
        return self.size or self.tiles > 0 or self.strays > STRAY_MAX

    def __str__(self) -> str:
        """Say it in one line."""
        if self.size:
            return "the size is another one"
        return f"{self.tiles} tiles and {self.strays} pixels differ, the first at {self.at[0]}, {self.at[1]}"


def compared(shown: QImage, stored: QImage) -> Difference:
    """Return how what is shown differs from what was stored."""
    if shown.size() != stored.size():
        return Difference(size=True, tiles=0, strays=0, at=(0, 0))
    ours, theirs = pixels_of(shown), pixels_of(stored)
    strays = np.argwhere(_outside(ours, theirs) | _outside(theirs, ours))
    moved = {side: np.argwhere(_mean_gaps(ours, theirs, side) > bound) for side, bound in TILES.items()}
    places = [place * side for side, found in moved.items() for place in found] or list(strays)
    at = (int(places[0][1]), int(places[0][0])) if places else (0, 0)
    return Difference(size=False, tiles=sum(map(len, moved.values())), strays=len(strays), at=at)


def pixels_of(image: QImage) -> Pixels:
    """Return an image as (height, width, 3) int16, channels r g b."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width = plain.height(), plain.width()
    flat = np.frombuffer(plain.constBits(), dtype=np.uint8).reshape(height, plain.bytesPerLine())
    return flat[:, : width * 3].reshape(height, width, 3).astype(np.int16)


def image_of(pixels: Pixels) -> QImage:
    """Return pixels as an image, values cut to 0 to 255."""
    height, width = pixels.shape[:2]
    data = np.clip(pixels, 0, 255).astype(np.uint8).tobytes()
    return QImage(data, width, height, width * 3, QImage.Format.Format_RGB888).copy()


def _mean_gaps(ours: Pixels, theirs: Pixels, side: int) -> npt.NDArray[np.float64]:
    """Return how far the means of each tile of `side` pixels lie apart, in the worst channel."""
    height, width = ours.shape[:2]
    gaps = np.pad(ours - theirs, ((0, -height % side), (0, -width % side), (0, 0)), mode="edge")
    rows, columns = gaps.shape[0] // side, gaps.shape[1] // side
    means: npt.NDArray[np.float64] = np.abs(gaps.reshape(rows, side, columns, side, 3).mean(axis=(1, 3))).max(axis=2)
    return means


def _outside(ours: Pixels, theirs: Pixels) -> npt.NDArray[np.bool_]:
    """Return where a pixel lies further than PIXEL_MAX outside the span of the nine pixels of the other picture."""
    padded = np.pad(theirs, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = ours.shape[:2]
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    low, high = np.minimum.reduce(around), np.maximum.reduce(around)
    return np.maximum(low - ours, ours - high).max(axis=2) > PIXEL_MAX
