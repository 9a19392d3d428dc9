"""The log of connections on both databases: written beside its event, listed by filter and cursor, gone by age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.helpers.memory_connection_logs import MemoryConnectionLogs
from tests.helpers.stores import START_NS, OpenedStore, migrated_postgres_database, open_for_test
from workstation.domain.connection_log import ConnectionEvent, ConnectionLog, LogLevel, redacted
from workstation.domain.events import SessionChanged
from workstation.ports.connection_log import ConnectionLogQuery, ConnectionTimes
from workstation.ports.store import Entry
from workstation.storage.retention import Kept

DAY_NS = 86_400 * 10**9
OWN = ConnectionLogQuery(tenant="local", connection_id="c1")
LINES = [
    (ConnectionEvent.CONNECT, LogLevel.INFO, "c1", "local"),
    (ConnectionEvent.ERROR, LogLevel.ERROR, "c1", "local"),
    (ConnectionEvent.DISCONNECT, LogLevel.WARNING, "c1", "local"),
    (ConnectionEvent.RECONNECT, LogLevel.INFO, "c1", "local"),
    (ConnectionEvent.CONNECT, LogLevel.INFO, "c2", "local"),
    (ConnectionEvent.CONNECT, LogLevel.INFO, "c1", "other"),
]


def lines() -> list[ConnectionLog]:
    return [
        ConnectionLog(
            id=f"l{number}",
            tenant=tenant,
            connection_id=connection,
            event_type=event,
            level=level,
            message=f"line {number}",
            created_at=START_NS + number,
        )
        for number, (event, level, connection, tenant) in enumerate(LINES)
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, url)
    for line in lines():
        opened.write(Entry(SessionChanged(venue="SIM", state="UP", reason="", ts=line.created_at), (line,)))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (OWN, ["l3", "l2", "l1", "l0"]),
        (replace(OWN, ordering=("created_at",), limit=2), ["l0", "l1"]),
        (replace(OWN, level=LogLevel.INFO), ["l3", "l0"]),
        (replace(OWN, event_type=ConnectionEvent.DISCONNECT), ["l2"]),
        (replace(OWN, start_ns=START_NS + 1, end_ns=START_NS + 3), ["l2", "l1"]),
        (replace(OWN, after_key=(START_NS + 2, "l2")), ["l1", "l0"]),
        (replace(OWN, tenant="other"), ["l5"]),
        (replace(OWN, offset=4), []),
    ],
)
def test_a_log_is_listed_alike_by_both_databases_and_in_memory(store, query, found):
    memory = MemoryConnectionLogs()
    for line in lines():
        memory.take(line)
    page = store.store.reader.connection_logs.lines(query)
    assert [row.id for row in page.rows] == found
    assert page == memory.lines(query)


def test_times_are_those_of_the_newest_lines(store):
    known = store.store.reader.connection_logs.times("local", "c1")
    assert known == ConnectionTimes(last_connected=START_NS + 3, last_disconnected=START_NS + 2, last_error="line 2")
    assert store.store.reader.connection_logs.times("local", "nobody") == ConnectionTimes()


def test_old_lines_go_by_age(tmp_path):
    """On a server whole ranges go; see `test_store_retention` for those of every table."""
    opened = open_for_test(tmp_path, "")
    for line in lines():
        opened.write(Entry(SessionChanged(venue="SIM", state="UP", reason="", ts=line.created_at), (line,)))
    kept = Kept(audit_days=0, deliveries_days=0, connection_logs_days=1)
    assert opened.store.retention.look(kept, START_NS) == 0
    assert opened.store.retention.look(kept, START_NS + 2 * DAY_NS) == 1
    assert opened.store.reader.connection_logs.lines(OWN).total == 0
    opened.close()


def test_what_follows_the_name_of_a_secret_is_not_kept():
    told = "login refused: token=abc123, password: hunter2; Authorization: Bearer xyz at host"
    assert redacted(told) == "login refused: token=[redacted] password: [redacted] Authorization: [redacted] at host"
    assert len(redacted("x" * 5_000)) == 2_000
