"""Kept market data in memory: recorder, reader and the venue's past bars in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workstation.commands.market_params import FetchBars
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, Quote, Trade
from workstation.marketdata.recording import stored_bars
from workstation.ports.market_store import (
    BarPage,
    BarQuery,
    FeedQuality,
    QualityPage,
    QualityQuery,
    Retention,
    StoredBar,
    StoredTick,
    TickKind,
    TickQuery,
)

SOURCE = "SIM"


class MemoryMarket:
    """Implements `MarketRecorder`, `MarketReader` and `PastBars`. venue: bars to be found; fetched: what was asked."""

    def __init__(self, instruments: dict[str, Instrument] | None = None) -> None:
        self.instruments = instruments or {}
        self.kept: dict[tuple[str, str, str, int], StoredBar] = {}
        self.recorded: list[Quote | Trade] = []
        self.seen: list[FeedQuality] = []
        self.venue: list[Bar] = []
        self.fetched: list[FetchBars] = []
        self.takes = True

    def start(self, retention: Retention, now_ns: Callable[[], int]) -> None:
        pass

    def fetch(self, wanted: FetchBars, done: Callable[[bool], None]) -> None:
        self.fetched.append(wanted)
        bars = [bar for bar in self.venue if (bar.symbol, bar.bar_type) == (wanted.symbol, wanted.bar_type)]
        self.put_bars(stored_bars(bars, self.instruments, SOURCE), done)

    def put_bars(self, bars: Sequence[StoredBar], done: Callable[[bool], None] | None = None) -> None:
        if self.takes:
            self.kept |= {(bar.symbol, bar.data_type, bar.interval, bar.start): bar for bar in bars}
        if done is not None:
            done(self.takes)

    def put_ticks(self, ticks: Sequence[Quote | Trade], source: str) -> None:
        assert source == SOURCE
        self.recorded += ticks

    def put_quality(self, quality: FeedQuality) -> None:
        self.seen.append(quality)

    def bars(self, query: BarQuery) -> BarPage:
        found = [
            bar
            for key, bar in sorted(self.kept.items())
            if key[:3] == (query.symbol, query.data_type, query.interval)
            and (query.source is None or bar.source == query.source)
            and (query.start_ns is None or bar.start >= query.start_ns)
            and (query.end_ns is None or bar.start < query.end_ns)
        ]
        behind = [bar for bar in found if query.after is None or bar.start > query.after]
        rows = behind[-query.limit :] if query.newest else behind[: query.limit]
        return BarPage(tuple(rows), len(found), len(behind) > query.limit)

    def ticks_kept(self, query: TickQuery, most: int) -> int:
        return len(self.recorded)

    def ticks(self, query: TickQuery) -> Iterator[StoredTick]:
        places = ((tick.time, tick.key) for tick in self._ticks())
        for place, tick in sorted(
            zip(places, self._ticks(), strict=True), key=lambda item: item[0], reverse=query.descending
        ):
            if query.after_key is not None and (
                place >= query.after_key if query.descending else place <= query.after_key
            ):
                continue
            if (
                query.symbol in (None, tick.event.symbol)
                and query.kind in (None, tick.kind)
                and query.source in (None, tick.source)
                and (query.start_ns is None or tick.time >= query.start_ns)
                and (query.end_ns is None or tick.time < query.end_ns)
            ):
                yield tick

    def _ticks(self) -> Iterator[StoredTick]:
        for number, event in enumerate(self.recorded):
            instrument = self.instruments[event.symbol]
            kinds = (TickKind.TRADE,) if isinstance(event, Trade) else (TickKind.BID, TickKind.ASK)
            for side, kind in enumerate(kinds):
                yield StoredTick(
                    event=event,
                    kind=kind,
                    price_decimals=instrument.price_decimals,
                    qty_decimals=instrument.qty_decimals,
                    source=SOURCE,
                    key=f"{number:06}:{side}",
                )

    def qualities(self, query: QualityQuery) -> QualityPage:
        found = [
            quality
            for quality in sorted(self.seen, key=lambda quality: quality.snapshot_time, reverse=query.descending)
            if query.source in (None, quality.data_source)
            and (query.instruments_min is None or quality.total_instruments >= query.instruments_min)
            and (query.instruments_max is None or quality.total_instruments <= query.instruments_max)
            and (query.start_ns is None or quality.snapshot_time >= query.start_ns)
            and (query.end_ns is None or quality.snapshot_time < query.end_ns)
        ]
        rows = found[query.offset : query.offset + query.limit]
        total = len(found) if query.with_count else None
        return QualityPage(tuple(rows), total, len(found) > query.offset + query.limit)
