"""Searches of long lists by index: three-letter pieces of what a list searches, kept beside the rows.

The order path pays next to nothing for it: `SearchFiller` takes rows up later, a little at a time, aside of the
journal. Until then a search looks at them itself: at open orders, whose texts still change, at the final ones that wait
in `order_backlog`, and at executions behind the mark of the last one taken up. What the index gives is looked at as
well, so that a piece that is out of date finds nothing wrong.

SQLite has a full-text table of pieces for each list. PostgreSQL has arrays of numbers under a GIN index, each made of
the tenant and a piece: row security lets no index answer `@>` on rows under a policy, so the table has none, says
nothing to whoever does not know the tenant, and gives ids alone, whose rows have their policy.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import DDL, Column, Connection, Engine, Select, Table, event, select, text
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.errors import InvariantError, StorageError
from workstation.kernel.logs import get_logger
from workstation.storage.driver import Parameters, Statement
from workstation.storage.lent_connections import rows_of
from workstation.storage.queries import Conditions, contains
from workstation.storage.queue import Aside, WorkQueue
from workstation.storage.tables import TENANT, executions, metadata, orders

PIECE = 3
"""Letters of a piece; a search of fewer is asked of the newest rows alone."""

NEWEST_ROWS = 10_000
"""Rows that a search of fewer letters looks through: the newest that the other filters let through."""

COMMON_ROWS = 20_000
"""Rows beyond which a page is found sooner by walking its list than by sorting what the index finds."""

ROWS_AT_ONCE: Mapping[str, int] = {"sqlite": 200, "postgresql": 50}
"""Rows that one transaction takes into the index: some ten milliseconds, so that orders get their turn."""

BUSY_AT_FILL = 0.25
"""How full the journal's queue may be before the index waits."""

REST_S, IDLE_S = 0.02, 1.0
"""Between two transactions, and where nothing is to be done."""

STEP_TIMEOUT_S, JOIN_S = 10.0, 5.0

TOLD_FROM_ROWS = 10_000
TOLD_EVERY_S = 30.0
"""From how many waiting rows on the log tells how far the index is, such as after an update of an old database."""

_log = get_logger("search_index")

TEXT_TABLE = (
    "CREATE VIRTUAL TABLE %(name)s USING fts5(texts, tokenize='trigram', content='', detail=none, columnsize=0)"
)
"""SQLite's table of pieces: it holds no text, no places and no lengths."""


Work = Sequence[tuple[Statement, Sequence[Parameters]]]


class Searched(NamedTuple):
    """A list that is searched by index. time: its order of age; texts: what is searched.

    text_table, piece_table: where SQLite and PostgreSQL keep the pieces. waiting: gives the ids of rows that may not be
    in the index as they are; next_up: those that it takes up next, at most so many; taken: notes that.
    """

    table: Table
    time: Column[Any]
    texts: tuple[Column[Any], ...]
    text_table: str
    piece_table: str
    waiting: str
    next_up: str
    taken: str


_BACKLOG = "JOIN orders ON orders.tenant_id = backlog.tenant_id AND orders.cl_ord_id = backlog.cl_ord_id"
_OLDEST = "ORDER BY id LIMIT ?"
_BEHIND_MARK = "SELECT id FROM executions WHERE id > (SELECT last_id FROM search_marks WHERE listed = 'executions')"
_NEXT = f"{_BEHIND_MARK} {_OLDEST}"

ORDERS = Searched(
    orders,
    orders.c.created_at,
    (orders.c.cl_ord_id, orders.c.order_id, orders.c.symbol, orders.c.notes),
    "order_text",
    "order_pieces",
    waiting=f"SELECT id FROM orders WHERE is_open UNION ALL SELECT orders.id FROM order_backlog AS backlog {_BACKLOG}",  # noqa: S608  names are ours
    next_up="SELECT orders.id FROM (SELECT tenant_id, cl_ord_id FROM order_backlog"  # noqa: S608  the same
    f" {_OLDEST}) AS backlog {_BACKLOG}",
    taken=f"DELETE FROM order_backlog WHERE id IN (SELECT id FROM order_backlog {_OLDEST})",  # noqa: S608  the same
)
EXECUTIONS = Searched(
    executions,
    executions.c.ts_event,
    (executions.c.exec_id, executions.c.exec_key, executions.c.uid),
    "execution_text",
    "execution_pieces",
    waiting=_BEHIND_MARK,
    next_up=_NEXT,
    taken=f"UPDATE search_marks SET last_id = (SELECT max(id) FROM ({_NEXT}) AS taken)"  # noqa: S608  the same
    f" WHERE listed = 'executions' AND EXISTS ({_BEHIND_MARK})",
)
SEARCHED = (ORDERS, EXECUTIONS)


