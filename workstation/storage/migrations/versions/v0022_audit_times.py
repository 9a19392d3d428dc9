"""The audit of a span of time is read as a stretch of its chain: its index of times holds the sequences too."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew."""
    op.drop_index("ix_audit_entries_created_at", "audit_entries")
    op.create_index("ix_audit_entries_created_at", "audit_entries", ["tenant_id", "created_at", "sequence"])


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
