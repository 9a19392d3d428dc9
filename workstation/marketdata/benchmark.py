"""The tick-path benchmark: how many ticks one second of processor time carries through `service.on_feed`.

Feed -> border -> cache and books -> 1-minute bars -> marks of 20 positions -> 3 subscribers. Behind `workstation bench`
and `tests/bench`. Reads no time itself: the caller hands over a processor-time clock. Measures, never judges.
"""

from collections.abc import Callable, Mapping

from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import (
    FEED_SLICE_MAX,
    Aggressor,
    BarKind,
    BarType,
    BookChange,
    BookSnapshot,
    Level,
    MarketEvent,
    Quote,
    Trade,
)
from workstation.kernel.clock import VirtualClock
from workstation.kernel.ids import sub_stream
from workstation.marketdata.conflation import Tape
from workstation.marketdata.service import MarketData

SYMBOLS = tuple(f"SYM{number:02}" for number in range(20))
START_NS = 1_700_000_000_000_000_000
TICK_GAP_NS = 1_000_000
CALIBRATION_ROUNDS = 1_000_000
_DEPTH = 20


class PositionMarks:
    """Values open positions at the last price, once for each batch and instrument that traded; a batch listener."""

    def __init__(self, instruments: Mapping[str, Instrument], quantities: Mapping[str, int]) -> None:
        self._instruments = instruments
        self._quantities = quantities
        self.values: dict[str, int] = {}

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Mark each position that the batch has a trade for."""
        prices = {event.symbol: event.price for event in events if type(event) is Trade}
        for symbol, price in prices.items():
            self.values[symbol] = self._instruments[symbol].notional(price, self._quantities[symbol])


class TradeCount:
    """Counts trades by instrument; the smallest useful batch listener."""

    def __init__(self) -> None:
        self.trades = 0

    def on_batch(self, events: list[MarketEvent]) -> None:
        """Count the trades of a batch."""
        self.trades += sum(type(event) is Trade for event in events)


def make_feed(ticks: int, seed: int) -> list[list[MarketEvent]]:
    """Return `ticks` seeded events in slices: three quotes to a trade, each twentieth a book change of four levels."""
    random = sub_stream(seed, "tick-path")
    draw = random.randint
    prices = dict.fromkeys(SYMBOLS, 10_000)
    seqs = dict.fromkeys(SYMBOLS, 1)
    events: list[MarketEvent] = [_snapshot(symbol) for symbol in SYMBOLS]
    for number in range(ticks - len(events)):
        ts = START_NS + number * TICK_GAP_NS
        symbol = SYMBOLS[random.randrange(len(SYMBOLS))]
        price = prices[symbol] = max(prices[symbol] + draw(-1, 1), 100)
        if number % 20 == 0:
            bids, asks = ((Level(price + sign * draw(1, _DEPTH), draw(0, 500)),) * 2 for sign in (-1, 1))
            seq = seqs[symbol] = seqs[symbol] + 1
            events.append(BookChange(symbol, bids, asks, seq, seq, seq - 1, ts, ts))
        elif number % 4 == 1:
            events.append(Trade(symbol, price, draw(1, 500), Aggressor.BUY, str(number), ts, ts))
        else:
            events.append(Quote(symbol, price - 1, draw(1, 900), price + 1, draw(1, 900), ts, ts))
    return [events[start : start + FEED_SLICE_MAX] for start in range(0, len(events), FEED_SLICE_MAX)]


def run(cpu_ns: Callable[[], int], *, ticks: int = 300_000, seed: int = 7) -> dict[str, float]:
    """Carry `ticks` through the tick path; returns the figures, rates per second of processor time.

    cpu_ns: processor time of this process or thread, ns. ratio: ticks per round of an empty calibration loop.
    """
    instruments = {symbol: _instrument(symbol) for symbol in SYMBOLS}
    slices = make_feed(ticks, seed)
    clock = VirtualClock(START_NS)
    faults: list[object] = []
    market = MarketData(clock, instruments, on_fault=lambda message, _error: faults.append(message))
    minute = BarType(BarKind.MINUTE, 1)
    for symbol in SYMBOLS:
        market.bars(symbol, minute)
    marks = PositionMarks(instruments, dict.fromkeys(SYMBOLS, 100))
    tape, counter, conflator = Tape(SYMBOLS[:5]), TradeCount(), market.conflate()
    for listener in (marks.on_batch, tape.on_batch, counter.on_batch):
        market.listen(listener)
    rate = _calibrate(cpu_ns)
    began = cpu_ns()
    for number, events in enumerate(slices):
        clock.advance(TICK_GAP_NS * len(events))
        market.on_feed(events)
        if number % 32 == 0:
            conflator.take()
            tape.take()
    seconds = max(cpu_ns() - began, 1) / 1e9
    return {
        "ticks": float(ticks),
        "cpu_s": seconds,
        "ticks_per_cpu_s": ticks / seconds,
        "calibration_per_cpu_s": rate,
        "ratio": ticks / seconds / rate,
        "faults": float(len(faults)),
        "trades": float(counter.trades),
        "marked": float(len(marks.values)),
    }


def _calibrate(cpu_ns: Callable[[], int]) -> float:
    began = cpu_ns()
    total = 0
    for number in range(CALIBRATION_ROUNDS):
        total += number
    return CALIBRATION_ROUNDS / (max(cpu_ns() - began, 1) / 1e9)


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )


def _snapshot(symbol: str) -> BookSnapshot:
    bids = tuple(Level(9_999 - step, 100) for step in range(_DEPTH))
    asks = tuple(Level(10_001 + step, 100) for step in range(_DEPTH))
    return BookSnapshot(symbol, bids, asks, 1, START_NS, START_NS)
