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
from workstation.domain.market import BUST_REACH, Bar
from workstation.marketdata.bars import BarBuilder
from workstation.marketdata.composites import ComposedBuilder
from workstation.marketdata.forming import Marked

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
        self._kept: deque[Ints] = deque()
        self._count = self._held = 0
        self._gone: set[int] = set()

    def lay(self, prints: Prints) -> Iterator[Bar]:
        """Yield the bars that prints close and revise, in that order."""
        effects = np.full_like(prints.prices, WHOLE) if prints.effects is None else prints.effects
        busts = np.zeros_like(prints.prices) if prints.busts is None else prints.busts
        put, begun = self._builder.put_marked, 0
        columns = (column.tolist() for column in (*prints[:4], effects, busts))
        rows = np.column_stack((prints.prices, prints.sizes, prints.times, effects))
        for place, (ts, price, size, side, effect, back) in enumerate(zip(*columns, strict=True)):
            if back:
                self._keep(rows[begun:place])
                begun = place + 1
                yield from self._take_back(back, int(prints.settled[place]))
                continue
            yield from put(price, size, ts, side, effect)
        self._keep(rows[begun:])

    def _keep(self, rows: Ints) -> None:
        """Keep rows of prints, and let go what a bust can reach no more."""
        self._kept.append(rows)
        self._count += len(rows)
        self._held += len(rows)
        while self._held - len(self._kept[0]) >= BUST_REACH:
            self._held -= len(self._kept.popleft())

    def _take_back(self, back: int, now: int) -> list[Bar]:
        """Take the print back that stands `back` prints ago, 1 for the newest."""
        number, first = self._count - back, self._count - self._held
        if number in self._gone or not first <= number or back > BUST_REACH:
            return []
        self._gone.add(number)
        closed = self._builder.on_time(now)
        rows = np.concatenate(self._kept)[-BUST_REACH:].tolist()
        first = self._count - len(rows)
        standing = [Marked(*row) for at, row in enumerate(rows, first) if at not in self._gone]
        found = Marked(*rows[number - first])
        known_from = min(found.ts, standing[0].ts if standing else found.ts) + 1
        return closed + self._builder.take_back(found, standing, known_from)
