"""The store port: the journal that is the truth, the rows projected from it, and what reads them back.

The engine appends entries and learns, on its own thread, up to which sequence they are durable. Rows travel with the
events that caused them and are written in the same transaction. Readers run on other threads, on committed rows only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from workstation.domain.accounts import Account, KillState
from workstation.domain.audit import AuditEntry
from workstation.domain.connection_log import ConnectionLog
from workstation.domain.events import Event
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrdStatus
from workstation.domain.records import AnyRecord, Record
from workstation.domain.strategy_rows import RunRow
from workstation.ports.connection_log import ConnectionLogReader
from workstation.ports.deliveries import Deliveries
from workstation.ports.key_uses import KeyUses
from workstation.ports.market_store import MarketReader
from workstation.ports.run_rows import RunReader

R = TypeVar("R", bound=Record)


class OrderTransition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of an order's state; append-only history.

    trace: read from its journal line, not stored: of the call that asked for it, "" for a request of no call and None
    where the line is no request (a venue's word, say).
    """

    cl_ord_id: str
    from_status: OrdStatus | None
    to_status: OrdStatus
    trigger: str
    actor: str
    reason: str
    ts: int
    ts_event: int | None = None
    trace: str | None = None


class IdempotencyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a script's call with an Idempotency-Key answered; stored with its effect. expires_at: UTC ns."""

    credential: str
    method: str
    route: str
    key: str
    fingerprint: str
    status: int
    body: bytes
    location: str
    etag: str
    expires_at: int


Row = (
    OrderState
    | Execution
    | PositionState
    | BalanceState
    | OrderTransition
    | IdempotencyRecord
    | KillState
    | Account
    | Instrument
    | AnyRecord
    | AuditEntry
    | RunRow
    | ConnectionLog
)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event with the rows it changed and who caused it. `causation` is the cl_ord_id or request that led to it."""

    event: Event
    rows: tuple[Row, ...] = ()
    actor: str = "engine"
    correlation: str = ""
    causation: str = ""


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One durable line: order is `seq`, never a clock; `hash` chains to the line before."""

    seq: int
    epoch: int
    ts_wall: int
    ts_mono: int
    kind: str
    schema_version: int
    correlation: str
    causation: str
    actor: str
    payload: bytes
    prev_hash: bytes
    hash: bytes


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """State of the core after line `seq`, with its SHA-256, so that recovery replays only the tail."""

    seq: int
    ts: int
    state: bytes
    state_hash: bytes


class Journal(Protocol):
    """The writing side, used on the engine's thread only; never blocks."""

    @property
    def last_seq(self) -> int:
        """Sequence given to the newest appended event."""

    @property
    def durable_seq(self) -> int:
        """Every event up to here survives a power cut."""

    @property
    def epoch(self) -> int:
        """This writer's epoch; a newer one elsewhere fences us off."""

    @property
    def fill_ratio(self) -> float:
        """How full the queue is, 0 to 1; at 0.8 market data is shed, at 1 new orders are refused."""

    @property
    def trouble(self) -> str:
        """Why storage cannot take new risk ("" when it can): full, failed, fenced off."""

    def append(self, entries: Sequence[Entry]) -> int:
        """Queue entries in order, as one transaction's worth; returns the last one's sequence."""

    def when_durable(self, seq: int, call: Callable[[bool], None]) -> None:
        """Run `call` on the engine's thread once `seq` is durable (True), or cannot become so (False)."""

    def save_snapshot(self, state: bytes, state_hash: bytes) -> None:
        """Store the state after the last appended event."""


