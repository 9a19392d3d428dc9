"""Market data as it travels from a feed to the cache: quotes, trades, book changes, bars and stream states.

First stage of the tick walk. All prices and sizes are integers on the instrument's scales; `ts_event` is the venue's
time and `ts_init` ours, UTC nanoseconds. Frozen and untracked by the garbage collector, since millions are made.
"""

from enum import StrEnum

import msgspec


class Aggressor(StrEnum):
    """Side that took liquidity in a trade."""

    BUY = "BUY"
    SELL = "SELL"
    UNKNOWN = "UNKNOWN"


class Quote(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Best bid and ask. A side without a price is None with size 0."""

    symbol: str
    bid: int | None
    bid_size: int
    ask: int | None
    ask_size: int
    ts_event: int
    ts_init: int


class Trade(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One print. `conditions` are the venue's raw codes."""

    symbol: str
    price: int
    size: int
    aggressor: Aggressor
    trade_id: str
    ts_event: int
    ts_init: int
    conditions: str = ""


class TradeBust(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue takes a print back; `trade_id` names it. ts_event: when the venue did so.

    A correction is a bust, and behind it the print as it should have been, with an id of its own and the first one's
    `ts_event`.
    """

    symbol: str
    trade_id: str
    ts_event: int
    ts_init: int


BUST_REACH = 200_000
"""Newest prints of an instrument that a bust is found among, live and of those stored; of one name the newest."""

BAR_CONDITION = "BAR"
"""Condition of a trade that stands for a recorded bar: it repeats the bar's close and volume, and is no trade more."""


class Level(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One price level of a book; size 0 removes it."""

    price: int
    size: int


class BookSnapshot(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A whole book at sequence `seq`: bids descending, asks ascending by price."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    seq: int
    ts_event: int
    ts_init: int


class BookChange(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Changed levels between sequences. `prev_seq` is the last_seq this change follows; a gap forces a resync."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    first_seq: int
    last_seq: int
    prev_seq: int
    ts_event: int
    ts_init: int


class SessionPhase(StrEnum):
    """Trading phase of an instrument."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    HALTED = "HALTED"
    AUCTION = "AUCTION"


class PhaseChange(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue opened, closed or halted an instrument."""

    symbol: str
    phase: SessionPhase
    ts_event: int
    ts_init: int
    reason: str = ""


class StreamKind(StrEnum):
    """What a stream carries; freshness is kept for each (instrument, stream)."""

    QUOTES = "QUOTES"
    TRADES = "TRADES"
    DEPTH = "DEPTH"


class StreamState(StrEnum):
    """State of a feed connection."""

    UP = "UP"
    DOWN = "DOWN"
    UNSYNCED = "UNSYNCED"


class StreamChange(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A feed's stream went up, down or out of sync; symbol empty means all of them."""

    stream: StreamKind | None
    state: StreamState
    ts_init: int
    symbol: str = ""
    reason: str = ""


class BarKind(StrEnum):
    """What closes a bar: the clock, or what trades."""

    MILLISECOND = "MILLISECOND"
    SECOND = "SECOND"
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    TICK = "TICK"
    VOLUME = "VOLUME"
    VALUE = "VALUE"
    TICK_IMBALANCE = "TICK_IMBALANCE"
    VOLUME_IMBALANCE = "VOLUME_IMBALANCE"
    VALUE_IMBALANCE = "VALUE_IMBALANCE"
    TICK_RUNS = "TICK_RUNS"
    VOLUME_RUNS = "VOLUME_RUNS"
    VALUE_RUNS = "VALUE_RUNS"
    RANGE = "RANGE"
    RENKO = "RENKO"


CLOCK_KINDS = frozenset(
    {BarKind.MILLISECOND, BarKind.SECOND, BarKind.MINUTE, BarKind.HOUR, BarKind.DAY, BarKind.WEEK, BarKind.MONTH,
     BarKind.YEAR}
)  # fmt: skip
"""Kinds that the clock closes."""

SESSION_KINDS = frozenset({BarKind.DAY, BarKind.WEEK, BarKind.MONTH, BarKind.YEAR})
"""Kinds that run from a session's open to a session's close."""

COUNTED_KINDS = frozenset(BarKind) - CLOCK_KINDS
"""Kinds that the trades close, not the clock."""

SIGNED_KINDS = frozenset(
    {BarKind.TICK_IMBALANCE, BarKind.VOLUME_IMBALANCE, BarKind.VALUE_IMBALANCE, BarKind.TICK_RUNS, BarKind.VOLUME_RUNS,
     BarKind.VALUE_RUNS}
)  # fmt: skip
"""Kinds for which it matters who took liquidity."""


class BarSource(StrEnum):
    """Price that a bar is built from."""

    LAST = "LAST"
    BID = "BID"
    ASK = "ASK"
    MID = "MID"


class Anchor(StrEnum):
    """What bars within a day are counted from."""

    MIDNIGHT = "MIDNIGHT"
    SESSION = "SESSION"


class BarType(msgspec.Struct, frozen=True):
    """Kind, step and price source of a series; `external` bars came built from outside, all others from here.

    step: units of time, ticks, quantity units, price units from low to high or of a brick, or value: price units times
    quantity units. anchor, offset_ns: what bars within a day are counted from, and how far after that. every: an
    interval without a trade gives a bar too. parts: the smaller bars that it is composed of, None where ticks build it.
    """

    kind: BarKind
    step: int
    source: BarSource = BarSource.LAST
    external: bool = False
    anchor: Anchor = Anchor.MIDNIGHT
    offset_ns: int = 0
    every: bool = False
    parts: "BarType | None" = None


class Bar(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One bar over [ts_open, ts_close). Volume in quantity units; `count` is the number of ticks in it.

    `partial` marks a first bar that began before we listened; `revised` a closed bar that changed afterwards; `empty`
    one in which nothing traded: volume 0 at the close before it.
    """

    symbol: str
    bar_type: BarType
    open: int
    high: int
    low: int
    close: int
    volume: int
    count: int
    ts_open: int
    ts_close: int
    partial: bool = False
    revised: bool = False
    empty: bool = False


class BarRevised(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A bar that was told of as closed has changed: a trade came late, or was taken back. `bar` stands in its place."""

    bar: Bar

    @property
    def symbol(self) -> str:
        """The instrument."""
        return self.bar.symbol

    @property
    def ts_event(self) -> int:
        """When the bar had closed, UTC ns."""
        return self.bar.ts_close

    ts_init = ts_event


MarketEvent = Quote | Trade | TradeBust | BookSnapshot | BookChange | PhaseChange | StreamChange | Bar | BarRevised
"""What a feed may deliver, in lists of at most FEED_SLICE_MAX; revised bars are made here, and come with them."""

FEED_SLICE_MAX = 500
"""Largest number of market events in one delivery, so that orders get a turn between slices."""
