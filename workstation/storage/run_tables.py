"""Tables of what runs leave behind: lines, signals, periods, and the code that ran; and how a row becomes theirs.

Columns are what lists filter and sort by; the row itself is the JSON. Runs on the journal thread; decides nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text

from workstation.domain.strategy_rows import (
    CodeSnapshot,
    PeriodType,
    RunLog,
    RunPerformance,
    StrategyChange,
    StrategySignal,
)
from workstation.storage.driver import Statement, insert, upsert
from workstation.storage.record_tables import one_of
from workstation.storage.tables import metadata

FRACTION_ONE = 1_000_000
"""Returns are compared and sorted in millionths."""

_encode = msgspec.json.Encoder().encode


def _base(time: str) -> list[Column[Any]]:
    return [
        Column("tenant_id", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("run_id", Text, nullable=False),
        Column(time, BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("state", LargeBinary, nullable=False),
    ]


run_logs = Table(
    "run_logs",
    metadata,
    *_base("created_at"),
    Column("level", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Index("ix_run_logs_created_at", "tenant_id", "run_id", "created_at", "id"),
    Index("ix_run_logs_seq", "seq"),
)

run_signals = Table(
    "run_signals",
    metadata,
    *_base("signal_time"),
    Column("symbol", Text, nullable=False),
    Column("signal_type", Text, nullable=False),
    Column("confidence", Integer, nullable=False),
    Column("is_executed", Integer, nullable=False),
    CheckConstraint("confidence >= 0 AND confidence <= 10000", name="confidence"),
    Index("ix_run_signals_signal_time", "tenant_id", "run_id", "signal_time", "id"),
    Index("ix_run_signals_confidence", "tenant_id", "run_id", "confidence", "id"),
    Index("ix_run_signals_seq", "seq"),
)

run_performances = Table(
    "run_performances",
    metadata,
    *_base("created_at"),
    Column("period_type", Text, nullable=False),
    Column("period_end", Text, nullable=False),
    Column("period_return", BigInteger, nullable=False),
    CheckConstraint(one_of("period_type", PeriodType), name="period_type"),
    Index("ix_run_performances_period_end", "tenant_id", "run_id", "period_end", "id"),
    Index("ix_run_performances_period_return", "tenant_id", "run_id", "period_return", "id"),
)

run_code = Table(
    "run_code",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("entry_point", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)

strategy_changes = Table(
    "strategy_changes",
    metadata,
    *_base("created_at"),
    Index("ix_strategy_changes_created_at", "tenant_id", "run_id", "created_at", "id"),
)

_CHANGE = ("tenant_id", "id", "run_id", "created_at", "seq", "state")
_LOG = ("tenant_id", "id", "run_id", "created_at", "seq", "state", "level", "event_type")
_SIGNAL = (
    "tenant_id", "id", "run_id", "signal_time", "seq", "state", "symbol", "signal_type", "confidence", "is_executed",
)  # fmt: skip
_PERFORMANCE = (
    "tenant_id", "id", "run_id", "created_at", "seq", "state", "period_type", "period_end", "period_return",
)  # fmt: skip
_CODE = ("code_hash", "entry_point", "created_at", "seq", "source")

RUN_STATEMENTS: Mapping[str, Statement] = {
    "run_logs": insert(run_logs, _LOG),
    "run_signals": upsert(
        run_signals,
        _SIGNAL,
        ("tenant_id", "id"),
        frozen=("run_id", "signal_time", "symbol", "signal_type", "confidence"),
    ),
    "run_performances": upsert(
        run_performances, _PERFORMANCE, ("tenant_id", "id"), frozen=("created_at", "run_id", "period_type")
    ),
    "strategy_changes": upsert(strategy_changes, _CHANGE, ("tenant_id", "id"), frozen=("run_id", "created_at")),
    "run_code": upsert(run_code, _CODE, ("code_hash",), frozen=("created_at", "source")),
}
"""Statements of the tables, each run once a transaction with all its rows."""


def _log(_scales: object, seq: int, row: RunLog) -> tuple[Any, ...]:
    return (row.tenant, row.id, row.run_id, row.created_at, seq, _encode(row), row.level, row.event_type)


def _signal(_scales: object, seq: int, row: StrategySignal) -> tuple[Any, ...]:
    base = (row.tenant, row.id, row.run_id, row.signal_time, seq, _encode(row))
    return (*base, row.symbol, row.signal_type, row.confidence, int(row.executed_at is not None))


def _performance(_scales: object, seq: int, row: RunPerformance) -> tuple[Any, ...]:
    base = (row.tenant, row.id, row.run_id, row.created_at, seq, _encode(row))
    return (*base, row.period_type.value, row.period_end, round(row.period_return * FRACTION_ONE))


def _change(_scales: object, seq: int, row: StrategyChange) -> tuple[Any, ...]:
    return (row.tenant, row.id, row.run_id, row.created_at, seq, _encode(row))


def _code(_scales: object, seq: int, row: CodeSnapshot) -> tuple[Any, ...]:
    return (row.code_hash, row.entry_point, row.created_at, seq, row.source)


RUN_ROWS: Mapping[type, tuple[str, Callable[[Any, int, Any], tuple[Any, ...]]]] = {
    RunLog: ("run_logs", _log),
    StrategySignal: ("run_signals", _signal),
    RunPerformance: ("run_performances", _performance),
    CodeSnapshot: ("run_code", _code),
    StrategyChange: ("strategy_changes", _change),
}
"""By type of row: its table and what encodes it."""
