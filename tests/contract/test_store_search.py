"""Searches of orders and executions on every store: the same rows whether or not the index has them, on both databases.

What is searched comes from the index where it is there and from the rows that wait for it otherwise; a fresh search
never tells which.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tests.contract.test_store_migrations_history import given_to_owner
from tests.helpers.stores import (
    WAIT_S,
    OpenedStore,
    OrderMaker,
    accepted,
    entry_of,
    execute_sql,
    filled,
    moved,
    new_postgres_database,
    note,
    open_for_test,
)
from workstation.domain.errors import StorageError
from workstation.ports.store import ExecutionQuery, OrderQuery
from workstation.storage import search_index
from workstation.storage.retention import Kept

COUNT = 30


@pytest.fixture(params=["sqlite", "postgresql-owner"])
def url(request: pytest.FixtureRequest) -> str:
    """Give a file, or a database of a server whose owner row security binds."""
    return "" if request.param == "sqlite" else given_to_owner(new_postgres_database())


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, url)
    yield opened
    opened.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def maker() -> OrderMaker:
    return OrderMaker()


def trade(store: OpenedStore, maker: OrderMaker, count: int = COUNT, key: str = "KEY") -> None:
    """Write orders that fill, but for every fifth, which stays open; every other has notes of its own."""
    for number in range(count):
        state, created = maker.created(notes=f'Dip {number} "über" 50%_' if number % 2 else "", symbol="ACME")
        live, acked = accepted(state)
        store.append(created, acked)
        if number % 5:
            fill = maker.execution(live, 100, 1_000, exec_id=f"X/{number}\\", exec_key=f"{key} {number:03}")
            store.append(filled(live, fill)[1])
    store.write(note())


def fill_index(store: OpenedStore) -> int:
    steps = 0
    while store.store.search.fill():
        steps += 1
    return steps


def orders_found(store: OpenedStore, needle: str, **filters: object) -> list[str]:
    page = store.store.reader.orders(OrderQuery(search=needle, limit=500, **filters))
    assert page.total == len(page.rows)
    return [row.cl_ord_id for row in page.rows]


def held(store: OpenedStore, needle: str) -> list[str]:
    """Return by their own texts the orders that hold `needle`, newest first."""
    return [
        row.cl_ord_id
        for row in store.store.reader.orders(OrderQuery(limit=500)).rows
        if any(
            needle.lower() in text.lower() for text in (row.cl_ord_id, row.order_id, row.terms.symbol, row.notes or "")
        )
    ]


NEEDLES = [
    "Dip 7",
    "dip 2",
    '"über"',
    "50%_",
    "%",
    "p",
    "di",
    "ACM",
    "acme",
    "V-",
    "OMS-",
    "a1",
    "abc",
    "\\",
    "nowhere",
]


def test_how_far_the_index_is_is_told_while_it_fills(store, maker, monkeypatch):
    told: list[tuple[str, int]] = []
    log = SimpleNamespace(info=lambda event, waiting: told.append((event, waiting)))
    monkeypatch.setattr(search_index, "_log", log)
    monkeypatch.setattr(search_index, "ROWS_AT_ONCE", dict.fromkeys(search_index.ROWS_AT_ONCE, 7))
    monkeypatch.setattr(search_index, "TOLD_FROM_ROWS", 10)
    store.store.search = search_index.SearchFiller(store.store.search._queue, store.store._engine)
    progress = search_index._Progress(store.store._engine)
    progress.look(0.0)
    trade(store, maker)
    waiting = [store.store.reader.search_backlog()]
    assert waiting == [48], "of 30 orders 24 are final, and each has an execution"
    progress.look(search_index.TOLD_EVERY_S - 1)
    progress.look(search_index.TOLD_EVERY_S)
    while store.store.search.fill():
        waiting.append(store.store.reader.search_backlog())
    assert waiting == sorted(waiting, reverse=True)
    assert waiting[-1] == 0
    for turn in (2, 3):
        progress.look(turn * search_index.TOLD_EVERY_S)
    assert told == [("search_index_filling", 48), ("search_index_filled", 0)]


def test_a_search_finds_the_same_before_while_and_after_the_index_fills(store, maker, monkeypatch):
    monkeypatch.setattr(search_index, "ROWS_AT_ONCE", dict.fromkeys(search_index.ROWS_AT_ONCE, 3))
    store.store.search = search_index.SearchFiller(store.store.search._queue, store.store._engine)
    trade(store, maker)
    own = store.store.reader.orders(OrderQuery(limit=1, offset=11)).rows[0]
    wanted = {needle: held(store, needle) for needle in [*NEEDLES, own.cl_ord_id[5:], own.order_id.lower()]}
    assert sum(map(bool, wanted.values())) >= 12
    assert {needle: orders_found(store, needle) for needle in wanted} == wanted
    assert store.store.search.fill()
    assert {needle: orders_found(store, needle) for needle in wanted} == wanted
    fill_index(store)
    assert {needle: orders_found(store, needle) for needle in wanted} == wanted


def test_what_changes_later_is_found_by_its_new_text_and_not_by_its_old(store, maker):
    trade(store, maker, 6)
    fill_index(store)
    first = store.store.reader.orders(OrderQuery(is_open=False, limit=1)).rows[0]
    venue_id = first.order_id
    late = moved(first, first.status, order_id="LATE-1234", notes="corrected")
    opened = store.store.reader.orders(OrderQuery(is_open=True, limit=1)).rows[0]
    store.write(
        entry_of(note().event, first, late), entry_of(note().event, opened, moved(opened, opened.status, notes="kept"))
    )
    for _ in range(2):
        assert orders_found(store, "late-12") == orders_found(store, "CORRECT") == [first.cl_ord_id]
        assert orders_found(store, venue_id) == []
        assert orders_found(store, "kept") == [opened.cl_ord_id]
        fill_index(store)


def test_the_other_filters_and_the_order_of_the_list_hold_in_a_search(store, maker):
    trade(store, maker)
    fill_index(store)
    for needle in ("dip", "di"):
        found = orders_found(store, needle, is_open=True, ordering=("created_at",))
        assert found == [key for key in reversed(held(store, "dip")) if key in orders_found(store, "OMS", is_open=True)]
        assert 0 < len(found) < len(orders_found(store, needle))
        first = store.store.reader.orders(OrderQuery(search=needle, limit=2)).rows
        after = (first[-1].created_at, first[-1].uid)
        rest = store.store.reader.orders(OrderQuery(search=needle, after_key=after, limit=500)).rows
        assert [row.cl_ord_id for row in (*first, *rest)] == held(store, "dip")


def test_a_common_search_walks_its_list_and_counts_all(file_store, maker, monkeypatch):
    monkeypatch.setattr(search_index, "COMMON_ROWS", 4)
    trade(file_store, maker)
    fill_index(file_store)
    page = file_store.store.reader.orders(OrderQuery(search="dip", limit=5))
    assert [row.cl_ord_id for row in page.rows] == held(file_store, "dip")[:5]
    assert (page.total, page.has_next) == (COUNT // 2, True)


def test_one_or_two_letters_are_looked_for_in_the_newest_rows_that_the_filters_let_through(
    file_store, maker, monkeypatch
):
    monkeypatch.setattr(search_index, "NEWEST_ROWS", 4)
    trade(file_store, maker)
    fill_index(file_store)
    newest = [row.cl_ord_id for row in file_store.store.reader.orders(OrderQuery(is_open=True, limit=4)).rows]
    assert orders_found(file_store, "Di", is_open=True) == [key for key in held(file_store, "dip") if key in newest]
    assert len(orders_found(file_store, "dip", is_open=True)) > len(orders_found(file_store, "di", is_open=True)) > 0


def test_executions_are_found_by_their_ids_in_any_case(store, maker):
    trade(store, maker)

    def found(needle: str) -> list[str]:
        return [row.exec_key for row in store.store.reader.executions(ExecutionQuery(search=needle)).rows]

    for _ in range(2):
        assert found("key 01") == [f"KEY {number:03}" for number in (19, 18, 17, 16, 14, 13, 12, 11)]
        assert found("x/7\\") == ["KEY 007"]
        assert set(found("7\\")) == {"KEY 007", "KEY 017", "KEY 027"}
        own = store.store.reader.executions(ExecutionQuery(limit=1)).rows[0]
        assert found(own.uid[9:20].upper()) == [own.exec_key]
        fill_index(store)
    trade(store, OrderMaker(2), 2, key="LATE")
    assert found("late 0") == ["LATE 001"]


def test_what_waits_is_taken_up_by_the_next_start(maker, tmp_path):
    first = open_for_test(tmp_path)
    trade(first, maker)
    wanted = held(first, "dip")
    first.close()
    again = open_for_test(tmp_path)
    try:
        assert again.store.search.fill()
        fill_index(again)
        assert not again.store.search.fill()
        assert orders_found(again, "dip") == wanted
    finally:
        again.close()


def test_what_retention_takes_leaves_the_index_too(tmp_path, maker):
    store = open_for_test(tmp_path)
    try:
        trade(store, maker)
        fill_index(store)
        kept = Kept(audit_days=0, deliveries_days=0, executions_days=1)
        newest = store.store.reader.executions(ExecutionQuery(limit=1)).rows[0].ts_event
        assert store.store.retention.look(kept, newest + 2 * 86_400 * 10**9)
        with store.store._engine.connect() as connection:
            pieces = "SELECT count(*) FROM execution_text WHERE execution_text MATCH '\"KEY\"'"
            assert connection.exec_driver_sql(pieces).scalar() == 0
        trade(store, OrderMaker(2), 2)
        for _ in range(2):
            assert store.store.reader.executions(ExecutionQuery(search="key 001")).total == 1
            fill_index(store)
        assert store.store.backend.damage(thorough=True) == ""
    finally:
        store.close()


def test_ranges_that_a_server_drops_leave_the_index_too(tmp_path, maker):
    url = new_postgres_database()
    store = open_for_test(tmp_path, url)
    try:
        trade(store, maker)
        fill_index(store)
        execute_sql(url, tmp_path, "DELETE FROM executions WHERE id < (SELECT max(id) FROM executions)")
        assert fill_index(store)
        with psycopg.connect(url) as session:
            assert session.execute("SELECT count(*) FROM execution_pieces").fetchone() == (1,)
        assert not store.store.search.fill()
    finally:
        store.close()


def test_row_security_lets_a_search_use_the_index_and_gives_nothing_to_another_tenant(tmp_path, maker):
    url = given_to_owner(new_postgres_database())
    store = open_for_test(tmp_path, url)
    try:
        trade(store, maker)
        fill_index(store)
    finally:
        store.close()
    with psycopg.connect(url) as session:
        assert session.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        session.execute("SET workstation.tenant = 'local'; SET enable_seqscan = off")
        wanted = "SELECT id FROM order_pieces WHERE pieces @> search_pieces('local', 'dip')"
        plan = "\n".join(str(row[0]) for row in session.execute(f"EXPLAIN {wanted}".encode()))
        assert "ix_order_pieces_pieces" in plan
        found = f"SELECT count(*) FROM orders WHERE id IN ({wanted})".encode()
        assert session.execute(found).fetchone() == (COUNT // 2 - 3,)
        session.execute("SET workstation.tenant = 'another'")
        assert session.execute(found).fetchone() == (0,)
        other = "SELECT count(*) FROM order_pieces WHERE pieces @> search_pieces('another', 'dip')"
        assert session.execute(other.encode()).fetchone() == (0,)


def test_the_index_waits_while_orders_queue(file_store, maker):
    trade(file_store, maker, 4)

    class Busy:
        fill_ratio = 0.9

    filler = search_index.SearchFiller(Busy(), file_store.store._engine)
    assert not filler.fill()
    assert orders_found(file_store, "dip") == held(file_store, "dip")


def test_an_index_that_cannot_be_looked_at_is_logged_and_waits(file_store, maker, monkeypatch, logged):
    trade(file_store, maker, 4)

    def fails(*_: object) -> list[tuple[object, ...]]:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(search_index, "rows_of", fails)
    assert not file_store.store.search.fill()
    assert [(line["event"], line["listed"]) for line in logged] == [
        ("search_index_waits", "orders"), ("search_index_waits", "executions"),
    ]  # fmt: skip


def test_the_filler_of_a_running_program_takes_up_what_waits(tmp_path, maker, monkeypatch):
    monkeypatch.setattr(search_index, "IDLE_S", 0.01)

    class Told(search_index.SearchFiller):
        idle = threading.Event()

        def fill(self) -> bool:
            found = super().fill()
            if not found:
                self.idle.set()
            return found

    store = open_for_test(tmp_path)
    filler = Told(store.store.search._queue, store.store._engine)
    try:
        trade(store, maker)
        filler.start()
        assert filler.idle.wait(WAIT_S)
        filler.close()
        assert not store.store.search.fill()
        assert orders_found(store, "dip") == held(store, "dip")
    finally:
        store.close()
