"""API keys: each user's own. A key is made here and only its hash is kept; changing or deleting one acts at once."""

import secrets
from typing import Any

from workstation.api.credentials import hash_of
from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    find_record,
    given,
    list_records,
    read_record,
    renew_record,
)
from workstation.api.schemas.api_keys import (
    ApiKey,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyList,
    ApiKeyPage,
    ApiKeyUpdate,
    api_key_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.domain.records import ApiKey as ApiKeyRecord

routes = Routes()

KEY_BYTES = 32
PREFIX = "oms_"
PREFIX_DIGITS = 8
_KEY_ID = {"key_id": "uuid"}


def _body(call: Call, record: ApiKeyRecord) -> dict[str, Any]:
    return api_key_body(record, call.services.credentials.uses.of(record.id))


KEYS = RecordResource(
    kind=ApiKeyRecord,
    form=ListForm(
        key="api_keys",
        model=ApiKey,
        orderings={"created_at": "created_at", "name": "name"},
        default="-created_at",
    ),
    body=_body,
    id_name="key_id",
    filters={"is_active": "is_active"},
    owned=lambda call: {"user_id": call.credential.user},
)


@routes.add(
    "GET", "/auth/api-keys", scope="apikeys:manage", query=ApiKeyList, answers={200: ApiKeyPage}, form=KEYS.form
)
async def list_api_keys(call: Call) -> Answer:
    """List one's own API keys."""
    return await list_records(call, KEYS)


@routes.add("POST", "/auth/api-keys", scope="apikeys:manage", body=ApiKeyCreate, answers={201: ApiKeyCreated})
async def create_api_key(call: Call) -> Answer:
    """Make an API key; it is shown once."""
    asked: ApiKeyCreate = call.body
    _refuse_more(call, asked.scopes)
    _check_future(call, asked.expires_at)
    key = _new_key()
    draft = ApiKeyRecord(
        tenant=call.credential.tenant,
        user_id=call.credential.user,
        name=asked.name,
        scopes=tuple(asked.scopes),
        rate_limit=asked.rate_limit or call.services.options.rate_limit,
        expires_at=asked.expires_at,
        max_order_notional=asked.max_order_notional,
        key_prefix=_prefix_of(key),
        key_hash=hash_of(key),
    )
    return await create_record(call, KEYS, draft, once={"key": key})


@routes.add(
    "GET",
    "/auth/api-keys/{key_id}",
    scope="apikeys:manage",
    query=RecordRead,
    answers={200: ApiKey},
    path_types=_KEY_ID,
)
async def get_api_key(call: Call) -> Answer:
    """Read an API key."""
    return await read_record(call, KEYS)


@routes.change(
    "/auth/api-keys/{key_id}", scope="apikeys:manage", body=ApiKeyUpdate, answers={200: ApiKey}, path_types=_KEY_ID
)
async def put_api_key(call: Call) -> Answer:
    """Change an API key; its scopes can only shrink."""
    asked: ApiKeyUpdate = call.body
    record: ApiKeyRecord = await find_record(call, KEYS)
    changes = given(asked, scopes=tuple)
    if not set(changes.get("scopes", ())) <= set(record.scopes):
        raise invalid("scopes", "can only shrink", allowed=sorted(record.scopes))
    _check_future(call, changes.get("expires_at"))
    return await change_record(call, KEYS, changes, before=record)


@routes.add("DELETE", "/auth/api-keys/{key_id}", scope="apikeys:manage", answers={204: None}, path_types=_KEY_ID)
async def delete_api_key(call: Call) -> Answer:
    """Delete an API key; it is refused from then on."""
    return await delete_record(call, KEYS)


@routes.add(
    "POST", "/auth/api-keys/{key_id}/rotate", scope="apikeys:manage", answers={201: ApiKeyCreated}, path_types=_KEY_ID
)
async def rotate_api_key(call: Call) -> Answer:
    """Give an API key a new secret; the old one ends at once."""
    key = _new_key()
    changes = {"key_prefix": _prefix_of(key), "key_hash": hash_of(key)}
    return await renew_record(call, KEYS, changes, once={"key": key})


def _new_key() -> str:
    return PREFIX + secrets.token_hex(KEY_BYTES)


def _prefix_of(key: str) -> str:
    return key.removeprefix(PREFIX)[:PREFIX_DIGITS]


def _refuse_more(call: Call, scopes: list[str]) -> None:
    missing = sorted(set(scopes) - call.credential.scopes)
    if missing:
        raise ApiError("PERMISSION_DENIED", "A key cannot have scopes that its maker lacks.", {"required": missing})


def _check_future(call: Call, expires_at: int | None) -> None:
    if expires_at is not None and expires_at <= call.services.now_ns():
        raise invalid("expires_at", "must lie in the future")
