"""The market store port: bars, ticks and feed quality that are kept, and what reads them back.

Beside the journal, not in it: market data may be missed, so the engine hands it over and never waits. What is kept is
exact: integers on the scales that each row states, whatever becomes of the instrument later.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from workstation.domain.market import Quote, Trade, TradeBust

Recorded = Quote | Trade | TradeBust
"""What is recorded of a feed."""


class StoredBar(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A closed bar over [start, end), UTC ns; one for each (symbol, data_type, interval, start).

    Prices count 10 ** -price_decimals, volume 10 ** -qty_decimals. interval: a name such as 1_MINUTE.
    """

    symbol: str
    data_type: str
    interval: str
    start: int
    end: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    price_decimals: int
    qty_decimals: int
    source: str


class TickKind(StrEnum):
    """Which of a message's prices a tick is: a quote makes two ticks, a trade one."""

    BID = "BID"
    ASK = "ASK"
    TRADE = "TRADE"


class StoredTick(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One price of a recorded quote or trade. key: its place among ticks of one time, the same at every reading."""

    event: Quote | Trade
    kind: TickKind
    price_decimals: int
    qty_decimals: int
    source: str
    key: str

    @property
    def time(self) -> int:
        """When it reached us, UTC ns: the order of recording."""
        return self.event.ts_init


class FeedQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed did since the snapshot before; counts of messages. Latencies: ours less the venue's time, ns."""

    snapshot_time: int
    data_source: str
    total_instruments: int
    active_instruments: int
    price_updates: int
    volume_updates: int
    delayed_data_count: int
    error_count: int
    average_latency_ns: int | None = None
    max_latency_ns: int | None = None
    metadata: dict[str, int] = msgspec.field(default_factory=dict)


class BarQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of one series: start inclusive, end exclusive, UTC ns. after: go on behind the bar that starts there.

    newest: the last `limit` bars of the stretch instead of the first; still ascending.
    """

    symbol: str
    interval: str
    data_type: str = "OHLC"
    start_ns: int | None = None
    end_ns: int | None = None
    source: str | None = None
    after: int | None = None
    newest: bool = False
    limit: int = 1_000


class TickQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list of ticks; None leaves one out. `after_key`: (time, key) of the last tick already given.

    ordered: False gives them as they lie, which is quicker, to be counted.
    """

    symbol: str | None = None
    kind: TickKind | None = None
    source: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    descending: bool = True
    ordered: bool = True
    after_key: tuple[int, str] | None = None


class QualityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list of feed qualities."""

    source: str | None = None
    instruments_min: int | None = None
    instruments_max: int | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    descending: bool = True
    limit: int = 100
    offset: int = 0
    with_count: bool = True


class BarPage(msgspec.Struct, frozen=True):
    """One page of bars, ascending; total counts the stretch."""

    rows: tuple[StoredBar, ...]
    total: int
    has_next: bool


class QualityPage(msgspec.Struct, frozen=True):
    """One page of feed qualities; total is None when it was not asked for."""

    rows: tuple[FeedQuality, ...]
    total: int | None
    has_next: bool


class MarketReader(Protocol):
    """What is kept of the market, for any thread."""

    def bars(self, query: BarQuery) -> BarPage:
        """Return a stretch of a series."""

    def ticks(self, query: TickQuery) -> Iterator[StoredTick]:
        """Yield ticks by time of arrival, read piece by piece as they are taken."""

    def ticks_kept(self, query: TickQuery, most: int) -> int:
        """Return how many quotes and trades lie in the pieces that may hold what is asked for.

        most: beyond it nothing more is counted.
        """

    def qualities(self, query: QualityQuery) -> QualityPage:
        """List feed qualities by time."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How many days are kept, back from the newest market time; 0 keeps all."""

    bars_days: float = 0
    ticks_days: float = 0
    qualities_days: float = 0


class MarketRecorder(Protocol):
    """Takes what is to be kept, on the engine's thread; never blocks, and sheds what it has no room for."""

    def start(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        """Begin to keep what is put. now_ns: market time, which retention goes by; called on any thread."""

    def put_bars(self, bars: Sequence[StoredBar], done: Callable[[bool], None] | None = None) -> None:
        """Keep closed bars; one that is known already is replaced. done: called on any thread, True once stored."""

    def put_ticks(self, ticks: Sequence[Recorded], source: str) -> None:
        """Keep quotes, trades and busts, in order of arrival."""

    def put_quality(self, quality: FeedQuality) -> None:
        """Keep one snapshot of a feed's quality."""
