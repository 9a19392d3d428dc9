"""Backtests and what came of them."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STATUSES = ("RUNNING", "STOPPED", "FAILED", "DONE")


def upgrade() -> None:
    """Create the table."""
    allowed = " OR ".join(f"status = '{status}'" for status in _STATUSES)
    op.create_table(
        "backtests",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("run", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(allowed, name=op.f("ck_backtests_status")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_backtests")),
    )
    isolate("backtests")


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
