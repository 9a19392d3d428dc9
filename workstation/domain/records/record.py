"""The base of every record: one row of a small, named, mutable resource.

Neither walk: records stand beside trading. A record is replaced whole, never changed in place; what a save may change
and who may ask for it is the business of the commands. Plain secrets never become a field.
"""

import msgspec

LOCAL_TENANT = "local"
"""Tenant of an embedded database; on a server also where users, sessions and the tenants themselves are kept."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record has. Times are UTC ns; `row_version` counts from 1; a draft has an empty `id`."""

    id: str = ""
    tenant: str = LOCAL_TENANT
    row_version: int = 0
    created_at: int = 0
    updated_at: int = 0
    deleted_at: int | None = None


def kind_of(record: type[Record] | Record) -> str:
    """Return the kind of a record: the tag that stands for its type in the journal."""
    return str(record.__struct_config__.tag)
