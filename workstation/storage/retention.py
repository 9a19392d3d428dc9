"""Retention: what is older than it must be kept goes, and the rest still proves itself.

A thread that watches over the database calls `look`; reads run on the pool, and what throws away goes to the journal
thread as work aside, a little at a time, so that no order waits for it. On SQLite the oldest rows are deleted; on
PostgreSQL whole ranges are dropped, and new ranges are made before the journal reaches them. What runs say is not cut
into ranges and goes by rows on both, and so do logins that the engine has deleted. Where a chain loses its beginning,
the last link that went stays behind as its anchor. Never touched: lines after the oldest snapshot, and the newest that
every start verifies.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Engine, func, select
from sqlalchemy import text as sql

from workstation.storage.audit import AUDIT_CHAIN, last_entries
from workstation.storage.driver import Parameters, Statement, upsert
from workstation.storage.queue import Aside, WorkQueue
from workstation.storage.recovery import TAIL_LINES
from workstation.storage.tables import JOURNAL_CHAIN, chain_anchors, journal, snapshots

RANGE_LINES = 5_000_000
"""Journal lines of one range on PostgreSQL; all tables that are cut into ranges are cut at the same lines."""

DELETED_AT_ONCE = 2_000
"""Rows that one transaction throws away on SQLite."""

STEPS_A_LOOK = 20
"""Transactions of one table in one look."""

STEP_TIMEOUT_S = 10.0
LOCK_TIMEOUT_MS = 200
"""How long a change of ranges waits for readers, and orders for it; a later look will do."""

_DAY_NS = 86_400 * 10**9
_SAVE_ANCHOR = upsert(chain_anchors, ("chain", "sequence", "hash"), ("chain",))
_SOFT = Statement(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
_PARTS = sql("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:parent AS regclass) ORDER BY 1")
_ALL_TENANTS = sql("SELECT set_config('workstation.tenant', '*', true)")
_GONE_LOGINS = "user_sessions WHERE deleted_at IS NOT NULL"

Work = list[tuple[Statement, list[Parameters]]]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days what is kept, in the order of AGED; 0 keeps all."""

    journal_days: float = 0.0
    executions_days: float = 0.0
    audit_days: float = 2_555.0
    deliveries_days: float = 90.0
    connection_logs_days: float = 0.0
    run_logs_days: float = 0.0
    run_signals_days: float = 0.0


class _Aged(NamedTuple):
    """A table that grows without end. time: the column that its age goes by; per_line: range keys of a journal line.

    in_ranges: whether PostgreSQL has it in parts.
    """

    table: str
    time: str
    key: str = "seq"
    per_line: int = 1
    in_ranges: bool = True


_JOURNAL = _Aged("journal", "ts_wall")
_AUDIT = _Aged("audit_entries", "created_at")
AGED = (
    _JOURNAL,
    _Aged("executions", "ts_event"),
    _AUDIT,
    _Aged("deliveries", "created_at", "event_id", 8),
    _Aged("connection_logs", "created_at"),
    _Aged("run_logs", "created_at", in_ranges=False),
    _Aged("run_signals", "signal_time", in_ranges=False),
)


class _Old(NamedTuple):
    """Rows that may go. source: what to select from, as SQL; remove: what throws them away."""

    source: str
    remove: Work


