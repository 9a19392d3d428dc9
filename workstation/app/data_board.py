"""Answers what is stored of the market to the stored-data panel, read on a thread of its own.

Beside both walks. An answer is kept for REFRESH_NS, the holes of a series for as long as it does not change, so that
a panel that asks every second costs the database nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workstation.app.data_catalogue import gaps_of
from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.errors import StorageError
from workstation.kernel.clock import Clock
from workstation.ports.market_data import Coverage, DataBoard, Holding, Hole
from workstation.storage.market_history import SqlMarketHistory

REFRESH_NS = 10 * 10**9
HOLES_SHOWN_MAX = 500
SERIES_KEPT_MAX = 2_000
"""Series whose holes are remembered."""


class StoredData:
    """The command `data.board`. history: None where nothing can be read. post: runs a call on the engine's thread."""

    def __init__(
        self, history: SqlMarketHistory | None, post: Callable[[Callable[[], None]], None], clock: Clock
    ) -> None:
        self._history, self._post, self._clock = history, post, clock
        self._pool = ThreadPoolExecutor(1, "stored-data")
        self._known: OrderedDict[Holding, Coverage] = OrderedDict()
        self._waiting: list[Invocation] = []
        self._answer: CommandResult | None = None
        self._read_at = 0

    def register(self, commands: CommandRegistry) -> None:
        """Declare the command."""
        rows = (("data.board", "Show what is stored of the market", NoParams, "marketdata:view", self._show),)
        commands.declare("Data", rows)

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _show(self, _context: EngineContext, _params: NoParams, call: Invocation) -> None:
        if self._answer is not None and self._clock.mono_ns() - self._read_at < REFRESH_NS:
            call.reply(self._answer)
            return
        self._waiting.append(call)
        if len(self._waiting) == 1:
            self._pool.submit(self._read)

    def _read(self) -> None:
        try:
            answer = self._board()
        except StorageError as error:
            answer = CommandResult(ok=False, code="NOT_READY", text=f"Stored data cannot be read: {error}.")
        self._post(lambda: self._settle(answer))

    def _settle(self, answer: CommandResult) -> None:
        self._answer, self._read_at = answer, self._clock.mono_ns()
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call.reply(answer)

    def _board(self) -> CommandResult:
        if self._history is None:
            raise StorageError("the database cannot be read")
        lines = tuple(self._covered(self._history, holding) for holding in self._history.holdings())
        return CommandResult(
            ok=True, text=f"{len(lines)} series.", data=DataBoard(lines=lines, as_of=self._clock.now_ns())
        )

    def _covered(self, history: SqlMarketHistory, holding: Holding) -> Coverage:
        found = self._known.get(holding)
        if found is None:
            gaps = [Hole(gap.start, gap.end, gap.missing) for gap in gaps_of(history, holding)]
            shown = sorted(sorted(gaps, key=lambda hole: -hole.missing)[:HOLES_SHOWN_MAX], key=lambda hole: hole.start)
            missing = sum(hole.missing for hole in gaps)
            found = Coverage(holding=holding, holes=tuple(shown), count=len(gaps), missing=missing)
            self._known[holding] = found
            while len(self._known) > SERIES_KEPT_MAX:
                self._known.popitem(last=False)
        return found