@event.listens_for(metadata, "after_create")
def _make_text_tables(_metadata: Any, connection: Connection, **_: Any) -> None:
    """Make SQLite's tables of pieces where the declared ones are made without a migration."""
    if connection.dialect.name == "sqlite":
        for searched in SEARCHED:
            connection.execute(DDL(TEXT_TABLE, context={"name": searched.text_table}))  # type: ignore[no-untyped-call]  # the library leaves it so


_WAITING = (
    "SELECT (SELECT coalesce(max(id) - min(id) + 1, 0) FROM order_backlog)"
    " + (SELECT coalesce(max(id), 0) FROM executions)"
    " - (SELECT coalesce(max(last_id), 0) FROM search_marks WHERE listed = 'executions')"
)


class Narrowed(NamedTuple):
    """What a search adds to a list's filters. page, total: for the rows of a page, and for how many there are."""

    page: Conditions
    total: Conditions


def narrow(connection: Connection, searched: Searched, wanted: str, others: Conditions) -> Narrowed:
    """Return by what the rows that may hold `wanted` are found. others: the list's other filters."""
    identity = searched.table.c.id
    if len(wanted) < PIECE:
        found: Conditions = [identity.in_(_newest(searched, wanted, others))]
        return Narrowed(found, found)
    candidates, given = _candidates(connection, searched, wanted)
    probe = f"SELECT count(*) FROM (SELECT 1 FROM ({candidates}) AS found LIMIT {COMMON_ROWS + 1}) AS counted"  # noqa: S608  names are ours
    count = connection.execute(text(probe), given).scalar() or 0
    ids = text(candidates).bindparams(**given).columns(identity)
    by_index: Conditions = [identity.in_(ids)]
    return Narrowed([] if count > COMMON_ROWS else by_index, by_index)


def backlog(connection: Connection) -> int:
    """Return about how many rows wait to be taken up, from the ends of their keys alone."""
    return connection.execute(text(_WAITING)).scalar() or 0


def _candidates(connection: Connection, searched: Searched, wanted: str) -> tuple[str, dict[str, str]]:
    """Return the statement that gives the ids of rows that may hold `wanted`, and its parameters."""
    waiting = searched.waiting
    if connection.dialect.name == "sqlite":
        name = searched.text_table
        return f"SELECT rowid FROM {name} WHERE {name} MATCH :pieces UNION ALL {waiting}", {"pieces": _pieces(wanted)}  # noqa: S608  names are ours
    pieces = "search_pieces(CAST(:tenant AS text), CAST(:wanted AS text))"
    statement = f"SELECT id FROM {searched.piece_table} WHERE pieces @> {pieces} UNION ALL {waiting}"  # noqa: S608  the same
    return statement, {"tenant": TENANT, "wanted": wanted}


def _pieces(wanted: str) -> str:
    """Return the full-text query of rows that hold these pieces: one after the other, and the last."""
    starts = (*range(0, len(wanted) - PIECE, PIECE), len(wanted) - PIECE)
    return " AND ".join('"' + wanted[start : start + PIECE].replace('"', '""') + '"' for start in starts)


def _newest(searched: Searched, wanted: str, others: Conditions) -> Select[Any]:
    """Return the ids of those among the newest rows that hold `wanted`."""
    columns = searched.table.c
    newest = select(columns.id, *searched.texts).where(*others).correlate(None)
    newest = newest.order_by(searched.time.desc(), columns.uid.desc()).limit(NEWEST_ROWS)
    rows = newest.subquery()
    return select(rows.c.id).where(contains(wanted, *[rows.c[column.name] for column in searched.texts]))


