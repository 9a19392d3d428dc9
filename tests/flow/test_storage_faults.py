"""What the product does when disk, file or another process misbehave: refused in words, nothing lost or guessed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.helpers.product_rig import ask, product_options, running_headless
from tests.helpers.recording_vfs import FULL, RecordingVfs
from tests.helpers.storage_flow import (
    ACCOUNT,
    cancel,
    filled_order,
    limit_order,
    on_engine,
    order,
    place,
    resting_bid,
    unlocked,
    wait_for,
)
from tests.helpers.stores import execute_sql
from workstation.__main__ import main
from workstation.app.bootstrap import Program
from workstation.app.bootstrap import started as started_program
from workstation.commands.params import BarsRequest
from workstation.domain.events import decode_event
from workstation.domain.market import BarKind, BarType
from workstation.domain.orders import OrdStatus, Origin, OriginKind
from workstation.orders.fold import CoreState
from workstation.storage import open_view, recovery, sqlite, writer
from workstation.storage.backend import SqliteBackend
from workstation.storage.backup import make_backup

pytestmark = pytest.mark.usefixtures("logged")
ROOT = Path(__file__).parents[2]
BARS = BarsRequest(symbol="AAPL", bar_type=BarType(BarKind.DAY, 1), count=2)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def database(home: Path) -> Path:
    return home / "workstation.db"


@pytest.fixture
def traded(home: Path) -> Path:
    """Return a home in which a share was bought and a bid rests, after an orderly end."""
    with running_headless(home) as program:
        filled_order(program)
        limit_order(program)
    return home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 24 MB for one test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only the administrator may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Use up every free byte of a disk."""
    filler = folder / "filler"
    for size in (1 << 16, 1 << 12, 1):
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(size)) == size:
                pass
    return filler


def trouble(program: Program) -> str:
    return on_engine(program, lambda: program.store.journal.trouble)


