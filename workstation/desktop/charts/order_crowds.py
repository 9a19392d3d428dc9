"""Which orders share a tag on a chart, so that a hundred of them hide no price and cost no frame.

Part of the order lines. An order that is pulled or pointed at always stands alone; so do a few. Pure functions on
pixels: nothing is drawn here.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from workstation.viewmodels.chart_marks import LineState, MarkSide, OrderLine

NAMED_MAX: Final = 24
"""Orders in view that each have a tag; beyond, those whose tags would stand in one row share it."""
EDGE_NAMED_MAX: Final = 6
"""Orders beyond one edge of the pane that each have a tag there; beyond, each side's share one."""

Line = tuple[float, OrderLine]
"""Height of an order's line in pixels of the pane, from its top down, and the order."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Orders under one tag, of one side, from the highest price down. y: where that tag would stand, pixels."""

    orders: tuple[OrderLine, ...]
    y: float

    @property
    def alone(self) -> OrderLine | None:
        """Return the only order, None where there are several."""
        return self.orders[0] if len(self.orders) == 1 else None

    @property
    def label(self) -> str:
        """Return what stands on the tag."""
        return self.labels[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return what stands on the tag by the room there is, the longest first."""
        first = self.orders[0]
        if len(self.orders) == 1:
            return first.labels
        unknown = f" {LineState.UNKNOWN.value.upper()}" if first.state is LineState.UNKNOWN else ""
        side, count = first.side.name, len(self.orders)
        return f"{side} {count} orders{unknown}", f"{side} {count}×{unknown}"


def crowds(lines: Sequence[Line], height: float, row: float, apart: Container[str]) -> list[Crowd]:
    """Return the tags of orders from the top down.

    lines: from the top down. height: of the pane, and row: of a tag, pixels. apart: ids that share no tag.
    """
    above = [line for line in lines if line[0] < 0]
    below = [line for line in lines if line[0] > height]
    inside = [line for line in lines if 0 <= line[0] <= height]
    found = [
        *_shared(above, EDGE_NAMED_MAX, apart, lambda _first, _y: True),
        *_shared(inside, NAMED_MAX, apart, lambda first, y: y - first < row),
        *_shared(below, EDGE_NAMED_MAX, apart, lambda _first, _y: True),
    ]
    return sorted(found, key=lambda crowd: crowd.y)


def _shared(
    lines: Sequence[Line], named_max: int, apart: Container[str], together: Callable[[float, float], bool]
) -> Iterator[Crowd]:
    """Yield one crowd an order where they are few, else those of each side that stand together."""
    few = len(lines) <= named_max
    alone = [line for line in lines if few or line[1].cl_ord_id in apart]
    yield from (Crowd((order,), y) for y, order in alone)
    if few:
        return
    others = sorted((line for line in lines if line[1].cl_ord_id not in apart), key=lambda line: _kind(line[1]))
    for _, alike in groupby(others, key=lambda line: _kind(line[1])):
        yield from _rows(alike, together)


def _rows(lines: Iterable[Line], together: Callable[[float, float], bool]) -> Iterator[Crowd]:
    row: list[Line] = []
    for line in lines:
        if row and not together(row[0][0], line[0]):
            yield _crowd(row)
            row = []
        row.append(line)
    if row:
        yield _crowd(row)


def _crowd(row: Sequence[Line]) -> Crowd:
    return Crowd(tuple(order for _, order in row), sum(y for y, _ in row) / len(row))


def _kind(order: OrderLine) -> tuple[bool, bool]:
    """Return what orders under one tag have in common: a side, and whether their state is known."""
    return order.side is MarkSide.SELL, order.state is LineState.UNKNOWN