class SearchFiller:
    """Takes into the index what waits for it. queue: the writer's; its thread begins with `start`."""

    def __init__(self, queue: WorkQueue, engine: Engine) -> None:
        self._queue, self._engine = queue, engine
        self._work = {searched: _work(searched, engine.dialect.name) for searched in SEARCHED}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search-index", daemon=True)

    def start(self) -> None:
        """Begin to fill the index as rows come."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; what waits is taken up by a later start."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def fill(self) -> bool:
        """Take up a little of what waits; True when there was something and it is stored."""
        if self._queue.fill_ratio > BUSY_AT_FILL:
            return False
        stored = [self._write(work) for searched, work in self._work.items() if self._waits(searched)]
        return bool(stored) and all(stored)

    def _run(self) -> None:
        rest_s = IDLE_S
        progress = _Progress(self._engine)
        while not self._ended.wait(rest_s):
            rest_s = REST_S if self.fill() else IDLE_S
            progress.look(time.monotonic())

    def _waits(self, searched: Searched) -> bool:
        """Tell whether the index has something to take up, or on a server to forget."""
        try:
            if rows_of(self._engine, Statement(searched.next_up), (1,)):
                return True
            return self._engine.dialect.name == "postgresql" and self._has_gone(searched)
        except (SQLAlchemyError, StorageError) as error:
            _log.warning("search_index_waits", listed=searched.table.name, error=str(error))
            return False

    def _has_gone(self, searched: Searched) -> bool:
        """Tell whether the index holds rows older than any in the list, which retention took."""
        name, kept = searched.table.name, searched.piece_table
        gone = f"SELECT 1 WHERE (SELECT min(id) FROM {kept}) < (SELECT min(id) FROM {name})"  # noqa: S608  names are ours
        return bool(rows_of(self._engine, Statement(gone), ()))

    def _write(self, work: Work) -> bool:
        done, stored = threading.Event(), []

        def told(is_stored: bool) -> None:
            stored.append(is_stored)
            done.set()

        try:
            self._queue.put(Aside(work, told))
        except InvariantError:  # the queue takes nothing more: trading comes first
            return False
        return done.wait(STEP_TIMEOUT_S) and stored[0]


class _Progress:
    """Tells in the log how far a long filling is: when it begins, now and then, and when it is done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due, self._is_telling = 0.0, False

    def look(self, now_s: float) -> None:
        """Tell what is due. now_s: monotonic."""
        if now_s < self._due:
            return
        self._due = now_s + TOLD_EVERY_S
        try:
            with self._engine.connect() as connection:
                waiting = backlog(connection)
        except (SQLAlchemyError, StorageError) as error:
            _log.warning("search_index_not_counted", error=str(error))
            return
        if waiting >= TOLD_FROM_ROWS:
            self._is_telling = True
            _log.info("search_index_filling", waiting=waiting)
        elif self._is_telling:
            self._is_telling = False
            _log.info("search_index_filled", waiting=waiting)


def _work(searched: Searched, dialect: str) -> Work:
    """Return the statements of one transaction that takes up the oldest of what waits."""
    name, rows = searched.table.name, ROWS_AT_ONCE[dialect]
    texts = " || '\n' || ".join(column.name for column in searched.texts)
    chosen = f"FROM {name} WHERE id IN ({searched.next_up})"
    if dialect == "sqlite":
        taken_up = [f"INSERT INTO {searched.text_table} (rowid, texts) SELECT id, {texts} {chosen} ORDER BY id"]
    else:
        kept = searched.piece_table
        gone = f"SELECT id FROM {kept} WHERE id < (SELECT min(id) FROM {name}) {_OLDEST}"  # noqa: S608  the same
        pieces = f"INSERT INTO {kept} (id, pieces) SELECT id, search_pieces(tenant_id, {texts}) {chosen}"
        taken_up = [
            f"{pieces} ON CONFLICT (id) DO UPDATE SET pieces = excluded.pieces",
            f"DELETE FROM {kept} WHERE id IN ({gone})",  # noqa: S608  the same
        ]
    return [(Statement(statement), [(rows,)]) for statement in (*taken_up, searched.taken)]
