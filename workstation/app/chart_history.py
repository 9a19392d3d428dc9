"""What a chart asks of the store: the splits and dividends of its bars, what there is of a past, bars laid from it.

Beside the tick walk, on a thread of its own that reads; the engine only joins what was laid to the series that goes on
live. Where nothing is stored it says so; it asks no venue, which was asked when the series was opened.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np

from workstation.app.screens import BARS_BEFORE, EngineScreens
from workstation.app.view_only import Storage
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import answer as answered
from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.accounts import Environment
from workstation.domain.errors import WorkstationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import BarSource, BarType
from workstation.kernel.logs import get_logger
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import builder_of
from workstation.marketdata.intervals import interval_of
from workstation.marketdata.stored_bars import PastBars, StoredPast, of_bars, of_prints, read_from
from workstation.ports.market_data import CorporateAction, DataKind
from workstation.storage import StoreView
from workstation.storage.market_history import SqlMarketHistory

_PRINTS = frozenset({DataKind.TICKS, DataKind.TRADES})
ENDING = "The program is ending."
_log = get_logger("chart_history")

Post = Callable[[Callable[[], None]], None]


class ChartHistory:
    """The commands of a chart's past. post: runs a call on the engine's thread; history: None where none is read.

    invented: the venue makes its prices up, so that no split or dividend of the real instrument is in them.
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
    ) -> None:
        self._history, self._screens, self._instruments, self._post = history, screens, instruments, post
        self._calendars, self._invented = Calendars(), invented
        self._laid_from_store: set[tuple[str, BarType]] = set()
        self._pool = ThreadPoolExecutor(1, "chart-history")
        rows: tuple[Declaration, ...] = (
            ("market.stored", "What is stored for a chart", BarsRequest, "marketdata:view", self._tell),
            ("market.actions", "Splits and dividends of a chart's bars", BarsRequest, "marketdata:view", self._act),
            ("market.build_bars", "Bars from stored data", BarsRequest, "marketdata:view", self._build),
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
    ) -> Self:
        """Return the commands of a run's store, declared."""
        history = store.history if isinstance(store, StoreView) else None
        return cls(history, screens, instruments, post, commands, invented=environment is Environment.SIM)

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _tell(self, _context: EngineContext, params: BarsRequest, call: Invocation) -> None:
        self._read(call, lambda: self._found(params), lambda past: CommandResult(ok=True, text="", data=past))

    def _act(self, _context: EngineContext, params: BarsRequest, call: Invocation) -> None:
        real = not self._invented or (params.symbol, params.bar_type) in self._laid_from_store
        self._read(
            call, lambda: self._actions(params) if real else (), lambda rows: CommandResult(ok=True, text="", data=rows)
        )

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
        held = [row for row in self._history.holdings() if row.symbol == wanted.symbol]
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
        return () if self._history is None else self._history.actions(wanted.symbol)

    def _laid(self, wanted: BarsRequest) -> PastBars:
        past, instrument = self._found(wanted), self._instruments.get(wanted.symbol)
        history = self._history
        if history is None or instrument is None or not past.rows or wanted.bar_type.source is not BarSource.LAST:
            return PastBars(np.empty((0, 2), np.int64), np.empty((0, 5), np.int64))
        if past.is_bars:
            chunks = history.open_bars(wanted.symbol, interval_of(wanted.bar_type) or "", None, None)
            return of_bars(chunks, instrument, wanted.count)
        prints = history.open_trades(wanted.symbol, read_from(past), None)
        builder = builder_of(wanted.symbol, wanted.bar_type, self._calendars[instrument.calendar])
        return of_prints(prints, builder, instrument, wanted.count)
