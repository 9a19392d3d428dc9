"""What fields of records may hold is checked by the database as well; the uses of API keys.

A column is added with its check, which both databases take without making the table anew, and filled from the records.
Where the column is there already, SQLite needs the table anew; its indexes come back as they were.
"""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import isolate

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

_SCOPES = ("TENANT", "ACCOUNT", "STRATEGY", "INSTRUMENT")
_LIMIT_TYPES = (
    "ORDER_QUANTITY", "ORDER_NOTIONAL", "POSITION_QUANTITY", "POSITION_NOTIONAL", "GROSS_EXPOSURE", "DAILY_LOSS",
    "DRAWDOWN", "ORDERS_PER_SECOND", "ORDERS_PER_MINUTE", "OPEN_ORDERS", "PRICE_COLLAR", "PRICE_COLLAR_TICKS",
)  # fmt: skip
_RANGES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "api_keys": {"rate_limit": (1, 100_000)},
    "webhooks": {"max_retries": (0, 10), "retry_delay_s": (1, 3_600), "timeout_s": (1, 30)},
}
_ALLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "compliance_rules": {"scope": _SCOPES},
}
_HELD_ALREADY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "risk_limits": {"limit_type": _LIMIT_TYPES, "scope": _SCOPES},
}


def upgrade() -> None:
    """Add the columns, their checks and the table."""
    for table, ranges in _RANGES.items():
        for field, (least, most) in ranges.items():
            _add(table, field, "BIGINT", f"{field} BETWEEN {least} AND {most}")
        _fill(table, tuple(ranges))
    for table, lists in _ALLOWED.items():
        for field, allowed in lists.items():
            _add(table, field, "TEXT", _one_of(field, allowed))
        _fill(table, tuple(lists))
    for table, lists in _HELD_ALREADY.items():
        _check(table, [_constraint(table, field, _one_of(field, allowed)) for field, allowed in lists.items()])
    op.create_table(
        "key_uses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("uses > 0", name=op.f("ck_key_uses_uses")),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name=op.f("pk_key_uses")),
    )
    isolate("key_uses")


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _add(table: str, field: str, kind: str, check: str) -> None:
    words = {"relation": table, "field": field, "kind": kind, "constraint": _constraint(table, field, check)}
    statement = "ALTER TABLE %(relation)s ADD COLUMN %(field)s %(kind)s %(constraint)s"
    op.execute(sa.DDL(statement, context=words))  # type: ignore[no-untyped-call]  # the library left it untyped


def _check(table: str, constraints: Sequence[str]) -> None:
    """Add checks of columns that are there."""
    run = op.get_bind().exec_driver_sql
    if op.get_bind().dialect.name == "postgresql":
        run(f"ALTER TABLE {table} {', '.join(f'ADD {constraint}' for constraint in constraints)}")
        return
    made = run("SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,)).all()
    [whole] = [row.sql for row in made if row.type == "table"]
    run(f"ALTER TABLE {table} RENAME TO {table}_before")
    run(f"{whole[: whole.rindex(')')]}, {', '.join(constraints)})")
    run(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608  names are ours
    run(f"DROP TABLE {table}_before")
    for row in made:
        if row.type == "index":
            run(row.sql)


def _constraint(table: str, field: str, check: str) -> str:
    return f"CONSTRAINT ck_{table}_{field} CHECK ({check})"


def _one_of(field: str, allowed: Sequence[str]) -> str:
    return " OR ".join(f"{field} = '{value}'" for value in allowed)


def _fill(table: str, fields: tuple[str, ...]) -> None:
    """Take the columns' values out of the records; a field that a record leaves out stays empty, which passes."""
    bind, names = op.get_bind(), ("tenant_id", "id", "state", *fields)
    rows = sa.table(table, *(sa.column(name) for name in names))
    for row in bind.execute(sa.select(rows.c.tenant_id, rows.c.id, rows.c.state)).all():
        record = json.loads(bytes(row.state))
        same = sa.and_(rows.c.tenant_id == row.tenant_id, rows.c.id == row.id)
        bind.execute(sa.update(rows).where(same).values({field: record.get(field) for field in fields}))
