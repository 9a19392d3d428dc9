"""Ids of limits on the wire: the same on every machine and at every start, made of type, scope and key."""

from workstation.kernel.ids import stable_uid


def limit_id(limit: str, scope: str = "TENANT", key: str = "") -> str:
    """Return the id of the limit of a type at a scope; `key` names the account, strategy or symbol."""
    return stable_uid("limit", limit, scope, key)
