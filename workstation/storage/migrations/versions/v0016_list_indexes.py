"""Indexes of lists that walked their table: orders by state, audit by action, feed qualities by instruments."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_orders_status_uid", "orders", ["status", "uid"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["tenant_id", "action", "sequence"])
    op.drop_index("ix_market_snapshots_snapshot_time", "market_snapshots")
    op.create_index(
        "ix_market_snapshots_snapshot_time",
        "market_snapshots",
        ["tenant_id", "snapshot_time", "data_source", "total_instruments"],
    )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
