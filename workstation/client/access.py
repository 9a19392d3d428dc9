"""Access: API keys and the audit of what was asked for."""

from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import Nothing, Number, SortedParams, Value, WalkParams, When


class LivePermit(Value, frozen=True, kw_only=True):
    """A person's leave to trade a live account with this key."""

    expires_at: datetime
    caps: dict[str, str]


class ApiKey(Value, frozen=True, kw_only=True):
    """A key without its secret."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    key_prefix: str
    scopes: tuple[str, ...]
    is_active: bool
    last_used_at: datetime | None
    use_count: int = 0
    expires_at: datetime | None
    rate_limit: int
    max_order_notional: Decimal | None
    live_permit: LivePermit | None


class ApiKeyCreated(Value, frozen=True, kw_only=True):
    """A key with its secret, shown this once."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    key_prefix: str
    scopes: tuple[str, ...]
    is_active: bool
    last_used_at: datetime | None
    use_count: int = 0
    expires_at: datetime | None
    rate_limit: int
    max_order_notional: Decimal | None
    live_permit: LivePermit | None
    key: str


class AuditEntry(Value, frozen=True, kw_only=True):
    """One entry. `entry_hash` is SHA-256 of `prev_hash` followed by the rest as JSON: keys sorted, no spaces, UTF-8."""

    id: str
    tenant_id: str
    created_at: datetime
    user_id: str | None
    action: str
    resource_type: str | None
    resource_id: str | None
    old_values: dict[str, Any] | None
    new_values: dict[str, Any] | None
    ip_address: str | None
    user_agent: str | None
    session_id: str | None
    request_id: str | None
    metadata: dict[str, Any] | None
    sequence: int
    actor_kind: str
    credential_id: str | None
    outcome: str
    trace_id: str | None
    prev_hash: str
    entry_hash: str


class AuditVerification(Value, frozen=True, kw_only=True):
    """What walking the chain found."""

    valid: bool
    entries: int
    first_sequence: int | None
    last_sequence: int | None
    first_broken_sequence: int | None
    last_hash: str


class ApiKeyList(SortedParams, kw_only=True):
    """Filters of the key list."""

    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class KeyId(Params):
    """Names a key."""

    key_id: str


class ApiKeyCreate(Params, kw_only=True):
    """A new key. Scopes must be among the caller's own; expires_at lies in the future."""

    name: str
    scopes: tuple[str, ...]
    expires_at: When | UnsetType = UNSET
    rate_limit: int | UnsetType = UNSET
    max_order_notional: Number | UnsetType = UNSET


class ApiKeyUpdate(KeyId, kw_only=True):
    """A partial change: what is absent stays; scopes can only shrink; null lifts `expires_at`.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    name: str | UnsetType = UNSET
    scopes: tuple[str, ...] | UnsetType = UNSET
    expires_at: When | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET


class AuditList(WalkParams, kw_only=True):
    """Filters of the audit list."""

    user_id: str | UnsetType = UNSET
    action: str | UnsetType = UNSET
    resource_type: str | UnsetType = UNSET
    resource_id: str | UnsetType = UNSET
    request_id: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class EntryNumber(Params):
    """Names a sequence."""

    sequence: int


class ApiKeys(Group[W], Generic[W]):
    """Make and end one's own API keys. A key is shown once."""

    list = Listing("/auth/api-keys", ApiKeyList, "api_keys", ApiKey)
    get = Call("GET", "/auth/api-keys/{key_id}", KeyId, ApiKey)
    create = Call("POST", "/auth/api-keys", ApiKeyCreate, ApiKeyCreated)
    change = Call("PUT", "/auth/api-keys/{key_id}", ApiKeyUpdate, ApiKey)
    delete = Call("DELETE", "/auth/api-keys/{key_id}", KeyId, NoneType)
    rotate = Call("POST", "/auth/api-keys/{key_id}/rotate", KeyId, ApiKeyCreated)


class Audit(Group[W], Generic[W]):
    """Read what was asked for, and check the chain."""

    list = Listing("/audit", AuditList, "entries", AuditEntry)
    get = Call("GET", "/audit/{sequence}", EntryNumber, AuditEntry)
    verify = Call("GET", "/audit/verify", Nothing, AuditVerification)
