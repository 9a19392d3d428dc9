"""What runs of strategies left behind, for lists: lines of their logs, signals, periods, and the code that ran."""

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from workstation.domain.strategy_rows import RunLog, RunPerformance, StrategyChange, StrategySignal

T = TypeVar("T")


class RunRowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of one run's rows, or one strategy's. equal: column to value; least, most: to its bounds, both included.

    start_ns, end_ns: bounds of the rows' time, UTC ns, the end excluded; after_key: time and id of the row before.
    """

    tenant: str
    run_id: str
    equal: Mapping[str, str | bool] = {}
    least: Mapping[str, int | str] = {}
    most: Mapping[str, int | str] = {}
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class RunRowPage(msgspec.Struct, Generic[T], frozen=True):
    """One page of rows; total is None when it was not asked for."""

    rows: tuple[T, ...]
    total: int | None
    has_next: bool


class RunReader(Protocol):
    """Committed rows of runs, for any thread."""

    def logs(self, query: RunRowQuery) -> RunRowPage[RunLog]:
        """List lines of a log."""

    def signals(self, query: RunRowQuery) -> RunRowPage[StrategySignal]:
        """List signals."""

    def performances(self, query: RunRowQuery) -> RunRowPage[RunPerformance]:
        """List periods."""

    def changes(self, query: RunRowQuery) -> RunRowPage[StrategyChange]:
        """List changes of a strategy's definition; the query's run_id is the strategy's id."""

    def source(self, code_hash: str) -> str | None:
        """Return the source that is kept of a hash."""
