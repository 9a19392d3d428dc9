"""The journal thread: group commit, and what happens when the database will not take one.

Turning point of durability in the order walk. It decides nothing about trading; it reports how far the journal is
durable, and which appends must count as refused.

    healthy   one transaction a group; what arrives during a sync forms the next group
    stalled   disk full, database locked, server gone: groups go to the reserve and wait, in order; retried each second
    failed    a failed sync, damage, a newer epoch, a broken rule: nothing is retried, nothing more is written
"""

import contextlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from workstation.domain.errors import InvariantError, StorageError, StorageFull, StorageLocked
from workstation.kernel.fault_points import fault_point
from workstation.ports.store import Snapshot
from workstation.storage.driver import ConnectionLost, Driver, Parameters, Statement
from workstation.storage.group import Group, GroupBuilder, SeqRange
from workstation.storage.lease import EpochLease
from workstation.storage.projections import FORGET_EXPIRED, INSERT_LINE, STATEMENTS, Projector
from workstation.storage.queue import Aside, Batch, Ping, Stop, Work, WorkQueue
from workstation.storage.reserve import GroupRecord, Reserve
from workstation.storage.watermark import Watermark

GROUP_EVENTS_MAX = 1_000
GROUP_NS_MAX = 5_000_000
"""A group is closed at this many events, or when gathering it took this much of the thread's own time."""

IDLE_S = 0.25
REST_EVENTS = 200
REST_AFTER_S = 10.0
"""The log is moved into the file at an idle moment, once it holds so many events or began so long ago: that and what
the next line then takes are four syncs, which would be two of three if every order on its own were followed by them."""

RETRY_S = 1.0
FILE_CHECK_S = 60.0
TIDY_EVENTS = 20_000
"""Events after which the log is moved into the file even though no idle moment came."""

BACKLOG_EVENTS_MAX = 20_000
SNAPSHOTS_KEPT = 3

