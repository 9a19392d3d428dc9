"""Recording: what of the market is kept, handed to the recorder as it happens.

Beside the tick walk. Closed bars of every series of last prices are kept, whoever opened it; quotes, trades and those
that the venue takes back only where that is switched on; the feed's quality at each `snapshot`. It waits for nothing
and decides nothing.
"""

from collections.abc import Callable, Iterable, Mapping

from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, MarketEvent
from workstation.marketdata.feed_quality import FeedMeter
from workstation.marketdata.intervals import interval_of
from workstation.marketdata.service import MarketData
from workstation.ports.market_store import MarketRecorder, Recorded, StoredBar


class Recording:
    """Listens from its construction on. source: the feed's name; now_ns: market time, UTC ns."""

    def __init__(
        self,
        market: MarketData,
        recorder: MarketRecorder,
        *,
        source: str,
        now_ns: Callable[[], int],
        store_ticks: bool,
    ) -> None:
        self._instruments, self._recorder = market.instruments, recorder
        self._source, self._now_ns = source, now_ns
        self._meter = FeedMeter(market, source)
        market.series.listen(self._on_bar)
        market.listen(self._meter.on_batch)
        if store_ticks:
            market.listen(self._on_ticks)

    def snapshot(self) -> None:
        """Keep the feed's quality since the last time."""
        self._recorder.put_quality(self._meter.take(self._now_ns()))

    def keep(self, bars: Iterable[Bar], done: Callable[[bool], None]) -> None:
        """Keep bars from outside, such as a venue's history; done: called on any thread, True once stored."""
        self._recorder.put_bars(stored_bars(bars, self._instruments, self._source), done)

    def _on_bar(self, bar: Bar) -> None:
        if kept := stored_bars([bar], self._instruments, self._source):
            self._recorder.put_bars(kept)

    def _on_ticks(self, events: list[MarketEvent]) -> None:
        ticks = [event for event in events if isinstance(event, Recorded)]
        if ticks:
            self._recorder.put_ticks(ticks, self._source)


def stored_bars(bars: Iterable[Bar], instruments: Mapping[str, Instrument], source: str) -> list[StoredBar]:
    """Return bars as they are kept: whole ones of a kept interval; a bar that began before we listened is not whole."""
    kept = []
    for bar in bars:
        interval, instrument = interval_of(bar.bar_type), instruments.get(bar.symbol)
        if interval is None or instrument is None or bar.partial:
            continue
        stored = StoredBar(
            symbol=bar.symbol,
            data_type="OHLC",
            interval=interval,
            start=bar.ts_open,
            end=bar.ts_close,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            price_decimals=instrument.price_decimals,
            qty_decimals=instrument.qty_decimals,
            source=source,
        )
        kept.append(stored)
    return kept
