"""A reader over the committed rows of a journal in memory; implements `ports.store.Reader` as the database does."""

from __future__ import annotations

import threading
from typing import Any

from msgspec.structs import replace

from tests.helpers.memory_connection_logs import MemoryConnectionLogs
from tests.helpers.memory_deliveries import MemoryDeliveries
from tests.helpers.memory_journal import MemoryJournal
from tests.helpers.memory_key_uses import MemoryKeyUses
from tests.helpers.memory_market import MemoryMarket
from tests.helpers.memory_runs import MemoryRuns
from workstation.domain.accounts import KillState
from workstation.domain.audit import FIRST_HASH, AuditEntry, hash_of, linked
from workstation.domain.connection_log import ConnectionLog
from workstation.domain.events import KillChanged, trace_of
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.orders import OrderState
from workstation.domain.records import BUILT_IN, Record
from workstation.domain.strategy_rows import RunRow
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


class MemoryReader:
    """Takes over durable entries at `catch_up`; reading is safe from any thread."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._done = 0
        self._orders: dict[str, OrderState] = {}
        self._transitions: dict[str, list[OrderTransition]] = {}
        self._executions: list[Execution] = []
        self._positions: dict[tuple[str, str, str], PositionState] = {}
        self._balances: dict[tuple[str, str], BalanceState] = {}
        self._kills: dict[tuple[str, str], KillState] = {}
        self._records: dict[tuple[str, str, str, str], IdempotencyRecord] = {}
        self._named: dict[tuple[type, str], Any] = {(type(record), record.id): record for record in BUILT_IN}
        self.audited: list[AuditEntry] = []
        self.deliveries = MemoryDeliveries(self._take)
        self.runs = MemoryRuns()
        self.connection_logs = MemoryConnectionLogs()
        self.key_uses = MemoryKeyUses()
        self._lines: list[JournalLine] = []
        self.market = MemoryMarket()
        self.writable = True
        self.oldest = 0

    def catch_up(self) -> None:
        """Take over what has become durable."""
        with self._lock:
            for entry in self._journal.entries[self._done : self._journal.durable_seq]:
                for row in entry.rows:
                    traced = isinstance(row, OrderTransition)
                    self._take(replace(row, trace=trace_of(entry.event)) if traced else row)
                if isinstance(entry.event, KillChanged):
                    self._take(entry.event.state)
            self._lines += self._journal.replay(self._done)
            self._done = self._journal.durable_seq
            del self._lines[self._done :]

    def _take(self, row: Any) -> None:
        if isinstance(row, OrderState):
            self._orders[row.cl_ord_id] = row
        elif isinstance(row, OrderTransition):
            self._transitions.setdefault(row.cl_ord_id, []).append(row)
        elif isinstance(row, Execution):
            self._executions.append(row)
        elif isinstance(row, PositionState):
            self._positions[row.account, row.symbol, row.strategy_id] = row
        elif isinstance(row, BalanceState):
            self._balances[row.account, row.currency] = row
        elif isinstance(row, KillState):
            self._kills[row.scope, row.key] = row
        elif isinstance(row, IdempotencyRecord):
            self._records[row.credential, row.method, row.route, row.key] = row
        elif isinstance(row, Record):
            self._named[type(row), row.id] = row
        elif isinstance(row, RunRow):
            self.runs.take(row)
        elif isinstance(row, ConnectionLog):
            self.connection_logs.take(row)
        elif isinstance(row, AuditEntry):
            chain = [entry for entry in self.audited if entry.tenant == row.tenant]
            last = chain[-1].entry_hash if chain else FIRST_HASH
            self.audited.append(linked(row, len(chain) + 1, last))

    def orders(self, query: OrderQuery) -> OrderPage:
        with self._lock:
            rows = [row for row in self._orders.values() if _fits_order(row, query)]
        rows = _sorted(rows, query.ordering, _order_key, "uid")
        total = len(rows) if query.with_count else None
        rows = _behind(rows, query, "created_at")
        return OrderPage(tuple(rows[query.offset :][: query.limit]), total, len(rows) > query.offset + query.limit)

    def order(self, uid: str) -> OrderState | None:
        with self._lock:
            return next((row for row in self._orders.values() if row.uid == uid), None)

    def order_by_client_id(self, cl_ord_id: str) -> OrderState | None:
        return self._orders.get(cl_ord_id)

    def transitions(self, cl_ord_id: str) -> tuple[OrderTransition, ...]:
        return tuple(self._transitions.get(cl_ord_id, ()))

    def executions(self, query: ExecutionQuery) -> ExecutionPage:
        wanted = {"cl_ord_id": query.cl_ord_id, "symbol": query.symbol, "account": query.account}
        with self._lock:
            rows = [
                row
                for row in self._executions
                if all(value is None or getattr(row, name) == value for name, value in wanted.items())
                and (query.search is None or query.search.lower() in f"{row.exec_id}\0{row.exec_key}".lower())
                and (query.start_ns is None or row.ts_event >= query.start_ns)
                and (query.end_ns is None or row.ts_event < query.end_ns)
            ]
        rows = _sorted(rows, query.ordering, getattr, "uid")
        total = len(rows) if query.with_count else None
        rows = _behind(rows, query, "ts_event")
        return ExecutionPage(tuple(rows[query.offset :][: query.limit]), total, len(rows) > query.offset + query.limit)

    def execution(self, uid: str) -> Execution | None:
        with self._lock:
            return next((row for row in self._executions if row.uid == uid), None)

    def positions(self, query: PositionQuery) -> PositionPage:
        with self._lock:
            rows = [
                row
                for row in self._positions.values()
                if row.strategy_id == "*"
                and query.symbol in (None, row.symbol)
                and query.account in (None, row.account)
                and query.has_position in (None, row.qty != 0)
            ]
        rows = _sorted(rows, query.ordering, getattr, "symbol")
        total = len(rows) if query.with_count else None
        return PositionPage(tuple(rows[query.offset :][: query.limit]), total, len(rows) > query.offset + query.limit)

    def events(self, after_seq: int, limit: int) -> tuple[JournalLine, ...]:
        with self._lock:
            return tuple(line for line in self._lines[max(after_seq, 0) :][:limit] if line.seq >= self.oldest)

    def oldest_seq(self) -> int:
        return self.oldest or (1 if self._lines else 0)

    def newest_seq(self) -> int:
        return len(self._lines)

    def idempotency(self, credential: str, method: str, route: str, key: str, now_ns: int) -> IdempotencyRecord | None:
        record = self._records.get((credential, method, route, key))
        return record if record is not None and record.expires_at > now_ns else None

    def keyed(self) -> list[tuple[str, str, str, str]]:
        """Return the places of every kept answer."""
        return list(self._records)

    def forget(self, place: tuple[str, str, str, str]) -> None:
        """Lose a kept answer."""
        del self._records[place]

    def balances(self, account: str) -> tuple[BalanceState, ...]:
        return tuple(row for row in self._balances.values() if row.account == account)

    def kill_switches(self) -> tuple[KillState, ...]:
        return tuple(self._kills.values())

    def records(self, kind: type[Record], query: RecordQuery) -> RecordPage:
        with self._lock:
            rows = [row for (kept, _), row in self._named.items() if kept is kind and _fits_record(row, query)]
        rows = _sorted(rows, query.ordering, getattr, "id")
        total = len(rows) if query.with_count else None
        return RecordPage(tuple(rows[query.offset :][: query.limit]), total, len(rows) > query.offset + query.limit)

    def record(self, kind: type[Any], tenant: str, record_id: str) -> Any:
        found = self._named.get((kind, record_id))
        return found if found is not None and found.tenant == tenant and found.deleted_at is None else None

    def audit(self, query: AuditQuery) -> AuditPage:
        wanted = ("tenant", "user_id", "action", "resource_type", "resource_id", "request_id")
        with self._lock:
            rows = [
                row
                for row in self.audited
                if all(getattr(query, name) in (None, getattr(row, name)) for name in wanted)
                and (query.start_ns is None or row.ts >= query.start_ns)
                and (query.end_ns is None or row.ts < query.end_ns)
            ]
        rows.sort(key=lambda row: row.sequence, reverse=query.ordering[0].startswith("-"))
        total = len(rows) if query.with_count else None
        if query.after_key is not None:
            place, descending = query.after_key[0], query.ordering[0].startswith("-")
            rows = [row for row in rows if (row.sequence < place if descending else row.sequence > place)]
        return AuditPage(tuple(rows[query.offset :][: query.limit]), total, len(rows) > query.offset + query.limit)

    def audit_entry(self, tenant: str, sequence: int) -> AuditEntry | None:
        chain = [entry for entry in self.audited if entry.tenant == tenant]
        return next((entry for entry in chain if entry.sequence == sequence), None)

    def verify_audit(self, tenant: str) -> AuditVerification:
        chain = [entry for entry in self.audited if entry.tenant == tenant]
        broken = next((entry.sequence for entry in chain if entry.entry_hash != hash_of(entry)), None)
        last = chain[-1].entry_hash if chain else FIRST_HASH
        return AuditVerification(
            entries=len(chain),
            first_sequence=1 if chain else 0,
            last_sequence=len(chain),
            last_hash=last,
            first_broken=broken,
        )

    def search_backlog(self) -> int:
        return 0

    def ping_write(self, timeout_s: float) -> bool:
        return self.writable


def _fits_record(row: Any, query: RecordQuery) -> bool:
    return (
        row.tenant == query.tenant
        and row.deleted_at is None
        and all(
            getattr(row, name) in (wanted if isinstance(wanted, tuple) else (wanted,))
            for name, wanted in query.equal.items()
        )
        and all(
            (least is None or getattr(row, name) >= least) and (most is None or getattr(row, name) <= most)
            for name, (least, most) in query.between.items()
        )
        and all(
            any(f"\n{word}\n".lower() in getattr(row, name).lower() for word in words)
            for name, words in query.words.items()
        )
        and (
            query.search is None
            or query.search.lower() in f"{getattr(row, 'name', '')}\0{getattr(row, 'email', '')}".lower()
        )
        and (query.start_ns is None or row.created_at >= query.start_ns)
        and (query.end_ns is None or row.created_at < query.end_ns)
    )


def _order_key(row: OrderState, name: str) -> Any:
    return getattr(row.terms if name in ("order_qty", "price", "symbol") else row, name)


def _fits_order(row: OrderState, query: OrderQuery) -> bool:
    terms = row.terms
    pairs = (
        (query.symbol, terms.symbol),
        (query.account, terms.account),
        (query.side, terms.side),
        (query.ord_type, terms.ord_type),
        (query.time_in_force, terms.time_in_force),
        (query.strategy_id, row.strategy_id),
        (query.user, row.origin.user),
        (query.is_open, row.is_open),
    )
    text = f"{row.cl_ord_id}\n{row.order_id}\n{terms.symbol}\n{row.notes}".lower()
    return (
        all(wanted is None or wanted == value for wanted, value in pairs)
        and (not query.statuses or row.status in query.statuses)
        and (query.search is None or query.search.lower() in text)
        and (query.start_ns is None or row.created_at >= query.start_ns)
        and (query.end_ns is None or row.created_at < query.end_ns)
    )


def _sorted(rows: list[Any], ordering: tuple[str, ...], value: Any, tie: str) -> list[Any]:
    """Sort by several names, nulls last, ties by `tie` in the direction of the first."""
    first_descending = bool(ordering) and ordering[0].startswith("-")
    rows = sorted(rows, key=lambda row: getattr(row, tie), reverse=first_descending)
    for item in reversed(ordering):
        name = item.removeprefix("-")
        known = [row for row in rows if value(row, name) is not None]
        unknown = [row for row in rows if value(row, name) is None]
        rows = sorted(known, key=lambda row: value(row, name), reverse=item.startswith("-")) + unknown
    return rows


def _behind(rows: list[Any], query: OrderQuery | ExecutionQuery, time: str) -> list[Any]:
    if query.after_key is None:
        return rows
    descending = query.ordering[0].startswith("-")
    keyed = [((getattr(row, time), row.uid), row) for row in rows]
    return [row for key, row in keyed if (key < query.after_key if descending else key > query.after_key)]
