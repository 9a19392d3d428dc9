"""P&L snapshots."""

from workstation.storage.migrations.record_table import create_record_table, integer, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    create_record_table(
        "pnl_snapshots", [text("account"), text("day"), integer("net_order")], unique=[("account", "day")]
    )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
