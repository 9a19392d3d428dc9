"""Tags of strategies, which lists are filtered by, as words between ends of lines."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and fill it from the records."""
    op.add_column("strategies", sa.Column("tag_words", sa.Text(), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE strategies SET tag_words = ''"))
    rows = connection.execute(sa.text("SELECT tenant_id, id, state FROM strategies")).all()
    for tenant, key, state in rows:
        tags = json.loads(bytes(state)).get("tags") or []
        if tags:
            fill = sa.text("UPDATE strategies SET tag_words = :words WHERE tenant_id = :tenant AND id = :id")
            connection.execute(fill, {"words": "\n".join(("", *tags, "")), "tenant": tenant, "id": key})


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
