"""Strategies that start by themselves: `auto_start`, with the program, as their newest run was started.

Only an ACTIVE strategy, once its account is unlocked, and never one whose newest run failed or is still under way: what
went wrong is for a person to look at. Engine thread only.
"""

from collections.abc import Callable, Iterable

from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus, StrategyStatus
from workstation.strategies.run_terms import StartRun

ENDED_WELL = frozenset({StrategyRunStatus.STOPPED, StrategyRunStatus.COMPLETED})


def due(strategies: Iterable[StrategyDefinition], runs: Iterable[StrategyRun]) -> list[StartRun]:
    """Return the starts that the definitions ask for, each like the newest run of its strategy."""
    newest: dict[str, StrategyRun] = {}
    for run in runs:
        known = newest.get(run.strategy_id)
        if known is None or run.run_number > known.run_number:
            newest[run.strategy_id] = run
    wanted = []
    for strategy in strategies:
        run_before = newest.get(strategy.id)
        asked = strategy.auto_start and strategy.status is StrategyStatus.ACTIVE and strategy.deleted_at is None
        if asked and run_before is not None and run_before.status in ENDED_WELL:
            wanted.append(_again(strategy, run_before))
    return wanted


def _again(strategy: StrategyDefinition, run: StrategyRun) -> StartRun:
    chosen = {name: value for name, value in run.parameters_snapshot.items() if strategy.parameters.get(name) != value}
    return StartRun(
        strategy_id=strategy.id,
        tenant=strategy.tenant,
        account=run.account,
        initial_capital=run.initial_capital,
        start_date=run.start_date,
        end_date=run.end_date,
        max_positions=run.max_positions,
        max_position_size=run.max_position_size,
        max_drawdown=run.max_drawdown,
        parameters=chosen or None,
        notes=run.notes,
        metadata=run.metadata,
    )


class AutoStarts:
    """Starts that wait for their account. begin: starts a run, called once for each."""

    def __init__(self, begin: Callable[[StartRun], None], is_locked: Callable[[str], bool]) -> None:
        self._begin, self._is_locked = begin, is_locked
        self._waiting: list[StartRun] = []

    def wait_for(self, wanted: list[StartRun]) -> None:
        """Take what is to be started."""
        self._waiting = wanted

    def look(self) -> None:
        """Start what no longer has to wait."""
        ready = [start for start in self._waiting if not self._is_locked(start.account)]
        self._waiting = [start for start in self._waiting if start not in ready]
        for start in ready:
            self._begin(start)
