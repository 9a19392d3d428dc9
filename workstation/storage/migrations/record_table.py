"""How a revision makes the table of a kind of records: the columns that all have, its own, and its unique rules."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

LIVING = sa.text("deleted_at IS NULL")
_ISOLATION = (
    "ALTER TABLE %(name)s ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE %(name)s FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_rows ON %(name)s USING (current_setting('workstation.tenant', true) IN ('*', tenant_id))",
)


def create_record_table(
    name: str,
    columns: Sequence[sa.Column[Any]] = (),
    *,
    unique: Sequence[tuple[str, ...]] = (),
    allowed: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Create the table `name`.

    columns: the kind's own, all nullable. unique: columns that no two living rows of a tenant share. allowed: the
    values of a text column.
    """
    checks = {
        field: " OR ".join(f"{field} = '{value}'" for value in values) for field, values in (allowed or {}).items()
    }
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        *columns,
        sa.CheckConstraint("row_version > 0", name=op.f(f"ck_{name}_row_version")),
        *[sa.CheckConstraint(check, name=op.f(f"ck_{name}_{field}")) for field, check in checks.items()],
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_created_at", name, ["tenant_id", "created_at", "id"])
    for fields in unique:
        op.create_index(
            f"uq_{name}_{'_'.join(fields)}",
            name,
            ["tenant_id", *fields],
            unique=True,
            sqlite_where=LIVING,
            postgresql_where=LIVING,
        )


def isolate(name: str) -> None:
    """Let a session on PostgreSQL see the rows of its tenant alone, or all of them where it says so; no-op elsewhere.

    A session says `workstation.tenant`: a tenant's key, or `*` as the writer does. One that says nothing sees nothing.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in _ISOLATION:
        op.execute(sa.DDL(statement, context={"name": name}))  # type: ignore[no-untyped-call]  # the library leaves it so


def text(name: str) -> sa.Column[Any]:
    """Return a text column of a kind's own."""
    return sa.Column(name, sa.Text(), nullable=True)


def flag(name: str) -> sa.Column[Any]:
    """Return a column of true and false."""
    return sa.Column(name, sa.Boolean(), nullable=True)


def integer(name: str) -> sa.Column[Any]:
    """Return a column of 64-bit integers, such as times."""
    return sa.Column(name, sa.BigInteger(), nullable=True)
