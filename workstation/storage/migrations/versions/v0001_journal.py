"""First schema: the journal and the rows projected from it."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.fixed_point import FixedPoint

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _accounts()
    _balances()
    _executions()
    _idempotency()
    _instruments()
    _journal()
    _kill_switches()
    _order_transitions()
    _orders()
    _positions()
    _schema_meta()
    _snapshots()
    _writer_lease()
    _postgres_only()


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account", name=op.f("pk_accounts")),
    )
    op.create_index("uq_accounts_uid", "accounts", ["tenant_id", "uid"], unique=True)


def _balances() -> None:
    op.create_table(
        "balances",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cash", FixedPoint(4), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account", "currency", name=op.f("pk_balances")),
    )


def _executions() -> None:
    op.create_table(
        "executions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("exec_key", sa.Text(), nullable=False),
        sa.Column("exec_id", sa.Text(), nullable=False),
        sa.Column("cl_ord_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("liquidity", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("last_qty", FixedPoint(8), nullable=False),
        sa.Column("last_px", FixedPoint(8), nullable=False),
        sa.Column("ts_event", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind = 'TRADE' OR kind = 'BUST' OR kind = 'CORRECTION'", name=op.f("ck_executions_kind")),
        sa.CheckConstraint(
            "liquidity = 'MAKER' OR liquidity = 'TAKER' OR liquidity = 'UNKNOWN'", name=op.f("ck_executions_liquidity")
        ),
        sa.CheckConstraint(
            "side = 'BUY' OR side = 'SELL' OR side = 'SELL_SHORT' OR side = 'BUY_TO_COVER'",
            name=op.f("ck_executions_side"),
        ),
        sa.CheckConstraint("last_qty >= 0", name=op.f("ck_executions_last_qty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executions")),
    )
    op.create_index("ix_executions_account", "executions", ["account", "ts_event", "uid"], unique=False)
    op.create_index("ix_executions_cl_ord_id", "executions", ["cl_ord_id", "ts_event", "uid"], unique=False)
    op.create_index("ix_executions_last_px", "executions", ["last_px", "uid"], unique=False)
    op.create_index("ix_executions_last_qty", "executions", ["last_qty", "uid"], unique=False)
    op.create_index("ix_executions_strategy_id", "executions", ["strategy_id", "ts_event", "uid"], unique=False)
    op.create_index("ix_executions_symbol", "executions", ["symbol", "ts_event", "uid"], unique=False)
    op.create_index("ix_executions_ts_event", "executions", ["ts_event", "uid"], unique=False)
    op.create_index("uq_executions_exec_key", "executions", ["tenant_id", "account", "venue", "exec_key"], unique=True)
    op.create_index("uq_executions_uid", "executions", ["tenant_id", "uid"], unique=True)


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "credential", "method", "route", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"], unique=False)


def _instruments() -> None:
    op.create_table(
        "instruments",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "symbol", name=op.f("pk_instruments")),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("ts_wall", sa.BigInteger(), nullable=False),
        sa.Column("ts_mono", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("causation", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(prev_hash) = 32 AND length(hash) = 32", name=op.f("ck_journal_hash")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_journal_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )


def _kill_switches() -> None:
    op.create_table(
        "kill_switches",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "scope = 'ALL' OR scope = 'ACCOUNT' OR scope = 'STRATEGY' OR scope = 'SYMBOL'",
            name=op.f("ck_kill_switches_scope"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "key", name=op.f("pk_kill_switches")),
    )


def _order_transitions() -> None:
    op.create_table(
        "order_transitions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("cl_ord_id", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("ts_event", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "to_status = 'NEW' OR to_status = 'PENDING_SUBMIT' OR to_status = 'SUBMITTED' OR to_status "
            "= 'ROUTED' OR to_status = 'PARTIALLY_FILLED' OR to_status = 'PENDING_CANCEL' OR to_status "
            "= 'PENDING_REPLACE' OR to_status = 'FILLED' OR to_status = 'CANCELLED' OR to_status = "
            "'REPLACED' OR to_status = 'REJECTED' OR to_status = 'EXPIRED' OR to_status = "
            "'INSUFFICIENT_FUNDS' OR to_status = 'RISK_REJECTED' OR to_status = 'COMPLIANCE_REJECTED'",
            name=op.f("ck_order_transitions_to_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_transitions")),
    )
    op.create_index("ix_order_transitions_cl_ord_id", "order_transitions", ["cl_ord_id"], unique=False)


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("cl_ord_id", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("ord_type", sa.Text(), nullable=False),
        sa.Column("time_in_force", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("order_qty", FixedPoint(8), nullable=False),
        sa.Column("price", FixedPoint(8), nullable=True),
        sa.Column("stop_px", FixedPoint(8), nullable=True),
        sa.Column("cum_qty", FixedPoint(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        *_order_rules(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    _order_indexes()


def _order_rules() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(
            "is_open = (status = 'NEW' OR status = 'PENDING_SUBMIT' OR status = 'SUBMITTED' OR status "
            "= 'ROUTED' OR status = 'PARTIALLY_FILLED' OR status = 'PENDING_CANCEL' OR status = "
            "'PENDING_REPLACE')",
            name=op.f("ck_orders_is_open"),
        ),
        sa.CheckConstraint(
            "ord_type = 'MARKET' OR ord_type = 'LIMIT' OR ord_type = 'STOP' OR ord_type = 'STOP_LIMIT' "
            "OR ord_type = 'TRAILING_STOP' OR ord_type = 'TRAILING_STOP_LIMIT'",
            name=op.f("ck_orders_ord_type"),
        ),
        sa.CheckConstraint(
            "side = 'BUY' OR side = 'SELL' OR side = 'SELL_SHORT' OR side = 'BUY_TO_COVER'", name=op.f("ck_orders_side")
        ),
        sa.CheckConstraint(
            "status = 'NEW' OR status = 'PENDING_SUBMIT' OR status = 'SUBMITTED' OR status = 'ROUTED' "
            "OR status = 'PARTIALLY_FILLED' OR status = 'PENDING_CANCEL' OR status = 'PENDING_REPLACE' "
            "OR status = 'FILLED' OR status = 'CANCELLED' OR status = 'REPLACED' OR status = "
            "'REJECTED' OR status = 'EXPIRED' OR status = 'INSUFFICIENT_FUNDS' OR status = "
            "'RISK_REJECTED' OR status = 'COMPLIANCE_REJECTED'",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint(
            "time_in_force = 'DAY' OR time_in_force = 'GTC' OR time_in_force = 'IOC' OR time_in_force "
            "= 'FOK' OR time_in_force = 'GTD' OR time_in_force = 'OPG' OR time_in_force = 'CLS'",
            name=op.f("ck_orders_time_in_force"),
        ),
        sa.CheckConstraint("order_qty >= 0 AND cum_qty >= 0", name=op.f("ck_orders_quantities")),
        sa.CheckConstraint("version >= 0", name=op.f("ck_orders_version")),
    )


def _order_indexes() -> None:
    op.create_index(
        "ix_orders_created_at",
        "orders",
        [
            "created_at",
            "uid",
            "symbol",
            "side",
            "ord_type",
            "time_in_force",
            "user_id",
            "account",
            "strategy_id",
            "status",
        ],
        unique=False,
    )
    op.create_index(
        "ix_orders_open",
        "orders",
        ["created_at", "uid"],
        unique=False,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index("ix_orders_order_qty", "orders", ["order_qty", "uid"], unique=False)
    op.create_index("ix_orders_price", "orders", ["price", "uid"], unique=False)
    op.create_index("ix_orders_status", "orders", ["status", "created_at", "uid"], unique=False)
    op.create_index(
        "ix_orders_strategy_id",
        "orders",
        ["strategy_id", "created_at", "uid"],
        unique=False,
        sqlite_where=sa.text("strategy_id <> ''"),
        postgresql_where=sa.text("strategy_id <> ''"),
    )
    op.create_index("ix_orders_submitted_at", "orders", ["submitted_at", "uid"], unique=False)
    op.create_index(
        "ix_orders_symbol",
        "orders",
        [
            "symbol",
            "created_at",
            "uid",
            "side",
            "ord_type",
            "time_in_force",
            "user_id",
            "account",
            "strategy_id",
            "status",
        ],
        unique=False,
    )
    op.create_index("ix_orders_symbol_uid", "orders", ["symbol", "uid"], unique=False)
    op.create_index("ix_orders_updated_at", "orders", ["updated_at", "uid"], unique=False)
    op.create_index("uq_orders_cl_ord_id", "orders", ["tenant_id", "cl_ord_id"], unique=True)
    op.create_index("uq_orders_uid", "orders", ["tenant_id", "uid"], unique=True)


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("qty", FixedPoint(8), nullable=False),
        sa.Column("is_flat", sa.Boolean(), nullable=False),
        sa.Column("realised", FixedPoint(4), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account", "symbol", "strategy_id", name=op.f("pk_positions")),
    )
    op.create_index("ix_positions_qty", "positions", ["strategy_id", "qty", "symbol"], unique=False)
    op.create_index("ix_positions_strategy_id", "positions", ["strategy_id", "symbol", "account"], unique=False)
    op.create_index("ix_positions_updated_at", "positions", ["strategy_id", "updated_at", "symbol"], unique=False)


def _schema_meta() -> None:
    op.create_table(
        "schema_meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schema_meta")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(state_hash) = 32", name=op.f("ck_snapshots_state_hash")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_snapshots")),
    )


def _writer_lease() -> None:
    op.create_table(
        "writer_lease",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.BigInteger(), nullable=False),
        sa.Column("pings", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("epoch >= 0", name=op.f("ck_writer_lease_epoch")),
        sa.CheckConstraint("id = 1", name=op.f("ck_writer_lease_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writer_lease")),
    )


def _postgres_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_orders_price_desc ON orders (price DESC NULLS LAST, uid DESC)")
        op.execute("CREATE INDEX ix_orders_submitted_at_desc ON orders (submitted_at DESC NULLS LAST, uid DESC)")
