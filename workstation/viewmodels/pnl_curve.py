"""The day's net as a curve: bounded, read at a moment, and over a stretch of it.

Beside the P&L panel's rows. Times are UTC ns, amounts money. Qt-free.
"""

from itertools import accumulate

import msgspec

from workstation.viewmodels.formats import money, time_of_day

CURVE_POINTS_MAX = 1_024
CURVE_STEP_NS = 1_000_000_000


class Stretch(msgspec.Struct, frozen=True):
    """What the net did between two moments: change, extremes, and the deepest fall from a high within it."""

    start: int
    end: int
    change: int
    low: int
    high: int
    fall: int

    @property
    def words(self) -> str:
        """The stretch as one line."""
        span = f"{time_of_day(self.start)[:8]} to {time_of_day(self.end)[:8]}"
        net, low, high = (money(amount, signed=True) for amount in (self.change, self.low, self.high))
        return f"{span}: {net}, between {low} and {high}, deepest fall {money(self.fall)}"


class NetCurve:
    """Net P&L over the day, one point a second until full; then every other point goes and the step doubles."""

    def __init__(self) -> None:
        self.points: list[tuple[int, int]] = []
        self._step_ns = CURVE_STEP_NS

    def add(self, ts: int, net: int) -> bool:
        """Note the net (money) at a time (UTC ns); True when a point was added or moved."""
        if self.points and ts - self.points[-1][0] < self._step_ns:
            before = self.points[-1]
            self.points[-1] = (before[0], net)
            return before[1] != net
        self.points.append((ts, net))
        if len(self.points) > CURVE_POINTS_MAX:
            self.points = self.points[::2]
            self._step_ns *= 2
        return True

    def highs(self) -> list[int]:
        """Return at each point the highest net so far."""
        return list(accumulate((net for _, net in self.points), max))

    def reading(self, share: float) -> tuple[int, int, int] | None:
        """Return time, net and fall from the high before it, at the point nearest to a share of the time, 0 to 1."""
        if not self.points:
            return None
        start, end = self.points[0][0], self.points[-1][0]
        wanted = start + min(max(share, 0.0), 1.0) * (end - start)
        place = min(range(len(self.points)), key=lambda at: abs(self.points[at][0] - wanted))
        ts, net = self.points[place]
        return ts, net, self.highs()[place] - net

    def stretch(self, first: float, last: float) -> Stretch | None:
        """Return what lies between two shares of the time, 0 to 1, in any order; None where it holds no two points."""
        if len(self.points) < 2:
            return None
        start, end = self.points[0][0], self.points[-1][0]
        low, high = (start + min(max(share, 0.0), 1.0) * (end - start) for share in sorted((first, last)))
        inside = [(ts, net) for ts, net in self.points if low <= ts <= high]
        if len(inside) < 2:
            return None
        nets = [net for _, net in inside]
        falls = (top - net for top, net in zip(accumulate(nets, max), nets, strict=True))
        return Stretch(inside[0][0], inside[-1][0], nets[-1] - nets[0], min(nets), max(nets), max(falls))

    def extremes(self) -> tuple[int, int]:
        """Return the lowest and highest net, with 0 among them."""
        values = [net for _, net in self.points]
        return min(values, default=0), max(values, default=0)
