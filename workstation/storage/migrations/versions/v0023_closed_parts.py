"""Parts of tables on PostgreSQL show nobody but their owner anything: the whole table's policy says who may read."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_PARTS = (
    "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhparent"
    " WHERE relkind = 'p' AND relnamespace = CAST(current_schema() AS regnamespace)"
)


def upgrade() -> None:
    """Close every part that is there; without a policy of its own, row security lets nothing through."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in op.get_bind().exec_driver_sql(_PARTS).scalars().all():
        statement = sa.DDL("ALTER TABLE %(name)s ENABLE ROW LEVEL SECURITY", context={"name": name})  # type: ignore[no-untyped-call]  # the library leaves it so
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")
