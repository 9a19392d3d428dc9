"""Bars that trades close: after a number of ticks, a volume or a value, out of balance, after a run, or by the price.

Inside the third step of `service.on_feed`, behind `BarBuilder`. `put` takes one price with its size, time and side (+1
bought, -1 sold, 0 not known) and returns the bars that it closed, oldest first. No clock is asked.

Sources: M. López de Prado, Advances in Financial Machine Learning (2018), chapter 2, with fixed steps in place of
expected ones; an unknown side follows the tick rule: that of the last price change.
"""

from collections import deque

from workstation.domain.conditions import VOLUME
from workstation.domain.errors import ValidationError
from workstation.domain.market import SIGNED_KINDS, Bar, BarKind, BarSource, BarType
from workstation.marketdata.bricks import Bricks
from workstation.marketdata.forming import FormingBar

RECENT_BARS_MAX = 16
"""Closed bars of time kept for revision."""

COUNTED_KEPT_MAX = 4_096
"""Closed bars of prints kept, since a print may be taken back long after its bar, and no span of time finds that."""

SPLITS_KEPT_MAX = 64
"""Split prints whose parts are known if they are taken back."""

_OF_VALUE = frozenset({BarKind.VALUE, BarKind.VALUE_IMBALANCE, BarKind.VALUE_RUNS})
_OF_TICKS = frozenset({BarKind.TICK, BarKind.TICK_IMBALANCE, BarKind.TICK_RUNS})
_OF_RUNS = frozenset({BarKind.TICK_RUNS, BarKind.VOLUME_RUNS, BarKind.VALUE_RUNS})
_OF_PRICE = frozenset({BarKind.RANGE, BarKind.RENKO})


class CountedBars:
    """What all of them share. forming: the bar that grows, None between bars; recent: closed ones, oldest first."""

    def __init__(self, symbol: str, bar_type: BarType) -> None:
        self.symbol, self.bar_type, self.step = symbol, bar_type, bar_type.step
        self.forming: FormingBar | None = None
        self.recent: deque[FormingBar] = deque(maxlen=COUNTED_KEPT_MAX)
        self._opened_ts = -(1 << 63)
        self._carried = 0

    def put_volume(self, size: int) -> list[Bar]:
        """Take the size of a print whose price does not count: it is of the bar that forms, else of the next."""
        if self.forming is None:
            self._carried += size
        else:
            self.forming.mark(0, size, VOLUME)
        return []

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:
        """Take one price."""
        raise NotImplementedError

    def take_back(self, price: int, size: int, ts: int) -> list[Bar]:
        """Take a print's volume out of the bars that it fell into; returns the closed ones, oldest first.

        Their prices and those of the bars after them stay: bars are not counted anew.
        """
        revised = []
        for bar, part in self._parts_of(price, size, ts):
            bar.take_back(part)
            if bar is not self.forming:
                revised.append(bar.freeze(self.symbol, self.bar_type, revised=True))
        if self.forming is not None and self.forming.empty:
            self.forming = None
        return revised

    def _parts_of(self, price: int, size: int, ts: int) -> list[tuple[FormingBar, int]]:  # noqa: ARG002  of splits alone
        """Return the kept bars that hold a print, with what of it each does, oldest first."""
        held = [*([self.forming] if self.forming is not None else []), *reversed(self.recent)]
        found = next((bar for bar in held if bar.first_ts <= ts <= bar.last_ts and bar.volume >= size), None)
        return [] if found is None else [(found, size)]

    @property
    def current(self) -> Bar | None:
        """The bar that is forming, None between bars."""
        return self.forming.freeze(self.symbol, self.bar_type) if self.forming else None

    @property
    def kept_from(self) -> int | None:
        """Time of the first print of the oldest bar that is kept, UTC ns; None where there is none."""
        oldest = self.recent[0] if self.recent else self.forming
        return None if oldest is None else oldest.first_ts

    def _add(self, price: int, size: int, ts: int) -> FormingBar:
        """Merge a price into the bar that forms, or open one, later than the one before where a trade fills several."""
        forming = self.forming
        if forming is not None:
            forming.add(price, size, ts)
            return forming
        open_ts = self._opened_ts = max(ts, self._opened_ts + 1)
        self.forming = FormingBar(open_ts, open_ts, price, size + self._carried, ts, partial=False)
        self._carried = 0
        return self.forming

    def _close(self, ts: int) -> Bar:
        """End the bar that forms."""
        forming = self.forming
        assert forming is not None  # noqa: S101  a bar closes behind the tick that it took
        forming.close_ts = max(ts, forming.open_ts)
        self.forming = None
        self.recent.append(forming)
        return forming.freeze(self.symbol, self.bar_type)


class TickBars(CountedBars):
    """So many ticks."""

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:  # noqa: ARG002  nobody's side counts
        """Take one price."""
        return [self._close(ts)] if self._add(price, size, ts).count >= self.step else []


