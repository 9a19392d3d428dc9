"""Lists of what runs left behind: committed rows only, from any thread, each a short read of one run's."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Engine, Table, func, select, true
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.errors import StorageError
from workstation.domain.strategy_rows import RunLog, RunPerformance, StrategyChange, StrategySignal
from workstation.ports.run_rows import RunRowPage, RunRowQuery
from workstation.storage import queries
from workstation.storage.run_tables import run_code, run_logs, run_performances, run_signals, strategy_changes

T = TypeVar("T")

_log = msgspec.json.Decoder(RunLog).decode
_signal = msgspec.json.Decoder(StrategySignal).decode
_performance = msgspec.json.Decoder(RunPerformance).decode
_change = msgspec.json.Decoder(StrategyChange).decode

LOG_ORDERINGS = {"created_at": run_logs.c.created_at}
CHANGE_ORDERINGS = {"created_at": strategy_changes.c.created_at}
SIGNAL_ORDERINGS = {"signal_time": run_signals.c.signal_time, "confidence": run_signals.c.confidence}
PERFORMANCE_ORDERINGS = {
    "period_end": run_performances.c.period_end,
    "period_return": run_performances.c.period_return,
}


class SqlRuns:
    """Implements `ports.run_rows.RunReader`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def logs(self, query: RunRowQuery) -> RunRowPage[RunLog]:
        """List lines of a log."""
        return self._page(run_logs, query, run_logs.c.created_at, LOG_ORDERINGS, _log)

    def signals(self, query: RunRowQuery) -> RunRowPage[StrategySignal]:
        """List signals."""
        return self._page(run_signals, query, run_signals.c.signal_time, SIGNAL_ORDERINGS, _signal)

    def performances(self, query: RunRowQuery) -> RunRowPage[RunPerformance]:
        """List periods."""
        return self._page(run_performances, query, run_performances.c.created_at, PERFORMANCE_ORDERINGS, _performance)

    def changes(self, query: RunRowQuery) -> RunRowPage[StrategyChange]:
        """List changes of a strategy's definition."""
        return self._page(strategy_changes, query, strategy_changes.c.created_at, CHANGE_ORDERINGS, _change)

    def source(self, code_hash: str) -> str | None:
        """Return the source that is kept of a hash."""
        try:
            with self._engine.connect() as connection:
                wanted = select(run_code.c.source).where(run_code.c.code_hash == code_hash)
                found = connection.execute(wanted).scalar()
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error
        return None if found is None else str(found)

    def _page(
        self,
        table: Table,
        query: RunRowQuery,
        time: Column[Any],
        orderings: Mapping[str, Column[Any]],
        decode: Callable[[bytes], T],
    ) -> RunRowPage[T]:
        conditions = _conditions(table, query, time)
        statement = queries.ordered(select(table.c.state), query.ordering, orderings, (table.c.id,))
        key = query.after_key
        behind = [] if key is None else [queries.after_key(time, table.c.id, key, query.ordering)]
        statement = statement.where(*conditions, *behind).limit(query.limit + 1).offset(query.offset)
        try:
            with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(select(func.set_config("workstation.tenant", query.tenant, true())))
                blobs = connection.execute(statement).scalars().all()
                total = None
                if query.with_count:
                    total = connection.execute(queries.count_of(time, conditions)).scalar_one()
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error
        return RunRowPage(tuple(decode(blob) for blob in blobs[: query.limit]), total, len(blobs) > query.limit)


def _conditions(table: Table, query: RunRowQuery, time: Column[Any]) -> list[ColumnElement[bool]]:
    columns = table.c
    found = [columns.tenant_id == query.tenant, columns.run_id == query.run_id]
    flags = {name: int(value) for name, value in query.equal.items() if isinstance(value, bool)}
    found += [columns[name] == value for name, value in {**query.equal, **flags}.items()]
    found += [columns[name] >= value for name, value in query.least.items()]
    found += [columns[name] <= value for name, value in query.most.items()]
    if query.start_ns is not None:
        found.append(time >= query.start_ns)
    if query.end_ns is not None:
        found.append(time < query.end_ns)
    return found
