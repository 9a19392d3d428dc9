"""Stored markets as a backtest takes them: columns on the instrument's scales, splits and dividends as its rows.

Between the market data port and `backtest/columns.py`. Prices stay raw, which is what orders are executed at; the
factors that adjust them stand beside, for what a strategy's indicators read.
"""

from collections.abc import Iterator
from itertools import chain

import msgspec
import numpy as np

from workstation.backtest.built_bars import built_bars
from workstation.backtest.columns import BarColumns, BookRows, QuoteColumns, TradeColumns
from workstation.backtest.plan import CorporateRow, DividendRow, SplitRow
from workstation.domain.errors import NotFound, PrecisionLoss
from workstation.domain.instruments import Instrument
from workstation.domain.market import BarKind, BarType
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import adjustment_factors, ex_time
from workstation.marketdata.intervals import bar_type_of, interval_of, shortest_ns
from workstation.ports.market_data import ActionKind, Integers, MarketHistory, Scales


class StoredMarket:
    """What is stored of one instrument. history: where it is read. Sources are read piece by piece, as often as asked.

    Raises:
        NotFound: no import brought the instrument, and no venue has it.
    """

    def __init__(self, history: MarketHistory, symbol: str) -> None:
        found = history.instrument(symbol)
        if found is None:
            raise NotFound("instrument", symbol)
        self.instrument: Instrument = found
        self._history = history
        self._calendar = Calendars()[found.calendar]

    def bars(
        self, interval: str, start: int | None = None, end: int | None = None, *, adjusted: bool = False
    ) -> Iterator[BarColumns]:
        """Yield bars that begin in [start, end), UTC ns. interval: such as 1m. adjusted: factors stand beside.

        Raises:
            NotFound: such bars are not stored.
        """
        stored = interval_of(bar_type_of(interval))
        if stored is None:
            raise NotFound("interval", interval)
        actions = self._history.actions(self.instrument.symbol) if adjusted else ()
        for chunk in self._history.open_bars(self.instrument.symbol, stored, start, end):
            prices = (self._prices(column, chunk.scales) for column in (chunk.open, chunk.high, chunk.low, chunk.close))
            opened, high, low, close = prices
            yield BarColumns(
                symbol=chunk.symbol,
                interval=interval,
                ts_open=chunk.ts_open,
                ts_close=chunk.ts_close,
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=self._sizes(chunk.volume, chunk.scales),
                factor=adjustment_factors(chunk.ts_open, actions, self._calendar) if adjusted else None,
            )

    def series(
        self, interval: str, start: int | None = None, end: int | None = None, *, adjusted: bool = False
    ) -> Iterator[BarColumns]:
        """Return bars as `bars` does; where none are stored then, built from the longest shorter ones that fit in.

        Raises:
            ValidationError: the interval is none.
        """
        wanted = bar_type_of(interval, self.instrument.qty_decimals)
        if interval_of(wanted) is not None and (stored := _begun(self.bars(interval, start, end, adjusted=adjusted))):
            return stored
        for shorter in _parts_of(wanted):
            if bars := _begun(self.bars(shorter, start, end, adjusted=adjusted)):
                return built_bars(bars, interval, self.instrument)
        return iter(())

    def quotes(self, start: int | None = None, end: int | None = None) -> Iterator[QuoteColumns]:
        """Yield quotes received in [start, end)."""
        for chunk in self._history.open_quotes(self.instrument.symbol, start, end):
            yield QuoteColumns(
                symbol=chunk.symbol,
                ts=chunk.ts,
                bid=self._prices(chunk.bid, chunk.scales),
                bid_size=self._sizes(chunk.bid_size, chunk.scales),
                ask=self._prices(chunk.ask, chunk.scales),
                ask_size=self._sizes(chunk.ask_size, chunk.scales),
            )

    def trades(self, start: int | None = None, end: int | None = None) -> Iterator[TradeColumns]:
        """Yield prints received in [start, end)."""
        for chunk in self._history.open_trades(self.instrument.symbol, start, end):
            yield TradeColumns(
                symbol=chunk.symbol,
                ts=chunk.ts,
                price=self._prices(chunk.price, chunk.scales),
                size=self._sizes(chunk.size, chunk.scales),
                aggressor=chunk.aggressor,
            )

    def books(self, start: int | None = None, end: int | None = None) -> Iterator[BookRows]:
        """Yield snapshots and changes of the book received in [start, end), each at its time of receipt.

        Quotes and prints come at theirs: the venue's clock, which may differ, would put the book before or behind them.
        """
        for chunk in self._history.open_books(self.instrument.symbol, start, end):
            if chunk.scales != Scales(self.instrument.price_decimals, self.instrument.qty_decimals):
                raise PrecisionLoss("book", f"{chunk.symbol}: stored on other decimals than the instrument has")
            rows = tuple(msgspec.structs.replace(row, ts_event=row.ts_init) for row in chunk.rows)
            yield BookRows(symbol=chunk.symbol, rows=rows)

    def corporate(self) -> tuple[CorporateRow, ...]:
        """Return splits and dividends, in force from their session's opening."""
        rows: list[CorporateRow] = []
        for action in self._history.actions(self.instrument.symbol):
            ts = ex_time(action, self._calendar)
            if action.kind is ActionKind.SPLIT:
                terms = (action.numerator, action.denominator)
                rows.append(SplitRow(ts=ts, symbol=action.symbol, numerator=terms[0], denominator=terms[1]))
            else:
                rows.append(DividendRow(ts=ts, symbol=action.symbol, amount=action.amount))
        return tuple(rows)

    def _prices(self, column: Integers, scales: Scales) -> Integers:
        return _rescaled(column, scales.price_decimals, self.instrument.price_decimals)

    def _sizes(self, column: Integers, scales: Scales) -> Integers:
        return _rescaled(column, scales.qty_decimals, self.instrument.qty_decimals)


def _begun(chunks: Iterator[BarColumns]) -> Iterator[BarColumns] | None:
    """Return the chunks, of which the first is read already; None where there is none."""
    first = next(chunks, None)
    return None if first is None else chain((first,), chunks)


def _parts_of(wanted: BarType) -> list[str]:
    """Return the short names of kept intervals that longer bars consist of, the longest first."""
    if wanted.kind not in (BarKind.MINUTE, BarKind.HOUR, BarKind.DAY, BarKind.WEEK, BarKind.MONTH):
        return []
    span, day = shortest_ns(wanted), shortest_ns(BarType(BarKind.DAY, 1))
    kept = {name: shortest_ns(bar_type_of(name)) for name in ("1d", "4h", "1h", "30m", "15m", "5m", "1m")}
    return [name for name, part in kept.items() if part < span and (span >= day or span % part == 0)]


def _rescaled(column: Integers, decimals: int, wanted: int) -> Integers:
    """Return a column on other decimals.

    Raises:
        PrecisionLoss: digits would be lost.
    """
    if decimals <= wanted:
        return column * np.int64(10 ** (wanted - decimals))
    values, rest = np.divmod(column, np.int64(10 ** (decimals - wanted)))
    if rest.any():
        raise PrecisionLoss("decimals", f"stored values have more than the {wanted} decimals of the instrument")
    return values
