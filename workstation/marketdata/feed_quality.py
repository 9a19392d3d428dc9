"""The feed's own quality: how much it delivers, of how many instruments, how late.

Beside the tick walk: one look at each batch, never at each tick's times; latency is that of a delivery's newest tick.
"""

from workstation.domain.market import MarketEvent, Quote, Trade
from workstation.marketdata.freshness import Flag
from workstation.marketdata.quality import Defect
from workstation.marketdata.service import MarketData
from workstation.ports.market_store import FeedQuality


class FeedMeter:
    """Counts from one snapshot to the next. A batch listener; engine's thread."""

    def __init__(self, market: MarketData, source: str) -> None:
        self._market, self._source = market, source
        self._active = market.conflate(None)
        self._active.drain()
        self._defects: dict[Defect, int] = {}
        self._prices: int
        self._volumes: int
        self._deliveries: int
        self._latency: int
        self._latency_max: int
        self._clear()

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Count a delivery."""
        kinds = list(map(type, events))
        trades = kinds.count(Trade)
        self._prices += kinds.count(Quote) + trades
        self._volumes += trades
        newest = events[-1]
        if isinstance(newest, Quote | Trade):
            latency = newest.ts_init - newest.ts_event
            self._deliveries += 1
            self._latency += latency
            self._latency_max = max(self._latency_max, latency)

    def take(self, now_ns: int) -> FeedQuality:
        """Return what was counted since the last time, and begin anew; now_ns: market time, UTC ns."""
        active = self._active.drain()
        cache = self._market.cache
        defects = {defect: self._market.quality.total(defect) for defect in Defect}
        fresh = {kind: count - self._defects.get(kind, 0) for kind, count in defects.items()}
        self._defects = defects
        quality = FeedQuality(
            snapshot_time=now_ns,
            data_source=self._source,
            total_instruments=len(self._market.instruments),
            active_instruments=len(active),
            price_updates=self._prices,
            volume_updates=self._volumes,
            delayed_data_count=sum(Flag.DELAYED in cache.price(symbol).flags for symbol in active),
            error_count=fresh[Defect.REFUSED] + fresh[Defect.GAP],
            average_latency_ns=self._latency // self._deliveries if self._deliveries else None,
            max_latency_ns=self._latency_max if self._deliveries else None,
            metadata={kind.lower(): count for kind, count in fresh.items() if count},
        )
        self._clear()
        return quality

    def _clear(self) -> None:
        self._prices = self._volumes = self._deliveries = 0
        self._latency = self._latency_max = 0
