"""Credentials that are kept: API keys. Only hashes and prefixes of them are ever stored."""

import msgspec

from workstation.domain.records.record import Record


class LivePermit(msgspec.Struct, frozen=True, kw_only=True):
    """A person's leave to one key or one strategy to add risk on live accounts.

    expires_at: UTC ns; caps: money as text.
    """

    expires_at: int
    caps: dict[str, str] = {}


class ApiKey(Record, frozen=True, kw_only=True, tag="api_key"):
    """A script's key. user_id: its owner, as orders name him; rate_limit: requests in 60 s.

    key_hash: SHA-256 of the whole key, hexadecimal; key_prefix: its first eight digits after `oms_`.
    max_order_notional: cap on one order as a plain decimal, None for no cap of its own.
    """

    user_id: str
    name: str
    key_prefix: str
    key_hash: str
    scopes: tuple[str, ...]
    rate_limit: int
    is_active: bool = True
    last_used_at: int | None = None
    expires_at: int | None = None
    max_order_notional: str | None = None
    live_permit: LivePermit | None = None
