"""The tables: one journal that is the truth, and the rows projected from it in the same transaction.

Each projected row carries the columns that lists filter and sort by, and the whole value as JSON. The JSON is what is
read back: it is loss-free on every scale, a list of 100 costs one decode each instead of forty column conversions, and
a new field needs no migration until a list filters by it. There are no foreign keys between projections: the fold that
made the rows is the guard, and a late fill must be storable whatever else is known of its order.
Unique rules carry the tenant. The open orders have an index of their own, so that a start never walks history.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from workstation.domain.accounts import KillScope
from workstation.domain.audit import ActorKind, AuditAction, AuditOutcome
from workstation.domain.executions import ExecKind, Liquidity
from workstation.domain.orders import OrdStatus, OrdType, Side, TimeInForce
from workstation.storage.fixed_point import MONEY_SCALE, VALUE_SCALE, FixedPoint

OPEN_STATES = tuple(status for status in OrdStatus if not status.is_final)
"""States in which an order may still trade."""


TENANT = "local"
"""The one tenant of an embedded database."""

JOURNAL_CHAIN = "journal"
"""Name of the journal's chain among the anchors."""

ACCOUNT_ROW = "*"
"""Strategy id of the position row that sums a whole account."""

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

_SEQUENCE: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; on SQLite the name INTEGER makes the key the row id itself."""


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key)


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _value(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, FixedPoint(VALUE_SCALE), nullable=nullable)


def _money(name: str) -> Column[int]:
    return Column(name, FixedPoint(MONEY_SCALE), nullable=False)


def _blob(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _tenant(*, primary_key: bool = False) -> Column[str]:
    return Column("tenant_id", Text, nullable=False, primary_key=primary_key, server_default=TENANT)


def _any_of(column: str, values: Iterable[str]) -> str:
    """Return the condition as single comparisons: SQLite would build a search tree for an IN list on every row."""
    return " OR ".join(f"{column} = '{value}'" for value in values)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(_any_of(column, values), name=column)


IS_OPEN = text("is_open")
"""The condition of the open orders' index, worded as the index is, for a planner that compares words."""

IS_FINAL = text("NOT is_open")
"""The same for the index of final states: an order enters it once, where every state on its way would move it."""

BY_STRATEGY = text("strategy_id <> ''")
"""The condition of the index of strategies' orders; hand orders would fill it with one value."""

FILTER_COLUMNS = ("side", "ord_type", "time_in_force", "user_id", "account", "strategy_id", "status")
"""What orders are filtered by and has few values. Two indexes carry these columns in order of creation, over all orders
and by symbol: pages are filtered and totals counted on the index alone."""

