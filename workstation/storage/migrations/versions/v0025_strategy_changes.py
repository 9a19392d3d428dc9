"""What each save of a strategy's definition changed."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; what was changed before stands in the journal alone."""
    op.create_table(
        "strategy_changes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_strategy_changes")),
    )
    op.create_index("ix_strategy_changes_created_at", "strategy_changes", ["tenant_id", "run_id", "created_at", "id"])
    isolate("strategy_changes")


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
