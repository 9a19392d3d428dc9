"""Audit entries: who asked for which change, and what became of it. One row a write, in a hash chain of its own.

The chain is given its links by the journal thread at commit. The canonical form is what scripts read, so that a
stranger can verify the chain from the list alone: UTF-8 JSON of the entry without `entry_hash`, keys sorted, no
spaces; `entry_hash` is the SHA-256 of `prev_hash` (64 hexadecimal digits, 64 zeros at first) followed by it.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.records import LOCAL_TENANT
from workstation.domain.times import NS_PER_S

FIRST_HASH = "0" * 64


class AuditAction(StrEnum):
    """What was asked for."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    LOGIN = "LOGIN"
    LOGOUT = "LOGOUT"
    API_CALL = "API_CALL"
    ORDER_PLACE = "ORDER_PLACE"
    ORDER_CANCEL = "ORDER_CANCEL"
    ORDER_MODIFY = "ORDER_MODIFY"
    EXECUTION = "EXECUTION"
    POSITION_CHANGE = "POSITION_CHANGE"
    RISK_CHECK = "RISK_CHECK"
    STRATEGY_START = "STRATEGY_START"
    STRATEGY_STOP = "STRATEGY_STOP"
    BROKER_CONNECT = "BROKER_CONNECT"
    BROKER_DISCONNECT = "BROKER_DISCONNECT"
    RISK_OVERRIDE = "RISK_OVERRIDE"
    KILL_SWITCH = "KILL_SWITCH"
    WEBHOOK = "WEBHOOK"
    CONFIG_CHANGE = "CONFIG_CHANGE"


class ActorKind(StrEnum):
    """Kind of who asked."""

    USER = "USER"
    API_KEY = "API_KEY"
    LOCAL = "LOCAL"
    ENGINE = "ENGINE"
    STRATEGY = "STRATEGY"
    VENUE = "VENUE"


class AuditOutcome(StrEnum):
    """What became of it."""

    SUCCESS = "SUCCESS"
    REFUSED = "REFUSED"
    ERROR = "ERROR"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry; `sequence` and the hashes are empty until it is committed. ts: UTC ns; values hold no secret.

    tenant: where it is kept; tenant_id: the same as scripts know it. `user_id` too is the id on the wire.
    """

    id: str
    tenant: str = LOCAL_TENANT
    tenant_id: str
    ts: int
    action: AuditAction
    actor_kind: ActorKind
    outcome: AuditOutcome = AuditOutcome.SUCCESS
    user_id: str | None = None
    credential_id: str | None = None
    resource_type: str = ""
    resource_id: str = ""
    old_values: dict[str, Any] | None = None
    new_values: dict[str, Any] | None = None
    ip_address: str | None = None
    user_agent: str = ""
    session_id: str = ""
    request_id: str = ""
    trace_id: str = ""
    metadata: dict[str, Any] | None = None
    sequence: int = 0
    prev_hash: str = FIRST_HASH
    entry_hash: str = ""


_TEXTS = ("resource_type", "resource_id", "user_agent", "session_id", "request_id", "trace_id")
_encode = msgspec.json.Encoder(order="sorted").encode


def shown(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as scripts read it: the canonical fields and `entry_hash`."""
    body: dict[str, Any] = msgspec.to_builtins(entry)
    del body["tenant"]
    body["created_at"] = _time_text(body.pop("ts"))
    return body | {name: body[name] or None for name in _TEXTS}


def hash_of(entry: AuditEntry) -> str:
    """Return what `entry_hash` must be."""
    body = shown(entry)
    del body["entry_hash"]
    return hashlib.sha256(entry.prev_hash.encode() + _encode(body)).hexdigest()


def linked(entry: AuditEntry, sequence: int, prev_hash: str) -> AuditEntry:
    """Return the entry as the next link behind `prev_hash`."""
    placed = msgspec.structs.replace(entry, sequence=sequence, prev_hash=prev_hash)
    return msgspec.structs.replace(placed, entry_hash=hash_of(placed))


def _time_text(ns: int) -> str:
    second, rest = divmod(ns, NS_PER_S)
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000:06d}Z"
