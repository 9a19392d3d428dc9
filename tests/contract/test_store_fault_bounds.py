"""The bounds that the fault table names for a database, as figures: 60 seconds locked, 1,000 flipped bits, a minute.

The writer's own clock is in the test's hand, so that a minute takes no time.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.helpers.stores import START_NS, OpenedStore, OrderMaker, intended, open_for_test
from workstation.domain.errors import StorageError
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind
from workstation.ports.store import Entry, JournalLine
from workstation.storage import sqlite, writer
from workstation.storage.backend import SqliteBackend
from workstation.storage.recovery import SqlRecovery

LOCKED_S, FLIPS, NOTICED_S = 60, 1_000, 60
"""Rows 14, 16 and 17 of the table."""


class WriterClock:
    """Stands for the module `time` in the writer: its monotonic clock is moved by hand."""

    thread_time_ns = staticmethod(time.thread_time_ns)

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WriterClock:
    made = WriterClock()
    monkeypatch.setattr(writer, "time", made)
    monkeypatch.setattr(writer, "IDLE_S", 0.005)
    return made


def cancel() -> Entry:
    return Entry(CancelRequested(cl_ord_id="OMS-1", ts=START_NS, origin=Origin(OriginKind.TICKET)))


def looked(store: OpenedStore) -> None:
    """Return once the writer has had two whole turns by its clock as it is now."""
    for _ in range(2):
        done: list[bool] = []
        store.store.journal.when_durable(store.append(cancel()), done.append)
        assert store.inbox.run_until(lambda done=done: bool(done))


def test_a_database_locked_for_a_minute_keeps_every_exit_refuses_every_entry_and_never_holds_the_caller_up(
    tmp_path: Path, clock: WriterClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite._PRAGMAS, "busy_timeout", 20)
    store = open_for_test(tmp_path)
    other = SqliteBackend(tmp_path / "workstation.db").writing_driver()
    other.begin()
    entries, exits = [], []
    for _ in range(LOCKED_S):
        state, created = OrderMaker(len(entries)).created()
        entries.append(store.append(created, intended(state)[1]))
        exits.append(store.append(cancel()))
        assert entries[-1] not in store.outcomes, "the call came back before the disk said anything"
        clock.now_s += 1
        assert store.outcome(exits[-1]) is True
    assert [store.outcome(seq) for seq in entries] == [False] * LOCKED_S
    assert "another process" in store.store.journal.trouble
    other.rollback()
    for _ in range(2):  # the first may be the end of a try that began while it was locked
        clock.now_s += writer.RETRY_S
        looked(store)
    assert store.inbox.run_until(lambda: not store.store.journal.trouble)
    assert store.store.reader.newest_seq() == store.store.journal.last_seq >= 3 * LOCKED_S
    other.close()
    store.close()


def test_none_of_a_thousand_flipped_bits_is_silent_and_the_file_is_left_as_it_is(tmp_path: Path) -> None:
    store = open_for_test(tmp_path)
    for number in range(50):
        store.append(OrderMaker(number).created()[1])
    store.write(cancel())
    store.close()
    database = tmp_path / "workstation.db"
    engine = SqliteBackend(database).reading_engine()

    def lines() -> list[JournalLine]:
        try:
            return list(SqlRecovery(engine).replay(0))
        finally:
            engine.dispose()  # a new connection has read nothing yet

    whole, expected, silent, told = database.read_bytes(), lines(), [], 0
    offsets = [number * len(whole) // FLIPS for number in range(FLIPS)]
    with database.open("r+b", buffering=0) as file:
        for offset in offsets:
            for byte in (whole[offset] ^ 0x40, whole[offset]):
                file.seek(offset)
                file.write(bytes([byte]))
                if byte != whole[offset]:
                    try:
                        if lines() != expected:
                            silent.append(offset)
                    except StorageError:
                        told += 1
    assert silent == []
    assert told > 0
    assert len(set(offsets)) == FLIPS
    assert (database.read_bytes(), lines()) == (whole, expected)


@pytest.mark.parametrize("gone", ["moved", "replaced"])
def test_a_file_that_is_moved_or_replaced_ends_writing_within_a_minute_and_not_only_some_time(
    tmp_path: Path, clock: WriterClock, gone: str
) -> None:
    store = open_for_test(tmp_path)
    looked(store)
    database = tmp_path / "workstation.db"
    copy = database.read_bytes()
    database.rename(tmp_path / "moved.db")
    if gone == "replaced":
        database.write_bytes(copy)
    clock.now_s += NOTICED_S - 0.001
    looked(store)
    assert store.store.journal.trouble == "", "the minute is not over"
    clock.now_s += 0.001
    assert store.inbox.run_until(lambda: bool(store.store.journal.trouble))
    assert "moved or replaced" in store.store.journal.trouble
    (tmp_path / "workstation.db").unlink(missing_ok=True)
    store.close()
