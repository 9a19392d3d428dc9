"""Rows of runs in memory; implements `ports.run_rows.RunReader` as the database does."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from workstation.domain.strategy_rows import (
    CodeSnapshot,
    RunLog,
    RunPerformance,
    RunRow,
    StrategyChange,
    StrategySignal,
)
from workstation.ports.run_rows import RunRowPage, RunRowQuery

TIMES = {
    RunLog: "created_at",
    StrategySignal: "signal_time",
    RunPerformance: "created_at",
    StrategyChange: "created_at",
}
COLUMNS = {
    "is_executed": lambda row: row.executed_at is not None,
    "period_return": lambda row: round(row.period_return * 1_000_000),
}


class MemoryRuns:
    """Takes rows; reading is safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[type, dict[str, Any]] = {kind: {} for kind in TIMES}
        self._code: dict[str, str] = {}

    def take(self, row: RunRow) -> None:
        with self._lock:
            if isinstance(row, CodeSnapshot):
                self._code.setdefault(row.code_hash, row.source)
            else:
                self._rows[type(row)][row.id] = row

    def logs(self, query: RunRowQuery) -> RunRowPage[RunLog]:
        return self._page(RunLog, query)

    def signals(self, query: RunRowQuery) -> RunRowPage[StrategySignal]:
        return self._page(StrategySignal, query)

    def performances(self, query: RunRowQuery) -> RunRowPage[RunPerformance]:
        return self._page(RunPerformance, query)

    def changes(self, query: RunRowQuery) -> RunRowPage[StrategyChange]:
        return self._page(StrategyChange, query)

    def source(self, code_hash: str) -> str | None:
        return self._code.get(code_hash)

    def _page(self, kind: type, query: RunRowQuery) -> RunRowPage[Any]:
        time = TIMES[kind]
        with self._lock:
            rows = [
                row for row in self._rows[kind].values() if (row.tenant, row.run_id) == (query.tenant, query.run_id)
            ]
        for name, value in query.equal.items():
            rows = [row for row in rows if _value(name, row) == value]
        for name, bound in query.least.items():
            rows = [row for row in rows if _value(name, row) >= bound]
        for name, bound in query.most.items():
            rows = [row for row in rows if _value(name, row) <= bound]
        start, end = query.start_ns or 0, query.end_ns or 2**63
        rows = [row for row in rows if start <= getattr(row, time) < end]
        for item in reversed((*query.ordering, "id")):
            rows.sort(key=partial(_value, item.removeprefix("-")), reverse=item.startswith("-"))
        total = len(rows) if query.with_count else None
        if query.after_key is not None:
            down = query.ordering[0].startswith("-")
            rows = [row for row in rows if ((getattr(row, time), row.id) < query.after_key) is down]
            rows = [row for row in rows if (getattr(row, time), row.id) != query.after_key]
        shown = tuple(rows[query.offset :][: query.limit])
        return RunRowPage(shown, total, len(rows) > query.offset + query.limit)


def _value(name: str, row: Any) -> Any:
    return COLUMNS[name](row) if name in COLUMNS else getattr(row, name)
