"""Tenants, users, members, invitations and sessions, with the tenant and person that every installation begins with."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from workstation.storage.migrations.record_table import create_record_table, flag, isolate, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PLANS = ("FREE", "BASIC", "PROFESSIONAL", "ENTERPRISE")
_ROLES = ("OWNER", "ADMIN", "TRADER", "VIEWER", "ANALYST", "RISK_MANAGER", "COMPLIANCE")
_INVITATIONS = ("PENDING", "ACCEPTED", "DECLINED", "EXPIRED")
_TENANT_ID = "3c1b17a4-fdc1-474e-a0c9-a374f2faa8c6"
_USER_ID = "88b4bf18-0a48-4f1b-912f-a11d7f9ed30a"
_MEMBER_ID = "c47879ce-8176-4116-8682-a3dc7573c07f"


def upgrade() -> None:
    """Create every table and its first row."""
    create_record_table(
        "tenants",
        [text("name"), text("plan"), text("slug"), text("subdomain")],
        unique=[("name",), ("slug",), ("subdomain",)],
        allowed={"plan": _PLANS},
    )
    create_record_table("users", [text("email"), flag("is_active")], unique=[("email",)])
    create_record_table(
        "members",
        [text("email"), text("role"), flag("is_active"), text("user_id")],
        unique=[("user_id",)],
        allowed={"role": _ROLES},
    )
    create_record_table(
        "invitations",
        [text("email"), text("token_hash"), text("role"), text("status")],
        allowed={"role": _ROLES, "status": _INVITATIONS},
    )
    create_record_table(
        "user_sessions", [text("user_id"), flag("is_active"), text("session_key")], unique=[("session_key",)]
    )
    _add("tenants", _TENANT_ID, {"name": "Local", "slug": "local", "plan": "FREE"}, '"contact_email":"local@localhost"')
    _add("users", _USER_ID, {"email": "local@localhost", "is_active": True}, '"first_name":"Local"')
    _add("members", _MEMBER_ID, {"email": "local@localhost", "role": "OWNER", "user_id": _USER_ID, "is_active": True})
    bind = op.get_bind()
    for name in sa.inspect(bind).get_table_names():
        if any(column["name"] == "tenant_id" for column in sa.inspect(bind).get_columns(name)):
            isolate(name)


def downgrade() -> None:
    """Refuse: what a newer program wrote is never thrown away by an older one."""
    raise NotImplementedError("a database is not taken back to an older schema; restore a backup")


def _add(table: str, record_id: str, columns: dict[str, str | bool], *more: str) -> None:
    """Add the first row of a table. more: members of its JSON that are no columns."""
    shown = [f'"{name}":"{value}"' for name, value in columns.items() if isinstance(value, str)]
    base = (f'"type":"{table[:-1]}"', f'"id":"{record_id}"', '"row_version":1')
    state = "{" + ",".join((*base, *shown, *more)) + "}"
    row = {"tenant_id": "local", "id": record_id, "row_version": 1, "created_at": 0, "updated_at": 0, "seq": 0}
    values = {**row, "state": state.encode(), **columns}
    op.bulk_insert(sa.table(table, *[sa.column(name, _type_of(value)) for name, value in values.items()]), [values])


def _type_of(value: object) -> sa.types.TypeEngine[Any]:
    """Return the type that a literal of a first row needs."""
    kinds: dict[type, sa.types.TypeEngine[Any]] = {
        bool: sa.Boolean(),
        int: sa.BigInteger(),
        bytes: sa.LargeBinary(),
        str: sa.Text(),
    }
    return kinds[type(value)]
