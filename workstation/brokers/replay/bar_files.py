"""Decoders of bar files: daily bars of stocks, daily bars of the LEAN folder, one-minute bars of a perpetual.

A bar is played when it closed, with a trade of its volume at its close (`lean.bar_trade`). Each format declares whether
its stamp is the bar's open or its close. A daily bar spans the regular New York session of its date, so that on a day
of early close it is played late, never early.
"""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from workstation.brokers.replay.lean import MINUTE_NS, NEW_YORK, bar_trade, expect, positive, shaped, us_stock, whole
from workstation.brokers.replay.reading import LineReader, scaled
from workstation.brokers.replay.source import OTHER_VALUES, REPEATED, DecodeFaults, Row
from workstation.domain.errors import PrecisionLoss
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Bar, BarKind, BarSource, BarType

DAILY = BarType(BarKind.DAY, 1, BarSource.LAST, external=True)
MINUTES = BarType(BarKind.MINUTE, 1, BarSource.LAST, external=True)
DAILY_DECIMALS = 4
"""Decimals of daily prices: they reach back to sixteenths of a dollar."""

TICKERS_MAX = 500
_TURNOVER_DECIMALS = 12
_OPEN, _CLOSE = timedelta(hours=9, minutes=30), timedelta(hours=16)


class Stamp(StrEnum):
    """What the time in a row means."""

    OPEN = "OPEN"
    CLOSE = "CLOSE"


class BarFile(ABC):
    """What the bar decoders share: a pass over the lines of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = LineReader(path)
        self.name = path.name
        self.faults = DecodeFaults()
        self.clock_offset_ns: int | None = None

    @property
    def bytes_done(self) -> int:
        """Bytes read."""
        return self._reader.done

    @property
    def bytes_total(self) -> int:
        """Bytes of the file."""
        return self._reader.total

    def _pass(self, reader: LineReader, ticker: str = "") -> Iterator[Row]:
        latest, above = 0, b""
        for number, line in reader:
            fields = line.decode("ascii", "replace").split(",")
            if self._is_header(number, fields) or (ticker and fields[0] != ticker):
                continue
            try:
                bar = self._bar(fields)
            except PrecisionLoss:
                self.faults.add(number, "number is no plain decimal of the instrument", line)
                continue
            except ValueError as error:
                self.faults.add(number, str(error)[:80], line)
                continue
            if bar.ts_close <= latest:
                again = REPEATED if line == above else OTHER_VALUES
                self.faults.add(number, again if bar.ts_close == latest else "earlier than the row above it", line)
                continue
            latest, above = bar.ts_close, line
            yield Row(latest, (bar, *bar_trade(bar)))

    def _is_header(self, number: int, fields: list[str]) -> bool:
        return number == 1 and not fields[-1][:1].isdecimal()

    @abstractmethod
    def _bar(self, fields: list[str]) -> Bar:
        """Read one row; raises ValueError or PrecisionLoss where it cannot be read."""


class StocksDaily(BarFile):
    """Rows: Ticker, Date, raw open, high, low, close, Volume, Adj Close; sorted by ticker, played merged by date.

    The adjusted close is left aside: raw prices are what could be traded. One reader for each ticker keeps memory flat.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        first_rows = (line.decode("ascii", "replace").split(",")[0] for number, line in self._reader if number > 1)
        tickers = dict.fromkeys(first_rows)
        self.instruments = tuple(
            us_stock(ticker, price_decimals=DAILY_DECIMALS) for ticker in list(tickers)[:TICKERS_MAX]
        )

    def rows(self) -> Iterator[Row]:
        """Begin a pass."""
        self.faults.clear()
        passes = [self._pass(LineReader(self._path), found.symbol) for found in self.instruments[:-1]]
        passes += [self._pass(self._reader, found.symbol) for found in self.instruments[-1:]]
        return heapq.merge(*passes, key=lambda row: row.ts)

    def _bar(self, fields: list[str]) -> Bar:
        ticker, day, *prices, volume, _ = expect(fields, 8)
        opens, closes = regular_session(date.fromisoformat(day))
        values = shaped(tuple(scaled(price, DAILY_DECIMALS) for price in prices))
        return Bar(ticker, DAILY, *values, whole(volume), 1, opens, closes)


class LeanDaily(BarFile):
    """Rows: `yyyymmdd HH:MM`, open, high, low, close (times 10,000), volume; the stamp is the day, prices are raw."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._symbol = self._reader.member.partition(".")[0].upper()
        self.instruments = (us_stock(self._symbol, price_decimals=DAILY_DECIMALS),)

    def rows(self) -> Iterator[Row]:
        """Begin a pass."""
        self.faults.clear()
        return self._pass(self._reader)

    def _bar(self, fields: list[str]) -> Bar:
        stamp, *prices, volume = expect(fields, 6)
        day = stamp[:8]
        opens, closes = regular_session(date(whole(day[:4]), whole(day[4:6]), whole(day[6:])))
        values = shaped(tuple(positive(price) for price in prices))
        return Bar(self._symbol, DAILY, *values, whole(volume), 1, opens, closes)


class PerpetualMinutes(BarFile):
    """Rows: timestamp (UTC, by default the open), open, high, low, close, volume in quote currency.

    Quantity is not recorded: the bar's volume is the least quantity that such a turnover allows, turnover / high.
    """

    SYMBOL = "BTC-PERP"
    PRICE_DECIMALS = 3
    QTY_DECIMALS = 4

    def __init__(self, path: Path, stamp: Stamp = Stamp.OPEN) -> None:
        super().__init__(path)
        self._shift = 0 if stamp is Stamp.OPEN else -MINUTE_NS
        self.instruments = (
            Instrument(
                symbol=self.SYMBOL,
                asset_class=AssetClass.CRYPTO,
                currency="USD",
                price_decimals=self.PRICE_DECIMALS,
                qty_decimals=self.QTY_DECIMALS,
                ticks=(TickBand(0, 10**self.PRICE_DECIMALS),),
                name="Bitcoin perpetual",
            ),
        )

    def rows(self) -> Iterator[Row]:
        """Begin a pass."""
        self.faults.clear()
        return self._pass(self._reader)

    def _bar(self, fields: list[str]) -> Bar:
        stamp, *prices, turnover = expect(fields, 6)
        at = int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) * 1_000_000_000 + self._shift
        values = shaped(tuple(scaled(price, self.PRICE_DECIMALS) for price in prices))
        if any(not self.instruments[0].on_tick(price) for price in values):
            raise ValueError("price is off the tick")
        quantity_scale = 10 ** (self.PRICE_DECIMALS + self.QTY_DECIMALS)
        volume = scaled(turnover, _TURNOVER_DECIMALS) * quantity_scale // (values[1] * 10**_TURNOVER_DECIMALS)
        if volume < 0:
            raise ValueError("negative volume")
        return Bar(self.SYMBOL, MINUTES, *values, volume, 1, at, at + MINUTE_NS)


def regular_session(day: date) -> tuple[int, int]:
    """Return [open, close) of the regular New York session of a date, UTC ns."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the zone follows
    opens, closes = ((midnight + part).replace(tzinfo=NEW_YORK).timestamp() for part in (_OPEN, _CLOSE))
    return int(opens) * 1_000_000_000, int(closes) * 1_000_000_000
