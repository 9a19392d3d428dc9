"""Market data as parameters of plain statements: what is written aside of the journal, and what is thrown away by age.

On PostgreSQL the tables are cut into months: a month is made before its first row and dropped whole. On SQLite what is
too old is deleted, a little at a time, so that no order waits for it; so is what was recorded of a month that an import
has rows in. Nothing imported goes by age.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Engine
from sqlalchemy import text as sql

from workstation.domain.times import NS_PER_S
from workstation.ports.market_store import FeedQuality, StoredBar
from workstation.storage.driver import Parameters, Statement, insert, upsert
from workstation.storage.market_tables import TIME_COLUMNS, WITH_IMPORTS, market_bars, market_snapshots, tick_chunks
from workstation.storage.tables import TENANT
from workstation.storage.tick_files import ChunkPlace, Kept

DELETED_AT_ONCE = 2_000
"""Rows that one transaction throws away, where they are deleted."""

LOCK_TIMEOUT_MS = 200
"""How long a month that goes waits for its readers, and orders for it; a later look will do."""

_BAR = (
    "tenant_id", "symbol", "data_type", "interval", "start_time", "end_time", "open", "high", "low", "close", "volume",
    "price_decimals", "qty_decimals", "source", "imported",
)  # fmt: skip
_CHUNK = (
    "tenant_id", "symbol", "first_ts", "file", "place", "last_ts", "size", "ticks", "price_decimals", "qty_decimals",
    "source", "imported",
)  # fmt: skip
_SNAPSHOT = ("tenant_id", "data_source", "snapshot_time", "total_instruments", "active_instruments", "state")

UPSERT_BAR = upsert(market_bars, _BAR, _BAR[:5], frozen=("imported",))
"""Of a feed: a place that an import has filled stays its owner's."""

IMPORT_BAR = upsert(market_bars, _BAR, _BAR[:5])
INSERT_CHUNK = insert(tick_chunks, _CHUNK)
UPSERT_SNAPSHOT = upsert(market_snapshots, _SNAPSHOT, _SNAPSHOT[:3])

_encode = msgspec.json.Encoder().encode
_MONTHS = sql("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:parent AS regclass)")

_SOFT = Statement(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
_RECORDED = "SELECT EXISTS (SELECT 1 FROM {name} WHERE imported = FALSE)"
"""Whether a month holds anything but imports; one without rows may have been made for an import that goes on."""

_LEAVE = "DROP TABLE IF EXISTS {name}"
_LEAVE_IMPORTED = f"""DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM {{name}} WHERE imported = TRUE) THEN
        DELETE FROM {{name}} WHERE ctid IN (
            SELECT ctid FROM {{name}} WHERE imported = FALSE ORDER BY {{time}} LIMIT {DELETED_AT_ONCE});
    ELSE
        DROP TABLE {{name}};
    END IF;
END $$"""  # noqa: S608  the same
"""Asked as it is thrown away: an import may have come between."""

_MONTH = """DO $$ BEGIN
    IF to_regclass('{name}') IS NULL THEN
        CREATE TABLE {name} PARTITION OF {table} FOR VALUES {span};
        ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
    END IF;
END $$"""
"""A month by itself shows nobody but its owner anything; through the whole table the policy of that holds."""

Work = tuple[Statement, list[Parameters]]


def bar_row(bar: StoredBar, *, imported: bool = False) -> Parameters:
    """Return a bar as UPSERT_BAR and IMPORT_BAR take it."""
    return (TENANT, *(getattr(bar, name) for name in _BAR_FIELDS), imported)


_BAR_FIELDS = (
    "symbol", "data_type", "interval", "start", "end", "open", "high", "low", "close", "volume", "price_decimals",
    "qty_decimals", "source",
)  # fmt: skip


def chunk_row(
    ticks: Sequence[Kept], place: ChunkPlace, decimals: tuple[int, int], source: str, *, imported: bool = False
) -> Parameters:
    """Return a chunk's line of the catalogue as INSERT_CHUNK takes it. decimals: of prices and of sizes."""
    first, last = ticks[0], ticks[-1]
    where = (place.file, place.start, last.ts_init, place.size, len(ticks))
    return (TENANT, first.symbol, first.ts_init, *where, *decimals, source, imported)


def snapshot_row(quality: FeedQuality) -> Parameters:
    """Return a snapshot of a feed's quality as UPSERT_SNAPSHOT takes it."""
    counts = (quality.total_instruments, quality.active_instruments)
    return (TENANT, quality.data_source, quality.snapshot_time, *counts, _encode(quality))


class SqliteAging:
    """Tables of a file: there are no months, and old rows are deleted."""

    def room_for(self, table: str, times: Iterable[int]) -> list[Work]:  # noqa: ARG002  as months need it
        """Return nothing: any time has room."""
        return []

    def forget_what_was_made(self) -> None:
        """Do nothing: nothing is made."""

    def forget_before(self, table: str, ts: int) -> list[Work]:
        """Return what deletes the oldest recorded rows before `ts`, UTC ns, at most DELETED_AT_ONCE of them."""
        column = TIME_COLUMNS[table]
        of_ours = "imported = FALSE" if table in WITH_IMPORTS else f"tenant_id = '{TENANT}'"
        oldest = f"SELECT rowid FROM {table} WHERE {of_ours} AND {column} < ? ORDER BY {column} LIMIT {DELETED_AT_ONCE}"  # noqa: S608  names are ours
        return [(Statement(f"DELETE FROM {table} WHERE rowid IN ({oldest})"), [(ts,)])]  # noqa: S608  the same


class PostgresAging:
    """Tables cut into months. engine: reads which there are."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: set[str] = set()

    def room_for(self, table: str, times: Iterable[int]) -> list[Work]:
        """Return what makes the months of `times` where they are not known to be there."""
        wanted = {_month(ts) for ts in times}
        names = {f"{table}_{year:04}_{month:02}": (year, month) for year, month in wanted}
        missing = sorted(names.keys() - self._made)
        self._made.update(missing)
        return [(_month_of(table, name, *names[name]), [()]) for name in missing]

    def forget_before(self, table: str, ts: int) -> list[Work]:
        """Return what drops the months that ended at or before `ts`, UTC ns.

        A month that holds imported rows stays with them; what was recorded in it is deleted, at most DELETED_AT_ONCE
        rows a time.
        """
        year, month = _month(ts)
        first_kept = f"{table}_{year:04}_{month:02}"
        with self._engine.connect() as connection:
            names = [str(name).rpartition(".")[2] for name in connection.execute(_MONTHS, {"parent": table}).scalars()]
            old = sorted(name for name in names if name < first_kept)
            if table in WITH_IMPORTS:
                old = [name for name in old if connection.execute(sql(_RECORDED.format(name=name))).scalar()]
        self._made.difference_update(old)
        leave = _LEAVE_IMPORTED if table in WITH_IMPORTS else _LEAVE
        forgetting: list[Work] = [(Statement(leave.format(name=name, time=TIME_COLUMNS[table])), [()]) for name in old]
        return [(_SOFT, [()]), *forgetting] if forgetting else []

    def forget_what_was_made(self) -> None:
        """Look again which months there are: a transaction that made some has failed."""
        self._made.clear()


def _month(ts: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(ts // NS_PER_S, UTC)
    return moment.year, moment.month


def _month_of(table: str, name: str, year: int, month: int) -> Statement:
    start = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    span = f"FROM ({int(start.timestamp()) * NS_PER_S}) TO ({int(end.timestamp()) * NS_PER_S})"
    return Statement(_MONTH.format(name=name, table=table, span=span))
