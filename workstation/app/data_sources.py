"""Stored markets as a backtest takes them: columns on the instrument's scales, splits and dividends as its rows.

Between the market data port and `backtest/columns.py`. Prices stay raw, which is what orders are executed at; the
factors that adjust them stand beside, for what a strategy's indicators read.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from workstation.backtest.built_bars import built_bars, tick_bars
from workstation.backtest.columns import BarColumns, BookRows, QuoteColumns, Source, TradeColumns
from workstation.backtest.rows import CorporateRow, DividendRow, SplitRow
from workstation.domain.conditions import WHOLE
from workstation.domain.errors import NotFound, PrecisionLoss
from workstation.domain.instruments import Instrument
from workstation.domain.market import CLOCK_KINDS, Anchor, BarKind, BarSource, BarType
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.coverage import adjustment_factors, at_end, ex_time
from workstation.marketdata.intervals import bar_type_of, interval_of, series_of, shortest_ns
from workstation.ports.market_data import ActionKind, Integers, MarketHistory, Scales

QUOTES, TRADES = "quotes", "trades"
_KEPT_PARTS = ("1d", "4h", "1h", "30m", "15m", "5m", "1m")


class StoredMarket:
    """What is stored of one instrument. history: where it is read. Sources are read piece by piece, as often as asked.

    listed: the instrument where none is stored with its rows.

    Raises:
        NotFound: no import brought the instrument, and no venue has it.
    """

    def __init__(self, history: MarketHistory, symbol: str, listed: Instrument | None = None) -> None:
        found = history.instrument(symbol) or listed
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
        splits = [action for action in actions if action.kind is ActionKind.SPLIT]
        for chunk in self._history.open_bars(self.instrument.symbol, stored, start, end):
            prices = (self._prices(column, chunk.scales) for column in (chunk.open, chunk.high, chunk.low, chunk.close))
            opened, high, low, close = prices
            ends = at_end(chunk.ts_open, chunk.ts_close)
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
                factor=adjustment_factors(ends, actions, self._calendar) if adjusted else None,
                split=adjustment_factors(ends, splits, self._calendar) if adjusted else None,
            )

    def series(
        self, interval: str, start: int | None = None, end: int | None = None, *, adjusted: bool = False
    ) -> Iterator[BarColumns]:
        """Return bars as `bars` does; where none are stored then, built from shorter ones or from ticks.

        Raises:
            ValidationError: the interval is none.
        """
        base = self._base_of(interval, start, end)
        if base == QUOTES:
            return tick_bars(self.quotes(start, end), interval, self.instrument)
        if base == TRADES:
            return tick_bars(self._tape(start, end), interval, self.instrument)
        stored = self.bars(base, start, end, adjusted=adjusted)
        return stored if base == interval else built_bars(stored, interval, self.instrument)

    def sources(
        self, intervals: Sequence[str], start: int | None, end: int | None, *, adjusted: bool, alone: bool
    ) -> list[Source]:
        """Return each of some intervals as `series` does. alone: nothing else is played of this instrument.

        Where nothing but built bars would be played, what they are built of comes too, so that orders meet a market.

        Raises:
            ValidationError: an interval is none.
        """
        made: list[Source] = [self.series(interval, start, end, adjusted=adjusted) for interval in intervals]
        bases = [self._base_of(interval, start, end) for interval in intervals]
        if not alone or any(base == interval for base, interval in zip(bases, intervals, strict=True)):
            return made
        if TRADES in bases or QUOTES in bases:
            return [self.trades(start, end) if TRADES in bases else self.quotes(start, end), *made]
        finest = min(bases, key=lambda base: shortest_ns(bar_type_of(base)))
        return [self.bars(finest, start, end, adjusted=adjusted), *made]

    def _base_of(self, interval: str, start: int | None, end: int | None) -> str:
        """Return the stored interval that bars are built of, their own where it is stored, else QUOTES or TRADES."""
        wanted = series_of(interval, self.instrument)
        for stored in ([interval] if interval_of(wanted) is not None else []) + _parts_of(wanted):
            if next(self.bars(stored, start, end), None) is not None:
                return stored
        return TRADES if wanted.source is BarSource.LAST else QUOTES

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
        """Yield prints received in [start, end), those too that the venue took back later: they were seen."""
        for columns in self._tape(start, end):
            if columns.busts is None:
                yield columns
                continue
            kept = {name: getattr(columns, name) for name in ("ts", "price", "size", "aggressor", "effect")}
            prints = columns.busts == 0
            yield TradeColumns(symbol=columns.symbol, **{name: column[prints] for name, column in kept.items()})

    def _tape(self, start: int | None, end: int | None) -> Iterator[TradeColumns]:
        """Yield prints and the busts among them."""
        for chunk in self._history.open_trades(self.instrument.symbol, start, end):
            yield TradeColumns(
                symbol=chunk.symbol,
                ts=chunk.ts,
                price=self._prices(chunk.price, chunk.scales),
                size=self._sizes(chunk.size, chunk.scales),
                aggressor=chunk.aggressor,
                effect=np.full_like(chunk.price, WHOLE) if chunk.effect is None else chunk.effect,
                busts=chunk.busts,
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


def _parts_of(wanted: BarType) -> list[str]:
    """Return the short names of kept intervals that longer bars consist of, the longest first.

    Bars that count from a session's open need single minutes, those with a bar for each interval may be filled up.
    """
    if wanted.kind not in CLOCK_KINDS - {BarKind.MILLISECOND, BarKind.SECOND} or wanted.source is not BarSource.LAST:
        return []
    span, day = shortest_ns(wanted), shortest_ns(BarType(BarKind.DAY, 1))
    kept = {name: shortest_ns(bar_type_of(name)) for name in _KEPT_PARTS}
    if wanted.parts is not None:
        kept = {name: part for name, part in kept.items() if part <= shortest_ns(wanted.parts)}
    if wanted.anchor is Anchor.SESSION or wanted.offset_ns:
        kept = {"1m": kept["1m"]}
    return [
        name
        for name, part in kept.items()
        if (part < span or (part == span and wanted.every)) and (span >= day or span % part == 0)
    ]


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
