"""What every store promises, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
    moved,
    new_postgres_database,
    open_for_test,
)
from workstation.domain.accounts import Account, Environment, KillScope, KillState
from workstation.domain.errors import InvariantError, StorageDamaged, StorageLocked, ValidationError
from workstation.domain.events import KillChanged, OrderNoted, decode_event
from workstation.domain.executions import BalanceState
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, OrdType, Side
from workstation.ports.store import Entry, ExecutionQuery, IdempotencyRecord, OrderQuery, PositionQuery

Open = Callable[[], OpenedStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else new_postgres_database()


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


def note(cl_ord_id: str = "OMS-1", notes: str = "n") -> Entry:
    return Entry(OrderNoted(cl_ord_id=cl_ord_id, ts=1, notes=notes, metadata={}))


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

    def test_the_first_answer_to_a_key_stands_until_it_expires(self, store):
        def record(status: int, expires_at: int) -> IdempotencyRecord:
            return IdempotencyRecord(
                credential="c", method="POST", route="/orders", key="k", fingerprint="f", status=status,
                body=b"\x00{}", location="", etag="", expires_at=expires_at,
            )  # fmt: skip

        store.write(Entry(note().event, (record(201, START_NS + 10),)))
        store.write(Entry(note().event, (record(500, START_NS + 20),)))
        ask = store.store.reader.idempotency
        assert ask("c", "POST", "/orders", "k", START_NS + 9) == record(201, START_NS + 10)
        assert ask("c", "POST", "/orders", "k", START_NS + 10) is None
        assert ask("c", "POST", "/orders", "other", START_NS) is None


@pytest.fixture
def many(store, maker):
    """Forty orders of two symbols whose scales differ, a third of them closed."""
    states = []
    for index in range(40):
        coin = index % 2 == 0
        terms = (
            {"symbol": "COIN", "order_qty": index * 10**8 + 10**7, "price": 10_000 + index}
            if coin
            else {"order_qty": index, "price": 100 + index}
        )
        state, entry = maker.created(**terms, side=Side.SELL if index % 4 == 0 else Side.BUY, notes=f"note {index}%")
        if index % 3 == 0:
            state = moved(state, OrdStatus.CANCELLED)
            entry = Entry(entry.event, (state, *entry.rows[1:]))
        states.append(state)
        store.append(entry)
    store.write(note())
    return states


class TestOrderLists:
    def uids(self, store, **query):
        return [row.uid for row in store.store.reader.orders(OrderQuery(**query)).rows]

    def test_the_newest_come_first_by_default(self, store, many):
        assert self.uids(store) == [state.uid for state in reversed(many)]

    def test_filters_combine_with_and(self, store, many):
        wanted = [s.uid for s in many if s.terms.symbol == "COIN" and s.terms.side is Side.SELL and s.is_open]
        found = store.store.reader.orders(
            OrderQuery(
                symbol="COIN",
                side="SELL",
                is_open=True,
                account="SIM-1",
                ord_type="LIMIT",
                user="local",
                ordering=("created_at",),
            )
        )
        assert [row.uid for row in found.rows] == wanted
        assert found.total == len(wanted)

    @pytest.mark.parametrize(
        ("statuses", "is_open"),
        [((OrdStatus.NEW,), True), ((OrdStatus.CANCELLED,), False), ((OrdStatus.NEW, OrdStatus.CANCELLED), None)],
    )
    def test_states_and_openness_agree(self, store, many, statuses, is_open):
        assert self.uids(store, statuses=statuses) == self.uids(store, is_open=is_open)

    def test_quantities_and_prices_sort_across_instruments_by_value(self, store, many):
        def price(state):
            return state.terms.price / (10_000 if state.terms.symbol == "COIN" else 100)

        found = store.store.reader.orders(OrderQuery(ordering=("-price",), limit=500)).rows
        assert [price(row) for row in found] == sorted(map(price, many), reverse=True)

    def test_equal_values_follow_the_id_in_the_direction_of_the_first_field(self, store, many):
        assert self.uids(store, ordering=("symbol",), symbol="COIN", limit=500) == sorted(
            s.uid for s in many if s.terms.symbol == "COIN"
        )

    @pytest.mark.parametrize("ordering", ["submitted_at", "-submitted_at"])
    def test_missing_values_sort_last_in_both_directions(self, store, many, maker, ordering):
        state, entry = maker.created()
        after, acked = accepted(state)
        store.write(entry, acked)
        assert self.uids(store, ordering=(ordering,))[0] == after.uid

    def test_pages_cover_everything_once(self, store, many):
        pages = [store.store.reader.orders(OrderQuery(limit=15, offset=offset)) for offset in (0, 15, 30, 45)]
        assert [row.uid for page in pages for row in page.rows] == [s.uid for s in reversed(many)]
        assert [page.has_next for page in pages] == [True, True, False, False]
        assert {page.total for page in pages} == {40}

    @pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
    def test_a_walk_by_key_neither_repeats_nor_skips_while_rows_are_added(self, store, many, maker, ordering):
        seen, key = [], None
        while True:
            page = store.store.reader.orders(OrderQuery(ordering=(ordering,), limit=7, after_key=key, with_count=False))
            seen += [row.uid for row in page.rows]
            assert page.total is None
            if not page.has_next:
                break
            key = (page.rows[-1].created_at, page.rows[-1].uid)
            _, entry = maker.created(ts=START_NS + 10**6 if ordering == "-created_at" else START_NS)
            store.write(entry)
        assert seen == [s.uid for s in (many if ordering == "created_at" else reversed(many))]

    def test_a_key_without_an_order_of_time_is_refused(self, store):
        with pytest.raises(ValidationError, match="cursor"):
            store.store.reader.orders(OrderQuery(ordering=("price",), after_key=(1, "u")))

    @pytest.mark.parametrize(
        ("search", "count"), [("7%", 4), ("NOTE 1", 11), ("e_1", 0), ("%", 40), ("coin", 20), ("\\", 0)]
    )
    def test_a_search_takes_its_text_literally(self, store, many, search, count):
        assert store.store.reader.orders(OrderQuery(search=search)).total == count

    def test_times_include_the_start_and_exclude_the_end(self, store, many):
        start, end = many[10].created_at, many[20].created_at
        assert self.uids(store, start_ns=start, end_ns=end, ordering=("created_at",)) == [s.uid for s in many[10:20]]

    def test_sorting_by_what_is_not_listed_is_refused_with_what_is(self, store):
        with pytest.raises(ValidationError, match="created_at"):
            store.store.reader.orders(OrderQuery(ordering=("state; DROP TABLE orders",)))

    def test_an_order_of_an_instrument_without_known_scale_is_kept_and_sorts_last(self, store, many, maker):
        state, entry = maker.created(symbol="WHAT")
        store.write(entry)
        assert self.uids(store, ordering=("price",), limit=500)[-1] == state.uid
        assert store.store.reader.order(state.uid) == state

    def test_numbers_beyond_the_column_are_kept_whole(self, store, many, maker):
        state, entry = maker.created(symbol="COIN", order_qty=10**30, price=1)
        store.write(entry)
        assert store.store.reader.order(state.uid) == state
        assert self.uids(store, ordering=("-order_qty",))[0] == state.uid

    @pytest.mark.parametrize(
        "query",
        [
            OrderQuery(),
            OrderQuery(symbol="COIN"),
            OrderQuery(side="SELL", account="SIM-1"),
            OrderQuery(start_ns=START_NS + 20_000),
        ],
    )
    def test_a_remembered_total_counts_what_was_added_since(self, store, many, maker, query):
        first = store.store.reader.orders(query)
        assert first.total == len(first.rows)
        added = [
            maker.created(symbol=symbol, side=side)[1] for symbol in ("ACME", "COIN") for side in (Side.BUY, Side.SELL)
        ]
        store.write(*added)
        again = store.store.reader.orders(query)
        assert again.total == len(again.rows) > first.total

    def test_a_total_by_state_follows_the_states(self, store, many):
        query = OrderQuery(is_open=True)
        before = store.store.reader.orders(query).total
        store.write(accepted(many[1])[1], entry_of(note().event, many[2], moved(many[2], OrdStatus.CANCELLED)))
        assert store.store.reader.orders(query).total == before - 1


class TestExecutionLists:
    def test_executions_filter_sort_and_count(self, store, maker):
        state, entry = maker.created()
        store.write(entry)
        executions = [
            maker.execution(state, index + 1, 1_000 - index, ts_event=START_NS + index, exec_id=f"X_{index}")
            for index in range(12)
        ]
        for execution in executions:
            store.append(filled(state, execution)[1])
        store.write(note())
        reader = store.store.reader
        assert reader.executions(ExecutionQuery()).rows == tuple(reversed(executions))
        assert reader.executions(ExecutionQuery(ordering=("last_px",), limit=1)).rows == (executions[-1],)
        assert reader.executions(ExecutionQuery(search="X_1")).total == 3
        assert reader.executions(ExecutionQuery(symbol="ACME", account="SIM-1", limit=5)).total == 12
        key = (executions[5].ts_event, executions[5].uid)
        assert reader.executions(ExecutionQuery(after_key=key)).rows == tuple(reversed(executions[:5]))


class TestPositionLists:
    def test_only_account_rows_are_listed(self, store, maker):
        state, entry = maker.created()
        _, fill = filled(state, maker.execution(state, 100, 1_000))
        own = fill.rows[-1]
        strategy = type(own)(**{**{f: getattr(own, f) for f in own.__struct_fields__}, "strategy_id": "s-1"})
        store.write(entry, Entry(fill.event, (*fill.rows, strategy)))
        page = store.store.reader.positions(PositionQuery(symbol="ACME", account="SIM-1", ordering=("-qty",)))
        assert (page.rows, page.total) == ((own,), 1)
        assert store.store.reader.positions(PositionQuery(has_position=False)).rows == ()


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
