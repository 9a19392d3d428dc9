"""Looking after a database: anchors outside it, weekly check, daily backup, the one connection of old libraries."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.helpers.stores import START_NS, execute_sql, note, open_for_test
from workstation.app.backups import Backups
from workstation.domain.errors import StorageDamaged, StorageError
from workstation.kernel.clock import VirtualClock
from workstation.ports.store import OrderQuery
from workstation.storage import checks, sqlite
from workstation.storage.anchors import append_anchor, check_anchor, newest_anchor
from workstation.storage.backup import FOLDER, make_backup, newest_verified, verify_backup
from workstation.storage.checks import EVERY_NS, full_check, is_check_due, note_check

DAY_NS = 86_400 * 1_000_000_000


@pytest.fixture
def store(tmp_path: Path):
    opened = open_for_test(tmp_path)
    yield opened
    opened.close()


class TestAnchors:
    def test_one_is_written_a_day_and_fits_the_chain(self, store, tmp_path):
        assert append_anchor(tmp_path, store.store.recovery, START_NS) is None
        store.write(note(), note())
        anchor = append_anchor(tmp_path, store.store.recovery, START_NS)
        assert anchor is not None
        assert (anchor.seq, check_anchor(tmp_path, store.store.recovery)) == (2, anchor)
        store.write(note())
        assert append_anchor(tmp_path, store.store.recovery, START_NS) is None
        later = append_anchor(tmp_path, store.store.recovery, START_NS + DAY_NS)
        assert later is not None
        assert newest_anchor(tmp_path) == later

    def test_a_rewritten_journal_contradicts_its_anchor(self, store, tmp_path):
        store.write(note(), note())
        append_anchor(tmp_path, store.store.recovery, START_NS)
        execute_sql("", tmp_path, "UPDATE journal SET hash = zeroblob(32) WHERE seq = 2")
        with pytest.raises(StorageDamaged, match="line 2 is not the one that was anchored"):
            check_anchor(tmp_path, store.store.recovery)

    def test_a_half_written_anchor_is_passed_over(self, store, tmp_path):
        store.write(note())
        anchor = append_anchor(tmp_path, store.store.recovery, START_NS)
        with (tmp_path / "anchors.jsonl").open("ab") as file:
            file.write(b'{"day":"2023')
        assert newest_anchor(tmp_path) == anchor


class TestFullCheck:
    def test_it_reads_every_line_and_is_due_again_after_a_week(self, store, tmp_path, monkeypatch):
        monkeypatch.setattr(checks, "REST_S", 0.0)
        store.write(*[note() for _ in range(30)])
        seen: list[tuple[int, int]] = []
        lines = full_check(store.store.backend, store.store.recovery, lambda *step: seen.append(step), lambda: False)
        assert (lines, len(seen), seen[-1]) == (30, 10, (30, 30))
        assert is_check_due(tmp_path, START_NS)
        note_check(tmp_path, START_NS, 30)
        assert not is_check_due(tmp_path, START_NS + EVERY_NS - 1)
        assert is_check_due(tmp_path, START_NS + EVERY_NS)

    def test_it_names_the_first_broken_row(self, store, tmp_path):
        store.write(*[note() for _ in range(30)])
        execute_sql("", tmp_path, "UPDATE journal SET actor = 'nobody' WHERE seq = 7")
        with pytest.raises(StorageDamaged, match="line 7 "):
            full_check(store.store.backend, store.store.recovery, lambda *_: None, lambda: False)

    def test_it_ends_early_when_the_program_does(self, store, monkeypatch):
        monkeypatch.setattr(checks, "REST_LINES", 10)
        store.write(*[note() for _ in range(30)])
        assert full_check(store.store.backend, store.store.recovery, lambda *_: None, lambda: True) is None


class TestBackups:
    def test_a_look_makes_what_is_due_and_nothing_twice(self, store, tmp_path):
        store.write(note(), note())
        clock = VirtualClock(START_NS)
        backups = Backups(store.store, tmp_path, clock, lambda *_: None)
        backups.look()
        backups.look()
        [made] = sorted((tmp_path / FOLDER).iterdir())
        assert verify_backup(made) == 2
        assert newest_anchor(tmp_path) is not None
        assert not is_check_due(tmp_path, START_NS)
        clock.advance(DAY_NS)
        backups.look()
        assert len(sorted((tmp_path / FOLDER).iterdir())) == 2

    def test_damage_that_it_finds_stops_trading(self, store, tmp_path, logged):
        store.write(*[note() for _ in range(30)])
        execute_sql("", tmp_path, "UPDATE journal SET actor = 'nobody' WHERE seq = 7")
        Backups(store.store, tmp_path, VirtualClock(START_NS), lambda *_: None).look()
        store.inbox.run_until(lambda: bool(store.store.journal.trouble))
        assert "line 7 " in store.store.journal.trouble
        assert logged[-1]["event"] == "database_damaged"

    def test_a_disk_that_takes_no_backup_is_said_and_trading_goes_on(self, store, tmp_path, logged):
        store.write(note())
        (tmp_path / FOLDER).write_text("in the way")
        said: list[str] = []
        Backups(store.store, tmp_path, VirtualClock(START_NS), lambda _level, text: said.append(text)).look()
        assert "Looking after the database failed" in said[0]
        assert store.store.journal.trouble == ""

    def test_the_newest_that_verifies_is_offered(self, store, tmp_path):
        store.write(note())
        good = make_backup(store.store.backend, tmp_path, START_NS)
        bad = make_backup(store.store.backend, tmp_path, START_NS + DAY_NS)
        bad.write_bytes(b"no database")
        found = newest_verified(tmp_path)
        assert (found.path, found.newest_seq) == (good, 1)
        assert bad.exists()

    def test_its_thread_ends_with_the_program(self, store, tmp_path):
        backups = Backups(store.store, tmp_path, VirtualClock(START_NS), lambda *_: None)
        backups.start()
        backups.stop()
        assert "backups" not in {thread.name for thread in threading.enumerate()}


class TestOneConnection:
    @pytest.fixture
    def sole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(sqlite, "has_reset_race", lambda _version: True)
        opened = open_for_test(tmp_path)
        yield opened
        opened.close()

    def test_it_says_so(self, sole):
        assert "one connection" in sole.store.remark

    def test_another_connection_does_not_get_in(self, sole, tmp_path):
        sole.write(note())
        with pytest.raises(StorageError):
            execute_sql_at_once(tmp_path)

    def test_reads_and_writes_take_turns(self, sole):
        stop = threading.Event()
        counts: list[int] = []

        def read() -> None:
            while not stop.is_set():
                counts.append(sole.store.reader.newest_seq())

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(50):
            sole.write(note(), note())
        stop.set()
        for reader in readers:
            reader.join()
        assert counts[-1] <= 100
        assert all(count % 2 == 0 for count in counts), "a read saw half a transaction"
        assert sole.store.reader.newest_seq() == 100

    def test_a_reader_cannot_write(self, sole):
        sole.write(note())
        with pytest.raises(StorageError), sole.store._engine.connect() as connection:
            connection.exec_driver_sql("DELETE FROM journal")
        sole.write(note())
        assert sole.store.reader.orders(OrderQuery()).total == 0

    def test_a_backup_goes_over_it_too(self, sole, tmp_path):
        sole.write(*[note() for _ in range(100)])
        made = make_backup(sole.store.backend, tmp_path, START_NS)
        assert sole.write(note()) == 101
        assert made.exists()

    def test_what_it_wrote_is_there_at_the_next_start(self, sole, tmp_path):
        sole.write(note())
        sole.close()
        again = open_for_test(tmp_path)
        assert again.write(note()) == 2
        again.close()


def execute_sql_at_once(home: Path) -> None:
    """Read the database over a connection of its own that does not wait."""
    library = sqlite.load_library()
    connection = library.connect(str(home / "workstation.db"), timeout=0)
    try:
        connection.execute("SELECT count(*) FROM journal")
    except library.Error as error:
        raise sqlite.translate(error, home / "workstation.db") from error
    finally:
        connection.close()
