"""Lists and single rows for screens and scripts: committed rows only, from any thread, each a short read.

Core statements on the pool of read-only connections; what is decoded is the row's JSON alone.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, Connection, Engine, Select, Table, func, select, true
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.accounts import Account, KillState
from workstation.domain.audit import AuditEntry
from workstation.domain.errors import StorageError
from workstation.domain.events import decode_event, trace_of
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrdStatus
from workstation.domain.records import ApiKey, Record, StrategyDefinition, StrategyRun
from workstation.ports.store import (
    AuditPage,
    AuditQuery,
    AuditVerification,
    ExecutionPage,
    ExecutionQuery,
    IdempotencyRecord,
    JournalLine,
    OrderPage,
    OrderQuery,
    OrderTransition,
    PositionPage,
    PositionQuery,
    RecordPage,
    RecordQuery,
)
from workstation.storage import queries
from workstation.storage.audit import Link, decode_entry, verify_chain
from workstation.storage.chain import line_of
from workstation.storage.connection_log import SqlConnectionLogs
from workstation.storage.delivery_store import SqlDeliveries
from workstation.storage.key_use_store import SqlKeyUses
from workstation.storage.market_reader import SqlMarketReader
from workstation.storage.queue import Ping, WorkQueue
from workstation.storage.record_tables import TABLES
from workstation.storage.run_reader import SqlRuns
from workstation.storage.search_index import EXECUTIONS, ORDERS, Narrowed, backlog, narrow
from workstation.storage.tables import (
    TENANT,
    accounts,
    audit_entries,
    balances,
    executions,
    idempotency,
    instruments,
    journal,
    kill_switches,
    order_transitions,
    orders,
    positions,
)
from workstation.storage.tick_files import TickFiles
from workstation.storage.totals import Totals

T = TypeVar("T")
R = TypeVar("R", bound=Record)
Decode = Callable[[bytes], T]

_decode_order: Decode[OrderState] = msgspec.json.Decoder(OrderState).decode
_decode_execution: Decode[Execution] = msgspec.json.Decoder(Execution).decode
_decode_position: Decode[PositionState] = msgspec.json.Decoder(PositionState).decode
_decode_balance: Decode[BalanceState] = msgspec.json.Decoder(BalanceState).decode
_decode_account: Decode[Account] = msgspec.json.Decoder(Account).decode
_decode_instrument: Decode[Instrument] = msgspec.json.Decoder(Instrument).decode
_decode_kill: Decode[KillState] = msgspec.json.Decoder(KillState).decode
_decode_idempotency: Decode[IdempotencyRecord] = msgspec.json.Decoder(IdempotencyRecord).decode


class _RunName(msgspec.Struct):
    """What is read of a run where its name alone matters."""

    run_name: str


_decode_run_name: Decode[_RunName] = msgspec.json.Decoder(_RunName).decode
_NO_SORT = select(func.set_config("enable_sort", "off", true()))
"""For a page whose order an index gives: a planner that takes it for a few rows would rather read and sort them all."""


class SqlReader:
    """Implements `ports.store.Reader`. queue: the writer's, None where nothing is written here.

    files: recorded ticks, None where there are none. heads: by tenant the end of its audit as it was noted elsewhere.
    """

    def __init__(
        self,
        engine: Engine,
        queue: WorkQueue | None = None,
        files: TickFiles | None = None,
        heads: Callable[[], Mapping[str, Link]] = dict,
    ) -> None:
        self._engine = engine
        self._heads = heads
        self._queue = queue
        self.market = SqlMarketReader(engine, files)
        self.deliveries = SqlDeliveries(engine, queue)
        self.runs = SqlRuns(engine)
        self.key_uses = SqlKeyUses(engine, queue)
        self.connection_logs = SqlConnectionLogs(engine)
        self._order_totals = Totals(orders, queries.order_conditions)
        self._execution_totals = Totals(executions, queries.execution_conditions)

    def forget_totals(self) -> None:
        """Count lists anew: rows have gone."""
        self._order_totals.forget()
        self._execution_totals.forget()

    def orders(self, query: OrderQuery) -> OrderPage:
        """List orders; sorts by `queries.ORDER_ORDERINGS`."""
        conditions = queries.order_conditions(query)
        statement = queries.ordered(select(orders.c.state), query.ordering, queries.ORDER_ORDERINGS, (orders.c.uid,))
        totals = self._order_totals
        page = self._page(statement, conditions, query, orders.c.created_at, decode=_decode_order, totals=totals)
        return OrderPage(*page)

    def order(self, uid: str) -> OrderState | None:
        """Return one order by its id."""
        return self._one(orders, _decode_order, uid=uid)

    def order_by_client_id(self, cl_ord_id: str) -> OrderState | None:
        """Return one order by its client order id."""
        return self._one(orders, _decode_order, cl_ord_id=cl_ord_id)

    def transitions(self, cl_ord_id: str) -> tuple[OrderTransition, ...]:
        """Return an order's history, oldest first."""
        table = order_transitions.c
        told = order_transitions.outerjoin(journal, journal.c.seq == table.seq)
        statement = select(order_transitions, journal.c.payload).select_from(told)
        statement = statement.where(table.cl_ord_id == cl_ord_id).order_by(table.id)
        return tuple(_transition_of(row) for row in self._rows(statement))

    def executions(self, query: ExecutionQuery) -> ExecutionPage:
        """List executions; sorts by `queries.EXECUTION_ORDERINGS`."""
        conditions = queries.execution_conditions(query)
        statement = queries.ordered(
            select(executions.c.state), query.ordering, queries.EXECUTION_ORDERINGS, (executions.c.uid,)
        )
        totals = self._execution_totals
        page = self._page(statement, conditions, query, executions.c.ts_event, decode=_decode_execution, totals=totals)
        return ExecutionPage(*page)

    def execution(self, uid: str) -> Execution | None:
        """Return one execution by its id."""
        return self._one(executions, _decode_execution, uid=uid)

    def positions(self, query: PositionQuery) -> PositionPage:
        """List account positions; sorts by `queries.POSITION_ORDERINGS`."""
        conditions = queries.position_conditions(query)
        ties = (positions.c.symbol, positions.c.account)
        statement = queries.ordered(select(positions.c.state), query.ordering, queries.POSITION_ORDERINGS, ties)
        return PositionPage(*self._page(statement, conditions, query, positions.c.symbol, decode=_decode_position))

    def events(self, after_seq: int, limit: int) -> tuple[JournalLine, ...]:
        """Return durable lines after `after_seq`, oldest first."""
        statement = select(journal).where(journal.c.seq > after_seq).order_by(journal.c.seq).limit(limit)
        return tuple(line_of(tuple(row)) for row in self._rows(statement))

    def oldest_seq(self) -> int:
        """Return the first sequence still kept, 0 when the journal is empty."""
        return self._scalar(select(func.min(journal.c.seq))) or 0

    def newest_seq(self) -> int:
        """Return the last durable sequence."""
        return self._scalar(select(func.max(journal.c.seq))) or 0

    def idempotency(self, credential: str, method: str, route: str, key: str, now_ns: int) -> IdempotencyRecord | None:
        """Return the unexpired record of a key."""
        record = self._one(idempotency, _decode_idempotency, credential=credential, method=method, route=route, key=key)
        return record if record is not None and record.expires_at > now_ns else None

    def balances(self, account: str) -> tuple[BalanceState, ...]:
        """Return cash per currency."""
        statement = select(balances.c.state).where(balances.c.tenant_id == TENANT, balances.c.account == account)
        return self._decoded(statement.order_by(balances.c.currency), _decode_balance)

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts."""
        return self._decoded(select(accounts.c.state).order_by(accounts.c.account), _decode_account)

    def instruments(self) -> tuple[Instrument, ...]:
        """Return all instruments that were ever journaled."""
        return self._decoded(select(instruments.c.state).order_by(instruments.c.symbol), _decode_instrument)

    def origin_names(self) -> tuple[tuple[str, str], ...]:
        """Return the id and name of every script's key, strategy and run, deleted ones too."""
        keys, strategies, runs = (TABLES[kind].table.c for kind in (ApiKey, StrategyDefinition, StrategyRun))
        with self._connection(TENANT) as connection:
            named = [
                (row.id, row.name) for of in (keys, strategies) for row in connection.execute(select(of.id, of.name))
            ]
            kept = connection.execute(select(runs.id, runs.state))
            return (*named, *((row.id, _decode_run_name(row.state).run_name) for row in kept))

    def kill_switches(self) -> tuple[KillState, ...]:
        """Return every kill switch that was ever touched."""
        ordering = (kill_switches.c.scope, kill_switches.c.key)
        return self._decoded(select(kill_switches.c.state).order_by(*ordering), _decode_kill)

    def records(self, kind: type[Record], query: RecordQuery) -> RecordPage:
        """List a tenant's living records of a kind; sorts and filters by the columns of its table."""
        declared = TABLES[kind]
        table = declared.table.c
        conditions = queries.record_conditions(declared, query)
        orderings = queries.record_orderings(declared)
        statement = queries.ordered(select(table.state), query.ordering, orderings, (table.id,))
        return RecordPage(*self._page(statement, conditions, query, table.created_at, decode=declared.decode))

    def record(self, kind: type[R], tenant: str, record_id: str) -> R | None:
        """Return one living record of a tenant."""
        table = TABLES[kind].table.c
        wanted = (table.tenant_id == tenant, table.id == record_id, table.deleted_at.is_(None))
        blob = self._scalar(select(table.state).where(*wanted), tenant)
        found = None if blob is None else TABLES[kind].decode(blob)
        return found if isinstance(found, kind) else None

    def audit(self, query: AuditQuery) -> AuditPage:
        """List audit entries, sorted by sequence."""
        table = audit_entries.c
        conditions = queries.audit_page_conditions(query)
        counted = None if query.start_ns is query.end_ns is None else queries.audit_conditions(query)
        statement = queries.ordered(select(table.state), query.ordering, {"sequence": table.sequence}, ())
        page = self._page(statement, conditions, query, table.sequence, decode=decode_entry, counted=counted)
        return AuditPage(*page)

    def audit_entry(self, tenant: str, sequence: int) -> AuditEntry | None:
        """Return one audit entry by its sequence."""
        table = audit_entries.c
        blob = self._scalar(select(table.state).where(table.tenant_id == tenant, table.sequence == sequence), tenant)
        return None if blob is None else decode_entry(blob)

    def verify_audit(self, tenant: str) -> AuditVerification:
        """Walk a tenant's audit chain from its first entry to what was noted elsewhere of its end, and on."""
        with self._connection(tenant) as connection:
            return verify_chain(connection, tenant, self._heads().get(tenant))

    def search_backlog(self) -> int:
        """Return about how many rows wait for the index of searches."""
        with self._connection() as connection:
            return backlog(connection)

    def ping_write(self, timeout_s: float) -> bool:
        """Prove that the writer still commits: a no-op write comes back durable in time."""
        if self._queue is None:
            return False
        done = threading.Event()
        self._queue.put(Ping(done))
        return done.wait(timeout_s)

    def _page(
        self,
        statement: Select[bytes],
        conditions: queries.Conditions,
        query: OrderQuery | ExecutionQuery | PositionQuery | RecordQuery | AuditQuery,
        time_column: Column[Any],
        *,
        decode: Decode[T],
        totals: Totals | None = None,
        counted: queries.Conditions | None = None,
    ) -> tuple[tuple[T, ...], int | None, bool]:
        """Return the rows of one page, the total where asked for, and whether more follow.

        counted: the conditions as a total is counted by them best, where those of the page are worded so that it comes
        in its order and need not be sorted.
        """
        key = getattr(query, "after_key", None)
        behind = [] if key is None else [queries.after_key(time_column, _identity(time_column), key, query.ordering)]
        statement = statement.where(*conditions, *behind).limit(query.limit + 1).offset(query.offset)
        if totals is not None and query.with_count:
            statement = statement.add_columns(totals.newest)
        with self._connection(getattr(query, "tenant", None)) as connection:
            if counted is not None and connection.dialect.name == "postgresql":
                connection.execute(_NO_SORT)
            narrowed = _narrowed(connection, query)
            statement = statement.where(*narrowed.page)
            found: Sequence[Any] = connection.execute(statement).all()
            blobs = [row[0] for row in found]
            if not query.with_count:
                total = None
            elif totals is not None and isinstance(query, OrderQuery | ExecutionQuery):
                total = totals.count(connection, query, found[0][1] if found else None, narrowed.total)
            else:
                total = connection.execute(queries.count_of(time_column, counted or conditions)).scalar_one()
        rows = tuple(decode(blob) for blob in blobs[: query.limit])
        return rows, total, len(blobs) > query.limit

    @contextmanager
    def _connection(self, tenant: str | None = None) -> Iterator[Connection]:
        """Give a connection for one short read; with a tenant the database itself shows that tenant's rows alone.

        Raises:
            StorageError: the database cannot be read, or no connection came free in time.
        """
        try:
            with self._engine.connect() as connection:
                if tenant is not None and connection.dialect.name == "postgresql":
                    connection.execute(select(func.set_config("workstation.tenant", tenant, true())))
                yield connection
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error

    def _one(self, table: Table, decode: Decode[T], **key: str) -> T | None:
        conditions = [table.c[name] == value for name, value in key.items()]
        blob = self._scalar(select(table.c.state).where(table.c.tenant_id == TENANT, *conditions))
        return None if blob is None else decode(blob)

    def _decoded(self, statement: Select[Any], decode: Decode[T]) -> tuple[T, ...]:
        with self._connection() as connection:
            return tuple(decode(blob) for blob in connection.execute(statement).scalars())

    def _rows(self, statement: Select[Any]) -> Iterable[Any]:
        with self._connection() as connection:
            return connection.execute(statement).all()

    def _scalar(self, statement: Select[Any], tenant: str | None = None) -> Any:
        with self._connection(tenant) as connection:
            return connection.execute(statement).scalar()


def _narrowed(connection: Connection, query: object) -> Narrowed:
    """Return what a search of a long list adds to its filters; nothing without one."""
    if isinstance(query, OrderQuery) and query.search:
        others = queries.order_conditions(msgspec.structs.replace(query, search=None))
        return narrow(connection, ORDERS, query.search, others)
    if isinstance(query, ExecutionQuery) and query.search:
        others = queries.execution_conditions(msgspec.structs.replace(query, search=None))
        return narrow(connection, EXECUTIONS, query.search, others)
    return Narrowed([], [])


def _identity(column: Column[Any]) -> Column[Any]:
    """Return the column that breaks ties in its table."""
    columns = column.table.c
    found: Column[Any] = columns.uid if "uid" in columns else columns.id
    return found


def _transition_of(row: Any) -> OrderTransition:
    return OrderTransition(
        cl_ord_id=row.cl_ord_id,
        from_status=None if row.from_status is None else OrdStatus(row.from_status),
        to_status=OrdStatus(row.to_status),
        trigger=row.trigger,
        actor=row.actor,
        reason=row.reason,
        ts=row.ts,
        ts_event=row.ts_event,
        trace=None if row.payload is None else trace_of(decode_event(row.payload)),
    )
