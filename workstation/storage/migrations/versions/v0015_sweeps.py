"""Sweeps over the parameters of strategies, and their trials."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STATUSES = {"sweeps": ("RUNNING", "STOPPED", "DONE"), "sweep_trials": ("DONE", "FAILED")}


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sweeps",
        _tenant(),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        _one_of("sweeps"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "sweep_trials",
        _tenant(),
        sa.Column("sweep_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fold", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        _one_of("sweep_trials"),
        sa.PrimaryKeyConstraint("tenant_id", "sweep_id", "fold", "number", name=op.f("pk_sweep_trials")),
    )
    for name in ("sweeps", "sweep_trials"):
        isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False)


def _one_of(table: str) -> sa.CheckConstraint:
    allowed = " OR ".join(f"status = '{status}'" for status in _STATUSES[table])
    return sa.CheckConstraint(allowed, name=op.f(f"ck_{table}_status"))
