"""What grows without end is cut into ranges of the journal's sequence on PostgreSQL; chains may begin at an anchor.

Each of the tables is made anew in parts, its rows are copied, and its indexes come back as they were. A unique rule
must hold the key that parts go by; an execution's key, which must never repeat at all, moves to a narrow table.
"""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RANGE_LINES = 5_000_000
_EVENTS_PER_LINE = 8
_KEYS = {
    "journal": ("seq", "seq"),
    "executions": ("seq", "id, seq"),
    "audit_entries": ("seq", "tenant_id, sequence, seq"),
    "deliveries": ("event_id", "tenant_id, id, event_id"),
}
"""By table: what its parts go by, and its primary key."""

_INDEXES = sa.text(
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
    " WHERE indrelid = CAST(:name AS regclass) AND NOT indisunique ORDER BY indexrelid"
)
_EXECUTION_KEYS = (
    """CREATE TABLE execution_keys (
        tenant_id text NOT NULL, account text NOT NULL, venue text NOT NULL, exec_key text NOT NULL,
        CONSTRAINT pk_execution_keys PRIMARY KEY (tenant_id, account, venue, exec_key))""",
    "INSERT INTO execution_keys SELECT tenant_id, account, venue, exec_key FROM executions",
    """CREATE FUNCTION keep_execution_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO execution_keys VALUES (NEW.tenant_id, NEW.account, NEW.venue, NEW.exec_key);
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER keep_execution_key AFTER INSERT ON executions FOR EACH ROW EXECUTE FUNCTION keep_execution_key()",
    "CREATE UNIQUE INDEX uq_executions_uid ON executions (tenant_id, uid, seq)",
)


def upgrade() -> None:
    """Add the anchors of the chains, and on PostgreSQL the ranges."""
    op.create_table(
        "chain_anchors",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_chain_anchors_sequence")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_chain_anchors")),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    newest = op.get_bind().exec_driver_sql("SELECT max(seq) FROM journal").scalar() or 0
    for table in _KEYS:
        _cut(table, newest // _RANGE_LINES)
    _run(*_EXECUTION_KEYS)
    _run("ALTER TABLE deliveries ADD CONSTRAINT uq_deliveries_message_id UNIQUE (tenant_id, message_id, event_id)")
    for table in ("executions", "audit_entries", "deliveries", "execution_keys"):
        isolate(table)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _cut(table: str, newest_range: int) -> None:
    """Make a table anew in ranges up to the one after the newest, with a part for what fits none."""
    range_key, primary_key = _KEYS[table]
    size = _RANGE_LINES * (_EVENTS_PER_LINE if table == "deliveries" else 1)
    indexes = op.get_bind().execute(_INDEXES, {"name": table}).scalars().all()
    _run(
        f"ALTER TABLE {table} RENAME TO {table}_whole",
        f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        f" PARTITION BY RANGE ({range_key})",
        *[
            f"CREATE TABLE {table}_{part:06} PARTITION OF {table}"
            f" FOR VALUES FROM ({part * size}) TO ({(part + 1) * size})"
            for part in range(newest_range + 2)
        ],
        f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT",
        f"INSERT INTO {table} SELECT * FROM {table}_whole",  # noqa: S608  names are ours
    )
    if table == "executions":
        _run("ALTER SEQUENCE executions_id_seq OWNED BY executions.id")
    _run(
        f"DROP TABLE {table}_whole",
        f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({primary_key})",
        *indexes,
    )


def _run(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
