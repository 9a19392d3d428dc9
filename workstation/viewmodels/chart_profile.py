"""Volume by price of the bars in view: how much was traded in each row of prices, and where most of it lies.

A bar's volume is spread evenly from its low to its high: what a bar keeps of its ticks. The value area is the run of
rows around the busiest that holds VALUE_SHARE of the volume, grown row by row on the busier side (J. P. Steidlmayer,
Market Profile). Must not know Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from workstation.viewmodels.level_of_detail import HIGH, LOW, VOLUME

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUE_SHARE: Final = 0.7


@dataclass(frozen=True, slots=True)
class VolumeProfile:
    """edges: (rows + 1,) rising prices; volumes: (rows,); busiest: a row; value_area: rows [first, stop)."""

    edges: NDArray[np.float64]
    volumes: NDArray[np.float64]
    busiest: int
    value_area: tuple[int, int]


def volume_profile(columns: NDArray[np.float64], rows: int) -> VolumeProfile | None:
    """Return the profile of bars, (5, n) columns open high low close volume; None where nothing was traded."""
    if not columns.shape[1] or rows < 1 or not columns[VOLUME].sum() > 0:
        return None
    low, high, volume = columns[LOW], columns[HIGH], columns[VOLUME]
    bottom, top = float(low.min()), float(high.max())
    if not bottom < top:
        bottom, top = bottom - 0.5, top + 0.5
    edges = np.linspace(bottom, top, rows + 1)
    # A bar without a range trades at one price: it gets the least range that its row can tell.
    reach = np.maximum(high - low, (top - bottom) * 1e-9)
    below = np.clip((edges[:, None] - low) / reach, 0.0, 1.0) @ volume
    below[0], below[-1] = 0.0, volume.sum()
    volumes = np.diff(below)
    return VolumeProfile(edges, volumes, int(volumes.argmax()), _value_area(volumes))


def _value_area(volumes: NDArray[np.float64]) -> tuple[int, int]:
    first = int(volumes.argmax())
    stop = first + 1
    held, wanted = float(volumes[first]), VALUE_SHARE * float(volumes.sum())
    while held < wanted and (first > 0 or stop < len(volumes)):
        under = float(volumes[first - 1]) if first > 0 else -1.0
        over = float(volumes[stop]) if stop < len(volumes) else -1.0
        if over >= under:
            held, stop = held + over, stop + 1
        else:
            held, first = held + under, first - 1
    return first, stop
