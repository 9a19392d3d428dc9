"""A PostgreSQL that is slow, held or out of connections: refused with the reason, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.helpers.stores import START_NS, OpenedStore, OrderMaker, intended, new_postgres_database, open_for_test
from workstation.domain.errors import StorageError
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind, RiskClass
from workstation.ports.store import Entry, OrderQuery
from workstation.storage import postgres, writer

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION slow()
"""


@pytest.fixture(scope="module")
def url() -> str:
    return new_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    open_for_test(tmp_path, url).close()  # the schema, with all the time that it needs
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    monkeypatch.setattr(postgres, "STATEMENT_TIMEOUT_MS", 300)
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT_S", 1)
    opened = open_for_test(tmp_path, url)
    yield opened
    opened.close()


@contextmanager
def slow_server(url: str) -> Iterator[None]:
    """Let each order's row take five seconds, longer than a statement may."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(SLOW)
        try:
            yield
        finally:
            session.execute("DROP FUNCTION slow CASCADE")


@contextmanager
def held_table(url: str) -> Iterator[None]:
    """Hold the journal's table as another session's maintenance does."""
    with psycopg.connect(url) as session:
        session.execute("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
        yield
        session.rollback()


def cancel() -> Entry:
    return Entry(CancelRequested(cl_ord_id="OMS-1", ts=START_NS, origin=Origin(OriginKind.TICKET)))


@pytest.mark.parametrize(
    ("trouble", "words"), [(slow_server, "statement timeout"), (held_table, "lock timeout")], ids=["slow", "held"]
)
def test_new_risk_is_refused_with_the_reason_exits_and_cancels_go_on_and_every_line_is_there_once(
    store: OpenedStore, url: str, trouble: Callable[[str], AbstractContextManager[None]], words: str
) -> None:
    maker = OrderMaker(7 if trouble is slow_server else 8)
    before = store.store.journal.last_seq
    increase, increasing = maker.created()
    reduce, reducing = maker.created()
    with trouble(url):
        refused = store.append(increasing, intended(increase)[1])
        assert store.outcome(refused) is False
        assert words in store.store.journal.trouble
        reduced = store.append(reducing, intended(reduce, RiskClass.REDUCE)[1])
        cancelled = store.append(cancel())
        assert (store.outcome(reduced), store.outcome(cancelled)) == (True, True), "kept in the reserve meanwhile"
    assert store.inbox.run_until(lambda: not store.store.journal.trouble)
    last = store.write(cancel())
    assert [line.seq for line in store.store.recovery.replay(before)] == list(range(before + 1, last + 1))
    assert store.store.reader.order(reduce.uid) is not None


def test_a_pool_without_a_free_connection_is_said_to_readers_and_hinders_no_writer(store: OpenedStore) -> None:
    with ExitStack() as taken:
        for _ in range(postgres.READERS):
            taken.enter_context(store.store._engine.connect())
        with pytest.raises(StorageError, match="cannot be read"):
            store.store.reader.orders(OrderQuery())
        store.write(cancel())
    assert store.store.reader.orders(OrderQuery()).total >= 0
