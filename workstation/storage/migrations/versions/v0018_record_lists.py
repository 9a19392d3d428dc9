"""Lists of records come from the living rows alone, and those of runs and P&L snapshots by what they are asked for."""

from alembic import op

from workstation.storage.migrations.record_table import LIVING

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES = (
    "api_keys", "tenants", "users", "members", "invitations", "user_sessions", "pnl_snapshots", "compliance_rules",
    "risk_limits", "risk_overrides", "market_subscriptions", "instrument_entries", "webhooks", "webhook_sources",
    "strategies", "strategy_runs", "brokers", "connections", "broker_accounts",
)  # fmt: skip
_ASKED = {
    "pnl_snapshots": (("day",), ("net_order",), ("account", "day")),
    "strategy_runs": (
        ("status",),
        ("pnl_order",),
        ("capital_order",),
        ("strategy_id", "created_at"),
        ("account", "created_at"),
        ("user_id", "created_at"),
        ("status", "created_at"),
    ),
}


def upgrade() -> None:
    """Make the indexes."""
    for table in _TABLES:
        op.drop_index(f"ix_{table}_created_at", table)
        for fields in (("created_at",), *_ASKED.get(table, ())):
            op.create_index(
                f"ix_{table}_{'_'.join(fields)}",
                table,
                ["tenant_id", *fields, "id"],
                sqlite_where=LIVING,
                postgresql_where=LIVING,
            )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
