"""Brokers, connections and accounts, and the log of connections, which on PostgreSQL is cut into ranges."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, flag, isolate, text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RANGE_LINES = 5_000_000
_BROKERS = (
    "PAPER", "INTERACTIVE_BROKERS", "DERIV", "TD_AMERITRADE", "CHARLES_SCHWAB", "ETRADE", "FIDELITY", "ROBINHOOD",
    "ALPACA", "TRADIER", "CUSTOM",
)  # fmt: skip
_ADAPTERS = ("SIM", "PAPER", "REPLAY", "IB", "CRYPTO", "ALPACA", "FIX")
_OWNERS = ("INDIVIDUAL", "JOINT", "IRA", "401K", "TRUST", "CORPORATE", "PARTNERSHIP", "LLC", "OTHER")
_STATUSES = ("ACTIVE", "INACTIVE", "SUSPENDED", "CLOSED", "PENDING")
_TOLERANCES = ("CONSERVATIVE", "MODERATE", "AGGRESSIVE")
_EVENTS = (
    "CONNECT", "DISCONNECT", "RECONNECT", "ERROR", "HEARTBEAT", "LOGIN", "LOGOUT", "API_CALL", "ORDER_PLACE",
    "ORDER_CANCEL", "ORDER_MODIFY", "EXECUTION",
)  # fmt: skip
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_RANGES = {
    "brokers": {"port": (1, 65_535), "timeout_seconds": (1, 600), "max_retries": (0, 10)},
    "connections": {"port": (1, 65_535), "client_id": (0, 2_147_483_647), "heartbeat_interval": (1, 3_600)},
}


def upgrade() -> None:
    """Create the tables."""
    create_record_table(
        "brokers",
        [text("name"), text("broker_type"), flag("is_active"), *_bounded("brokers")],
        unique=[("name",)],
        allowed={"broker_type": _BROKERS},
    )
    create_record_table(
        "connections",
        [
            text("name"), text("broker_id"), text("connection_type"), flag("is_active"), *_bounded("connections"),
        ],
        unique=[("broker_id", "name")],
        allowed={"connection_type": _ADAPTERS},
    )  # fmt: skip
    create_record_table(
        "broker_accounts",
        [
            text("account_number"), text("broker_id"), text("connection_id"), text("account_type"), text("status"),
            text("risk_tolerance"), flag("is_active"), flag("is_paper"),
        ],
        unique=[("connection_id", "account_number")],
        allowed={"account_type": _OWNERS, "status": _STATUSES, "risk_tolerance": _TOLERANCES},
    )  # fmt: skip
    _connection_logs()
    for name in ("brokers", "connections", "broker_accounts", "connection_logs"):
        isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _bounded(table: str) -> list[sa.Column[int]]:
    return [
        sa.Column(
            field,
            sa.BigInteger(),
            sa.CheckConstraint(f"{field} BETWEEN {least} AND {most}", name=op.f(f"ck_{table}_{field}")),
            nullable=True,
        )
        for field, (least, most) in _RANGES[table].items()
    ]


def _connection_logs() -> None:
    op.create_table(
        "connection_logs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(_one_of("event_type", _EVENTS), name=op.f("ck_connection_logs_event_type")),
        sa.CheckConstraint(_one_of("level", _LEVELS), name=op.f("ck_connection_logs_level")),
        sa.PrimaryKeyConstraint("tenant_id", "id", "seq", name=op.f("pk_connection_logs")),
        postgresql_partition_by="RANGE (seq)",
    )
    op.create_index(
        "ix_connection_logs_created_at", "connection_logs", ["tenant_id", "connection_id", "created_at", "id"]
    )
    op.create_index(
        "ix_connection_logs_event_type", "connection_logs", ["tenant_id", "connection_id", "event_type", "created_at"]
    )
    if op.get_bind().dialect.name == "postgresql":
        _cut()


def _cut() -> None:
    """Make the ranges up to the one after the newest, and a part for what fits none."""
    run = op.get_bind().exec_driver_sql
    newest = run("SELECT max(seq) FROM journal").scalar() or 0
    for part in range(newest // _RANGE_LINES + 2):
        span = f"FROM ({part * _RANGE_LINES}) TO ({(part + 1) * _RANGE_LINES})"
        run(f"CREATE TABLE connection_logs_{part:06} PARTITION OF connection_logs FOR VALUES {span}")
    run("CREATE TABLE connection_logs_rest PARTITION OF connection_logs DEFAULT")


def _one_of(field: str, allowed: tuple[str, ...]) -> str:
    return " OR ".join(f"{field} = '{value}'" for value in allowed)