class TestFullDisk:
    def stays_safe(self, program: Program, resting: str, free: list) -> None:
        """See new risk refused in words on a full disk, a cancel work, and trading resume by itself."""
        wish = resting_bid(program, 2)
        refused = wait_for(lambda: _refusal(ask(program, "order.submit", wish)))
        assert refused.code == "STORAGE_FULL"
        assert "full" in refused.text
        assert cancel(program, resting).ok
        book = program.engine.core.state.book
        wait_for(lambda: on_engine(program, lambda: book.get(resting).status is OrdStatus.CANCELLED))
        free[0]()
        wait_for(lambda: not trouble(program), 5.0)
        assert place(program, resting_bid(program, 3)).terms.order_qty == 3

    def test_a_small_disk_that_runs_full(self, small_disk, home):
        database = f"sqlite:///{small_disk / 'workstation.db'}"
        with running_headless(home, "--no-api", "--database", database) as program:
            resting = limit_order(program)
            filler = fill(small_disk)
            self.stays_safe(program, resting.cl_ord_id, [filler.unlink])
            wait_for(lambda: program.store.reader.order(resting.uid).status is OrdStatus.CANCELLED)

    def test_the_same_without_privileges_through_a_file_system_that_is_full(self, home, database):
        vfs = RecordingVfs(f"full-{home.parent.name}")
        home.mkdir()
        try:
            with running_headless(home, "--no-api", "--database", f"sqlite:///{database}?vfs={vfs.name}") as program:
                resting = limit_order(program)
                vfs.fail = lambda kind, _path: FULL if kind == "write" else 0
                self.stays_safe(program, resting.cl_ord_id, [lambda: setattr(vfs, "fail", lambda _kind, _path: 0)])
        finally:
            vfs.fail = lambda _kind, _path: 0
            vfs.unregister()

    def test_a_start_without_room_trades_by_itself_once_there_is(self, small_disk):
        home = small_disk / "home"
        with running_headless(home) as program:
            filled_order(program)
        filler = fill(small_disk)
        run = subprocess.Popen(
            [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            first = json.loads(run.stdout.readline())
            assert "full" in first["view_only"]
            filler.unlink()
            second = json.loads(run.stdout.readline())
            assert "view_only" not in second
            assert second["api"] == first["api"]
            token = json.loads(Path(second["token_file"]).read_text())["token"]
            ready = httpx.get(
                f"{second['api']}/api/v1/health/ready", headers={"Authorization": f"Bearer {token}"}, timeout=30
            )
            assert ready.status_code == 200
        finally:
            run.terminate()
            run.communicate(timeout=30)


def _refusal(result):
    """Return a refusal; an order that was still taken is asked for again."""
    return None if result.ok else result


class TestDatabaseHeldByAnotherProcess:
    HOLD = """
import sys
from pathlib import Path
from workstation.storage.backend import SqliteBackend
driver = SqliteBackend(Path(sys.argv[1])).writing_driver()
driver.begin()
print("held", flush=True)
sys.stdin.readline()
driver.rollback()
driver.close()
"""

    def test_orders_are_refused_with_the_reason_and_the_engine_answers_meanwhile(self, home, database, monkeypatch):
        monkeypatch.setitem(sqlite._PRAGMAS, "busy_timeout", 2_000)
        with running_headless(home) as program:
            unlocked(program)
            wish = resting_bid(program)
            holder = self._hold(database)
            answers: list = []
            program.engine.call("order.submit", wish, Origin(kind=OriginKind.REST, user="local"), answers.append)
            while not trouble(program):
                assert ask(program, "market.bars", BARS).ok
            wait_for(lambda: answers)
            assert answers[0].code == "NOT_READY"
            assert "another process holds the database" in answers[0].text
            refused = ask(program, "order.submit", wish)
            assert "another process holds the database" in refused.text
            holder.communicate("done\n", timeout=30)
            wait_for(lambda: not trouble(program))
            assert place(program, resting_bid(program, 2)).terms.order_qty == 2

    def _hold(self, database: Path) -> subprocess.Popen[str]:
        holder = subprocess.Popen(
            [sys.executable, "-c", self.HOLD, str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert holder.stdout.readline().strip() == "held"
        return holder


class TestReplacedFile:
    def test_a_file_that_was_replaced_stops_trading(self, home, database, monkeypatch):
        monkeypatch.setattr(writer, "FILE_CHECK_S", 0.0)
        with running_headless(home) as program:
            unlocked(program)
            database.rename(database.with_suffix(".moved"))
            reason = wait_for(lambda: trouble(program))
            assert "moved or replaced" in reason
            refused = ask(program, "order.submit", resting_bid(program))
            assert refused.code == "NOT_READY"
            assert "moved or replaced" in refused.text


class TestDamage:
    def test_a_broken_row_is_named_and_the_state_before_it_is_shown(self, traded, database, monkeypatch):
        monkeypatch.setattr(recovery, "TAIL_LINES", 10_000)
        view = open_view("", traded)
        broken = view.reader.newest_seq()
        view.close()
        execute_sql("", traded, f"UPDATE journal SET payload = x'00' WHERE seq = {broken}")
        execute_sql("", traded, "DELETE FROM snapshots")
        before = database.read_bytes()
        with running_headless(traded) as program:
            assert program.view_only.code == "DATABASE_DAMAGED"
            assert f"line {broken}" in program.view_only.reason
            assert program.engine.core.state.ledger.qty(ACCOUNT, "SIM-FILL") == 1
            refused = ask(program, "order.submit", resting_bid_of_a_view(program))
            assert (refused.code, f"line {broken}" in refused.text) == ("DATABASE_DAMAGED", True)
        assert database.read_bytes() == before

    def test_a_row_that_only_the_replay_reaches_is_found_all_the_same(self, traded, monkeypatch):
        monkeypatch.setattr(recovery, "TAIL_LINES", 1)
        execute_sql("", traded, "UPDATE journal SET actor = 'nobody' WHERE seq = 4")
        execute_sql("", traded, "DELETE FROM snapshots")
        with running_headless(traded) as program:
            assert program.view_only.code == "DATABASE_DAMAGED"
            assert "line 4" in program.view_only.reason
            assert not ask(program, "order.submit", resting_bid_of_a_view(program)).ok

    def test_a_file_that_is_no_database_names_the_newest_verified_backup(self, traded, database):
        backup = make_backup(SqliteBackend(database), traded, 1_700_000_000_000_000_000)
        broken = b"not a database at all".ljust(4096) + database.read_bytes()[4096:]
        database.write_bytes(broken)
        with running_headless(traded) as program:
            assert program.view_only.code == "DATABASE_DAMAGED"
            assert str(backup) in program.view_only.reason
            assert not ask(program, "order.submit", resting_bid_of_a_view(program)).ok
        assert database.read_bytes() == broken

    def test_a_database_that_has_gone_is_not_made_anew(self, traded, database):
        for path in traded.glob("workstation.db*"):
            if path.suffix != ".mark":
                path.unlink()
        with running_headless(traded) as program:
            assert program.view_only.code == "DATABASE_DAMAGED"
            assert "was acknowledged" in program.view_only.reason
        assert not database.exists()


def resting_bid_of_a_view(program: Program):
    return order("AAPL", 1, price=1_000_000)


class TestHomesThatCannotBeWritten:
    def test_a_home_that_cannot_be_made_starts_view_only(self, tmp_path):
        (tmp_path / "file").write_text("not a folder")
        with started(tmp_path / "file" / "home") as program:
            assert program.view_only.code == "NOT_READY"
            assert "cannot be written" in program.view_only.reason
            assert program.store.reader.newest_seq() == 0
            cache = program.engine.core.market.cache
            wait_for(lambda: on_engine(program, lambda: cache.quote("AAPL")))

    def test_a_read_only_disk_shows_the_last_state_and_takes_no_order(self, small_disk):
        home = small_disk / "home"
        with running_headless(home) as program:
            done = filled_order(program)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with started(home) as program:
            assert program.view_only.code == "NOT_READY"
            assert program.engine.core.state.ledger.qty(ACCOUNT, "SIM-FILL") == 1
            assert program.store.reader.order(done.uid).status is OrdStatus.FILLED
            assert ask(program, "order.submit", resting_bid_of_a_view(program)).code == "NOT_READY"

    def test_a_newer_database_is_refused_in_one_line_and_untouched(self, traded, database, capsys):
        execute_sql("", traded, "UPDATE alembic_version SET version_num = '9999'")
        execute_sql("", traded, "UPDATE schema_meta SET value = '9.9.9' WHERE name = 'program_version'")
        before = database.read_bytes()
        assert main(["--headless", "--home", str(traded), "--no-api"]) == 1
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert "9.9.9" in lines[0]
        assert database.read_bytes() == before


@contextlib.contextmanager
def started(home: Path) -> Iterator[Program]:
    """Run the program as the command line does, its home as it is."""
    program = started_program(product_options(home, "--no-api"))
    try:
        yield program
    finally:
        program.stop()


class TestVerify:
    def test_the_exit_code_says_sound_broken_or_unusable(self, traded, database, capsys):
        verify = ["journal", "verify", "--home", str(traded)]
        assert main(verify) == 0
        execute_sql("", traded, "UPDATE journal SET actor = 'nobody' WHERE seq = 3")
        assert main(verify) == 1
        assert "line 3" in capsys.readouterr().err
        database.write_bytes(b"no database".ljust(8192))
        assert main(verify) == 2

    def test_a_live_program_can_be_verified(self, home):
        with running_headless(home) as program:
            filled_order(program)
            assert main(["journal", "verify", "--home", str(home)]) == 0


class TestRestore:
    def test_a_damaged_database_is_kept_and_the_backup_agrees_with_the_venue_again(self, traded, database, capsys):
        backup = make_backup(SqliteBackend(database), traded, 1_700_000_000_000_000_000)
        (backup.parent / "workstation-20991231T000000Z-daily.db").write_bytes(b"no database")
        with running_headless(traded) as program:
            unlocked(program)
            later = place(program, resting_bid(program, 2))
        broken = b"not a database at all".ljust(4096) + database.read_bytes()[4096:]
        database.write_bytes(broken)
        where = ["--home", str(traded)]
        with started(traded) as program:
            offered = program.view_only.reason
        assert ("`workstation restore newest`" in offered, backup.name in offered) == (True, True)
        assert main(["restore", *where]) == 0
        listed = capsys.readouterr().out
        assert ("DAMAGED" in listed, f"{backup.name:<48} sound" in listed) == (True, True)
        assert main(["restore", "newest", *where]) == 0
        assert "are not in it" in capsys.readouterr().out
        (kept,) = (traded / "set-aside").glob("*/workstation.db")
        assert kept.read_bytes() == broken
        with running_headless(traded) as program:
            assert program.view_only is None
            unlocked(program)
            book = program.engine.core.state.book
            adopted = on_engine(program, lambda: {order.terms.order_qty for order in book.open_orders()})
            assert later.terms.order_qty in adopted

    def test_a_running_program_or_a_damaged_copy_is_refused_and_nothing_moves(self, home, database, capsys):
        with running_headless(home) as program:
            backup = make_backup(program.store.backend, home, 1_700_000_000_000_000_000)
            assert main(["restore", backup.name, "--home", str(home)]) == 1
        backup.write_bytes(b"no database")
        assert main(["restore", backup.name, "--home", str(home)]) == 1
        assert "does not verify" in capsys.readouterr().err
        assert main(["restore", "other.db", "--home", str(home)]) == 2
        assert database.exists()
        assert not (home / "set-aside").exists()


class TestNormalEnd:
    def test_recovery_gives_the_state_in_which_a_run_ended(self, home):
        with running_headless(home) as program:
            filled_order(program)
            limit_order(program)
        ended_in = program.engine.core.state
        view = open_view("", home)
        snapshot = view.recovery.latest_snapshot()
        loaded, replayed = CoreState(ended_in.instruments), CoreState(ended_in.instruments)
        loaded.load(snapshot.state)
        for line in view.recovery.replay(snapshot.seq):
            loaded.apply(decode_event(line.payload))
        for line in view.recovery.replay(0):
            replayed.apply(decode_event(line.payload))
        view.close()
        assert loaded.state_hash() == replayed.state_hash() == ended_in.state_hash()

    def test_what_a_run_left_is_what_the_next_one_begins_with(self, home):
        with running_headless(home) as program:
            resting = limit_order(program)
        with running_headless(home) as again:
            unlocked(again)
            assert on_engine(again, lambda: again.engine.core.state.book.get(resting.cl_ord_id).is_open)


class TestOneConnection:
    def test_an_affected_library_trades_through_one_connection_and_says_so(self, home, monkeypatch):
        monkeypatch.setattr(sqlite, "has_reset_race", lambda _version: True)
        with running_headless(home) as program:
            assert "one connection" in program.store.remark
            done = filled_order(program)
            assert program.store.reader.order(done.uid).status is OrdStatus.FILLED
            backup = make_backup(program.store.backend, home, 1_700_000_000_000_000_000)
            assert backup is not None
        with running_headless(home) as again:
            assert again.view_only is None
            assert again.store.reader.order(done.uid).status is OrdStatus.FILLED
