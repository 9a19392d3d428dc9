"""What every store promises, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.helpers.stores import (
    ACME,
    START_NS,
    OpenedStore,
    OrderMaker,
    accepted,
    entry_of,
    execute_sql,
    filled,
    intended,
    migrated_postgres_database,
    moved,
    note,
    open_for_test,
)
from workstation.domain.accounts import Account, Environment, KillScope, KillState
from workstation.domain.errors import InvariantError, StorageDamaged, StorageLocked
from workstation.domain.events import KillChanged, decode_event
from workstation.domain.executions import BalanceState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, OrdType
from workstation.ports.store import Entry, ExecutionQuery, IdempotencyRecord, OrderQuery, PositionQuery

Open = Callable[[], OpenedStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def reopen(url: str, tmp_path: Path) -> Iterator[Open]:
    opened: list[OpenedStore] = []

    def open_again() -> OpenedStore:
        if opened:
            opened[-1].close()
        opened.append(open_for_test(tmp_path, url))
        return opened[-1]

    yield open_again
    opened[-1].close()


@pytest.fixture
def store(reopen: Open) -> OpenedStore:
    return reopen()


@pytest.fixture
def maker() -> OrderMaker:
    return OrderMaker()


class TestJournal:
    def test_a_batch_becomes_durable_and_its_caller_hears_of_it(self, store):
        seq = store.append(note(), note())
        assert seq == 2
        assert store.outcome(seq) is True
        assert store.store.journal.durable_seq == 2
        assert store.store.journal.trouble == ""

    def test_a_callback_never_runs_within_the_call_that_asks_for_it(self, store):
        seq = store.write(note())
        heard: list[bool] = []
        store.store.journal.when_durable(seq, heard.append)
        assert heard == []
        assert store.inbox.run_until(lambda: heard == [True])

    def test_an_empty_append_changes_nothing(self, store):
        assert store.store.journal.append([]) == 0

    def test_callbacks_run_in_the_order_of_their_sequence(self, store):
        heard: list[int] = []
        last = 0
        for index in range(50):
            last = store.store.journal.append([note(notes=str(index))])
            store.store.journal.when_durable(last, lambda _, seq=last: heard.append(seq))
        assert store.inbox.run_until(lambda: len(heard) == 50)
        assert heard == sorted(heard)

    def test_lines_come_back_as_they_were_written(self, store):
        store.write(Entry(note().event, actor="rest", correlation="c-1", causation="OMS-1"))
        [line] = store.store.reader.events(0, 10)
        assert decode_event(line.payload) == note().event
        assert (line.seq, line.kind, line.actor, line.correlation, line.causation) == (
            1,
            "OrderNoted",
            "rest",
            "c-1",
            "OMS-1",
        )
        assert (line.epoch, line.ts_wall) == (1, START_NS)

    def test_a_reopened_journal_goes_on_where_it_ended_under_a_new_epoch(self, reopen):
        reopen().write(note(), note())
        again = reopen()
        assert (again.store.journal.last_seq, again.store.journal.durable_seq, again.store.journal.epoch) == (2, 2, 2)
        assert again.write(note()) == 3
        assert [line.epoch for line in again.store.recovery.replay(0)] == [1, 1, 2]

    def test_a_second_writer_is_told_who_holds_the_home(self, store, url, tmp_path):
        with pytest.raises(StorageLocked, match="process"):
            open_for_test(tmp_path, url)

    def test_a_row_that_breaks_a_rule_fails_the_whole_group_and_ends_writing(self, store, maker):
        state, entry = maker.created()
        twin = moved(state, OrdStatus.NEW, cl_ord_id="OMS-other")
        store.write(entry)
        seq = store.append(note(), entry_of(note().event, None, twin))
        assert store.outcome(seq) is False
        assert "uid" in store.store.journal.trouble
        assert store.store.reader.newest_seq() == 1
        assert store.outcome(store.append(note())) is False

    def test_an_older_epoch_is_refused_once_a_newer_one_stands_in_the_database(self, store, url, tmp_path):
        store.write(note())
        execute_sql(url, tmp_path, "UPDATE writer_lease SET epoch = epoch + 1, owner = 'the other one'")
        assert store.outcome(store.append(note())) is False
        assert "the other one" in store.store.journal.trouble

    def test_the_writer_answers_a_ping_with_a_commit(self, store):
        assert store.store.reader.ping_write(30.0)


class TestRecovery:
    def test_a_snapshot_and_the_tail_give_everything_back(self, reopen):
        first = reopen()
        first.write(note(notes="a"), note(notes="b"))
        state = b"state after two"
        first.store.journal.save_snapshot(state, hashlib.sha256(state).digest())
        first.write(note(notes="c"))
        again = reopen()
        snapshot = again.store.recovery.latest_snapshot()
        assert snapshot is not None
        assert (snapshot.seq, snapshot.state) == (2, state)
        assert [decode_event(line.payload).notes for line in again.store.recovery.replay(snapshot.seq)] == ["c"]

    def test_an_older_snapshot_stands_in_for_one_that_does_not_verify(self, store):
        for number in range(5):
            store.write(note())
            state = f"state {number}".encode()
            digest = hashlib.sha256(b"something else" if number == 4 else state).digest()
            store.store.journal.save_snapshot(state, digest)
        assert store.store.reader.ping_write(30.0)
        snapshot = store.store.recovery.latest_snapshot()
        assert snapshot is not None
        assert snapshot.state == b"state 3"

    def test_an_empty_journal_has_no_snapshot_and_no_lines(self, store):
        assert store.store.recovery.latest_snapshot() is None
        assert list(store.store.recovery.replay(0)) == []
        assert (store.store.reader.oldest_seq(), store.store.reader.newest_seq()) == (0, 0)

    def test_a_replay_longer_than_one_read_has_no_gap(self, store):
        store.write(*[note(notes=str(index)) for index in range(4_500)])
        assert [line.seq for line in store.store.recovery.replay(10)] == list(range(11, 4_501))

    def test_a_changed_line_is_named(self, store, url, tmp_path):
        store.write(*[note(notes=str(index)) for index in range(9)])
        execute_sql(url, tmp_path, "UPDATE journal SET actor = 'nobody' WHERE seq = 5")
        with pytest.raises(StorageDamaged, match="line 5"):
            list(store.store.recovery.replay(0))

    def test_a_removed_line_is_named(self, store, url, tmp_path):
        store.write(*[note(notes=str(index)) for index in range(9)])
        execute_sql(url, tmp_path, "DELETE FROM journal WHERE seq = 4")
        with pytest.raises(StorageDamaged, match="line 4 is missing"):
            list(store.store.recovery.replay(0))


class TestRows:
    def test_an_order_comes_back_without_loss(self, store, maker):
        state, entry = maker.created(symbol="COIN", order_qty=123_456_789, price=987_654_321, notes='50% _"\\ ü')
        after, acked = accepted(state)
        store.write(entry, acked)
        assert store.store.reader.order(state.uid) == after
        assert store.store.reader.order_by_client_id(state.cl_ord_id) == after
        assert store.store.reader.order("unknown") is None

    def test_the_history_of_an_order_is_complete_and_in_order(self, store, maker):
        state, entry = maker.created()
        sent, sending = intended(state)
        _, acked = accepted(sent)
        store.write(entry, sending)
        store.write(acked)
        history = store.store.reader.transitions(state.cl_ord_id)
        assert [row.to_status for row in history] == [OrdStatus.NEW, OrdStatus.PENDING_SUBMIT, OrdStatus.SUBMITTED]
        assert history[0].from_status is None

    def test_the_trace_of_a_call_is_in_the_history_after_a_restart_and_other_lines_are_without_one(self, reopen, maker):
        first = reopen()
        state, entry = maker.created()
        command = replace(entry.event.command, origin=replace(state.origin, trace="a" * 32))
        traced = Entry(replace(entry.event, command=command), entry.rows)
        other, plain = maker.created()
        _, sending = intended(state)
        first.write(traced, sending, plain)
        again = reopen()
        assert [row.trace for row in again.store.reader.transitions(state.cl_ord_id)] == ["a" * 32, None]
        assert [row.trace for row in again.store.reader.transitions(other.cl_ord_id)] == [""]
        payloads = [line.payload for line in again.store.recovery.replay(0)]
        assert [b'"trace"' in payload for payload in payloads] == [True, False, False]

    def test_a_fill_its_position_and_its_order_are_there_together(self, store, maker):
        state, entry = maker.created()
        execution = maker.execution(state, 100, 1_001)
        _, fill = filled(state, execution)
        store.write(entry, fill)
        assert store.store.reader.execution(execution.uid) == execution
        assert store.store.reader.executions(ExecutionQuery(cl_ord_id=state.cl_ord_id)).rows == (execution,)
        [position] = store.store.reader.positions(PositionQuery(has_position=True)).rows
        assert position.qty == 100

    def test_an_execution_key_is_booked_once_per_account_and_venue(self, store, maker):
        state, entry = maker.created()
        first, again = (maker.execution(state, 100, 1_000, exec_key="K-1") for _ in range(2))
        _, fill = filled(state, first)
        _, double = filled(state, again)
        store.write(entry, fill)
        assert store.outcome(store.append(double)) is False

    def test_state_rows_of_accounts_instruments_and_kill_switches_survive(self, reopen):
        account = Account(
            account="SIM-1", uid="u-1", venue="SIM", environment=Environment.SIM, currency="USD", initial_cash=MONEY_ONE
        )
        kill = KillState(scope=KillScope.ALL, key="", on=True, reason="test", actor="me", ts=5)
        balance = BalanceState(account="SIM-1", currency="USD", cash=10**15 * MONEY_ONE, reserved=0, updated_at=5)
        reopen().write(Entry(KillChanged(state=kill, ts=5), (kill, account, ACME, balance)))
        reader = reopen().store.reader
        assert (reader.kill_switches(), reader.accounts(), reader.instruments()) == ((kill,), (account,), (ACME,))
        assert reader.balances("SIM-1") == (balance,)

    def test_the_newest_answer_to_a_key_stands_until_it_expires(self, store):
        def record(status: int, expires_at: int) -> IdempotencyRecord:
            return IdempotencyRecord(
                credential="c", method="POST", route="/orders", key="k", fingerprint="f", status=status,
                body=b"\x00{}", location="", etag="", expires_at=expires_at,
            )  # fmt: skip

        store.write(Entry(note().event, (record(202, START_NS + 10),)))
        store.write(Entry(note().event, (record(200, START_NS + 20),)))
        ask = store.store.reader.idempotency
        assert ask("c", "POST", "/orders", "k", START_NS + 19) == record(200, START_NS + 20)
        assert ask("c", "POST", "/orders", "k", START_NS + 20) is None
        assert ask("c", "POST", "/orders", "other", START_NS) is None


def test_types_that_orders_know_are_all_storable(store, maker):
    for ord_type in OrdType:
        _, entry = maker.created(ord_type=ord_type)
        store.append(entry)
    store.write(note())
    assert store.store.reader.orders(OrderQuery()).total == len(OrdType)


def test_the_queue_takes_no_more_than_its_cap(store, monkeypatch):
    monkeypatch.setattr("workstation.storage.queue.QUEUE_EVENTS_CAP", 0)
    with pytest.raises(InvariantError, match="takes no more"):
        store.store.journal.append([note()])
