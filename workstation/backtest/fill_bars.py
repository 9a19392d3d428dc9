"""Fills from bars: the open as an event of its own, then a walk along the path through the extremes to the close.

A bar's open is known before its high, low and close, so that an order for the next open needs no look ahead. An order
takes part in a bar that opens at or after its arrival. What a bar allows to trade is a share of its volume, spent once
over all orders in the order of their arrival.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.backtest.market import Market, Surroundings
from workstation.backtest.options import BPS, GapFill, LimitFill, MarketFill, Path
from workstation.backtest.working import AUCTIONS, Working
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrdType, TimeInForce

UNLIMITED = 1 << 62

Table = NDArray[np.int64]
"""Bars as rows, (n, 7) int64: opened, closed, open, high, low, close, volume; (n, 6) where there is no volume."""


class MatchBar(msgspec.Struct, frozen=True, gc=False):
    """A bar as the venue sees it, price units; volume None where the source has none. number: from 0."""

    number: int
    ts_open: int
    ts_close: int
    open: int
    high: int
    low: int
    close: int
    volume: int | None = None


class BarReader:
    """One bar of a table of bars, columns as `MatchBar` has them from its second on; the last may be missing."""

    __slots__ = ("_at", "_table", "number")

    def __init__(self, number: int, table: Table, at: int) -> None:
        self.number, self._table, self._at = number, table, at

    def bar(self) -> MatchBar:
        """Return the bar."""
        row: list[Any] = self._table[self._at].tolist()
        return MatchBar(self.number, *row)


class BarMarket(Market):
    """Matches against bars of one series. long_bars: of a day or more, which span sessions as a whole.

    held: the account's position, for the pessimistic path.
    """

    def __init__(
        self, instrument: Instrument, around: Surroundings, *, long_bars: bool, held: Callable[[], int]
    ) -> None:
        super().__init__(instrument, around)
        self._read: MatchBar | None = None
        self._unread: BarReader | None = None
        self._long_bars, self._held = long_bars, held
        self._always = long_bars or not around.options.sessions
        self._share_bps = around.options.bar_share_bps
        self._at_this_close = around.options.market_fill is MarketFill.THIS_CLOSE
        self._left = 0
        self._volume = 0
        self._inside = False
        self._sensitive = False
        self._closed = False
        self._position = 0

    # Events

    def on_open(self, bar: MatchBar) -> None:
        """Take the open of a bar: of the rest nothing is looked at but how much may trade."""
        self._read, self._unread, self._closed = bar, None, False
        self.bar_number, self.last, self.last_ts = bar.number, bar.open, bar.ts_open
        self._budget(bar)
        if not self.orders:
            return
        now = bar.ts_open
        if self._expires_next <= now:
            self._expire(now)
        if not self._in_session(bar) or (self._halts and self._halted(now, now + 1)):
            return
        for order in tuple(self.orders.values()):
            if order.arrived <= now and order.cl_ord_id in self.orders:
                self._at(order, bar.open, opening=True)

    def on_close(self, bar: MatchBar) -> None:
        """Take the rest of the bar: walk its path, then its close."""
        if self.orders and self._in_session(bar) and not self._stands_still(bar):
            self._walk(bar)
        self.last, self.last_ts = bar.close, bar.ts_close
        self._closed = True

    def skip_to(self, reader: "BarReader", close: int, ts_close: int) -> None:
        """Take a bar with all those before it that met no order; it is read when an order asks for it."""
        self._unread, self._closed = reader, True
        self.bar_number = reader.number
        self.last, self.last_ts = close, ts_close

    @property
    def bar(self) -> MatchBar | None:
        """The bar that the market stands at; of one that was opened before, what orders may take is spent already."""
        if self._unread is not None:
            before, bar = self._read, self._unread.bar()
            if before is None or before.number != bar.number:
                self._budget(bar)
            self._read, self._unread = bar, None
        return self._read

    # Orders

    def _work(self, order: Working) -> None:
        if self._inside:
            order.arrived = self._bar.ts_open
            self._sensitive = True
        elif self._at_this_close and self._closed and order.arrived == self.last_ts and self._closes_open(self._bar):
            self._at(order, self._bar.close, opening=False)

    def _budget(self, bar: MatchBar) -> None:
        share, volume = self._share_bps, bar.volume
        self._volume = volume or 0
        self._left = UNLIMITED if share is None or volume is None else volume * share // BPS

    def _in_session(self, bar: MatchBar) -> bool:
        return self._always or self._session_at(bar.ts_open) is not None

    def _closes_open(self, bar: MatchBar) -> bool:
        return self._in_session(bar) and not self._halted(bar.ts_close - 1, bar.ts_close)

    def _stands_still(self, bar: MatchBar) -> bool:
        """Tell whether a halt leaves nothing known of when the bar traded; one of days is only lost as a whole."""
        if not self._long_bars:
            return self._halted(bar.ts_open, bar.ts_close)
        return any(halt.start <= bar.ts_open and bar.ts_close <= halt.end for halt in self._halts)

    def _at(self, order: Working, price: int, *, opening: bool) -> None:
        """Hold an order against one price at which the market stands: an open, or the close of THIS_CLOSE."""
        tif = order.terms.time_in_force
        if tif in AUCTIONS and (tif is TimeInForce.CLS or not (opening and self._opens_session())):
            return
        sign, gapped = order.sign, not order.fresh
        if order.is_stop:
            order.trail_to(price, self.instrument)
            if order.stop is None or (price - order.stop) * sign < 0:
                order.fresh = False
                return
            self._fire(order, price)
            gapped = False
        order.fresh = False
        if order.limit is None:
            self._aggress(order, price)
        elif gapped and opening:
            if self._passes(order, price):
                self._fill(order, price if self._options.gap_fill is GapFill.OPEN else order.limit, Liquidity.MAKER)
        elif (order.limit - price) * sign >= 0:
            if order.terms.post_only:
                self._end(order, "post-only would have taken")
                return
            self._aggress(order, price)
        if order.leaves:
            self._end_immediate(order)

    def _aggress(self, order: Working, price: int) -> None:
        if self._left < order.leaves and order.terms.time_in_force is TimeInForce.FOK:
            self._end(order, "cannot be filled whole")
            return
        worse = price
        if self._slips:
            share = min(order.leaves, self._left) / self._volume if self._volume else 0.0
            worse = self._slip.worse(price, order.sign, share)
        if order.limit is not None and (worse - order.limit) * order.sign > 0:
            worse = order.limit
        self._fill(order, worse, Liquidity.TAKER)

    def _fill(self, order: Working, price: int, liquidity: Liquidity) -> None:
        if self._left > 0:
            qty = min(self._left, order.leaves)
            self._left -= self._trade(order, qty, price, liquidity, sensitive=self._inside and self._sensitive)

    def _passes(self, order: Working, price: int) -> bool:
        """Tell whether a resting limit fills with the market at `price`."""
        return (self._reach_of(order) - price) * order.sign >= 0

    def _reach_of(self, order: Working) -> int:
        """Return the price that the market must come to for a resting limit to fill."""
        limit = order.limit or 0
        if self._options.limit_fill is LimitFill.TOUCH or order.lucky:
            return limit
        return self.instrument.step(limit, -order.sign)

    # The path

    def _walk(self, bar: MatchBar) -> None:
        self._draw(bar)
        self._inside, self._sensitive = True, self._depends_on_path(bar)
        self._position = bar.open
        try:
            for end in self._path(bar):
                self._segment(end)
        finally:
            self._inside = False
        if self._closes_session(bar):
            for order in tuple(self.orders.values()):
                if order.terms.time_in_force is TimeInForce.CLS and order.arrived <= bar.ts_open:
                    if order.limit is None or (order.limit - bar.close) * order.sign >= 0:
                        self._aggress(order, bar.close)
                    if order.cl_ord_id in self.orders:
                        self._end(order, "the close is over")

    def _draw(self, bar: MatchBar) -> None:
        if self._options.limit_fill is LimitFill.PROBABILITY:
            for order in self.orders.values():
                if order.limit is not None and order.arrived <= bar.ts_open:
                    order.lucky = self._chance.random() < self._options.fill_probability

    def _path(self, bar: MatchBar) -> tuple[int, int, int]:
        path, held = self._options.path, self._held()
        if path is Path.PESSIMISTIC and held:
            high_first = held < 0
        elif path in (Path.OHLC, Path.OLHC):
            high_first = path is Path.OHLC
        else:
            high_first = bar.high - bar.open < bar.open - bar.low
        return (bar.high, bar.low, bar.close) if high_first else (bar.low, bar.high, bar.close)

    def _depends_on_path(self, bar: MatchBar) -> bool:
        """Tell whether orders could meet each other in this bar, so that the order of extremes matters."""
        within = 0
        for order in self.orders.values():
            if order.arrived > bar.ts_open:
                continue
            if order.terms.trail is not None or (order.is_stop and order.limit is not None):
                return True
            price = order.stop if order.is_stop else order.limit
            within += price is not None and bar.low <= price <= bar.high
        return within > 1

    def _segment(self, end: int) -> None:
        tried: set[str] = set()
        while self.orders and self._left > 0:
            found = self._first_hit(end, tried)
            if found is None:
                break
            price, order = found
            self._position = price
            tried.add(order.cl_ord_id)
            self._hit(order, price)
        self._position = end
        for order in self.orders.values():
            if order.is_stop and order.terms.trail is not None and order.arrived <= self._bar.ts_open:
                order.trail_to(end, self.instrument)

    @property
    def _bar(self) -> MatchBar:
        assert self.bar is not None  # noqa: S101  a path is walked inside of a bar
        return self.bar

    def _first_hit(self, end: int, tried: set[str]) -> tuple[int, Working] | None:
        """Return the order that the market meets next on its way to `end`, and where; ties go by arrival."""
        position, best = self._position, None
        for order in self.orders.values():
            if order.cl_ord_id in tried or order.arrived > self._bar.ts_open:
                continue
            price = self._met_at(order, position, end)
            if price is not None and (best is None or abs(price - position) < abs(best[0] - position)):
                best = price, order
        return best

    def _met_at(self, order: Working, position: int, end: int) -> int | None:
        if order.terms.time_in_force in (TimeInForce.CLS, TimeInForce.OPG):
            return None
        if order.is_stop:
            level, sign = order.stop, order.sign
        elif order.limit is not None:
            level, sign = self._limit_level(order, position), -order.sign
        else:
            return None
        if level is None:
            return None
        if (position - level) * sign >= 0:
            return position
        return level if (end - level) * sign >= 0 else None

    def _limit_level(self, order: Working, position: int) -> int:
        limit = order.limit or 0
        return limit if order.fresh and (limit - position) * order.sign >= 0 else self._reach_of(order)

    def _hit(self, order: Working, price: int) -> None:
        if order.is_stop:
            self._fire(order, price)
            order.fresh = False
            if order.terms.ord_type in (OrdType.STOP, OrdType.TRAILING_STOP) or self._within(order, price):
                self._aggress(order, price)
        elif order.fresh and self._within(order, price):
            self._aggress(order, price)
        else:
            self._fill(order, order.limit or 0, Liquidity.MAKER)

    def _within(self, order: Working, price: int) -> bool:
        return order.limit is not None and (order.limit - price) * order.sign >= 0

    # Sessions

    def _opens_session(self) -> bool:
        session = self._session_at(self._bar.ts_open)
        return self._long_bars or (session is not None and session.open == self._bar.ts_open)

    def _closes_session(self, bar: MatchBar) -> bool:
        session = self._session_at(bar.ts_open)
        return self._long_bars or (session is not None and session.close <= bar.ts_close)
