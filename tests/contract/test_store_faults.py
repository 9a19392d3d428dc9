"""What storage does when the disk, the file or another process misbehaves: SQLite, through a failing file system."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.ordinary_user import ordinary_user
from tests.helpers.recording_vfs import FULL, IO_FSYNC, RecordingVfs
from tests.helpers.stores import START_NS, OpenedStore, OrderMaker, accepted, execute_sql, intended, open_for_test
from workstation.domain.errors import StorageDamaged, StorageError, StorageLocked, StorageOutdated
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind, RiskClass
from workstation.ports.store import Entry, OrderQuery
from workstation.storage import open_view, sqlite, writer
from workstation.storage.backend import SqliteBackend
from workstation.storage.backup import make_backup, verify_backup

needs_shipped_library = pytest.mark.skipif(
    importlib.util.find_spec("pysqlite3") is None, reason="needs the shipped SQLite library"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def database(home: Path) -> Path:
    return home / "workstation.db"


@pytest.fixture
def vfs(tmp_path: Path) -> Iterator[RecordingVfs]:
    failing = RecordingVfs(f"fault-{tmp_path.name}")
    yield failing
    failing.unregister()


@pytest.fixture
def failing_store(
    vfs: RecordingVfs, home: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenedStore]:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    monkeypatch.setattr(writer, "IDLE_S", 0.01)
    store = open_for_test(home, f"sqlite:///{database}?vfs={vfs.name}")
    yield store
    vfs.fail = lambda _kind, _path: 0
    store.close()


def cancel(cl_ord_id: str = "OMS-1") -> Entry:
    return Entry(CancelRequested(cl_ord_id=cl_ord_id, ts=START_NS, origin=Origin(OriginKind.TICKET)))


def fill_disk(vfs: RecordingVfs) -> None:
    vfs.fail = lambda kind, _path: FULL if kind == "write" else 0


def trouble_of(store: OpenedStore) -> str:
    store.inbox.run_until(lambda: bool(store.store.journal.trouble))
    return store.store.journal.trouble


def wait_for_the_writer(store: OpenedStore) -> None:
    """Return once everything appended so far was looked at: refused INCREASEs come back in order, two groups later."""
    for _ in range(2):
        state, created = OrderMaker().created()
        assert store.outcome(store.append(created, intended(state)[1])) is False


@needs_shipped_library
class TestFullDisk:
    def test_a_cancel_becomes_durable_at_no_bytes_free(self, failing_store, vfs):
        failing_store.write(cancel())
        fill_disk(vfs)
        assert failing_store.outcome(failing_store.append(cancel())) is True
        assert "full" in failing_store.store.journal.trouble

    def test_a_reduce_goes_on_and_an_increase_is_refused(self, failing_store, vfs):
        maker = OrderMaker()
        reduce, reducing = maker.created()
        increase, increasing = maker.created()
        fill_disk(vfs)
        reduced = failing_store.append(reducing, intended(reduce, RiskClass.REDUCE)[1])
        increased = failing_store.append(increasing, intended(increase)[1])
        assert (failing_store.outcome(reduced), failing_store.outcome(increased)) == (True, False)

    def test_trading_resumes_by_itself_and_every_line_is_there(self, failing_store, vfs):
        first = failing_store.write(cancel())
        fill_disk(vfs)
        for _ in range(5):
            failing_store.write(cancel())
        vfs.fail = lambda _kind, _path: 0
        assert failing_store.inbox.run_until(lambda: not failing_store.store.journal.trouble)
        assert failing_store.write(cancel()) == first + 6
        assert len(list(failing_store.store.recovery.replay(0))) == 7

    def test_what_waits_in_the_reserve_enters_the_database_at_the_next_start(self, failing_store, vfs, home, database):
        failing_store.write(cancel())
        state, created = OrderMaker().created()
        fill_disk(vfs)
        failing_store.write(created, intended(state, RiskClass.REDUCE)[1])
        failing_store.close()
        vfs.fail = lambda _kind, _path: 0
        again = open_for_test(home)
        assert [line.kind for line in again.store.recovery.replay(1)] == ["OrderCreated", "OrderIntended"]
        assert again.store.reader.order(state.uid) is not None
        again.write(accepted(state)[1])
        again.close()
        assert open_view("", home).reader.newest_seq() == 4

    def test_nothing_is_durable_past_a_group_that_found_no_room_in_the_reserve(self, failing_store, vfs):
        fill_disk(vfs)
        failing_store.write(cancel())
        big = failing_store.append(*(cancel("OMS-" + "x" * 200_000) for _ in range(30)))
        wait_for_the_writer(failing_store)
        small = failing_store.append(cancel())
        wait_for_the_writer(failing_store)
        assert not failing_store.outcomes.keys() & {big, small}
        vfs.fail = lambda _kind, _path: 0
        assert (failing_store.outcome(big), failing_store.outcome(small)) == (True, True)
        assert failing_store.store.reader.newest_seq() >= small

    def test_a_used_up_reserve_keeps_callers_waiting_but_loses_nothing(self, failing_store, vfs):
        fill_disk(vfs)
        failing_store.write(cancel())
        big = [cancel("OMS-" + "x" * 200_000) for _ in range(30)]
        last = [failing_store.append(entry) for entry in big][-1]
        vfs.fail = lambda _kind, _path: 0
        assert failing_store.outcome(last) is True
        assert failing_store.store.reader.newest_seq() == last


@needs_shipped_library
class TestFailedSync:
    def test_a_failed_sync_ends_writing_and_is_not_retried(self, failing_store, vfs):
        failing_store.write(cancel())
        tried: list[str] = []

        def fail_syncs(kind: str, path: str) -> int:
            if kind == "sync":
                tried.append(path)
                return IO_FSYNC
            return 0

        vfs.fail = fail_syncs
        assert failing_store.outcome(failing_store.append(cancel())) is False
        assert "nothing is retried" in trouble_of(failing_store)
        vfs.fail = lambda _kind, _path: 0
        assert failing_store.outcome(failing_store.append(cancel())) is False
        assert len(tried) == 1

    def test_every_call_that_fails_once_leaves_all_of_a_group_or_nothing(self, vfs, home, monkeypatch):
        monkeypatch.setattr(writer, "RETRY_S", 0.01)
        for number in range(1, 9):
            folder = home / str(number)
            store = open_for_test(folder, f"sqlite:///{folder / 'workstation.db'}?vfs={vfs.name}")
            state, created = OrderMaker(number).created()
            countdown = iter(range(number, -1, -1))
            vfs.fail = lambda kind, _path, left=countdown: (
                (FULL if kind == "write" else IO_FSYNC) if next(left, -1) == 1 else 0
            )
            outcome = store.outcome(store.append(created, cancel(state.cl_ord_id)))
            vfs.fail = lambda _kind, _path: 0
            store.close()
            lines = open_view("", folder).reader.events(0, 10)
            assert len(lines) in (0, 2)
            assert not outcome or len(lines) == 2 or (folder / "journal.reserve").exists()


class TestOtherProcesses:
    def test_a_locked_database_refuses_an_increase_and_recovers(self, home, database, monkeypatch):
        monkeypatch.setattr(writer, "RETRY_S", 0.02)
        monkeypatch.setitem(sqlite._PRAGMAS, "busy_timeout", 50)
        store = open_for_test(home)
        other = SqliteBackend(database).writing_driver()
        other.begin()
        state, created = OrderMaker().created()
        refused = store.append(created, intended(state)[1])
        cancelled = store.append(cancel())
        assert (store.outcome(refused), store.outcome(cancelled)) == (False, True)
        assert "another process" in store.store.journal.trouble
        other.rollback()
        assert store.inbox.run_until(lambda: not store.store.journal.trouble)
        assert store.store.reader.newest_seq() == 3
        other.close()
        store.close()

    def test_a_killed_writer_loses_nothing_and_its_home_is_free_at_once(self, home):
        child = start_child(home, "store.write(entry); print('ready', flush=True); time.sleep(600)")
        assert child.stdout.readline().strip() == "ready"
        with pytest.raises(StorageLocked, match=str(child.pid)):
            open_for_test(home)
        kill(child)
        again = open_for_test(home)
        assert (again.store.journal.last_seq, again.store.journal.epoch) == (1, 2)
        again.close()

    @pytest.mark.parametrize(
        "point",
        [
            "before_begin",
            "after_begin",
            "after_fence",
            "after_lines",
            "before_commit",
            "after_commit",
            "before_report",
            "after_report",
        ],
    )
    def test_a_kill_at_any_point_of_a_commit_leaves_all_of_it_or_nothing(self, home, point):
        child = start_child(
            home, f"store.write(entry); die_at('storage.{point}'); store.append(entry, entry); time.sleep(600)"
        )
        child.wait(60)
        kill(child)
        again = open_for_test(home)
        committed = point in ("after_commit", "before_report", "after_report")
        assert again.store.journal.last_seq == (3 if committed else 1)
        assert len(list(again.store.recovery.replay(0))) == again.store.journal.last_seq
        again.close()

    def test_a_deleted_log_is_noticed(self, home, database):
        child = start_child(home, "store.write(entry); store.write(entry); print('ready', flush=True); time.sleep(600)")
        assert child.stdout.readline().strip() == "ready"
        kill(child)
        database.with_name(database.name + "-wal").unlink()
        with pytest.raises(StorageDamaged, match="-wal file is missing"):
            open_for_test(home)

    def test_a_cut_log_opens_at_its_last_whole_commit_and_the_loss_is_noticed(self, home, database):
        child = start_child(home, "store.write(entry); store.write(entry); print('ready', flush=True); time.sleep(600)")
        assert child.stdout.readline().strip() == "ready"
        kill(child)
        log = database.with_name(database.name + "-wal")
        log.write_bytes(log.read_bytes()[:-100])
        with pytest.raises(StorageDamaged, match="line 2 was acknowledged"):
            open_for_test(home)


class TestDamagedFiles:
    def written(self, home: Path, count: int = 50) -> None:
        store = open_for_test(home)
        maker = OrderMaker()
        for _ in range(count):
            store.append(maker.created()[1])
        store.write(cancel())
        store.close()

    def test_a_broken_header_is_refused_and_the_file_is_left_alone(self, home, database):
        self.written(home)
        broken = b"not a database at all".ljust(4096) + database.read_bytes()[4096:]
        database.write_bytes(broken)
        with pytest.raises(StorageDamaged):
            open_for_test(home)
        assert database.read_bytes() == broken

    def test_a_changed_line_near_the_end_refuses_the_start(self, home):
        self.written(home)
        execute_sql("", home, "UPDATE journal SET payload = x'00' WHERE seq = 40")
        with pytest.raises(StorageDamaged, match="line 40"):
            open_for_test(home)

    def test_a_replaced_file_ends_writing(self, home, database, monkeypatch):
        monkeypatch.setattr(writer, "FILE_CHECK_S", 0.0)
        monkeypatch.setattr(writer, "IDLE_S", 0.01)
        store = open_for_test(home)
        store.write(cancel())
        database.rename(database.with_suffix(".moved"))
        assert "moved or replaced" in trouble_of(store)
        store.close()

    @pytest.mark.skipif(os.name == "nt", reason="an ordinary user is made with the calls of Unix")
    def test_a_read_only_file_is_refused(self):
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            self.written(home)
            (home / "workstation.db").chmod(0o400)
            with ordinary_user(home), pytest.raises(StorageError, match=r"read-?only"):
                open_for_test(home)

    def test_a_newer_database_is_refused_untouched_and_the_version_named(self, home, database):
        self.written(home)
        execute_sql("", home, "UPDATE alembic_version SET version_num = '9999'")
        execute_sql("", home, "UPDATE schema_meta SET value = '9.9.9' WHERE name = 'program_version'")
        before = database.read_bytes()
        with pytest.raises(StorageOutdated, match=r"9\.9\.9"):
            open_for_test(home)
        assert database.read_bytes() == before


class TestBackups:
    def test_a_backup_beside_a_live_writer_holds_everything_committed(self, home, database):
        store = open_for_test(home)
        store.write(*[cancel() for _ in range(100)])
        path = make_backup(SqliteBackend(database), home, START_NS)
        assert path is not None
        assert verify_backup(path) == 100
        store.close()

    def test_a_restored_backup_shows_what_is_missing(self, home, database):
        store = open_for_test(home)
        store.write(cancel())
        path = make_backup(SqliteBackend(database), home, START_NS)
        store.write(cancel())
        store.close()
        path.replace(database)
        with pytest.raises(StorageDamaged, match="line 2 was acknowledged"):
            open_for_test(home)


def test_the_pragmas_that_durability_rests_on_are_set(home, database):
    open_for_test(home).close()
    driver = SqliteBackend(database).writing_driver()
    for name, value in sqlite._PRAGMAS.items():
        assert driver._connection.execute(f"PRAGMA {name}").fetchone()[0] == value
    driver.close()


def test_a_reader_cannot_write(home):
    store = open_for_test(home)
    with pytest.raises(StorageError), store.store._engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM journal")
    store.close()


def test_lists_are_read_while_the_writer_writes(home):
    store = open_for_test(home)
    maker = OrderMaker()
    totals = []
    for _ in range(20):
        store.write(*[maker.created()[1] for _ in range(10)])
        totals.append(store.store.reader.orders(OrderQuery(limit=1)).total)
    assert totals == list(range(10, 201, 10))
    store.close()


CHILD = """
import os, signal, sys, time
from pathlib import Path
from tests.helpers.stores import open_for_test, START_NS
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind
from workstation.kernel.fault_points import set_probe
from workstation.ports.store import Entry

def die_at(point):
    set_probe(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == point else None)

entry = Entry(CancelRequested(cl_ord_id="OMS-1", ts=START_NS, origin=Origin(OriginKind.TICKET)))
store = open_for_test(Path(sys.argv[1]))
"""


def start_child(home: Path, work: str) -> subprocess.Popen[str]:
    """Run `work` in another process with a store open in `home`."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + work.replace("; ", "\n"), str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def kill(child: subprocess.Popen[str]) -> None:
    """End the child without warning and reap it."""
    if child.poll() is None:
        child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