journal = Table(
    "journal",
    metadata,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    _time("ts_wall"),
    _time("ts_mono"),
    _text("kind"),
    Column("schema_version", Integer, nullable=False),
    _text("correlation"),
    _text("causation"),
    _text("actor"),
    _blob("payload"),
    _blob("prev_hash"),
    _blob("hash"),
    CheckConstraint("seq > 0", name="seq"),
    CheckConstraint("length(prev_hash) = 32 AND length(hash) = 32", name="hash"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    _tenant(),
    _text("cl_ord_id"),
    _text("uid"),
    _text("order_id"),
    _text("symbol"),
    _text("account"),
    _text("side"),
    _text("ord_type"),
    _text("time_in_force"),
    _text("status"),
    Column("is_open", Boolean, nullable=False),
    _text("strategy_id"),
    _text("user_id"),
    _text("notes"),
    _value("order_qty"),
    _value("price", nullable=True),
    _value("stop_px", nullable=True),
    _value("cum_qty"),
    _time("created_at"),
    _time("updated_at"),
    _time("submitted_at", nullable=True),
    Column("version", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    _one_of("side", Side),
    _one_of("ord_type", OrdType),
    _one_of("time_in_force", TimeInForce),
    _one_of("status", OrdStatus),
    CheckConstraint(f"is_open = ({_any_of('status', OPEN_STATES)})", name="is_open"),
    CheckConstraint("order_qty >= 0 AND cum_qty >= 0", name="quantities"),
    CheckConstraint("version >= 0", name="version"),
    Index("uq_orders_cl_ord_id", "tenant_id", "cl_ord_id", unique=True),
    Index("uq_orders_uid", "tenant_id", "uid", unique=True),
    Index("ix_orders_open", "created_at", "uid", "status", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    Index("ix_orders_created_at", "created_at", "uid", "symbol", *FILTER_COLUMNS),
    Index("ix_orders_updated_at", "updated_at", "uid"),
    Index("ix_orders_submitted_at", "submitted_at", "uid"),
    Index("ix_orders_order_qty", "order_qty", "uid"),
    Index("ix_orders_price", "price", "uid"),
    Index("ix_orders_status", "status", "created_at", "uid", sqlite_where=IS_FINAL, postgresql_where=IS_FINAL),
    Index("ix_orders_status_uid", "status", "uid"),
    Index("ix_orders_symbol_uid", "symbol", "uid"),
    Index("ix_orders_symbol", "symbol", "created_at", "uid", *FILTER_COLUMNS),
    Index(
        "ix_orders_strategy_id",
        "strategy_id",
        "created_at",
        "uid",
        sqlite_where=BY_STRATEGY,
        postgresql_where=BY_STRATEGY,
    ),
)

order_transitions = Table(
    "order_transitions",
    metadata,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    _tenant(),
    Column("seq", BigInteger, nullable=False),
    _text("cl_ord_id"),
    Column("from_status", Text, nullable=True),
    _text("to_status"),
    _text("trigger"),
    _text("actor"),
    _text("reason"),
    _time("ts"),
    _time("ts_event", nullable=True),
    _one_of("to_status", OrdStatus),
    Index("ix_order_transitions_cl_ord_id", "cl_ord_id"),
)

order_backlog = Table(
    "order_backlog",
    metadata,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    _tenant(),
    _text("cl_ord_id"),
)
"""Final orders that were written and wait for the index of searches."""

executions = Table(
    "executions",
    metadata,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    _tenant(),
    _text("uid"),
    _text("account"),
    _text("venue"),
    _text("exec_key"),
    _text("exec_id"),
    _text("cl_ord_id"),
    _text("symbol"),
    _text("side"),
    _text("kind"),
    _text("liquidity"),
    _text("strategy_id"),
    _value("last_qty"),
    _value("last_px"),
    _time("ts_event"),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    _one_of("side", Side),
    _one_of("kind", ExecKind),
    _one_of("liquidity", Liquidity),
    CheckConstraint("last_qty >= 0", name="last_qty"),
    Index("uq_executions_exec_key", "tenant_id", "account", "venue", "exec_key", unique=True),
    Index("uq_executions_uid", "tenant_id", "uid", unique=True),
    Index("ix_executions_ts_event", "ts_event", "uid"),
    Index("ix_executions_cl_ord_id", "cl_ord_id", "ts_event", "uid"),
    Index("ix_executions_symbol", "symbol", "ts_event", "uid"),
    Index("ix_executions_account", "account", "ts_event", "uid"),
    Index("ix_executions_strategy_id", "strategy_id", "ts_event", "uid"),
    Index("ix_executions_last_qty", "last_qty", "uid"),
    Index("ix_executions_last_px", "last_px", "uid"),
)

search_marks = Table(
    "search_marks",
    metadata,
    _text("listed", primary_key=True),
    Column("last_id", BigInteger, nullable=False),
)
"""By list the last row that the index of searches holds."""

positions = Table(
    "positions",
    metadata,
    _tenant(primary_key=True),
    _text("account", primary_key=True),
    _text("symbol", primary_key=True),
    _text("strategy_id", primary_key=True),
    _value("qty"),
    Column("is_flat", Boolean, nullable=False),
    _money("realised"),
    _time("updated_at"),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    Index("ix_positions_strategy_id", "strategy_id", "symbol", "account"),
    Index("ix_positions_qty", "strategy_id", "qty", "symbol"),
    Index("ix_positions_updated_at", "strategy_id", "updated_at", "symbol"),
)

balances = Table(
    "balances",
    metadata,
    _tenant(primary_key=True),
    _text("account", primary_key=True),
    _text("currency", primary_key=True),
    _money("cash"),
    _time("updated_at"),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
)

accounts = Table(
    "accounts",
    metadata,
    _tenant(primary_key=True),
    _text("account", primary_key=True),
    _text("uid"),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    Index("uq_accounts_uid", "tenant_id", "uid", unique=True),
)

instruments = Table(
    "instruments",
    metadata,
    _tenant(primary_key=True),
    _text("symbol", primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
)

kill_switches = Table(
    "kill_switches",
    metadata,
    _tenant(primary_key=True),
    _text("scope", primary_key=True),
    _text("key", primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    _one_of("scope", KillScope),
)

idempotency = Table(
    "idempotency",
    metadata,
    _tenant(primary_key=True),
    _text("credential", primary_key=True),
    _text("method", primary_key=True),
    _text("route", primary_key=True),
    _text("key", primary_key=True),
    _time("expires_at"),
    _blob("state"),
    Index("ix_idempotency_expires_at", "expires_at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    _tenant(primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _text("id"),
    _time("created_at"),
    Column("user_id", Text, nullable=True),
    _text("action"),
    _text("resource_type"),
    _text("resource_id"),
    _text("request_id"),
    _text("actor_kind"),
    _text("outcome"),
    Column("seq", BigInteger, nullable=False),
    _blob("state"),
    _one_of("action", AuditAction),
    _one_of("actor_kind", ActorKind),
    _one_of("outcome", AuditOutcome),
    CheckConstraint("sequence > 0", name="sequence"),
    Index("ix_audit_entries_created_at", "tenant_id", "created_at", "sequence"),
    Index("ix_audit_entries_resource", "tenant_id", "resource_type", "resource_id", "sequence"),
    Index("ix_audit_entries_action", "tenant_id", "action", "sequence"),
    Index("ix_audit_entries_request_id", "tenant_id", "request_id"),
    Index("ix_audit_entries_user_id", "tenant_id", "user_id", "sequence"),
)

chain_anchors = Table(
    "chain_anchors",
    metadata,
    _text("chain", primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    _text("hash"),
    CheckConstraint("sequence > 0", name="sequence"),
)
"""Where a chain begins that lost its beginning to retention: sequence and hash of the last link that went."""

snapshots = Table(
    "snapshots",
    metadata,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
    _time("ts"),
    _blob("state"),
    _blob("state_hash"),
    CheckConstraint("length(state_hash) = 32", name="state_hash"),
)

writer_lease = Table(
    "writer_lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    _text("owner"),
    _time("acquired_at"),
    Column("pings", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("id = 1", name="single"),
    CheckConstraint("epoch >= 0", name="epoch"),
)

schema_meta = Table(
    "schema_meta",
    metadata,
    _text("name", primary_key=True),
    _text("value"),
)
