"""What comes with imported markets: instruments, splits and dividends."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("SPLIT", "DIVIDEND")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "data_instruments",
        _tenant(),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "symbol", name=op.f("pk_data_instruments")),
    )
    kinds = " OR ".join(f"kind = '{kind}'" for kind in _KINDS)
    op.create_table(
        "corporate_actions",
        _tenant(),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("ex_date", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(kinds, name=op.f("ck_corporate_actions_kind")),
        sa.PrimaryKeyConstraint("tenant_id", "symbol", "ex_date", "kind", name=op.f("pk_corporate_actions")),
    )
    for name in ("data_instruments", "corporate_actions"):
        isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False)
