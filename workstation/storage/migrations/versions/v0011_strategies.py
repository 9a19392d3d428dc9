"""Strategies, their runs, and what runs leave behind."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, flag, integer, isolate, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_STATUSES = {
    "strategies": ("DRAFT", "ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"),
    "strategy_runs": ("PENDING", "RUNNING", "PAUSED", "COMPLETED", "STOPPED", "ERROR", "CANCELLED"),
}


def upgrade() -> None:
    """Create the tables."""
    create_record_table(
        "strategies",
        [
            text("name"), text("description"), text("strategy_type"), text("risk_profile"), text("user_id"),
            text("status"), flag("is_approved"), integer("pnl_order"),
        ],
        unique=[("name",)],
        allowed={"status": _STATUSES["strategies"]},
    )  # fmt: skip
    create_record_table(
        "strategy_runs",
        [
            text("strategy_id"), text("account"), text("user_id"), text("status"), integer("started_at"),
            integer("pnl_order"), integer("capital_order"),
        ],
        allowed={"status": _STATUSES["strategy_runs"]},
    )  # fmt: skip
    _rows("run_logs", "created_at", _needed("level"), _needed("event_type"))
    _rows(
        "run_signals",
        "signal_time",
        _needed("symbol"),
        _needed("signal_type"),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("is_executed", sa.Integer(), nullable=False),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 10000", name=op.f("ck_run_signals_confidence")),
    )
    periods = " OR ".join(f"period_type = '{kind}'" for kind in ("DAILY", "WEEKLY", "MONTHLY"))
    _rows(
        "run_performances",
        "created_at",
        _needed("period_type"),
        _needed("period_end"),
        sa.Column("period_return", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(periods, name=op.f("ck_run_performances_period_type")),
    )
    for name, time in (("run_logs", "created_at"), ("run_signals", "signal_time"), ("run_performances", "period_end")):
        op.create_index(f"ix_{name}_{time}", name, ["tenant_id", "run_id", time, "id"])
    for name in ("run_logs", "run_signals"):
        op.create_index(f"ix_{name}_seq", name, ["seq"])
    op.create_table(
        "run_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("entry_point", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_run_code")),
    )
    for name in ("strategies", "strategy_runs", "run_logs", "run_signals", "run_performances"):
        isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _needed(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _rows(name: str, time: str, *own: Any) -> None:
    op.create_table(
        name,
        _needed("tenant_id"),
        _needed("id"),
        _needed("run_id"),
        sa.Column(time, sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        *own,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{name}")),
    )
