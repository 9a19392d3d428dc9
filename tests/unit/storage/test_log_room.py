"""The log of an embedded database: its room is laid aside and written over, and moved into the file when worth it."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind
from workstation.ports.store import Entry
from workstation.storage import sqlite, writer
from workstation.storage.chain import GENESIS
from workstation.storage.driver import READ_LEASE, Parameters, Statement
from workstation.storage.fixed_point import Scales
from workstation.storage.projections import Projector
from workstation.storage.queue import Aside, Batch, Stop, Work
from workstation.storage.sqlite import LOG_BYTES, SqliteDriver, load_library

PUT = Statement("INSERT INTO kept (content) VALUES (?)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def driver(path: Path) -> Iterator[SqliteDriver]:
    opened = SqliteDriver(path, load_library())
    opened.execute(Statement("CREATE TABLE kept (content BLOB NOT NULL)"))
    yield opened
    opened.close()


def room(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def put(driver: SqliteDriver, content: bytes) -> None:
    driver.begin()
    driver.execute(PUT, (content,))
    driver.commit()


def test_a_log_at_rest_has_its_room_and_grows_no_more(driver: SqliteDriver, path: Path) -> None:
    driver.tidy(thorough=False)
    assert room(path) == LOG_BYTES
    for number in range(50):
        put(driver, bytes([number]) * 5_000)
    assert room(path) == LOG_BYTES


@pytest.mark.parametrize("thorough", [False, True])
def test_a_log_that_begins_anew_keeps_its_room(driver: SqliteDriver, path: Path, thorough: bool) -> None:
    driver.tidy(thorough=False)
    put(driver, b"before")
    driver.tidy(thorough=thorough)
    put(driver, b"after")
    assert room(path) == LOG_BYTES


def test_a_log_that_grew_beyond_its_room_is_cut_back_with_its_next_line(driver: SqliteDriver, path: Path) -> None:
    put(driver, bytes(LOG_BYTES + LOG_BYTES // 2))
    assert room(path) > LOG_BYTES
    driver.tidy(thorough=False)
    put(driver, b"next")
    assert room(path) == LOG_BYTES


def test_where_the_disk_is_nearly_full_no_room_is_laid_aside(
    driver: SqliteDriver, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "ROOM_FACTOR", 2**50)
    before = room(path)
    driver.tidy(thorough=False)
    assert room(path) == before


def test_while_another_writes_no_room_is_laid_aside(driver: SqliteDriver, path: Path) -> None:
    other = SqliteDriver(path, load_library())
    put(other, b"the log is there")
    other.begin()
    other.execute(PUT, (b"of the other",))
    before = room(path)
    driver.tidy(thorough=False)
    assert room(path) == before
    other.commit()
    driver.tidy(thorough=False)
    assert room(path) == LOG_BYTES
    assert driver.query(Statement("SELECT count(*) FROM kept")) == [(2,)]
    other.close()


def test_what_was_written_into_the_room_is_there_after_a_kill(driver: SqliteDriver, path: Path, tmp_path: Path) -> None:
    driver.tidy(thorough=False)
    for number in range(20):
        put(driver, bytes([number]))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(tmp_path / name, killed / name)
    again = SqliteDriver(killed / path.name, load_library())
    try:
        assert again.query(Statement("SELECT count(*) FROM kept")) == [(20,)]
        assert again.query(Statement("PRAGMA integrity_check")) == [("ok",)]
    finally:
        again.close()


class Told:
    """Stands for whoever hears of the writer, for its lease and for its reserve: nothing of them matters here."""

    epoch = 1

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: None


class Noting:
    """A driver that notes how often what was written was moved into the file."""

    fence = READ_LEASE

    def __init__(self) -> None:
        self.moved = 0

    def tidy(self, *, thorough: bool) -> None:
        self.moved += not thorough

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def reconnect(self) -> None: ...
    def close(self) -> None: ...
    def execute(self, statement: Statement, parameters: Parameters = ()) -> None: ...
    def execute_many(self, statement: Statement, rows: Sequence[Parameters]) -> None: ...
    def query(self, statement: Statement, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        return []


class Script:
    """A queue that gives what a test wrote down: work, None for an idle moment, calls to look in between."""

    def __init__(self, *items: Work | None) -> None:
        self._items = deque([*items, Stop()])

    def get(self, timeout_s: float) -> Work | None:
        return self._items.popleft() if timeout_s else None


def batch(seq: int) -> Batch:
    return Batch(seq, (Entry(CancelRequested(cl_ord_id="OMS-1", ts=1, origin=Origin(OriginKind.TICKET)), ()),), 1, 1)


def moved_after(*items: Work | None) -> int:
    """Return how often the log was moved while a writer went through `items`."""
    driver, told = Noting(), Told()
    journal = writer.JournalWriter(
        driver=driver,
        lease=told,  # type: ignore[arg-type]  # it answers whatever is asked of it
        projector=Projector(Scales({})),
        reserve=told,  # type: ignore[arg-type]  # it answers whatever is asked of it
        watermark=None,
        queue=Script(*items),  # type: ignore[arg-type]  # what a writer asks of a queue
        reports=told,
        newest=(0, GENESIS),
    )
    journal.run()
    return driver.moved


def test_the_first_idle_moment_lays_the_room_aside() -> None:
    assert moved_after(None, None) == 1


def test_orders_on_their_own_are_not_each_followed_by_a_move_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REST_EVENTS", 3)
    first = (None, batch(1), None, batch(2), None)
    assert moved_after(*first) == 1
    assert moved_after(*first, batch(3), None, None) == 2


def test_a_log_that_began_long_ago_is_moved_at_an_idle_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REST_AFTER_S", 0.0)
    assert moved_after(None, batch(1), None, None) == 2


def test_rows_beside_the_journal_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REST_EVENTS", 3)
    aside = Aside([(PUT, [(b"a",), (b"b",), (b"c",)])], lambda _stored: None)
    assert moved_after(None, aside, None) == 2
