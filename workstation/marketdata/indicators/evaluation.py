"""A graph read: over whole columns at once, or bar by bar with the last one still forming."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from workstation.marketdata.indicators.graph import Array, Cell, Column, Each, Made, Many, Node

Bars = Mapping[str, Array]
"""Columns open, high, low, close, volume (prices and sizes) and time (UTC ns), shape (n,) float64 each."""

_KEEP = True


class Steps(Protocol):
    """Lines that go on bar by bar. `names` are the columns that they read."""

    names: frozenset[str]

    def close(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the values at a bar that is complete, and go on to the next."""

    def peek(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the values as if the bar ended now."""


def over_bars(lines: Sequence[Node], bars: Bars) -> tuple[Array, ...]:
    """Return the lines' values for all bars, shape (n,) each, NaN before there are any."""
    count = len(bars["close"])
    known: dict[Node, Array] = {}
    for node in _in_order(lines):
        if isinstance(node, Column):
            known[node] = bars[node.name]
        elif isinstance(node, Made):
            known[node] = node.over([known[part] for part in node.sources])
    return tuple(np.broadcast_to(known[line], (count,)) for line in lines)


class Running:
    """Lines bar by bar. `names` are the columns that it reads."""

    def __init__(self, lines: Sequence[Node]) -> None:
        nodes = _in_order(lines)
        place = {node: at for at, node in enumerate(nodes)}
        self.names = frozenset(node.name for node in nodes if isinstance(node, Column))
        self._columns = [(at, node.name) for at, node in enumerate(nodes) if isinstance(node, Column)]
        self._steps: list[tuple[int, Cell, tuple[int, ...]]] = []
        self._many: dict[int, Many] = {}
        for at, node in enumerate(nodes):
            if isinstance(node, Made):
                cell, many = node.run()
                self._steps.append((at, cell, tuple(place[part] for part in node.sources)))
                if many is not None:
                    self._many[at] = many
        self._stateless: dict[int, Callable[..., float]] = {
            at: node.one for at, node in enumerate(nodes) if isinstance(node, Each)
        }
        self._lines = [place[line] for line in lines]
        self._values = [0.0] * len(nodes)

    def close(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the lines' values at a bar that is complete, and go on to the next."""
        return self._ask(bar, keep=True)

    def close_all(self, bars: Mapping[str, list[float]]) -> tuple[list[float], ...]:
        """Return each line's values at bars that are complete: digit by digit what `close` gives, and sooner."""
        count = len(bars["close"])
        values: list[list[float]] = [[]] * len(self._values)
        for at, name in self._columns:
            values[at] = bars[name]
        for at, cell, sources in self._steps:
            columns = [values[source] for source in sources]
            if not columns:
                values[at] = [cell((), _KEEP)] * count
            elif at in self._many:
                values[at] = self._many[at](columns[0])
            elif at in self._stateless:
                values[at] = list(map(self._stateless[at], *columns))
            else:
                values[at] = [cell(row, _KEEP) for row in zip(*columns, strict=True)]
        return tuple(values[at] for at in self._lines)

    def peek(self, bar: Mapping[str, float]) -> tuple[float, ...]:
        """Return the lines' values as if the bar ended now; the state stays."""
        return self._ask(bar, keep=False)

    def _ask(self, bar: Mapping[str, float], *, keep: bool) -> tuple[float, ...]:
        values = self._values
        for at, name in self._columns:
            values[at] = bar[name]
        for at, cell, sources in self._steps:
            values[at] = cell([values[source] for source in sources], keep)
        return tuple(values[at] for at in self._lines)


def _in_order(lines: Sequence[Node]) -> list[Node]:
    """Return every node once, each after its sources."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for part in node.sources:
                visit(part)
            found[node] = None

    for line in lines:
        visit(line)
    return list(found)
