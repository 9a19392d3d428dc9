"""What is held of one instrument: its last values, and the statistics of its trading day, from trades.

Inside the second step of `service.on_feed`. A print counts for what the venue's conditions let it count for, and one
that the venue takes back for nothing, as in bars (`domain/conditions.py`). It judges nothing about freshness.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from workstation.domain.conditions import EXTREMES, LAST, VOLUME, WHOLE
from workstation.domain.market import Bar, Quote, SessionPhase, StreamKind, StreamState, Trade
from workstation.marketdata.calendar import SessionCalendar
from workstation.marketdata.freshness import StreamHealth

RECORDS_MAX = 1_000
"""Newest records of a day's high, low and open that are kept, so that one that is taken back has one before it."""

_NONE_YET = 1 << 62

Records = deque[tuple[int, int, Trade | None]]
"""Height, price and print of what set a record, ever higher; no print where it was a bar."""


class DayStats(msgspec.Struct, frozen=True, gc=False):
    """Statistics of the instrument's trading day, from trades. None before the day's first trade that counts for it.

    vwap: volume-weighted average of the prints whose price counts, rounded down to a price unit. prev_close: last price
    of the day before. trades: prints that count for the last price or the volume.
    """

    open: int | None
    high: int | None
    low: int | None
    last: int | None
    prev_close: int | None
    volume: int
    vwap: int | None
    trades: int


class Print(NamedTuple):
    """A trade and what it counts for, bits of `domain/conditions.py`."""

    trade: Trade
    effect: int


