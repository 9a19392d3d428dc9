"""Overrides of risk limits."""

from workstation.storage.migrations.record_table import create_record_table, isolate, text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    create_record_table("risk_overrides", [text("limit_type"), text("account"), text("symbol")])
    isolate("risk_overrides")


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
