"""The static row map of the ladder: which price stands on which row.

It changes by scrolling, recentring, another instrument, another height or another grouping, and by nothing else; the
market moving is no reason. Rows run from the highest price down. Qt-free.
"""

import bisect
from typing import Literal

from workstation.domain.instruments import Instrument

TICKS_PER_ROW = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
ROWS_MAX = 400


class PriceMap:
    """Prices of the visible rows of one instrument."""

    def __init__(self, instrument: Instrument, rows: int = 1) -> None:
        self.instrument = instrument
        self.ticks_per_row = 1
        self.prices: tuple[int, ...] = ()
        self.revision = 0
        self._rows = rows
        self._index: dict[int, int] = {}

    @property
    def is_placed(self) -> bool:
        """True once a first price has put the map somewhere."""
        return bool(self.prices)

    @property
    def rows(self) -> int:
        """Number of rows that fit on the screen."""
        return self._rows

    @property
    def slack(self) -> int:
        """Largest distance of a price from the row it is grouped into."""
        return self._band(self.prices[0])[1] if self.prices else 0

    def resize(self, rows: int) -> None:
        """Show more or fewer rows under the same top price."""
        rows = min(max(rows, 1), ROWS_MAX)
        if rows != self._rows:
            self._rows = rows
            if self.prices:
                self._lay(self.prices[0])

    def centre(self, price: int) -> None:
        """Put `price` on the middle row."""
        self._lay(self._stepped(self.bucket(price, "down"), self._rows // 2))

    def scroll(self, rows: int) -> None:
        """Move the window by rows, + towards higher prices."""
        if self.prices:
            self._lay(self._stepped(self.prices[0], rows))

    def regroup(self, steps: int) -> None:
        """Change the ticks per row by `steps` places of TICKS_PER_ROW, keeping the middle price in the middle."""
        place = TICKS_PER_ROW.index(self.ticks_per_row) + steps
        ticks = TICKS_PER_ROW[min(max(place, 0), len(TICKS_PER_ROW) - 1)]
        self.set_grouping(ticks)

    def set_grouping(self, ticks_per_row: int) -> None:
        """Group `ticks_per_row` ticks into one row; a number that is none of TICKS_PER_ROW changes nothing."""
        if ticks_per_row == self.ticks_per_row or ticks_per_row not in TICKS_PER_ROW:
            return
        middle = self.prices[len(self.prices) // 2] if self.prices else None
        self.ticks_per_row = ticks_per_row
        if middle is not None:
            self.centre(middle)

    def bucket(self, price: int, direction: Literal["down", "up"]) -> int:
        """Return the row price that `price` belongs to: bids round down, asks up, so that no row looks better.

        A row never reaches into another tick band: the band's first price is a row of its own.
        """
        low, unit, high = self._band(price)
        if direction == "down":
            row = price // unit * unit
            return row if low is None else max(row, low)
        row = -(-price // unit) * unit
        return row if high is None else min(row, high)

    def row_of(self, price: int, direction: Literal["down", "up"] = "down") -> int | None:
        """Return the visible row of a price, None when it is out of view."""
        return self._index.get(self.bucket(price, direction))

    def is_shown(self, row: int) -> bool:
        """Tell whether a row price is in view."""
        return row in self._index

    def side_of(self, price: int) -> Literal["above", "inside", "below"]:
        """Tell whether a price is out of view, and where."""
        if not self.prices:
            return "inside"
        if self.bucket(price, "down") > self.prices[0]:
            return "above"
        return "below" if self.bucket(price, "up") < self.prices[-1] else "inside"

    def _band(self, price: int) -> tuple[int | None, int, int | None]:
        """Return the first price of the band of `price`, its row height in price units, and where the next begins."""
        bands = self.instrument.ticks
        index = max(bisect.bisect_right(bands, price, key=lambda band: band.from_price) - 1, 0)
        low = bands[index].from_price if index else None
        high = bands[index + 1].from_price if index + 1 < len(bands) else None
        return low, bands[index].tick * self.ticks_per_row, high

    def _stepped(self, price: int, rows: int) -> int:
        for _ in range(abs(rows)):
            price = self.bucket(price + 1, "up") if rows > 0 else self.bucket(price - 1, "down")
        return price

    def _lay(self, top: int) -> None:
        least = None if self.instrument.price_may_be_negative else self._band(0)[1]
        if least is not None:
            top = max(top, least)
        prices: list[int] = []
        price = top
        while len(prices) < self._rows and (least is None or price >= least):
            prices.append(price)
            price = self.bucket(price - 1, "down")
        if tuple(prices) != self.prices:
            self.prices = tuple(prices)
            self._index = {price: row for row, price in enumerate(prices)}
            self.revision += 1
