"""Records, one table a kind, and the audit chain."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, flag, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ACTIONS = (
    "CREATE", "UPDATE", "DELETE", "LOGIN", "LOGOUT", "API_CALL", "ORDER_PLACE", "ORDER_CANCEL", "ORDER_MODIFY",
    "EXECUTION", "POSITION_CHANGE", "RISK_CHECK", "STRATEGY_START", "STRATEGY_STOP", "BROKER_CONNECT",
    "BROKER_DISCONNECT", "RISK_OVERRIDE", "KILL_SWITCH", "WEBHOOK", "CONFIG_CHANGE",
)  # fmt: skip
_ACTORS = ("USER", "API_KEY", "LOCAL", "ENGINE", "STRATEGY", "VENUE")
_OUTCOMES = ("SUCCESS", "REFUSED", "ERROR")


def upgrade() -> None:
    """Create every table."""
    _audit_entries()
    create_record_table(
        "api_keys",
        [text("user_id"), text("name"), flag("is_active"), text("key_prefix"), text("key_hash")],
        unique=[("key_prefix",), ("key_hash",)],
    )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(_any_of("action", _ACTIONS), name=op.f("ck_audit_entries_action")),
        sa.CheckConstraint(_any_of("actor_kind", _ACTORS), name=op.f("ck_audit_entries_actor_kind")),
        sa.CheckConstraint(_any_of("outcome", _OUTCOMES), name=op.f("ck_audit_entries_outcome")),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_audit_entries_sequence")),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_created_at", "audit_entries", ["tenant_id", "created_at"])
    op.create_index(
        "ix_audit_entries_resource", "audit_entries", ["tenant_id", "resource_type", "resource_id", "sequence"]
    )
    op.create_index("ix_audit_entries_request_id", "audit_entries", ["tenant_id", "request_id"])
    op.create_index("ix_audit_entries_user_id", "audit_entries", ["tenant_id", "user_id", "sequence"])


def _any_of(column: str, values: tuple[str, ...]) -> str:
    return " OR ".join(f"{column} = '{value}'" for value in values)
