"""Decoder of a raw exchange capture: websocket messages of a USD-margined perpetual, as they were received.

One line is `<local receive ns> <json>`. Streams: `@depth` (absolute level sizes; U and u are the first and last update
id, pu the u before), `@trade`, `@bookTicker`; a REST depth snapshot is a bare object with `lastUpdateId`. `T` is the
venue's transaction time in ms, `m` says that the buyer was the maker. Prices and sizes are decimal text and never
become floats.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from workstation.brokers.replay.reading import LineReader, scaled
from workstation.brokers.replay.source import DecodeFaults, Row
from workstation.domain.errors import PrecisionLoss
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Aggressor, BookChange, BookSnapshot, Level, MarketEvent, Quote, Trade

PRICE_DECIMALS = 2
QTY_DECIMALS = 3
TICK = 10
NS_PER_MS = 1_000_000

Pairs = tuple[tuple[str, str], ...]


class _Envelope(msgspec.Struct, gc=False):
    """Stream message or REST snapshot, told apart by which fields are there."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")
    lastUpdateId: int = -1  # noqa: N815  the venue's name
    T: int = 0
    bids: Pairs = ()
    asks: Pairs = ()


class _Depth(msgspec.Struct, gc=False):
    T: int
    s: str
    U: int
    u: int
    pu: int
    b: Pairs
    a: Pairs


class _Trade(msgspec.Struct, gc=False):
    T: int
    s: str
    t: int
    p: str
    q: str
    m: bool
    X: str = "MARKET"


class _BookTicker(msgspec.Struct, gc=False):
    T: int
    s: str
    b: str
    B: str
    a: str
    A: str


def perpetual(symbol: str) -> Instrument:
    """Return the contract of a captured symbol: quoted in USDT, tick 0.10, quantity step 0.001."""
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.CRYPTO,
        currency="USDT",
        price_decimals=PRICE_DECIMALS,
        qty_decimals=QTY_DECIMALS,
        ticks=(TickBand(0, TICK),),
        name=f"{symbol} perpetual",
        exchange="USDM",
    )


class CaptureSource:
    """A capture of one symbol, named by its first stream message."""

    def __init__(self, path: Path) -> None:
        self._reader = LineReader(path)
        self.name = path.name
        self.faults = DecodeFaults()
        self.symbol = self._first_symbol()
        self.instruments = (perpetual(self.symbol),)
        self.clock_offset_ns: int | None = None
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._streams: dict[str, Callable[[msgspec.Raw, int], MarketEvent]] = {
            "depth": self._depth,
            "trade": self._trade,
            "bookTicker": self._quote,
        }
        self._decoders: dict[str, Any] = {
            "depth": msgspec.json.Decoder(_Depth),
            "trade": msgspec.json.Decoder(_Trade),
            "bookTicker": msgspec.json.Decoder(_BookTicker),
        }

    @property
    def bytes_done(self) -> int:
        """Compressed bytes read."""
        return self._reader.done

    @property
    def bytes_total(self) -> int:
        """Compressed size."""
        return self._reader.total

    def rows(self) -> Iterator[Row]:
        """Begin a pass; rows keep the order of receipt, a row received before its predecessor is bad."""
        self.faults.clear()
        latest = 0
        for number, line in self._reader:
            try:
                stamp, _, body = line.partition(b" ")
                ts = int(stamp)
                event = self._decode(body, ts)
            except (ValueError, PrecisionLoss) as error:
                self.faults.add(number, _reason(error), line)
                continue
            if ts < latest:
                self.faults.add(number, "received before the row above it", line)
                continue
            latest = ts
            yield Row(ts, (event,))

    def _decode(self, body: bytes, ts: int) -> MarketEvent:
        envelope = self._envelope.decode(body)
        if envelope.lastUpdateId >= 0:
            bids, asks = _levels(envelope.bids), _levels(envelope.asks)
            return BookSnapshot(self.symbol, bids, asks, envelope.lastUpdateId, envelope.T * NS_PER_MS, ts)
        kind = envelope.stream.split("@")[1] if "@" in envelope.stream else ""
        if kind not in self._streams:
            raise ValueError(f"unknown stream {envelope.stream[:40]!r}")
        event = self._streams[kind](envelope.data, ts)
        offset = ts - getattr(event, "ts_event", ts)
        if self.clock_offset_ns is None or offset < self.clock_offset_ns:
            self.clock_offset_ns = offset
        return event

    def _depth(self, data: msgspec.Raw, ts: int) -> MarketEvent:
        found: _Depth = self._decoders["depth"].decode(data)
        bids, asks = _levels(found.b), _levels(found.a)
        return BookChange(self._same(found.s), bids, asks, found.U, found.u, found.pu, found.T * NS_PER_MS, ts)

    def _trade(self, data: msgspec.Raw, ts: int) -> MarketEvent:
        found: _Trade = self._decoders["trade"].decode(data)
        price, size = scaled(found.p, PRICE_DECIMALS), scaled(found.q, QTY_DECIMALS)
        if price <= 0 or size <= 0:
            raise ValueError("trade without a price or size")
        aggressor = Aggressor.SELL if found.m else Aggressor.BUY
        conditions = "" if found.X == "MARKET" else found.X
        at = found.T * NS_PER_MS
        return Trade(self._same(found.s), price, size, aggressor, str(found.t), at, ts, conditions)

    def _quote(self, data: msgspec.Raw, ts: int) -> MarketEvent:
        found: _BookTicker = self._decoders["bookTicker"].decode(data)
        bid, ask = scaled(found.b, PRICE_DECIMALS), scaled(found.a, PRICE_DECIMALS)
        bid_size, ask_size = scaled(found.B, QTY_DECIMALS), scaled(found.A, QTY_DECIMALS)
        return Quote(self._same(found.s), bid, bid_size, ask, ask_size, found.T * NS_PER_MS, ts)

    def _same(self, symbol: str) -> str:
        if symbol != self.symbol:
            raise ValueError("another symbol")
        return self.symbol

    def _first_symbol(self) -> str:
        for _, line in self._reader:
            stream = line.partition(b'"stream":"')[2].partition(b"@")[0]
            if stream:
                return stream.decode("ascii", "replace").upper()
        return ""


def _levels(pairs: Pairs) -> tuple[Level, ...]:
    return tuple(Level(scaled(price, PRICE_DECIMALS), scaled(size, QTY_DECIMALS)) for price, size in pairs)


def _reason(error: Exception) -> str:
    if isinstance(error, PrecisionLoss):
        return "number is no plain decimal of the instrument"
    return "no message of this venue" if isinstance(error, msgspec.MsgspecError) else str(error)[:80]
