"""P&L snapshots, risk limits and compliance rules."""

from workstation.storage.migrations.record_table import create_record_table, flag, integer, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    create_record_table(
        "pnl_snapshots", [text("account"), text("day"), integer("net_order")], unique=[("account", "day")]
    )
    create_record_table(
        "risk_limits",
        [text("name"), flag("is_active"), text("limit_type"), text("scope"), text("key")],
        unique=[("limit_type", "scope", "key")],
    )
    create_record_table(
        "compliance_rules",
        [text("name"), text("rule_type"), flag("is_active")],
        unique=[("name",)],
        allowed={
            "rule_type": (
                "RESTRICTED_SYMBOL",
                "MARKET_HOURS",
                "WASH_TRADE",
                "SHORT_SALE",
                "ACCOUNT_PERMISSION",
                "CUSTOM",
            )
        },
    )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
