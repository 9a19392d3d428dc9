"""Retention on both databases: what is old goes, chains verify from their anchors, what a start needs stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.contract.test_store_deliveries import HOOK, made
from tests.contract.test_store_records import noted
from tests.helpers.stores import (
    START_NS,
    OpenedStore,
    OrderMaker,
    accepted,
    execute_sql,
    filled,
    migrated_postgres_database,
    new_postgres_database,
    note,
    open_for_test,
)
from workstation.domain.errors import StorageDamaged
from workstation.domain.events import RecordSaved, RunNoted
from workstation.domain.records import UserSession
from workstation.domain.strategy_rows import RunLog, StrategySignal
from workstation.kernel.clock import VirtualClock
from workstation.ports.deliveries import DeliveryQuery
from workstation.ports.run_rows import RunRowQuery
from workstation.ports.store import Entry, ExecutionQuery
from workstation.storage import retention
from workstation.storage.anchors import append_anchor, check_anchor
from workstation.storage.retention import AGED, Kept
from workstation.storage.verify import verify

DAY_NS = 86_400 * 10**9
NOTHING = Kept(audit_days=0, deliveries_days=0)
RANGE = 10


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_NS)


@pytest.fixture
def store(url: str, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    """Give a store whose ranges hold ten lines each, and whose starts verify five."""
    monkeypatch.setattr(retention, "RANGE_LINES", RANGE)
    monkeypatch.setattr(retention, "TAIL_LINES", 5)
    opened = open_for_test(tmp_path, url, clock=clock)
    if url:
        for aged in (aged for aged in AGED if aged.in_ranges):
            execute_sql(url, tmp_path, f"DROP TABLE {aged.table}_000000, {aged.table}_000001")
    opened.store.retention.look(NOTHING, START_NS)
    yield opened
    opened.close()


def write(store: OpenedStore, entries: list[Entry]) -> None:
    """Write entries one by one, each range being made before its first line."""
    for entry in entries:
        store.write(entry)
        store.store.retention.look(NOTHING, START_NS)


def snapshot(store: OpenedStore, state: bytes = b"{}") -> None:
    store.store.journal.save_snapshot(state, hashlib.sha256(state).digest())
    store.write(note())


def test_old_audit_entries_go_and_the_rest_verifies_from_its_anchor(
    store: OpenedStore, url: str, clock: VirtualClock, tmp_path: Path
) -> None:
    write(store, [noted(n, "local" if n % 2 else "other") for n in range(1, 2 * RANGE)])
    later = START_NS + 30 * DAY_NS
    write(store, [noted(30 * DAY_NS + n) for n in range(RANGE)])
    assert store.store.retention.look(Kept(audit_days=10, deliveries_days=0), later) > 0
    reader = store.store.reader
    proof, other = reader.verify_audit("local"), reader.verify_audit("other")
    assert (proof.first_sequence, proof.last_sequence, proof.first_broken) == (11, 20, None)
    assert (other.entries, other.last_sequence, other.first_broken) == (0, 9, None)
    store.close()
    again = open_for_test(tmp_path, url, clock=clock)
    again.write(noted(1, "other"), noted(2))
    assert [again.store.reader.verify_audit(name).last_sequence for name in ("local", "other")] == [21, 10]
    execute_sql(url, tmp_path, "DELETE FROM audit_entries WHERE tenant_id = 'local' AND sequence = 11")
    assert again.store.reader.verify_audit("local").first_broken == 11
    again.close()


def test_an_audit_whose_tail_was_cut_off_ends_before_its_noted_head(
    store: OpenedStore, url: str, tmp_path: Path
) -> None:
    store.write(noted(1), noted(2), noted(3))
    append_anchor(tmp_path, store.store.recovery, START_NS)
    assert check_anchor(tmp_path, store.store.recovery) is not None
    execute_sql(url, tmp_path, "DELETE FROM audit_entries WHERE sequence = 3")
    assert store.store.reader.verify_audit("local").first_broken == 3
    with pytest.raises(StorageDamaged, match="audit entry 3 of local"):
        check_anchor(tmp_path, store.store.recovery)


def test_old_journal_lines_go_up_to_what_a_start_needs_and_the_rest_verifies(
    store: OpenedStore, url: str, tmp_path: Path
) -> None:
    write(store, [note() for _ in range(2 * RANGE + 2)])
    kept, later = Kept(journal_days=1, audit_days=0, deliveries_days=0), START_NS + 5 * DAY_NS
    assert store.store.retention.look(kept, later) == 0, "no snapshot stands for any line yet"
    snapshot(store)
    write(store, [note() for _ in range(RANGE)])
    assert store.store.retention.look(kept, later) > 0
    oldest, recovery = store.store.reader.oldest_seq(), store.store.recovery
    assert 2 * RANGE <= oldest <= 2 * RANGE + 3
    assert [line.seq for line in recovery.whole()] == list(range(oldest, store.store.journal.last_seq + 1))
    with pytest.raises(StorageDamaged, match="went by age"):
        recovery.replay(0)
    store.close()
    assert verify(url, tmp_path).intact
    again = open_for_test(tmp_path, url)
    assert again.store.recovery.latest_snapshot().seq >= oldest - 1
    again.write(note())
    again.close()


def test_old_executions_go_but_a_fill_is_never_booked_twice(store: OpenedStore, url: str) -> None:
    maker = OrderMaker()
    for n in range(2 * RANGE):
        state, created = maker.created(ts=START_NS + n)
        live, acked = accepted(state)
        write(store, [created, acked, filled(live, maker.execution(live, 100, 1_000, exec_key=f"K-{n}"))[1]])
    query = ExecutionQuery(limit=500)
    assert store.store.reader.executions(query).total == 2 * RANGE
    kept = Kept(executions_days=1, audit_days=0, deliveries_days=0)
    assert store.store.retention.look(kept, START_NS + DAY_NS + RANGE) > 0
    page = store.store.reader.executions(query)
    assert page.total == len(page.rows) <= RANGE + 4
    repeat = maker.execution(live, 100, 1_000, exec_key=f"K-{0 if url else 2 * RANGE - 1}")
    assert store.outcome(store.append(filled(live, repeat)[1])) is False
    assert "breaks a rule" in store.store.journal.trouble or "UNIQUE" in store.store.journal.trouble


def test_old_deliveries_go(store: OpenedStore) -> None:
    write(store, [note() for _ in range(3 * RANGE)])
    deliveries = store.store.reader.deliveries
    assert deliveries.make([made(8 * n, created_at=START_NS + n * DAY_NS) for n in range(1, 3 * RANGE)], None)
    assert store.store.retention.look(Kept(audit_days=0, deliveries_days=5), START_NS + 30 * DAY_NS) > 0
    page = deliveries.deliveries(DeliveryQuery(tenant="local", webhook_id=HOOK, limit=500))
    first = page.rows[-1].event_id // 8
    assert (first, page.rows[0].event_id // 8) in {(25, 29), (2 * RANGE, 29)}


def test_what_runs_said_long_ago_goes_and_what_they_say_now_stays(store: OpenedStore) -> None:
    def said(number: int, ts: int) -> Entry:
        own = {"tenant": "local" if number % 2 else "other", "run_id": "R1"}
        line = RunLog(id=f"L{number}", level="INFO", message="", created_at=ts, **own)
        signal = StrategySignal(
            id=f"S{number}", symbol="ACME", signal_type="BUY", confidence=1, signal_time=ts, cl_ord_id="", **own
        )
        return Entry(RunNoted(signals=(), rows=2, ts=ts), (line, signal))

    later = START_NS + 30 * DAY_NS
    write(store, [said(number, START_NS) for number in range(4)] + [said(number, later) for number in range(4, 8)])
    kept = Kept(audit_days=0, deliveries_days=0, run_logs_days=10, run_signals_days=10)
    assert store.store.retention.look(kept, START_NS + DAY_NS) == 0
    assert store.store.retention.look(kept, later) == 2
    runs = store.store.reader.runs
    for tenant, left in (("local", ["5", "7"]), ("other", ["4", "6"])):
        asked = RunRowQuery(tenant=tenant, run_id="R1")
        assert sorted(row.id[1:] for row in runs.logs(asked).rows) == left
        assert sorted(row.id[1:] for row in runs.signals(asked).rows) == left


def test_what_is_young_stays(store: OpenedStore) -> None:
    write(store, [noted(n) for n in range(1, 2 * RANGE)])
    snapshot(store)
    write(store, [note() for _ in range(2 * RANGE)])
    kept = Kept(journal_days=9, executions_days=9, audit_days=9, deliveries_days=9)
    store.store.retention.look(kept, START_NS + 8 * DAY_NS)
    assert store.store.reader.oldest_seq() == 1
    assert store.store.reader.verify_audit("local").first_sequence == 1


def test_lines_beyond_every_range_are_stored_all_the_same(tmp_path: Path) -> None:
    url = new_postgres_database()
    store = open_for_test(tmp_path, url)
    execute_sql(url, tmp_path, "DROP TABLE journal_000000, journal_000001")
    store.write(note())
    with psycopg.connect(url) as session:
        assert session.execute("SELECT count(*) FROM journal_rest").fetchone() == (1,)
    store.close()


def test_rows_of_logins_that_were_deleted_go_and_those_that_may_be_used_stay(
    store: OpenedStore,
) -> None:
    def saved(number: int, deleted_at: int | None) -> Entry:
        login = UserSession(
            id=f"login-{number}", tenant="local", row_version=1, user_id="ann", session_key=f"key-{number}",
            home="local", ip_address="", user_agent="", last_activity=0, expires_at=1, deleted_at=deleted_at,
        )  # fmt: skip
        return Entry(RecordSaved(record=login, changed=(), actor="test", ts=START_NS), (login,))

    store.write(saved(1, None), saved(2, START_NS), saved(3, START_NS))
    assert store.store.retention.look(NOTHING, START_NS) == 1
    assert store.store.retention.look(NOTHING, START_NS) == 0
    with store.store._engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM user_sessions")).scalars().all() == ["login-1"]
