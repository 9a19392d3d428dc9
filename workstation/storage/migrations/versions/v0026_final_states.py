"""Orders by state: the final ones in an index that each enters once, the open ones in theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_OPEN, _FINAL = sa.text("is_open"), sa.text("NOT is_open")


def upgrade() -> None:
    """Make the indexes anew."""
    for name, columns, kept in (
        ("ix_orders_open", ["created_at", "uid", "status"], _OPEN),
        ("ix_orders_status", ["status", "created_at", "uid"], _FINAL),
    ):
        op.drop_index(name, "orders")
        op.create_index(name, "orders", columns, sqlite_where=kept, postgresql_where=kept)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