class Line:
    """Everything held for one instrument. volume: that at prices that count; unpriced: that of all other prints.

    before: the last price's print before this one. closing: that of the previous close. highs, lows,
    opens: the prints that set each so far; None for a bar.
    """

    __slots__ = (
        "before", "book_quote", "calendar", "closing", "day_end", "day_start", "delayed", "depth_state", "health",
        "high", "highs", "low", "lows", "open", "open_ts", "opens", "phase", "prev_close", "quote", "symbol",
        "trade", "trades", "unpriced", "value", "volume",
    )  # fmt: skip

    def __init__(self, symbol: str, calendar: SessionCalendar) -> None:
        self.symbol = symbol
        self.calendar = calendar
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.before: Trade | None = None
        self.phase = SessionPhase.OPEN
        self.delayed = False
        self.book_quote = False
        self.depth_state = StreamState.UP
        self.health = {kind: StreamHealth() for kind in StreamKind}
        self.prev_close: int | None = None
        self.closing: Trade | None = None
        self.day_start = self.day_end = -(1 << 63)
        self.clear_day()

    def clear_day(self) -> None:
        """Begin a new trading day."""
        self.open, self.high, self.low, self.open_ts = 0, -_NONE_YET, _NONE_YET, _NONE_YET
        self.volume = self.value = self.unpriced = self.trades = 0
        self.highs: Records = deque(maxlen=RECORDS_MAX)
        self.lows: Records = deque(maxlen=RECORDS_MAX)
        self.opens: Records = deque(maxlen=RECORDS_MAX)

    def roll_day(self, ts: int) -> None:
        """Move to the trading day of `ts`; the last price becomes the previous close."""
        if self.trades and self.trade is not None:
            self.prev_close, self.closing = self.trade.price, self.trade
        self.day_start, self.day_end = self.calendar.day_window(self.calendar.trading_date(ts))
        self.clear_day()

    def stats(self) -> DayStats:
        """Return the statistics of the day so far."""
        last = self.trade.price if self.trade is not None else None
        return DayStats(
            self.open if self.opens else None,
            self.high if self.highs else None,
            self.low if self.lows else None,
            last,
            self.prev_close,
            self.volume + self.unpriced,
            self.value // self.volume if self.volume else None,
            self.trades,
        )

    def add(self, trade: Trade) -> bool:
        """Take a print that counts wholly; returns False where it came behind one of a later time. The hot path."""
        price, size, ts = trade.price, trade.size, trade.ts_event
        if not self.day_start <= ts < self.day_end:
            if ts < self.day_start:
                return self._add_to_a_day_before(trade)
            self.roll_day(ts)
        last = self.trade
        in_order = last is None or ts >= last.ts_event
        if in_order:
            self.before, self.trade = last, trade
        if ts < self.open_ts:
            self._open_at(trade)
        if price > self.high:
            self.high = price
            self.highs.append((price, price, trade))
        if price < self.low:
            self.low = price
            self.lows.append((-price, price, trade))
        self.volume += size
        self.value += price * size
        self.trades += 1
        return in_order

    def add_marked(self, trade: Trade, effect: int) -> bool:
        """Take a print that counts for `effect` alone; returns as `add` does."""
        if effect == WHOLE:
            return self.add(trade)
        price, size, ts = trade.price, trade.size, trade.ts_event
        if ts < self.day_start:
            return self._add_to_a_day_before(trade) if effect & LAST else True
        if effect and ts >= self.day_end:
            self.roll_day(ts)
        in_order = True
        if effect & LAST:
            in_order = self.trade is None or ts >= self.trade.ts_event
            if in_order:
                self.before, self.trade = self.trade, trade
            if ts < self.open_ts:
                self._open_at(trade)
        if effect & EXTREMES:
            self._reach(price, price, trade)
        if effect & VOLUME:
            self._count(price, size, effect, 1)
        self.trades += bool(effect & (LAST | VOLUME))
        return in_order

    def add_bar(self, bar: Bar) -> None:
        """Take open, high and low of a bar from outside; the print that repeats its close brings all else."""
        if bar.ts_open >= self.day_end:
            self.roll_day(bar.ts_open)
        if bar.ts_open < self.day_start:
            return
        if bar.ts_open < self.open_ts:
            self.open, self.open_ts = bar.open, bar.ts_open
            self.opens.append((-bar.ts_open, bar.open, None))
        self._reach(bar.high, bar.low, None)

    def begin_day(self, days: Sequence[Bar]) -> None:
        """Take the day so far and the close before it from daily bars, oldest first, the last one unfinished."""
        today = days[-1]
        self.roll_day(today.ts_open)
        if len(days) > 1:
            self.prev_close = days[-2].close
        if today.count:
            self.add_bar(today)
            self.volume, self.value, self.trades = today.volume, today.close * today.volume, today.count

    def take_back(self, gone: Print, behind: Sequence[Print], standing: Callable[[], Sequence[Print]]) -> None:
        """Take a print out of the last price and of the day.

        behind: those that stand and came after it; standing: gives all that stand and are known. Both by arrival.
        """
        trade, effect = gone
        if trade is self.trade:
            lasts = [row.trade for row in standing() if row.effect & LAST]
            newest = max(reversed(lasts), key=lambda row: row.ts_event, default=None)
            known = [row for row in (self.before, newest) if row is not None and row is not trade]
            self.trade, self.before = max(known, key=lambda row: row.ts_event, default=None), None
        elif trade is self.before:
            self.before = None
        if trade is self.closing:
            days = [row.trade for row in standing() if row.effect & LAST and row.trade.ts_event < self.day_start]
            self.closing = max(reversed(days), key=lambda row: row.ts_event, default=None)
            self.prev_close = self.prev_close if self.closing is None else self.closing.price
        if not self.day_start <= trade.ts_event < self.day_end:
            return
        if effect & VOLUME:
            self._count(trade.price, trade.size, effect, -1)
        self.trades -= bool(effect & (LAST | VOLUME))
        today = [row for row in behind if self.day_start <= row.trade.ts_event < self.day_end]
        priced = [row.trade for row in today if row.effect & EXTREMES]
        _unwind(self.highs, trade, priced, lambda row: row.price)
        _unwind(self.lows, trade, priced, lambda row: -row.price)
        _unwind(self.opens, trade, [row.trade for row in today if row.effect & LAST], lambda row: -row.ts_event)
        self.high = self.highs[-1][1] if self.highs else -_NONE_YET
        self.low = self.lows[-1][1] if self.lows else _NONE_YET
        first, self.open, _opening = self.opens[-1] if self.opens else (-_NONE_YET, 0, None)
        self.open_ts = -first

    def take_back_stored(self, gone: Print, standing: Sequence[Print]) -> None:
        """Take a print out that is not kept: the day is laid anew where all of it is known, else its volume alone goes.

        standing: the prints that stand and are known, stored ones and those kept, by arrival.
        """
        trade, effect = gone
        lasts = [row.trade for row in standing if row.effect & LAST]
        if self.trade is not None and (self.trade.trade_id, self.trade.ts_event) == (trade.trade_id, trade.ts_event):
            self.trade, self.before = max(reversed(lasts), key=lambda row: row.ts_event, default=None), None
        if trade.ts_event < self.day_start:
            self._close_before_anew(trade, [row for row in lasts if row.ts_event < self.day_start])
            return
        if not self.open_ts <= trade.ts_event < self.day_end:
            return
        today = [row for row in standing if self.day_start <= row.trade.ts_event < self.day_end]
        if sum(row.trade.size for row in (gone, *today) if row.effect & VOLUME) == self.volume + self.unpriced:
            held = self.trade, self.before
            self.clear_day()
            for row in today:
                self.add_marked(*row)
            self.trade, self.before = held
            return
        if effect & VOLUME:
            self._count(trade.price, trade.size, effect, -1)
        self.trades -= bool(effect & (LAST | VOLUME))

    def _close_before_anew(self, gone: Trade, lasts: Sequence[Trade]) -> None:
        """Give the close of the day before back that a print was, where that is what it was."""
        newest = max(reversed(lasts), key=lambda row: row.ts_event, default=None)
        if newest is not None and gone.price == self.prev_close and gone.ts_event >= newest.ts_event:
            self.prev_close, self.closing = newest.price, newest

    def _open_at(self, trade: Trade) -> None:
        self.open, self.open_ts = trade.price, trade.ts_event
        self.opens.append((-trade.ts_event, trade.price, trade))

    def _add_to_a_day_before(self, trade: Trade) -> bool:
        """Take a late print of a day that is over: its figures are told of no more."""
        if self.trade is None or trade.ts_event >= self.trade.ts_event:
            self.before, self.trade = self.trade, trade
            return True
        return False

    def _reach(self, high: int, low: int, trade: Trade | None) -> None:
        if high > self.high:
            self.high = high
            self.highs.append((high, high, trade))
        if low < self.low:
            self.low = low
            self.lows.append((-low, low, trade))

    def _count(self, price: int, size: int, effect: int, sign: int) -> None:
        if effect & (EXTREMES | LAST):
            self.volume += sign * size
            self.value += sign * price * size
        else:
            self.unpriced += sign * size


def _unwind(records: Records, gone: Trade, behind: Sequence[Trade], height: Callable[[Trade], int]) -> None:
    """Take a print out of those that set a record, and let those behind it set theirs again."""
    place = next((at for at, (_height, _price, trade) in enumerate(records) if trade is gone), None)
    if place is None:
        return
    while len(records) > place:
        records.pop()
    for trade in behind:
        if not records or height(trade) > records[-1][0]:
            records.append((height(trade), trade.price, trade))
