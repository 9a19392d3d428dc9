"""Renko bricks: where the next ones lie. One rule for bars of bricks and for charts that draw them.

A brick is laid when the price is a whole brick beyond the last one; against the run that takes two, because the first
takes back what stands. Prices and heights are whole numbers of one unit.
"""

from itertools import pairwise

BRICKS_AT_ONCE_MAX = 200
"""Most bricks that one price lays; the last one of a longer move is tall."""


class Bricks:
    """The last brick's bottom and top. The first stands, without height, on the multiple below the first price."""

    __slots__ = ("bottom", "height", "top")

    def __init__(self, height: int, price: int) -> None:
        self.height = height
        self.bottom = self.top = price // height * height

    def lay(self, price: int) -> list[tuple[int, int]]:
        """Return the (begin, end) of the bricks that a price lays, in their order."""
        up, down = (price - self.top) // self.height, (self.bottom - price) // self.height
        count = max(up, down)
        if count <= 0:
            return []
        start, step = (self.top, self.height) if up > 0 else (self.bottom, -self.height)
        edges = [start + step * number for number in range(min(count, BRICKS_AT_ONCE_MAX))] + [start + step * count]
        end = edges[-1]
        self.bottom, self.top = min(end, end - step), max(end, end - step)
        return list(pairwise(edges))

    def growing_from(self, price: int) -> int:
        """Return where the brick begins that a price would lay next."""
        return self.bottom if price < self.bottom else self.top
