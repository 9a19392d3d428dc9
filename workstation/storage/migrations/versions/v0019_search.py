"""Searches of orders and executions by index: pieces of their texts, and what is not in it yet.

Every row that is there waits for the index, which is filled while the program runs.
"""

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_PIECES = """CREATE FUNCTION search_pieces(tenant text, value text) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT ('x' || encode(substr(
        sha256(convert_to(tenant || substr(folded, n, 3), 'UTF8')), 1, 4), 'hex'))::bit(32)::integer), '{}')
    FROM (SELECT lower(value) AS folded) AS of_one_case, generate_series(1, length(folded) - 2) AS n $$"""

_ON_SERVER = """CREATE TABLE {row}_pieces (
    id bigint NOT NULL, pieces integer[] NOT NULL, CONSTRAINT pk_{row}_pieces PRIMARY KEY (id))"""
_INDEX = "CREATE INDEX ix_{row}_pieces_pieces ON {row}_pieces USING gin (pieces) WITH (fastupdate = off)"

_IN_FILE = (
    "CREATE VIRTUAL TABLE {row}_text USING fts5(texts, tokenize='trigram', content='', detail=none, columnsize=0)"
)
_FORGET = """CREATE TRIGGER forget_execution_text AFTER DELETE ON executions
    WHEN old.id <= (SELECT last_id FROM search_marks WHERE listed = 'executions') BEGIN
        INSERT INTO execution_text (execution_text, rowid, texts)
            VALUES ('delete', old.id, old.exec_id || '\n' || old.exec_key || '\n' || old.uid);
        UPDATE search_marks SET last_id = coalesce((SELECT max(id) FROM executions), 0)
            WHERE listed = 'executions' AND last_id > coalesce((SELECT max(id) FROM executions), 0);
    END"""
"""A file gives an id anew once the last row with a higher one has gone, so that the mark goes back with them."""


def upgrade() -> None:
    """Make the tables, and let every row that is there wait."""
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "order_backlog",
        sa.Column("id", sequence, autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default="local", nullable=False),
        sa.Column("cl_ord_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_backlog")),
    )
    op.create_table(
        "search_marks",
        sa.Column("listed", sa.Text(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("listed", name=op.f("pk_search_marks")),
    )
    _run(
        "INSERT INTO search_marks (listed, last_id) VALUES ('executions', 0)",
        "INSERT INTO order_backlog (tenant_id, cl_ord_id)"
        " SELECT tenant_id, cl_ord_id FROM orders WHERE NOT is_open ORDER BY id",
    )
    if op.get_bind().dialect.name == "postgresql":
        isolate("order_backlog")
        _run(_PIECES, *[made.format(row=row) for row in ("order", "execution") for made in (_ON_SERVER, _INDEX)])
    else:
        _run(*[_IN_FILE.format(row=row) for row in ("order", "execution")], _FORGET)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _run(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
