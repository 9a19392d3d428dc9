"""When imported markets trade, and the earlier tickers of what they list."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "market_hours",
        _tenant(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_market_hours")),
    )
    op.create_table(
        "ticker_spans",
        _tenant(),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "symbol", "starts", name=op.f("pk_ticker_spans")),
    )
    for name in ("market_hours", "ticker_spans"):
        isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False)
