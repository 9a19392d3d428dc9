"""Bars of stored prints, those that the venue took back left out as live bars leave them out.

Beside the tick walk, for a thread that reads: the builder is that of live bars, and a bust reaches it where it came
among the prints. Reads nothing itself.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workstation.domain.conditions import WHOLE
from workstation.domain.market import Bar
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.composites import ComposedBuilder
from workstation.marketdata.forming import Marked

PRINTS_KEPT_MAX = 50_000
"""Newest prints that a bust is found among."""

Ints = NDArray[np.int64]


class Prints(NamedTuple):
    """Columns (n,) int64 of prints. times: what bars go by; effects, busts: as of `TradeChunk`.

    settled: time up to which bars were closed when a row came, which a bust asks for.
    """

    times: Ints
    prices: Ints
    sizes: Ints
    sides: Ints
    effects: Ints | None
    busts: Ints | None
    settled: Ints


class PrintBars:
    """One series, laid from columns of prints."""

    def __init__(self, builder: BarBuilder | ComposedBuilder) -> None:
        self._builder = builder
        self._kept: deque[tuple[int, int, int, int] | None] = deque(maxlen=PRINTS_KEPT_MAX)

    def lay(self, prints: Prints) -> Iterator[Bar]:
        """Yield the bars that prints close and revise, in that order."""
        effects = np.full_like(prints.prices, WHOLE) if prints.effects is None else prints.effects
        busts = np.zeros_like(prints.prices) if prints.busts is None else prints.busts
        put, kept = self._builder.put_marked, self._kept
        columns = (column.tolist() for column in (*prints[:4], effects, busts))
        for place, (ts, price, size, side, effect, back) in enumerate(zip(*columns, strict=True)):
            if back:
                yield from self._take_back(back, int(prints.settled[place]))
                continue
            kept.append((price, size, ts, effect))
            yield from put(price, size, ts, side, effect)

    def _take_back(self, back: int, now: int) -> list[Bar]:
        """Take the print back that stands `back` prints ago, 1 for the newest."""
        found = self._kept[-back] if back <= len(self._kept) else None
        if found is None:
            return []
        self._kept[-back] = None
        closed = self._builder.on_time(now)
        standing = [Marked(*row) for row in self._kept if row is not None]
        known_from = min(found[2], standing[0].ts if standing else found[2]) + 1
        return closed + self._builder.take_back(Marked(*found), standing, known_from)