class Retention:
    """Throws away what is too old. on_removed: called whenever rows have gone."""

    def __init__(self, queue: WorkQueue, engine: Engine, on_removed: Callable[[], None]) -> None:
        self._queue, self._engine, self._on_removed = queue, engine, on_removed
        self._in_ranges = engine.dialect.name == "postgresql"

    def look(self, kept: Kept, now_ns: int) -> int:
        """Make room for what comes and do what is due; returns how many transactions threw something away.

        Raises:
            StorageError: the database cannot be read.
        """
        if self._in_ranges:
            self._make_room()
        days = msgspec.structs.astuple(kept)
        done = sum(
            self._forget(aged, now_ns - int(limit * _DAY_NS)) for aged, limit in zip(AGED, days, strict=True) if limit
        )
        return done + self._forget_logins()

    def _forget_logins(self) -> int:
        """Throw away the rows of logins that have left the engine's memory."""
        if not self._rows(f"SELECT 1 FROM {_GONE_LOGINS} LIMIT 1"):  # noqa: S608  names are ours
            return 0
        return int(self._write([(Statement(f"DELETE FROM {_GONE_LOGINS}"), [()])]))  # noqa: S608  the same

    def _forget(self, aged: _Aged, before_ns: int) -> int:
        for step in range(STEPS_A_LOOK):
            old = self._oldest(aged, before_ns)
            if old is None or not self._write([*self._anchors(aged, old.source), *old.remove]):
                return step
            self._on_removed()
        return STEPS_A_LOOK

    def _oldest(self, aged: _Aged, before_ns: int) -> _Old | None:
        if not aged.in_ranges:
            return self._oldest_lines(aged, before_ns)
        return self._oldest_range(aged, before_ns) if self._in_ranges else self._oldest_rows(aged, before_ns)

    def _oldest_lines(self, aged: _Aged, before_ns: int) -> _Old | None:
        """Return the rows of the first journal lines that brought only what is too old."""
        oldest = self._rows(f"SELECT seq, {aged.time} FROM {aged.table} ORDER BY seq LIMIT {DELETED_AT_ONCE}")  # noqa: S608  names are ours
        young = min((row[0] for row in oldest if row[1] >= before_ns), default=None)
        last = max((row[0] for row in oldest if young is None or row[0] < young), default=None)
        if last is None:
            return None
        source = f"{aged.table} WHERE seq <= {last}"
        return _Old(source, [(Statement(f"DELETE FROM {source}"), [()])])  # noqa: S608  the same

    def _oldest_rows(self, aged: _Aged, before_ns: int) -> _Old | None:
        """Return the first rows of a file's table that are all too old; rows come in the journal's order."""
        table, time = aged.table, aged.time
        oldest = self._rows(f"SELECT rowid, {time} FROM {table} ORDER BY rowid LIMIT {DELETED_AT_ONCE}")  # noqa: S608  names are ours
        limit = self._last_free_line() if aged is _JOURNAL else None
        old = itertools.takewhile(lambda row: row[1] < before_ns and (limit is None or row[0] <= limit), oldest)
        last = max((row[0] for row in old), default=None)
        if last is None:
            return None
        source = f"{table} WHERE rowid <= {last}"
        return _Old(source, [(Statement(f"DELETE FROM {source}"), [()])])  # noqa: S608  the same

    def _oldest_range(self, aged: _Aged, before_ns: int) -> _Old | None:
        """Return the first range when all of it is too old and no newer line can fall into it."""
        part = min(self._ranges(aged), default=None)
        if part is None:
            return None
        end, name = (part + 1) * RANGE_LINES, _range_name(aged, part)
        newest = self._rows(f"SELECT max({aged.time}) FROM {name}")[0][0]  # noqa: S608  names are ours
        free = self._last_free_line() if aged is _JOURNAL else self._newest_line()
        if free < end or (newest is not None and newest >= before_ns):
            return None
        return _Old(name, [(_SOFT, [()]), (Statement(f"DROP TABLE {name}"), [()])])

    def _anchors(self, aged: _Aged, source: str) -> Work:
        """Return what keeps the last links of the chains that lose their beginning."""
        rows: list[Parameters] = []
        if aged is _JOURNAL:
            link = f"SELECT seq, hash FROM {source} ORDER BY seq DESC LIMIT 1"  # noqa: S608  names are ours
            rows = [(JOURNAL_CHAIN, seq, bytes(own).hex()) for seq, own in self._rows(link)]
        elif aged is _AUDIT:
            with self._engine.connect() as connection:
                rows = [
                    (AUDIT_CHAIN + entry.tenant, entry.sequence, entry.entry_hash)
                    for entry in last_entries(connection, source)
                ]
        return [(_SAVE_ANCHOR, rows)] if rows else []

    def _make_room(self) -> None:
        """Make the range that the journal is in and the one after it, in every table.

        A part without a policy of its own shows nothing but to its owner; through the whole table its policy holds.
        """
        now_in = self._newest_line() // RANGE_LINES
        for aged in (aged for aged in AGED if aged.in_ranges):
            for part in {now_in, now_in + 1} - self._ranges(aged):
                size = RANGE_LINES * aged.per_line
                span = f"FROM ({part * size}) TO ({(part + 1) * size})"
                made = f"CREATE TABLE {_range_name(aged, part)} PARTITION OF {aged.table} FOR VALUES {span}"
                closed = f"ALTER TABLE {_range_name(aged, part)} ENABLE ROW LEVEL SECURITY"
                self._write([(_SOFT, [()]), (Statement(made), [()]), (Statement(closed), [()])])

    def _ranges(self, aged: _Aged) -> set[int]:
        with self._engine.connect() as connection:
            names = connection.execute(_PARTS, {"parent": aged.table}).scalars().all()
        ends = (str(name).rpartition("_")[2] for name in names)
        return {int(end) for end in ends if end.isdigit()}

    def _last_free_line(self) -> int:
        """Return the last line that neither a snapshot that is kept nor a start needs."""
        with self._engine.connect() as connection:
            oldest = connection.execute(select(func.min(snapshots.c.seq))).scalar() or 0
        return min(oldest, self._newest_line() - TAIL_LINES)

    def _newest_line(self) -> int:
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(journal.c.seq))).scalar() or 0

    def _rows(self, statement: str) -> Sequence[Any]:
        with self._engine.connect() as connection:
            if self._in_ranges:
                connection.execute(_ALL_TENANTS)
            return connection.execute(sql(statement)).all()

    def _write(self, work: Work) -> bool:
        done, stored = threading.Event(), []

        def told(is_stored: bool) -> None:
            stored.append(is_stored)
            done.set()

        self._queue.put(Aside(work, told))
        return done.wait(STEP_TIMEOUT_S) and stored[0]


def _range_name(aged: _Aged, part: int) -> str:
    return f"{aged.table}_{part:06}"
