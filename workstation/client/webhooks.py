"""Webhooks: endpoints that are told of events, what became of each delivery, and sources that tell us."""

from datetime import datetime
from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.values import ActionResult, SortedParams, Value, WalkParams, When


class Webhook(Value, frozen=True, kw_only=True):
    """An endpoint without its secret. failure_count: attempts that failed since it last took something."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    endpoint_url: str
    event_types: tuple[str, ...]
    is_active: bool
    max_retries: int
    retry_delay_s: int
    timeout_s: int
    failure_count: int
    last_success_at: datetime | None
    disabled_reason: str | None
    metadata: dict[str, Any]


class WebhookCreated(Value, frozen=True, kw_only=True):
    """An endpoint with its secret, shown this once."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    endpoint_url: str
    event_types: tuple[str, ...]
    is_active: bool
    max_retries: int
    retry_delay_s: int
    timeout_s: int
    failure_count: int
    last_success_at: datetime | None
    disabled_reason: str | None
    metadata: dict[str, Any]
    secret: str


class Delivery(Value, frozen=True, kw_only=True):
    """One event for one endpoint. message_id: the `webhook-id`; response_body: at most 4 KiB of the answer."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    webhook_id: str
    event_id: int
    message_id: str
    event_type: str
    payload: dict[str, Any]
    status: str
    attempt_count: int
    next_attempt_at: datetime | None
    response_status: int | None
    response_headers: dict[str, str] | None
    response_body: str | None
    error: str | None
    delivered_at: datetime | None


class WebhookSource(Value, frozen=True, kw_only=True):
    """A source; `secret` is there only in the answer that made it."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    description: str | None
    is_active: bool
    last_received_at: datetime | None
    has_secret: bool
    instruments: tuple[str, ...]
    secret: str | None = None


class WebhookList(SortedParams, kw_only=True):
    """Filters of the list. event_type: those that name exactly this type or prefix."""

    event_type: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class WebhookId(Params):
    """Names a webhook."""

    webhook_id: str


class WebhookCreate(Params, kw_only=True):
    """A new endpoint. event_types: types or prefixes such as `order.*`; empty for all that its maker may see."""

    name: str
    endpoint_url: str
    event_types: tuple[str, ...] | UnsetType = UNSET
    max_retries: int | UnsetType = UNSET
    retry_delay_s: int | UnsetType = UNSET
    timeout_s: int | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class WebhookUpdate(WebhookId, kw_only=True):
    """A partial change: what is absent stays; a new URL is judged again; `is_active` true forgets why it was off.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    name: str | UnsetType = UNSET
    endpoint_url: str | UnsetType = UNSET
    event_types: tuple[str, ...] | UnsetType = UNSET
    max_retries: int | UnsetType = UNSET
    retry_delay_s: int | UnsetType = UNSET
    timeout_s: int | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class DeliveryList(WalkParams, kw_only=True):
    """Filters of a webhook's deliveries."""

    webhook_id: str
    status: str | UnsetType = UNSET
    event_type: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class DeliveryId(Params):
    """Names a delivery."""

    webhook_id: str
    delivery_id: str


class WebhookSourceList(SortedParams, kw_only=True):
    """Filters of the list."""

    is_active: bool | UnsetType = UNSET
    search: str | UnsetType = UNSET


class SourceId(Params):
    """Names a source."""

    source_id: str


class WebhookSourceCreate(Params, kw_only=True):
    """A new source; with_secret: it must sign what it tells. instruments: symbols that it may price, if it signs."""

    name: str
    description: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    with_secret: bool | UnsetType = UNSET
    instruments: tuple[str, ...] | UnsetType = UNSET


class WebhookSourceUpdate(SourceId, kw_only=True):
    """A partial change; rotate_secret: a new secret takes the place of the old one and appears in the answer.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    description: str | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    rotate_secret: bool | UnsetType = UNSET
    instruments: tuple[str, ...] | UnsetType = UNSET


class Webhooks(Group[W], Generic[W]):
    """Keep endpoints that are told. A secret is shown once."""

    list = Listing("/webhooks/out", WebhookList, "webhooks", Webhook)
    get = Call("GET", "/webhooks/out/{webhook_id}", WebhookId, Webhook)
    create = Call("POST", "/webhooks/out", WebhookCreate, WebhookCreated)
    change = Call("PUT", "/webhooks/out/{webhook_id}", WebhookUpdate, Webhook)
    delete = Call("DELETE", "/webhooks/out/{webhook_id}", WebhookId, NoneType)
    rotate_secret = Call("POST", "/webhooks/out/{webhook_id}/rotate-secret", WebhookId, WebhookCreated)
    test = Call("POST", "/webhooks/out/{webhook_id}/test", WebhookId, ActionResult)
    deliveries = Listing("/webhooks/out/{webhook_id}/deliveries", DeliveryList, "deliveries", Delivery)
    delivery = Call("GET", "/webhooks/out/{webhook_id}/deliveries/{delivery_id}", DeliveryId, Delivery)
    redeliver = Call("POST", "/webhooks/out/{webhook_id}/deliveries/{delivery_id}/redeliver", DeliveryId, Delivery)


class WebhookSources(Group[W], Generic[W]):
    """Keep sources that may tell us. A secret is shown once."""

    list = Listing("/webhooks/in/sources", WebhookSourceList, "sources", WebhookSource)
    get = Call("GET", "/webhooks/in/sources/{source_id}", SourceId, WebhookSource)
    create = Call("POST", "/webhooks/in/sources", WebhookSourceCreate, WebhookSource)
    change = Call("PUT", "/webhooks/in/sources/{source_id}", WebhookSourceUpdate, WebhookSource)
    delete = Call("DELETE", "/webhooks/in/sources/{source_id}", SourceId, NoneType)
