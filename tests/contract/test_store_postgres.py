"""What only a server can do to us: refuse durability, vanish within a transaction, swallow an answer, fall behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.helpers.stores import START_NS, OpenedStore, OrderMaker, intended, new_postgres_database, open_for_test
from workstation.domain.errors import StorageError, StorageLocked
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind
from workstation.kernel.fault_points import set_probe
from workstation.ports.store import Entry
from workstation.storage import writer
from workstation.storage.postgres import PostgresDriver


@pytest.fixture(scope="module")
def url() -> str:
    return new_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    opened = open_for_test(tmp_path, url)
    yield opened
    set_probe(None)
    opened.close()


def entry(cl_ord_id: str = "OMS-1") -> Entry:
    return Entry(CancelRequested(cl_ord_id=cl_ord_id, ts=START_NS, origin=Origin(OriginKind.TICKET)))


def end_writing_sessions(url: str) -> None:
    """Cut every session that may write, as an immediate restart of the server does."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("point", ["before_begin", "after_begin", "after_lines", "before_commit"])
def test_a_session_cut_within_a_transaction_books_exactly_once(store, url, point):
    before = store.write(entry())
    cuts = iter([True])
    set_probe(lambda name: end_writing_sessions(url) if name == f"storage.{point}" and next(cuts, False) else None)
    last = store.append(entry(), entry())
    assert store.outcome(last) is True
    assert [line.seq for line in store.store.recovery.replay(before)] == [last - 1, last]
    assert store.store.journal.trouble == ""


def test_a_lost_answer_to_commit_books_exactly_once(store, url):
    before = store.write(entry())
    driver = store.store.journal._thread._target.__self__._driver
    commit = type(driver).commit
    answers = iter([True])

    def commit_and_lose(self: PostgresDriver) -> None:
        commit(self)
        if next(answers, False):
            self._connection.close()
            raise writer.ConnectionLost("no answer")

    driver.commit = commit_and_lose.__get__(driver)
    state, created = OrderMaker(99).created()
    last = store.append(created, intended(state)[1])
    assert store.outcome(last) is True
    assert [line.seq for line in store.store.recovery.replay(before)] == [last - 1, last]


def test_history_that_went_backwards_is_never_continued(store, url):
    store.write(entry())
    last = store.write(entry())

    def lose_history(name: str) -> None:
        if name == "storage.after_begin":
            set_probe(None)
            end_writing_sessions(url)
            with psycopg.connect(url, autocommit=True) as session:
                session.execute("DELETE FROM journal WHERE seq = %s", (last,))

    set_probe(lose_history)
    assert store.outcome(store.append(entry())) is False
    assert "history is not ours" in store.store.journal.trouble
    with psycopg.connect(url, autocommit=True) as session:  # leave the module's database without a gap
        session.execute("TRUNCATE journal, snapshots")


def test_a_second_home_on_one_database_is_told_who_writes(store, url, tmp_path):
    with pytest.raises(StorageLocked, match="process"):
        open_for_test(tmp_path / "other", url)


@pytest.mark.parametrize("setting", ["synchronous_commit=off", "synchronous_commit=local"])
def test_a_server_that_does_not_wait_for_its_disk_is_refused(url, setting):
    with psycopg.connect(url, autocommit=True) as session:
        name = session.info.dbname
        session.execute(f"ALTER DATABASE {name} SET {setting.replace('=', ' = ')}".encode())
        try:
            with pytest.raises(StorageError, match="synchronous_commit"):
                PostgresDriver(url)
        finally:
            session.execute(f"ALTER DATABASE {name} RESET ALL".encode())


def test_a_writer_that_ends_gives_the_lease_back_before_its_session_is_over(url):
    driver = PostgresDriver(url)
    end, driver._connection.close = driver._connection.close, lambda: None
    with pytest.raises(StorageLocked):
        PostgresDriver(url)
    driver.close()
    PostgresDriver(url).close()
    end()
