"""Webhooks, their sources, and deliveries."""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, flag, text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATUSES = ("PENDING", "RETRYING", "DELIVERED", "DEAD")


def upgrade() -> None:
    """Create every table."""
    create_record_table("webhooks", [text("name"), flag("is_active")])
    create_record_table("webhook_sources", [text("name"), flag("is_active")], unique=[("name",)])
    _deliveries()
    op.create_table(
        "delivery_place",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_place")),
    )


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            " OR ".join(f"status = '{status}'" for status in _STATUSES), name=op.f("ck_deliveries_status")
        ),
        sa.CheckConstraint("attempt_count >= 0", name=op.f("ck_deliveries_attempt_count")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("tenant_id", "message_id", name=op.f("uq_deliveries_message_id")),
    )
    op.create_index("ix_deliveries_created_at", "deliveries", ["tenant_id", "webhook_id", "created_at", "id"])
    op.create_index("ix_deliveries_delivered_at", "deliveries", ["tenant_id", "webhook_id", "delivered_at"])
    op.create_index("ix_deliveries_next_attempt_at", "deliveries", ["next_attempt_at"])
