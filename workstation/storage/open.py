"""The one door: open the database, become its writer, and hand out journal, recovery and reader.

First steps of the recovery path: own, check the version, migrate, check for damage, merge the reserve, write.
"""

import contextlib
import threading
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from workstation import __version__
from workstation.domain.errors import StorageDamaged, StorageError
from workstation.kernel.clock import Clock
from workstation.storage.anchors import audit_heads
from workstation.storage.audit import AuditChain
from workstation.storage.backend import Backend, backend_for
from workstation.storage.backtest_store import SqlBacktests
from workstation.storage.backup import make_backup
from workstation.storage.driver import Driver
from workstation.storage.fixed_point import InstrumentSource, Scales
from workstation.storage.journal import Post, SqlJournal
from workstation.storage.lease import EpochLease, HomeLock, owner_text
from workstation.storage.market_history import SqlMarketHistory
from workstation.storage.market_imports import MarketImports, imports_beside
from workstation.storage.market_recorder import Recorder
from workstation.storage.projections import Projector
from workstation.storage.queue import WorkQueue
from workstation.storage.queued_driver import QueuedDriver
from workstation.storage.reader import SqlReader
from workstation.storage.recovery import SqlRecovery
from workstation.storage.reserve import Reserve
from workstation.storage.retention import Retention
from workstation.storage.schema import HEAD
from workstation.storage.search_index import SearchFiller
from workstation.storage.sqlite import load_library
from workstation.storage.statistics import Statistics
from workstation.storage.sweep_store import SqlSweeps
from workstation.storage.tables import metadata
from workstation.storage.tick_files import TICKS_FOLDER, TickFiles
from workstation.storage.watermark import Watermark
from workstation.storage.writer import JournalWriter, store_group

CHECK_JOIN_S = 5.0
"""How long closing waits for a check of the file that still runs; it only reads."""


class NothingStored(StorageError):
    """There is no database here yet."""


class StoreView:
    """A database opened for reading alone: a second instance, a damaged home, a command beside a live program."""

    def __init__(self, engine: Engine, reader: SqlReader) -> None:
        self._engine = engine
        self.recovery = SqlRecovery(engine)
        self.reader = reader
        self.history = SqlMarketHistory(engine, reader.market.files)
        self.sweeps = SqlSweeps(engine, None)
        self.backtests = SqlBacktests(engine, None)

    def close(self) -> None:
        """Give every connection up."""
        self._engine.dispose()


class Beside(NamedTuple):
    """What writes aside of the journal."""

    recorder: Recorder
    retention: Retention
    imports: MarketImports
    sweeps: SqlSweeps
    backtests: SqlBacktests
    search: SearchFiller


class Store(StoreView):
    """A database that this process writes: `journal`, `recovery`, `reader`, and what stands in `Beside`."""

    def __init__(
        self,
        backend: Backend,
        engine: Engine,
        reader: SqlReader,
        journal: SqlJournal,
        release: contextlib.ExitStack,
        *,
        beside: Beside,
    ) -> None:
        super().__init__(engine, reader)
        self.backend = backend
        self.journal = journal
        self.statistics = Statistics(engine)
        self.recorder, self.retention, self.imports, self.sweeps, self.backtests, self.search = beside
        self._release = release

    @property
    def remark(self) -> str:
        """Return what a person should know of this database, "" for nothing."""
        return self.backend.remark

    def close(self) -> None:
        """Write everything queued, end the journal thread and give the home up. Call it while `post` still works."""
        with self._release:
            self.search.close()
            self.recorder.close()
            self.journal.close()


