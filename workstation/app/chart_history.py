"""What a chart asks of the store: the splits and dividends of its bars, what there is of a past, bars laid from it.

Beside the tick walk, on a thread of its own that reads; the engine only joins what was laid to the series that goes on
live, and older bars go to the chart alone, page by page. Where nothing is stored it says so.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Self

import numpy as np

from workstation.app.data_sources import StoredMarket
from workstation.app.screens import BARS_BEFORE, PARTS_READ_MAX, EngineScreens
from workstation.app.view_only import Storage
from workstation.backtest.columns import BarColumns
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import answer as answered
from workstation.commands.params import BarsRequest, OlderBars
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.accounts import Environment
from workstation.domain.errors import WorkstationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import COUNTED_KINDS, BarSource, BarType
from workstation.kernel.logs import get_logger
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import builder_of
from workstation.marketdata.coverage import ex_time, factor_of
from workstation.marketdata.intervals import INTERVALS, interval_of, shortest_ns
from workstation.marketdata.stored_bars import PastBars, StoredPast, of_bars, of_prints, read_from, until
from workstation.ports.market_data import ActionKind, BarChunk, CorporateAction, DataKind, Holding, Scales
from workstation.storage import NothingStored, StoreView
from workstation.storage.market_history import SqlMarketHistory
from workstation.viewmodels.bars import BarSeries

_PRINTS = frozenset({DataKind.TICKS, DataKind.TRADES})
ENDING = "The program is ending."
NO_BARS = PastBars(np.empty((0, 2), np.int64), np.empty((0, 5), np.int64))

DAY_NS = 86_400 * 10**9
ENDS_WITHIN_NS = 4 * DAY_NS
"""So far beyond a page the shorter bars are read, so that one after a weekend ends its last bar."""

BUILT_LEAST = 200
"""Bars that one page builds at least, where so many are to be had."""

_log = get_logger("chart_history")

Post = Callable[[Callable[[], None]], None]


class ChartHistory:
    """The commands of a chart's past. post: runs a call on the engine's thread; history: None where none is read.

    invented: the venue makes its prices up, so that no split or dividend of the real instrument is in them. beside:
    opens the database of the home whose market a replay plays, which has a database of its own.
    """

    def __init__(
        self,
        history: SqlMarketHistory | None,
        screens: EngineScreens,
        instruments: Mapping[str, Instrument],
        post: Post,
        commands: CommandRegistry,
        *,
        invented: bool,
        beside: Callable[[], StoreView] | None = None,
    ) -> None:
        self._open_beside = beside
        self._beside: StoreView | None = None
        self._history, self._screens, self._instruments, self._post = history, screens, instruments, post
        self._calendars, self._invented = Calendars(), invented
        self._laid_from_store: set[tuple[str, BarType]] = set()
        self._pool = ThreadPoolExecutor(1, "chart-history")
        rows: tuple[Declaration, ...] = (
            ("market.stored", "What is stored for a chart", BarsRequest, "marketdata:view", self._tell),
            ("market.actions", "Splits and dividends of a chart's bars", BarsRequest, "marketdata:view", self._act),
            ("market.build_bars", "Bars from stored data", BarsRequest, "marketdata:view", self._build),
            ("market.older_bars", "Older bars of a chart", OlderBars, "marketdata:view", self._older),
        )
        commands.declare("Market", rows)

    @classmethod
    def of(
        cls,
        store: Storage,
        screens: EngineScreens,
        instruments: Mapping[str, Instrument],
        post: Post,
        commands: CommandRegistry,
        *,
        environment: Environment,
        beside: Callable[[], StoreView] | None = None,
    ) -> Self:
        """Return the commands of a run's store, declared."""
        history = store.history if isinstance(store, StoreView) else None
        invented = environment is Environment.SIM
        return cls(history, screens, instruments, post, commands, invented=invented, beside=beside)

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._beside is not None:
            self._beside.close()

    def _tell(self, _context: EngineContext, params: BarsRequest, call: Invocation) -> None:
        self._read(call, lambda: self._found(params), lambda past: CommandResult(ok=True, text="", data=past))

    def _act(self, _context: EngineContext, params: BarsRequest, call: Invocation) -> None:
        real = not self._invented or (params.symbol, params.bar_type) in self._laid_from_store

        def known(rows: tuple[CorporateAction, ...]) -> CommandResult:
            """Answer them with those the venue did; what forms is brought to the prices of one as it takes force."""
            calendar = self._calendars[self._instruments[params.symbol].calendar]
            splits = [(ex_time(row, calendar), factor_of(row)) for row in rows if row.kind is ActionKind.SPLIT]
            if not self._invented:
                self._screens.expect_splits(params.symbol, splits)
            done = self._screens.splits_done(params.symbol, params.bar_type, [ts for ts, _ratio in splits])
            return CommandResult(ok=True, text="", data=(*rows, *done))

        self._read(call, lambda: self._actions(params) if real else (), known)

    def _build(self, _context: EngineContext, params: BarsRequest, call: Invocation) -> None:
        def joined(past: PastBars) -> CommandResult:
            if not len(past):
                text = f"Nothing that is stored of {params.symbol} makes a bar of this interval."
                return CommandResult(ok=False, code="NOT_FOUND", text=text)
            history = self._screens.open_series(params.symbol, params.bar_type, BARS_BEFORE)
            forming = self._screens.forming_since(params.symbol, params.bar_type)
            self._laid_from_store.add((params.symbol, params.bar_type))
            history.prepend(past.times, past.values, before=forming)
            return CommandResult(ok=True, text="", data=self._screens.bars(params))

        self._read(call, lambda: self._laid(params), joined)

    def _older(self, _context: EngineContext, params: OlderBars, call: Invocation) -> None:
        """Answer the bars before a moment, none where the past begins: of the open series, the venue, or the store."""
        kept = self._screens.kept_before(params)
        if kept is not None:
            call.reply(CommandResult(ok=True, text="", data=kept))
            return
        laid = (params.symbol, params.bar_type) in self._laid_from_store
        self._read(
            call,
            lambda: self._read_older(params, laid=laid),
            lambda series: CommandResult(ok=True, text="", data=series),
        )

    def _read_older(self, wanted: OlderBars, *, laid: bool) -> BarSeries:
        """Return the venue's bars, else what is stored; never what is stored before prices that a venue made up."""
        found = self._screens.venue_before(wanted)
        made_up = self._invented and not laid and self._screens.is_known_to_venue(wanted.symbol, wanted.bar_type)
        if len(found.ts_open) or made_up:
            return found
        instrument = self._instruments[wanted.symbol]
        past = NO_BARS
        for history in self._histories():
            past = past if len(past) else self._before(history, wanted, instrument)
        divisors = np.array([10.0**instrument.price_decimals] * 4 + [10.0**instrument.qty_decimals])
        anew = wanted.bar_type.kind in COUNTED_KINDS
        return BarSeries(wanted.symbol, wanted.bar_type, past.times[:, 0].copy(), past.values / divisors, anew)

    def _read(self, call: Invocation, read: Callable[[], object], answer: Callable[..., CommandResult]) -> None:
        """Read on the own thread, answer on the engine's."""

        def work() -> None:
            try:
                found = read()
            except (WorkstationError, OSError) as error:
                text = f"What is stored cannot be read: {error}."
                _log.warning("stored_past_not_read", reason=str(error))
                self._post(lambda: call.reply(CommandResult(ok=False, code="NOT_READY", text=text)))
            else:
                self._post(lambda: answered(call, lambda: answer(found)))

        try:
            self._pool.submit(work)
        except RuntimeError:  # its thread has ended with the program
            call.reply(CommandResult(ok=False, code="NOT_READY", text=ENDING))

    def _found(self, wanted: BarsRequest) -> StoredPast:
        """Return what a series could be laid from: bars of its interval, else prints."""
        if self._history is None:
            return StoredPast()
        name = interval_of(wanted.bar_type)
        held = self._history.held(wanted.symbol)
        bars = [row for row in held if row.kind is DataKind.BARS and row.interval == name]
        rows = bars or [row for row in held if row.kind in _PRINTS]
        if not rows:
            return StoredPast()
        sizes, first, last = [row.size for row in rows], min(row.first for row in rows), max(row.last for row in rows)
        return StoredPast(
            rows=sum(row.rows for row in rows),
            first=first,
            last=last,
            size=None if None in sizes else sum(size or 0 for size in sizes),
            is_bars=bool(bars),
        )

    def _actions(self, wanted: BarsRequest) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends that are stored of an instrument, by date."""
        found = (history.actions(wanted.symbol) for history in self._histories())
        return next((actions for actions in found if actions), ())

    def _histories(self) -> Iterator[SqlMarketHistory]:
        """Yield where the past is read: the run's own store, then the home beside a replay. On the own thread."""
        if self._history is not None:
            yield self._history
        if self._beside is None and self._open_beside is not None:
            with suppress(NothingStored):  # a home that was never used has no past
                self._beside = self._open_beside()
        if self._beside is not None:
            yield self._beside.history

    def _laid(self, wanted: BarsRequest) -> PastBars:
        past, instrument = self._found(wanted), self._instruments.get(wanted.symbol)
        history = self._history
        if history is None or instrument is None or not past.rows or wanted.bar_type.source is not BarSource.LAST:
            return NO_BARS
        if past.is_bars:
            chunks = history.open_bars(wanted.symbol, interval_of(wanted.bar_type) or "", None, None)
            return of_bars(chunks, instrument, wanted.count)
        prints = history.open_trades(wanted.symbol, read_from(past), None)
        builder = builder_of(wanted.symbol, wanted.bar_type, self._calendars[instrument.calendar])
        return of_prints(prints, builder, instrument, wanted.count)

    def _before(self, history: SqlMarketHistory, wanted: OlderBars, instrument: Instrument) -> PastBars:
        """Return what is stored of a series before a moment: its bars, else ones built of shorter ones or of prints."""
        bar_type = wanted.bar_type
        if bar_type.source is not BarSource.LAST:
            return NO_BARS
        name = interval_of(bar_type)
        if name is not None:
            chunks = history.bars_before(wanted.symbol, name, wanted.before, wanted.count)
            if chunks:
                return of_bars(chunks, instrument, wanted.count)
        held = history.held(wanted.symbol)
        if bar_type.kind not in COUNTED_KINDS:
            return self._built_before(history, held, wanted, instrument)
        return self._laid_before(history, _prints(held), wanted, instrument)

    def _built_before(
        self, history: SqlMarketHistory, held: list[Holding], wanted: OlderBars, instrument: Instrument
    ) -> PastBars:
        """Return bars of time built of shorter ones, or of prints; read so far back that some are made, if any are."""
        length = shortest_ns(wanted.bar_type)
        parts = {row.interval: row for row in held if row.kind is DataKind.BARS and _length(row) < length}
        rows = list(parts.values()) or [row for row in held if row.kind in _PRINTS]
        if not rows:
            return NO_BARS
        first, last = min(row.first for row in rows), max(row.last for row in rows)
        end = min(wanted.before, last + DAY_NS)
        most = PARTS_READ_MAX * max(map(_length, parts.values())) if parts else _prints(held).page_ns
        span = max(min(wanted.count * length, most), 2 * length)
        while True:
            start = max(end - span, first - DAY_NS)
            if parts:
                market = StoredMarket(history, wanted.symbol, instrument)
                chunks = market.series(wanted.interval, start, wanted.before + ENDS_WITHIN_NS, adjusted=True)
                as_chunk = partial(_as_chunk, market.instrument)
                found = of_bars(map(as_chunk, chunks), instrument, None, before=wanted.before)
            else:
                found = self._printed_between(history, wanted, instrument, start)
            if len(found) >= BUILT_LEAST or start < first:
                return PastBars(found.times[-wanted.count :], found.values[-wanted.count :])
            span *= 4

    def _printed_between(
        self, history: SqlMarketHistory, wanted: OlderBars, instrument: Instrument, start: int
    ) -> PastBars:
        """Return the bars of time before a moment that prints received since `start` make, as live ones make them."""
        builder = builder_of(wanted.symbol, wanted.bar_type, self._calendars[instrument.calendar])
        end = wanted.before + shortest_ns(wanted.bar_type)
        found = of_prints(
            until(history.open_trades(wanted.symbol, start, None), end), builder, instrument, None, whole=True
        )
        stop = int(np.searchsorted(found.times[:, 0], wanted.before))
        return PastBars(found.times[:stop], found.values[:stop])

    def _laid_before(
        self, history: SqlMarketHistory, past: StoredPast, wanted: OlderBars, instrument: Instrument
    ) -> PastBars:
        """Return bars that trades close, laid from stored prints anew: they count from the first print that is read."""
        for start, end in past.windows_before(wanted.before):
            builder = builder_of(wanted.symbol, wanted.bar_type, self._calendars[instrument.calendar])
            prints = until(history.open_trades(wanted.symbol, start, None), end)
            laid = of_prints(prints, builder, instrument, wanted.count)
            if len(laid):
                return laid
        return NO_BARS


def _prints(held: list[Holding]) -> StoredPast:
    """Return what prints are stored."""
    rows = [row for row in held if row.kind in _PRINTS]
    if not rows:
        return StoredPast()
    first, last = min(row.first for row in rows), max(row.last for row in rows)
    return StoredPast(rows=sum(row.rows for row in rows), first=first, last=last)


def _length(row: Holding) -> int:
    """Return how long stored bars are, ns."""
    return shortest_ns(INTERVALS[row.interval])


def _as_chunk(instrument: Instrument, bars: BarColumns) -> BarChunk:
    """Return columns on an instrument's scales as a chunk of stored bars."""
    return BarChunk(
        symbol=bars.symbol,
        interval=bars.interval,
        scales=Scales(instrument.price_decimals, instrument.qty_decimals),
        ts_open=bars.ts_open,
        ts_close=bars.ts_close,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=np.zeros_like(bars.close) if bars.volume is None else bars.volume,
    )
