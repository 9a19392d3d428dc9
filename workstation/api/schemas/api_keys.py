"""API keys on the wire. The key itself appears once, in the answer that made it."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    DecimalOut,
    PositiveMoney,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    Time,
    TimeOut,
    kept_text,
    time_or_none,
    time_text,
)
from workstation.api.scopes import ALL
from workstation.domain.records import ApiKey as ApiKeyRecord
from workstation.ports.key_uses import KeyUse

RATE_LIMIT_MAX = 100_000


def _known_scopes(scopes: list[str]) -> list[str]:
    if not set(scopes) <= ALL:
        raise ValueError(f"holds a scope that does not exist; known are {', '.join(sorted(ALL))}")
    if len(set(scopes)) != len(scopes):
        raise ValueError("names a scope twice")
    return scopes


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Scopes = Annotated[list[str], Field(min_length=1, max_length=len(ALL)), AfterValidator(_known_scopes)]


class ApiKeyCreate(Request):
    """A new key. Scopes must be among the caller's own; expires_at lies in the future."""

    name: Name
    scopes: Scopes
    expires_at: Time | None = None
    rate_limit: Annotated[int, Field(ge=1, le=RATE_LIMIT_MAX)] | None = None
    max_order_notional: PositiveMoney | None = None


class ApiKeyUpdate(Request):
    """A partial change: what is absent stays; scopes can only shrink; null lifts `expires_at`."""

    name: Name = unchanged()
    scopes: Scopes = unchanged()
    expires_at: Time | None = None
    is_active: StrictBool = unchanged()


class ApiKeyList(RecordList):
    """Filters of the key list."""

    is_active: QueryFlag | None = None
    search: SearchText | None = None


class LivePermit(Resource):
    """A person's leave to trade a live account with this key."""

    expires_at: TimeOut
    caps: dict[str, str]


class ApiKey(RecordOut):
    """A key without its secret."""

    name: str
    key_prefix: str
    scopes: list[str]
    is_active: bool
    last_used_at: TimeOut | None
    use_count: int
    expires_at: TimeOut | None
    rate_limit: int
    max_order_notional: DecimalOut | None
    live_permit: LivePermit | None


class ApiKeyCreated(ApiKey):
    """A key with its secret, shown this once."""

    key: str


class ApiKeyPage(Resource):
    """A page of keys."""

    api_keys: list[ApiKey]
    total_count: int | None
    has_next: bool


def api_key_body(record: ApiKeyRecord, use: KeyUse | None) -> dict[str, Any]:
    """Return a key as the wire shows it. use: what it was used for, None for nothing."""
    permit = record.live_permit
    return {
        **record_body(record),
        "name": record.name,
        "key_prefix": record.key_prefix,
        "scopes": list(record.scopes),
        "is_active": record.is_active,
        "last_used_at": time_or_none(record.last_used_at if use is None else use.last_used_at),
        "use_count": 0 if use is None else use.uses,
        "expires_at": time_or_none(record.expires_at),
        "rate_limit": record.rate_limit,
        "max_order_notional": kept_text(record.max_order_notional),
        "live_permit": None if permit is None else {"expires_at": time_text(permit.expires_at), "caps": permit.caps},
    }
