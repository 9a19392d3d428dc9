"""Rows of runs on every store: filters, orderings, keys, totals; what is written again takes the old one's place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.helpers.stores import START_NS, OpenedStore, migrated_postgres_database, open_for_test
from workstation.domain.events import RunNoted
from workstation.domain.strategy_rows import (
    CodeSnapshot,
    FieldChange,
    PeriodType,
    RunLog,
    RunPerformance,
    StrategyChange,
    StrategySignal,
)
from workstation.ports.run_rows import RunRowQuery
from workstation.ports.store import Entry

LINES = [
    RunLog(id=f"L{number}", tenant="local", run_id="R1", level="INFO" if number % 2 else "ERROR", message=str(number),
           created_at=START_NS + number // 2)
    for number in range(10)
]  # fmt: skip
SIGNALS = [
    StrategySignal(id=f"S{number}", tenant="local", run_id="R1", symbol="ACME" if number < 3 else "COIN",
                   signal_type="BUY", confidence=number * 1_000, signal_time=START_NS + number, cl_ord_id=f"o{number}")
    for number in range(6)
]  # fmt: skip
PERIOD = RunPerformance(
    id="P1", tenant="local", run_id="R1", period_type=PeriodType.DAILY, period_start="2026-11-26",
    period_end="2026-11-26", starting_capital=100, ending_capital=110, pnl=10, period_return=0.1,
    cumulative_return=0.1, volatility=None, sharpe=None, sortino=None, fall_bps=3, trades=1, wins=1, losses=0,
    created_at=START_NS, updated_at=START_NS,
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, "" if request.param == "sqlite" else migrated_postgres_database())
    yield opened
    opened.close()


def keep(store: OpenedStore, *rows: object) -> None:
    store.write(Entry(RunNoted(signals=(), rows=len(rows), ts=START_NS), rows))


def ask(**fields: object) -> RunRowQuery:
    return RunRowQuery(tenant="local", run_id="R1", **fields)


def test_lines_are_filtered_bounded_in_time_and_walked_by_key(store: OpenedStore) -> None:
    keep(store, *LINES, msgspec.structs.replace(LINES[0], id="X", run_id="R2"))
    runs = store.store.reader.runs
    newest = runs.logs(ask(ordering=("-created_at",), limit=4))
    assert [row.id for row in newest.rows] == ["L9", "L8", "L7", "L6"]
    assert (newest.total, newest.has_next) == (10, True)
    last = newest.rows[-1]
    further = runs.logs(ask(ordering=("-created_at",), limit=4, after_key=(last.created_at, last.id), with_count=False))
    assert ([row.id for row in further.rows], further.total) == (["L5", "L4", "L3", "L2"], None)
    assert [row.id for row in runs.logs(ask(equal={"level": "ERROR"}, ordering=("created_at",))).rows] == [
        "L0", "L2", "L4", "L6", "L8",
    ]  # fmt: skip
    span = ask(start_ns=START_NS + 1, end_ns=START_NS + 2, ordering=("created_at",))
    assert runs.logs(span).rows == (LINES[2], LINES[3])
    assert runs.logs(RunRowQuery(tenant="other", run_id="R1")).rows == ()


def test_a_signal_that_was_executed_takes_its_own_place(store: OpenedStore) -> None:
    keep(store, *SIGNALS)
    done = msgspec.structs.replace(SIGNALS[4], executed_qty=10, executed_cost=1_000, executed_at=START_NS + 99)
    keep(store, done)
    runs = store.store.reader.runs
    assert runs.signals(ask(equal={"is_executed": True})).rows == (done,)
    assert runs.signals(ask(equal={"is_executed": False})).total == 5
    sure = runs.signals(ask(least={"confidence": 3_000}, ordering=("-confidence",)))
    assert [row.id for row in sure.rows] == ["S5", "S4", "S3"]
    assert runs.signals(ask(equal={"symbol": "ACME"})).total == 3


def test_a_period_is_one_row_however_often_it_is_kept(store: OpenedStore) -> None:
    keep(store, PERIOD)
    later = msgspec.structs.replace(PERIOD, pnl=25, period_return=0.25, updated_at=START_NS + 5)
    keep(store, later)
    runs = store.store.reader.runs
    assert runs.performances(ask(least={"period_return": 200_000}, most={"period_end": "2026-11-26"})).rows == (later,)
    assert runs.performances(ask(most={"period_return": 200_000})).total == 0


def test_the_source_of_a_hash_is_kept_as_it_was_first(store: OpenedStore) -> None:
    first = CodeSnapshot(code_hash="h", entry_point="a:A", source="first", created_at=START_NS)
    keep(store, first, msgspec.structs.replace(first, source="second"))
    assert store.store.reader.runs.source("h") == "first"
    assert store.store.reader.runs.source("none") is None


def test_changes_of_a_strategy_are_kept_under_its_id_and_written_once(store: OpenedStore) -> None:
    saves = [
        StrategyChange(id=f"C{number}", tenant="local", run_id="R1", version=number, actor="REST:pat",
                       created_at=START_NS + number,
                       changes=(FieldChange(field="parameters.fast", old=number, new=[1]),))
        for number in range(3)
    ]  # fmt: skip
    keep(store, *saves, msgspec.structs.replace(saves[0], id="X", run_id="R2"))
    keep(store, saves[1])
    page = store.store.reader.runs.changes(ask(ordering=("-created_at",)))
    assert (page.rows, page.total) == (tuple(reversed(saves)), 3)
    assert store.store.reader.runs.changes(RunRowQuery(tenant="other", run_id="R1")).rows == ()