NEWEST_LINE = Statement("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
_PING = Statement("UPDATE writer_lease SET pings = pings + 1 WHERE id = 1")
_SAVE_SNAPSHOT = Statement(
    "INSERT INTO snapshots (seq, ts, state, state_hash) VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING"
)
_KEEP_SNAPSHOTS = Statement(
    "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)"
)

STALLS = (StorageFull, StorageLocked, ConnectionLost)


class Reports(Protocol):
    """What the engine's side is told; called on the journal thread."""

    def durable(self, seq: int) -> None:
        """Everything up to `seq` is durable."""

    def refused(self, ranges: tuple[SeqRange, ...]) -> None:
        """Answer these appends with False: they are recorded, but what they intended must not go out."""

    def trouble_changed(self, reason: str) -> None:
        """Storage cannot take new risk, or with "" can again."""

    def failed(self, reason: str) -> None:
        """Nothing more becomes durable in this run."""


def store_group(driver: Driver, lease: EpochLease, record: GroupRecord, ts_wall: int) -> None:
    """Write one group in one transaction: full effect or none.

    Raises:
        StorageError, InvariantError: by the kind of failure; the transaction was rolled back, or with ConnectionLost
            its outcome is not known.
    """
    fault_point("storage.before_begin")
    try:
        driver.begin()
        fault_point("storage.after_begin")
        lease.check(driver)
        fault_point("storage.after_fence")
        driver.execute_many(INSERT_LINE, record.lines)
        fault_point("storage.after_lines")
        if "idempotency" in record.rows:
            driver.execute(FORGET_EXPIRED, (ts_wall,))
        for table, rows in record.rows.items():
            driver.execute_many(STATEMENTS[table], rows)
        fault_point("storage.before_commit")
        driver.commit()
    except (StorageError, InvariantError):
        with contextlib.suppress(StorageError):
            driver.rollback()
        raise
    fault_point("storage.after_commit")


class JournalWriter:
    """Owns the writing connection while it runs."""

    def __init__(
        self,
        *,
        driver: Driver,
        lease: EpochLease,
        projector: Projector,
        reserve: Reserve,
        watermark: Watermark | None,
        queue: WorkQueue,
        reports: Reports,
        newest: tuple[int, bytes],
    ) -> None:
        self._driver = driver
        self._lease = lease
        self._projector = projector
        self._reserve = reserve
        self._watermark = watermark
        self._queue = queue
        self._reports = reports
        self._seq, self._hash = newest
        self._backlog: deque[Group] = deque()
        self._retry_at = 0.0
        self._file_checked_at = time.monotonic()
        self._untidied = REST_EVENTS  # a first idle moment lays the log's room aside
        self._untidied_since = 0.0
        self._failed = False

    def run(self) -> None:
        """Work until a Stop; an unforeseen end counts as a failure."""
        ended = False
        try:
            while not ended:
                ended = self._turn()
            if not self._failed and not self._backlog:
                self._tidy(thorough=True)
        finally:
            if not ended:
                self._fail("the journal thread ended unexpectedly")

    def _turn(self) -> bool:
        item = self._queue.get(IDLE_S)
        if item is None:
            self._rest()
        elif isinstance(item, Batch):
            item = self._gather(item)
        ended = self._do(item)
        if self._backlog and time.monotonic() >= self._retry_at:
            self._retry()
        if time.monotonic() - self._file_checked_at >= FILE_CHECK_S:
            self._check_file()
        return ended

    def _gather(self, batch: Batch) -> Work | None:
        """Write `batch` with what waits behind it; returns the first item that is no batch."""
        began = time.thread_time_ns()
        builder = GroupBuilder(self._lease.epoch, self._projector, self._seq, self._hash)
        builder.add(batch)
        item: Work | None = None
        while builder.events < GROUP_EVENTS_MAX and time.thread_time_ns() - began < GROUP_NS_MAX:
            item = self._queue.get(0)
            if not isinstance(item, Batch):
                break
            builder.add(item)
            item = None
        group = builder.build()
        self._seq, self._hash = group.last_seq, group.last_hash
        self._write(group)
        return item

    def _do(self, item: Work | None) -> bool:
        match item:
            case Snapshot():
                self._save(item)
            case Ping():
                self._answer(item)
            case Aside():
                item.done(self._write_aside(item))
            case Stop():
                return True
            case _:
                pass
        return False

    def _write(self, group: Group) -> None:
        if self._failed:
            return
        if self._backlog:
            self._hold(group)
            return
        try:
            store_group(self._driver, self._lease, group.record, group.ts_wall)
        except STALLS as cause:
            self._stall(group, cause)
        except (StorageError, InvariantError) as error:
            self._fail(str(error))
        else:
            self._settle(group)

    def _settle(self, group: Group) -> None:
        if self._watermark is not None:
            self._watermark.note(group.last_seq)
        fault_point("storage.before_report")
        self._reports.durable(group.last_seq)
        fault_point("storage.after_report")
        self._count_untidied(group.events)
        if self._untidied >= TIDY_EVENTS:
            self._tidy(thorough=False)

    def _stall(self, group: Group, cause: StorageError) -> None:
        """Keep the group; a lost connection gets one silent try first, since it may have committed."""
        if isinstance(cause, ConnectionLost):
            self._backlog.append(group)
            self._retry()
            if not self._backlog or self._failed:
                return
            self._backlog.clear()
        self._reports.trouble_changed(str(cause))
        self._hold(group)
        self._retry_at = time.monotonic() + RETRY_S

    def _hold(self, group: Group) -> None:
        """Let a group wait in order, its record in the reserve where that has room."""
        self._reports.refused(group.refusable)
        self._backlog.append(group)
        fault_point("storage.before_reserve")
        try:
            self._reserve.append(group.record)
        except (StorageFull, OSError):
            if sum(waiting.events for waiting in self._backlog) > BACKLOG_EVENTS_MAX:
                self._fail("the database takes nothing and the reserve is used up")
            return
        fault_point("storage.after_reserve")
        self._reports.durable(group.last_seq)

    def _retry(self) -> None:
        """Try to write what waits, oldest first; look up first what an earlier try may have left."""
        try:
            self._driver.reconnect()
            while self._backlog:
                group = self._backlog[0]
                if not self._is_stored(group):
                    store_group(self._driver, self._lease, group.record, group.ts_wall)
                self._backlog.popleft()
                self._settle(group)
        except STALLS:
            self._retry_at = time.monotonic() + RETRY_S
        except (StorageError, InvariantError) as error:
            self._fail(str(error))
        else:
            self._reserve.clear()
            self._reports.trouble_changed("")

    def _is_stored(self, group: Group) -> bool:
        rows = self._driver.query(NEWEST_LINE)
        seq, own_hash = (rows[0][0], bytes(rows[0][1])) if rows else (0, b"")
        if seq == group.last_seq and own_hash == group.last_hash:
            return True
        if seq != group.before:
            raise StorageError(
                f"the database ends at line {seq}, ours at {group.before}: its history is not ours any more"
            )
        return False

    def _save(self, snapshot: Snapshot) -> None:
        if self._failed or self._backlog:
            return
        fault_point("storage.before_snapshot")
        row = (snapshot.seq, snapshot.ts, snapshot.state, snapshot.state_hash)
        if self._commit_small((_SAVE_SNAPSHOT, [row]), (_KEEP_SNAPSHOTS, [(SNAPSHOTS_KEPT,)])):
            fault_point("storage.after_snapshot")
            self._tidy(thorough=True)

    def _answer(self, ping: Ping) -> None:
        if not self._failed and not self._backlog and self._commit_small((_PING, [()])):
            ping.done.set()

    def _write_aside(self, aside: Aside) -> bool:
        """Write rows that trading does not rest on: one that breaks a rule of its table takes them alone down."""
        if self._failed or self._backlog or not self._commit_small(*aside.work, passing=(*STALLS, InvariantError)):
            return False
        self._count_untidied(sum(len(rows) for _, rows in aside.work))
        return True

    def _commit_small(
        self, *work: tuple[Statement, Sequence[Parameters]], passing: tuple[type[Exception], ...] = STALLS
    ) -> bool:
        """Write something that may be missed: `passing` trouble skips it, any other is fatal."""
        try:
            self._driver.begin()
            self._lease.check(self._driver)
            for statement, rows in work:
                self._driver.execute_many(statement, rows)
            self._driver.commit()
        except (StorageError, InvariantError) as error:
            with contextlib.suppress(StorageError):
                self._driver.rollback()
            if not isinstance(error, passing):
                self._fail(str(error))
            return False
        return True

    def _count_untidied(self, written: int) -> None:
        if not self._untidied:
            self._untidied_since = time.monotonic()
        self._untidied += written

    def _rest(self) -> None:
        if not self._untidied or self._failed or self._backlog:
            return
        if self._untidied < REST_EVENTS and time.monotonic() - self._untidied_since < REST_AFTER_S:
            return
        self._tidy(thorough=False)
        if self._watermark is not None:
            self._watermark.sync()

    def _tidy(self, *, thorough: bool) -> None:
        self._untidied = 0
        try:
            self._driver.tidy(thorough=thorough)
        except STALLS:
            return
        except StorageError as error:
            self._fail(str(error))

    def _check_file(self) -> None:
        self._file_checked_at = time.monotonic()
        if self._watermark is not None and not self._watermark.same_file():
            self._fail("the database file was moved or replaced while it was open")

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._backlog.clear()
            self._reports.failed(reason)