class SplitBars(CountedBars):
    """So much volume, or value. A trade that crosses the step is split, and counts in each bar that it fills.

    Value counts whole quantity units, so that a bar passes its step by less than one of them.
    """

    def __init__(self, symbol: str, bar_type: BarType) -> None:
        super().__init__(symbol, bar_type)
        self._is_value = bar_type.kind is BarKind.VALUE
        self._filled = 0
        self._last: tuple[int, int] | None = None
        self._splits: deque[tuple[tuple[int, int, int], list[tuple[FormingBar, int]]]] = deque(maxlen=SPLITS_KEPT_MAX)

    def _parts_of(self, price: int, size: int, ts: int) -> list[tuple[FormingBar, int]]:
        of_split = next((parts for key, parts in self._splits if key == (price, size, ts)), None)
        found = super()._parts_of(price, size, ts) if of_split is None else of_split
        for bar, part in found:
            if bar is self.forming:
                self._filled -= part * (abs(price) if self._is_value else 1)
        return [(bar, part) for bar, part in found if bar is self.forming or bar in self.recent]

    def put_volume(self, size: int) -> list[Bar]:
        """Take the size of a print whose price does not count, at the price before it, so that bars keep their step."""
        if self._last is None:
            self._carried += size
            return []
        price, ts = self._last
        return self.put(price, size, ts)

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:  # noqa: ARG002  nobody's side counts
        """Take one price."""
        size, self._carried, self._last = size + self._carried, 0, (price, ts)
        weight, closed = abs(price) if self._is_value else 1, []
        whole, parts = (price, size, ts), []
        while size > 0:
            part = min(size, -((self._filled - self.step) // weight)) if weight else size
            parts.append((self._add(price, part, ts), part))
            self._filled += part * weight
            size -= part
            if self._filled >= self.step:
                self._filled = 0
                closed.append(self._close(ts))
        if len(parts) > 1:
            self._splits.append((whole, parts))
        return closed


class SignedBars(CountedBars):
    """Ticks, volume or value of one side: less that of the other (imbalance), or in a row (runs). Trades stay whole."""

    def __init__(self, symbol: str, bar_type: BarType) -> None:
        super().__init__(symbol, bar_type)
        self._of_ticks, self._of_value = bar_type.kind in _OF_TICKS, bar_type.kind in _OF_VALUE
        self._of_runs = bar_type.kind in _OF_RUNS
        self._sum = self._side = 0
        self._last: int | None = None

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:
        """Take one price."""
        last, self._last = self._last, price
        if not side and last is not None:
            side = (price > last) - (price < last)
        side = self._side = side or self._side
        weight = 1 if self._of_ticks else abs(price) * size if self._of_value else size
        if self._of_runs and self._sum * side < 0:
            self._sum = 0
        self._sum += weight * side
        self._add(price, size, ts)
        if abs(self._sum) < self.step:
            return []
        self._sum = 0
        return [self._close(ts)]


class RangeBars(CountedBars):
    """Low to high within the step: a price beyond it closes the bar and opens the next, at that price."""

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:  # noqa: ARG002  nobody's side counts
        """Take one price."""
        forming, closed = self.forming, []
        if forming is not None and max(forming.high, price) - min(forming.low, price) > self.step:
            closed = [self._close(forming.last_ts)]
        self._add(price, size, ts)
        return closed


class RenkoBars(CountedBars):
    """Bricks of one height, from edge to edge; what traded since the last one is shared by those that a price lays.

    What does not divide goes to the first. The bar that forms reaches from the last brick to the price.
    """

    def __init__(self, symbol: str, bar_type: BarType) -> None:
        super().__init__(symbol, bar_type)
        self._bricks: Bricks | None = None

    def put(self, price: int, size: int, ts: int, side: int = 0) -> list[Bar]:  # noqa: ARG002  nobody's side counts
        """Take one price."""
        if self._bricks is None:
            self._bricks = Bricks(self.step, price)
        edges = self._bricks.lay(price)
        forming = self._add(price, size, ts)
        if not edges:
            _draw(forming, self._bricks.growing_from(price), price)
            return []
        volume, count = forming.volume, forming.count
        closed = []
        for number, (begin, end) in enumerate(edges):
            brick = self._add(end, 0, ts) if number else forming
            brick.volume, brick.count = volume // len(edges), count // len(edges)
            if not number:
                brick.volume += volume % len(edges)
                brick.count += count % len(edges)
            _draw(brick, begin, end)
            closed.append(self._close(ts))
        return closed


def _draw(forming: FormingBar, begin: int, end: int) -> None:
    """Let a bar reach from one edge to another."""
    forming.open, forming.close = begin, end
    forming.high, forming.low = max(begin, end), min(begin, end)


def counted_bars(symbol: str, bar_type: BarType) -> CountedBars:
    """Return what builds the bars of one type.

    Raises:
        ValidationError: quotes have neither volume nor value.
    """
    kind = bar_type.kind
    if kind not in _OF_TICKS | _OF_PRICE and bar_type.source is not BarSource.LAST:
        raise ValidationError("source", "bars of volume or value need trades", allowed="LAST")
    if kind is BarKind.TICK:
        return TickBars(symbol, bar_type)
    if kind in SIGNED_KINDS:
        return SignedBars(symbol, bar_type)
    if kind is BarKind.RANGE:
        return RangeBars(symbol, bar_type)
    return RenkoBars(symbol, bar_type) if kind is BarKind.RENKO else SplitBars(symbol, bar_type)