class Recovery(Protocol):
    """The reading side of a start: newest valid snapshot, then the tail."""

    def latest_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot whose hash verifies."""

    def replay(self, after_seq: int) -> Iterator[JournalLine]:
        """Yield the lines after `after_seq` in order, each link of the chain verified.

        Raises:
            StorageDamaged: naming the first broken row.
        """


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of an order list; None leaves one out. Times are UTC ns, start inclusive, end exclusive."""

    statuses: tuple[OrdStatus, ...] = ()
    is_open: bool | None = None
    symbol: str | None = None
    account: str | None = None
    side: str | None = None
    ord_type: str | None = None
    time_in_force: str | None = None
    strategy_id: str | None = None
    user: str | None = None
    search: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-created_at",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class ExecutionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of an execution list."""

    cl_ord_id: str | None = None
    symbol: str | None = None
    account: str | None = None
    strategy_id: str | None = None
    search: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-ts_event",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class PositionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a position list."""

    symbol: str | None = None
    account: str | None = None
    has_position: bool | None = None
    ordering: tuple[str, ...] = ("symbol",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True


class RecordQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a record list of one tenant; deleted records are not listed.

    equal: column to value, any of several values when it is a tuple. between: column to its least and greatest value,
    both included, None for no end. words: column of words between ends of lines to those of which it holds any.
    Columns and orderings are those of the kind.
    """

    tenant: str
    equal: Mapping[str, str | bool | tuple[str, ...]] = {}
    between: Mapping[str, tuple[str | int | None, str | int | None]] = {}
    words: Mapping[str, tuple[str, ...]] = {}
    search: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-created_at",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a tenant's audit list, sorted by sequence; None leaves one out. after_key: (sequence, "")."""

    tenant: str
    user_id: str | None = None
    action: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    request_id: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-sequence",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class RecordPage(msgspec.Struct, frozen=True):
    """One page of records of one kind."""

    rows: tuple[AnyRecord, ...]
    total: int | None
    has_next: bool


class AuditPage(msgspec.Struct, frozen=True):
    """One page of audit entries."""

    rows: tuple[AuditEntry, ...]
    total: int | None
    has_next: bool


class AuditVerification(msgspec.Struct, frozen=True, kw_only=True):
    """What walking an audit chain found; `first_broken` is None while every link holds."""

    entries: int
    first_sequence: int
    last_sequence: int
    last_hash: str
    first_broken: int | None = None


class OrderPage(msgspec.Struct, frozen=True):
    """One page of orders; total is None when it was not asked for."""

    rows: tuple[OrderState, ...]
    total: int | None
    has_next: bool


class ExecutionPage(msgspec.Struct, frozen=True):
    """One page of executions."""

    rows: tuple[Execution, ...]
    total: int | None
    has_next: bool


class PositionPage(msgspec.Struct, frozen=True):
    """One page of positions."""

    rows: tuple[PositionState, ...]
    total: int | None
    has_next: bool


class Reader(Protocol):
    """Committed rows, for any thread. Every method is one short read."""

    @property
    def market(self) -> MarketReader:
        """What is kept of the market."""

    @property
    def deliveries(self) -> Deliveries:
        """What webhooks were and will be told."""

    @property
    def key_uses(self) -> KeyUses:
        """What API keys were used for."""

    @property
    def runs(self) -> RunReader:
        """What runs of strategies left behind."""

    @property
    def connection_logs(self) -> ConnectionLogReader:
        """What sessions with venues went through."""

    def orders(self, query: OrderQuery) -> OrderPage:
        """List orders."""

    def order(self, uid: str) -> OrderState | None:
        """Return one order by its id."""

    def order_by_client_id(self, cl_ord_id: str) -> OrderState | None:
        """Return one order by its client order id."""

    def transitions(self, cl_ord_id: str) -> tuple[OrderTransition, ...]:
        """Return an order's history, oldest first."""

    def executions(self, query: ExecutionQuery) -> ExecutionPage:
        """List executions."""

    def execution(self, uid: str) -> Execution | None:
        """Return one execution by its id."""

    def positions(self, query: PositionQuery) -> PositionPage:
        """List account positions."""

    def events(self, after_seq: int, limit: int) -> tuple[JournalLine, ...]:
        """Return durable lines after `after_seq`, oldest first."""

    def oldest_seq(self) -> int:
        """Return the first sequence still kept, 0 when the journal is empty."""

    def newest_seq(self) -> int:
        """Return the last durable sequence."""

    def idempotency(self, credential: str, method: str, route: str, key: str, now_ns: int) -> IdempotencyRecord | None:
        """Return the unexpired record of a key."""

    def balances(self, account: str) -> tuple[BalanceState, ...]:
        """Return cash per currency."""

    def kill_switches(self) -> tuple[KillState, ...]:
        """Return every kill switch that was ever touched."""

    def records(self, kind: type[Record], query: RecordQuery) -> RecordPage:
        """List a tenant's living records of a kind."""

    def record(self, kind: type[R], tenant: str, record_id: str) -> R | None:
        """Return one living record of a tenant."""

    def audit(self, query: AuditQuery) -> AuditPage:
        """List audit entries."""

    def audit_entry(self, tenant: str, sequence: int) -> AuditEntry | None:
        """Return one audit entry by its sequence."""

    def verify_audit(self, tenant: str) -> AuditVerification:
        """Walk a tenant's audit chain from its first entry."""

    def search_backlog(self) -> int:
        """Return about how many rows wait for the index of searches, which finds them meanwhile by looking at them."""

    def ping_write(self, timeout_s: float) -> bool:
        """Prove that the writer still commits: a no-op write comes back durable in time."""