def open_store(url: str, home: Path, *, instruments: InstrumentSource, clock: Clock, post: Post) -> Store:
    """Become the writer of a database.

    url: "" for the embedded file in `home`. instruments: decimals of every symbol that rows may name. post: runs a
    call on the engine's thread, from any thread, in order.

    Raises:
        StorageLocked: another instance owns the home or the database; the text says which.
        StorageOutdated: a newer program wrote the database; it was not touched.
        StorageDamaged: a page, a row or acknowledged lines are broken or missing; nothing was repaired.
        StorageError: the database cannot promise durability here.
    """
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as release:
        owner = owner_text()
        lock = HomeLock(home, owner)
        release.callback(lock.release)
        backend = backend_for(url, home)
        watermark = backend.watermark()
        if watermark is not None:
            release.callback(watermark.close)
        _bring_up_to_date(backend, home, clock, watermark)
        _look_for_damage(backend, watermark)
        driver = backend.writing_driver()
        release.callback(driver.close)
        engine = backend.reading_engine()
        release.callback(engine.dispose)
        lease = EpochLease(driver, owner, clock.now_ns())
        reserve = Reserve(home)
        release.callback(reserve.close)
        recovery = SqlRecovery(engine)
        if _merge_reserve(reserve, driver, lease, recovery, clock):
            recovery.verify_tail()
        driver.tidy(thorough=True)
        if watermark is not None:
            watermark.remember_file()
        newest = recovery.newest()
        queue = WorkQueue()
        journal = SqlJournal(queue=queue, epoch=lease.epoch, newest_seq=newest[0], clock=clock, post=post)
        writer = JournalWriter(
            driver=driver,
            lease=lease,
            projector=Projector(Scales(instruments), AuditChain.of(engine)),
            reserve=reserve,
            watermark=watermark,
            queue=queue,
            reports=journal,
            newest=newest,
        )
        journal.start(writer.run)
        if not backend.checks_quickly:
            check = threading.Thread(target=_check_later, args=(backend, journal), name="storage-check", daemon=True)
            check.start()
            release.callback(check.join, CHECK_JOIN_S)
        files = TickFiles(home / TICKS_FOLDER)
        recorder = Recorder(queue=queue, engine=engine, files=files, instruments=instruments)
        reader = SqlReader(engine, queue, files, heads=partial(audit_heads, home))
        retention, imports = Retention(queue, engine, reader.forget_totals), imports_beside(queue, engine, files)
        beside = Beside(recorder, retention, imports, *_past_runs(queue, engine), SearchFiller(queue, engine))
        return Store(backend, engine, reader, journal, release.pop_all(), beside=beside)


def _past_runs(queue: WorkQueue, engine: Engine) -> tuple[SqlSweeps, SqlBacktests]:
    pens = QueuedDriver(queue, engine), QueuedDriver(queue, engine)
    return SqlSweeps(engine, pens[0]), SqlBacktests(engine, pens[1])


def open_view(url: str, home: Path) -> StoreView:
    """Open a database for reading alone, beside whoever writes it.

    Raises:
        StorageOutdated: a newer program wrote it.
        NothingStored: there is no database yet.
        StorageError: it cannot be read.
    """
    backend = backend_for(url, home)
    if not backend.revision():
        raise NothingStored("there is no database to look at yet")
    engine = backend.reading_engine()
    files = TickFiles(home / TICKS_FOLDER)
    return StoreView(engine, SqlReader(engine, files=files, heads=partial(audit_heads, home)))


def open_empty() -> StoreView:
    """Return a view of a database in memory that holds nothing, where a home cannot even be made."""
    threads = {"check_same_thread": False}
    engine = create_engine("sqlite://", module=load_library(), poolclass=StaticPool, connect_args=threads)
    metadata.create_all(engine)
    return StoreView(engine, SqlReader(engine))


def _look_for_damage(backend: Backend, watermark: Watermark | None) -> None:
    """Look at what is there before anything is written to it.

    Raises:
        StorageDamaged: a page, a row or acknowledged lines are broken or missing.
    """
    if backend.checks_quickly and (damage := backend.damage()):
        raise StorageDamaged(damage)
    engine = backend.reading_engine()
    try:
        recovery = SqlRecovery(engine)
        if watermark is not None:
            watermark.check(recovery.newest()[0])
        recovery.verify_tail()
    finally:
        engine.dispose()


def _bring_up_to_date(backend: Backend, home: Path, clock: Clock, watermark: Watermark | None) -> None:
    """Migrate where needed, after a backup of what is there; a database that has gone is not made anew."""
    revision = backend.revision()
    if revision == HEAD:
        return
    if not revision and watermark is not None:
        watermark.check(0)
    if revision:
        make_backup(backend, home, clock.now_ns(), reason=f"before-{HEAD}")
    backend.migrate(__version__)


def _merge_reserve(reserve: Reserve, driver: Driver, lease: EpochLease, recovery: SqlRecovery, clock: Clock) -> bool:
    """Write what a full disk had left in the reserve and the database lacks; tell whether there was any."""
    newest_seq, _ = recovery.newest()
    waiting = [record for record in reserve.records() if record.lines[-1][0] > newest_seq]
    for record in waiting:
        store_group(driver, lease, record, clock.now_ns())
    reserve.clear()
    return bool(waiting)


def _check_later(backend: Backend, journal: SqlJournal) -> None:
    """Check a large file while the program runs already; damage stops trading."""
    try:
        damage = backend.damage()
    except StorageError as error:
        damage = str(error)
    if damage:
        journal.failed(damage)
