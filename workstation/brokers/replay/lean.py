"""Decoders of zipped equity rows: trade ticks, quote ticks of every exchange, and minute bars of trades and quotes.

Origin of the format: the LEAN data folder. A row begins with milliseconds after midnight in New York; prices are
integers, the price times 10,000. A tick's time is both the venue's and ours, since none else was recorded. A quote row
with one side 0 changed only the other side of that exchange. Rows that the vendor marked suspicious are left out.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from workstation.brokers.replay.reading import LineReader
from workstation.brokers.replay.source import OTHER_VALUES, REPEATED, DecodeFaults, Row
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import (
    BAR_CONDITION,
    Aggressor,
    Bar,
    BarKind,
    BarSource,
    BarType,
    MarketEvent,
    Quote,
    Trade,
)

NEW_YORK = ZoneInfo("America/New_York")
NS_PER_MS = 1_000_000
MINUTE_NS = 60_000 * NS_PER_MS
CENT = 100
"""One cent in recorded units. Ticks and minutes are played on the cent, a price between two cents makes a bad row."""

TRADE_BARS = BarType(BarKind.MINUTE, 1, BarSource.LAST, external=True)
BID_BARS = BarType(BarKind.MINUTE, 1, BarSource.BID, external=True)
ASK_BARS = BarType(BarKind.MINUTE, 1, BarSource.ASK, external=True)


def us_stock(symbol: str, asset_class: AssetClass = AssetClass.STOCK, *, price_decimals: int = 2) -> Instrument:
    """Return a US equity whose tick is the last of its decimals."""
    return Instrument(
        symbol=symbol,
        asset_class=asset_class,
        currency="USD",
        price_decimals=price_decimals,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
        exchange="SMART",
        calendar="XNYS",
    )


def bar_trade(bar: Bar) -> tuple[MarketEvent, ...]:
    """Return the bar's close as a trade of the bar's volume; nothing for a bar without volume. No quote is invented."""
    if not bar.volume:
        return ()
    at = bar.ts_close - 1
    return (Trade(bar.symbol, bar.close, bar.volume, Aggressor.UNKNOWN, "", at, bar.ts_close, BAR_CONDITION),)


class LeanSource(ABC):
    """One zip of one symbol and one day; a member is named `yyyymmdd_symbol_...csv`.

    quiet: rows of the present pass that changed nothing.
    """

    one_at_a_time = False
    """Whether a time has one row: of bars, not of ticks."""

    def __init__(self, path: Path) -> None:
        self._reader = LineReader(path)
        day, symbol, *_ = self._reader.member.split("_")
        self._midnight = int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=NEW_YORK).timestamp() * 1_000) * NS_PER_MS
        self.name = path.name
        self.symbol = symbol.upper()
        asset_class = AssetClass.ETF if self.symbol == "SPY" else AssetClass.STOCK
        self.instruments = (us_stock(self.symbol, asset_class),)
        self.faults = DecodeFaults()
        self.quiet = 0
        self.clock_offset_ns: int | None = None

    @property
    def bytes_done(self) -> int:
        """Bytes of rows read."""
        return self._reader.done

    @property
    def bytes_total(self) -> int:
        """Bytes of rows."""
        return self._reader.total

    def rows(self) -> Iterator[Row]:
        """Begin a pass; a row out of order of time is bad."""
        self.faults.clear()
        self._begin()
        self.quiet, latest, above = 0, 0, b""
        for number, line in self._reader:
            try:
                found = self._decode(line.decode("ascii").split(","))
            except ValueError as error:
                self.faults.add(number, str(error)[:80], line)
                continue
            if found is None:
                self.quiet += 1
                continue
            if found.ts < latest:
                self.faults.add(number, "earlier than the row above it", line)
                continue
            if self.one_at_a_time and found.ts == latest:
                self.faults.add(number, REPEATED if line == above else OTHER_VALUES, line)
                continue
            latest, above = found.ts, line
            yield found

    def _begin(self) -> None:  # noqa: B027  only some formats remember anything
        """Forget the pass before."""

    @abstractmethod
    def _decode(self, fields: list[str]) -> Row | None:
        """Read one row, None when it changes nothing; raises ValueError where it cannot be read."""

    def _at(self, milliseconds: str) -> int:
        return self._midnight + whole(milliseconds) * NS_PER_MS


class TradeTicks(LeanSource):
    """Rows: ms, price, size, exchange, conditions, suspicious."""

    def _decode(self, fields: list[str]) -> Row:
        at, price, size, exchange, conditions, suspicious = expect(fields, 6)
        if suspicious != "0":
            raise ValueError("marked suspicious by the vendor")
        ts = self._at(at)
        marks = f"{exchange};{conditions}"
        if not whole(price):
            raise ValueError("trade without a price")
        trade = Trade(self.symbol, cents(price), positive(size), Aggressor.UNKNOWN, "", ts, ts, marks)
        return Row(ts, (trade,))


class QuoteTicks(LeanSource):
    """Rows: ms, bid, bid size, ask, ask size, exchange, conditions, suspicious; played as the best of all exchanges."""

    def _begin(self) -> None:
        self._bids: dict[str, tuple[int, int]] = {}
        self._asks: dict[str, tuple[int, int]] = {}
        self._shown: tuple[tuple[int, int], tuple[int, int]] | None = None

    def _decode(self, fields: list[str]) -> Row | None:
        at, bid, bid_size, ask, ask_size, exchange, _, suspicious = expect(fields, 8)
        if suspicious != "0":
            raise ValueError("marked suspicious by the vendor")
        ts = self._at(at)
        bids, asks = (cents(bid), whole(bid_size)), (cents(ask), whole(ask_size))
        self._withdraw(bids[0], asks[0])
        if bids[0]:
            self._bids[exchange] = bids
        if asks[0]:
            self._asks[exchange] = asks
        best = self._best()
        if best == self._shown:
            return None
        self._shown = best
        (bid_px, bid_qty), (ask_px, ask_qty) = best
        return Row(ts, (Quote(self.symbol, bid_px or None, bid_qty, ask_px or None, ask_qty, ts, ts),))

    def _withdraw(self, bid: int, ask: int) -> None:
        """Drop older quotes that a newer one crosses: that an exchange withdrew its quote was not recorded."""
        if bid:
            self._asks = {exchange: held for exchange, held in self._asks.items() if held[0] >= bid}
        if ask:
            self._bids = {exchange: held for exchange, held in self._bids.items() if held[0] <= ask}

    def _best(self) -> tuple[tuple[int, int], tuple[int, int]]:
        bid = max((price for price, _ in self._bids.values()), default=0)
        ask = min((price for price, _ in self._asks.values()), default=0)
        bid_size = sum(size for price, size in self._bids.values() if price == bid)
        ask_size = sum(size for price, size in self._asks.values() if price == ask)
        return (bid, bid_size), (ask, ask_size)


class TradeBars(LeanSource):
    """Rows: ms of the bar's open, open, high, low, close, volume; known, and played, at the bar's close."""

    one_at_a_time = True

    def _decode(self, fields: list[str]) -> Row:
        at, *prices, volume = expect(fields, 6)
        opened = self._at(at)
        values = shaped(tuple(cents(price) for price in prices))
        bar = Bar(self.symbol, TRADE_BARS, *values, whole(volume), 1, opened, opened + MINUTE_NS)
        return Row(bar.ts_close, (bar, *bar_trade(bar)))


class QuoteBars(LeanSource):
    """Rows: ms of the open, bid o h l c, bid size, ask o h l c, ask size; played with the closing quote."""

    one_at_a_time = True

    def _decode(self, fields: list[str]) -> Row:
        at, *numbers = expect(fields, 11)
        opened = self._at(at)
        closes = opened + MINUTE_NS
        bid, ask = shaped(tuple(map(cents, numbers[:4]))), shaped(tuple(map(cents, numbers[5:9])))
        bid_size, ask_size = whole(numbers[4]), whole(numbers[9])
        quote = Quote(self.symbol, bid[3], bid_size, ask[3], ask_size, closes - 1, closes)
        bids = Bar(self.symbol, BID_BARS, *bid, 0, 1, opened, closes)
        asks = Bar(self.symbol, ASK_BARS, *ask, 0, 1, opened, closes)
        return Row(closes, (bids, asks, quote))


def expect(fields: list[str], count: int) -> list[str]:
    """Return the fields.

    Raises:
        ValueError: not `count` of them.
    """
    if len(fields) != count:
        raise ValueError(f"not {count} fields")
    return fields


def whole(text: str) -> int:
    """Return a whole number from digits.

    Raises:
        ValueError: anything but digits.
    """
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("not a whole number")
    return int(text)


def cents(text: str) -> int:
    """Return a recorded price, times 10,000, in cents; 0 stays 0.

    Raises:
        ValueError: not a whole number of cents.
    """
    value, rest = divmod(whole(text), CENT)
    if rest:
        raise ValueError("price is not on the cent")
    return value


def positive(text: str) -> int:
    """Return a whole number above 0.

    Raises:
        ValueError: anything else.
    """
    if value := whole(text):
        return value
    raise ValueError("number not above 0")


def shaped(prices: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return open, high, low, close.

    Raises:
        ValueError: open or close outside low and high, or low not above 0.
    """
    first, high, low, last = prices
    if not (0 < low <= first <= high and low <= last <= high):
        raise ValueError("open or close outside low and high, or a price of 0")
    return first, high, low, last
