"""The newest signals of all runs by instrument, in memory, for charts; every one of them is a row of the database.

Beside the order walk: it hears what runs say, and sends nothing. Bounded in instruments and in signals of each.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

import msgspec

from workstation.domain.errors import StorageError
from workstation.domain.records import StrategyRun
from workstation.domain.strategy_rows import StrategySignal
from workstation.kernel.bus import Bus
from workstation.kernel.logs import get_logger
from workstation.ports.run_rows import RunReader, RunRowQuery
from workstation.strategies.messages import Signal
from workstation.strategies.run_rows import CONFIDENCE_ONE
from workstation.strategies.runs import RunSignal

SIGNALS_MAX = 500
SYMBOLS_MAX = 500
"""Instruments whose signals are remembered; the one that has been silent longest goes first."""

RUNS_RECALLED = 10

_log = get_logger("strategies")


class NamedSignal(msgspec.Struct, frozen=True):
    """A signal with the name of the run that sent it."""

    run_name: str
    told: RunSignal


class RunSignals:
    """Remembers signals as they are sent; engine thread."""

    def __init__(self, bus: Bus) -> None:
        self._signals: OrderedDict[str, deque[RunSignal]] = OrderedDict()
        bus.subscribe(RunSignal, self._on_signal)

    def of(self, symbol: str) -> tuple[RunSignal, ...]:
        """Return the newest signals on an instrument, oldest first."""
        return tuple(self._signals.get(symbol, ()))

    def recall(self, reader: RunReader, runs: Iterable[StrategyRun]) -> None:
        """Take back what the newest runs said before this program began; rows that cannot be read are logged."""
        newest = sorted((run for run in runs if run.started_at is not None), key=lambda run: run.started_at or 0)
        rows: list[StrategySignal] = []
        for run in newest[-RUNS_RECALLED:]:
            query = RunRowQuery(
                tenant=run.tenant, run_id=run.id, ordering=("-signal_time",), limit=SIGNALS_MAX, with_count=False
            )
            try:
                rows += reader.signals(query).rows
            except StorageError as error:
                _log.warning("signals_not_recalled", run=run.id, reason=str(error))
        for row in sorted(rows, key=lambda row: (row.signal_time, row.id)):
            self._on_signal(RunSignal(row.run_id, _said(row), row.signal_time))

    def _on_signal(self, told: RunSignal) -> None:
        self._signals.setdefault(told.signal.symbol, deque(maxlen=SIGNALS_MAX)).append(told)
        self._signals.move_to_end(told.signal.symbol)
        if len(self._signals) > SYMBOLS_MAX:
            self._signals.popitem(last=False)


def _said(row: StrategySignal) -> Signal:
    return Signal(
        symbol=row.symbol,
        action=row.signal_type,
        confidence=row.confidence / CONFIDENCE_ONE,
        reason=row.reason,
        target_px=row.target_px,
        stop_px=row.stop_px,
        take_profit_px=row.take_profit_px,
        target=row.quantity,
        cl_ord_id=row.cl_ord_id,
    )
