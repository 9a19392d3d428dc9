"""What has traded at each price since a reset, and the streak of the last trade, from the totals that a book carries.

Beside the ladder's rows. Begins anew on request, when the inside moves to new prices, and when the totals of a new
trading day begin. Totals are lossless where single prints are conflated, so that no trade is missed. Qt-free.
"""

from collections.abc import Iterable

from workstation.domain.market import Level
from workstation.viewmodels.frames import DepthSnap

Totals = dict[int, tuple[int, int]]
"""price: (bid-traded, ask-traded)"""


class Flow:
    """Trades of one instrument since the last reset, in quantity units."""

    def __init__(self) -> None:
        self._totals: Totals = {}
        self._base: Totals = {}
        self._moved: set[int] = set()
        self._inside: tuple[int | None, int | None] | None = None
        self._last: int | None = None
        self._before_streak = 0

    def take(self, depth: DepthSnap) -> None:
        """Take the totals of a later book."""
        now = {price: (sold, bought) for price, sold, bought in depth.traded}
        if any(sum(totals) < sum(self._totals.get(price, (0, 0))) for price, totals in now.items()):
            self._totals, self._base, self._last = {}, {}, None
        before = sum(self._totals.get(depth.last, (0, 0))) if depth.last is not None else 0
        first = not self._totals
        self._moved.update(price for price, totals in now.items() if totals != self._totals.get(price))
        self._totals |= now
        inside = _best(depth.bids), _best(depth.asks)
        if first or (self._inside is not None and inside != self._inside):
            self.reset()
        self._inside = inside
        if depth.last is not None and depth.last != self._last:
            self._last = depth.last
            total = sum(self._totals.get(depth.last, (0, 0)))
            self._before_streak = total - depth.last_size if first else min(before, total)

    def reset(self) -> None:
        """Begin anew from what has traded so far."""
        self._base = dict(self._totals)
        self._moved.clear()

    def since(self, price: int) -> tuple[int, int]:
        """Return (bid-traded, ask-traded) at a price since the reset."""
        now, base = self._totals.get(price, (0, 0)), self._base.get(price, (0, 0))
        return now[0] - base[0], now[1] - base[1]

    def traded(self) -> Iterable[int]:
        """Return every price at which something has traded since the reset."""
        return self._moved

    def streak(self, last: int) -> int | None:
        """Return the size of the trades in a row at the last price, None where it is not known."""
        if last != self._last or last not in self._totals:
            return None
        return sum(self._totals[last]) - self._before_streak


def _best(side: tuple[Level, ...]) -> int | None:
    return side[0].price if side else None
