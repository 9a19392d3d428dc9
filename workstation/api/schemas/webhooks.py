"""Webhooks on the wire: endpoints that are told, deliveries to them, and sources that tell us. Secrets appear once."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, Field, RootModel, StrictBool, StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.schemas.orders import check_metadata
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    EndTime,
    IdOut,
    Query,
    QueryFlag,
    Request,
    Resource,
    SearchText,
    StartTime,
    Symbol,
    TimeOut,
    time_or_none,
    time_text,
)
from workstation.api.webhooks_targets import URL_MAX
from workstation.domain.records import Webhook as WebhookRecord
from workstation.domain.records import WebhookSource as SourceRecord
from workstation.ports.deliveries import Delivery as CoreDelivery
from workstation.ports.deliveries import Health

EVENT_TYPES_MAX = 50

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
PricedSymbols = Annotated[list[Symbol], Field(max_length=100)]
Text = Annotated[str, StringConstraints(max_length=2_000)]
EndpointUrl = Annotated[str, StringConstraints(min_length=1, max_length=URL_MAX)]
EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*(\.\*)?$", max_length=60)]
EventTypes = Annotated[list[EventType], Field(max_length=EVENT_TYPES_MAX)]
Retries = Annotated[int, Field(ge=0, le=10)]
RetryDelay = Annotated[int, Field(ge=1, le=3_600)]
Timeout = Annotated[int, Field(ge=1, le=30)]
Metadata = Annotated[dict[str, Any], AfterValidator(check_metadata)]
StatusName = Literal["PENDING", "RETRYING", "DELIVERED", "DEAD"]


class WebhookCreate(Request):
    """A new endpoint. event_types: types or prefixes such as `order.*`; empty for all that its maker may see."""

    name: Name
    endpoint_url: EndpointUrl
    event_types: EventTypes = Field(default_factory=list)
    max_retries: Retries | None = None
    retry_delay_s: RetryDelay | None = None
    timeout_s: Timeout | None = None
    is_active: StrictBool = True
    metadata: Metadata | None = None


class WebhookUpdate(Request):
    """A partial change: what is absent stays; a new URL is judged again; `is_active` true forgets why it was off."""

    name: Name = unchanged()
    endpoint_url: EndpointUrl = unchanged()
    event_types: EventTypes = unchanged()
    max_retries: Retries = unchanged()
    retry_delay_s: RetryDelay = unchanged()
    timeout_s: Timeout = unchanged()
    is_active: StrictBool = unchanged()
    metadata: Metadata | None = None


class WebhookList(RecordList):
    """Filters of the list. event_type: those that name exactly this type or prefix."""

    event_type: EventType | None = None
    is_active: QueryFlag | None = None
    search: SearchText | None = None


class Webhook(RecordOut):
    """An endpoint without its secret. failure_count: attempts that failed since it last took something."""

    name: str
    endpoint_url: str
    event_types: list[str]
    is_active: bool
    max_retries: int
    retry_delay_s: int
    timeout_s: int
    failure_count: int
    last_success_at: TimeOut | None
    disabled_reason: str | None
    metadata: dict[str, Any]


class WebhookCreated(Webhook):
    """An endpoint with its secret, shown this once."""

    secret: str


class WebhookPage(Resource):
    """A page of endpoints."""

    webhooks: list[Webhook]
    total_count: int | None
    has_next: bool


class DeliveryList(RecordList):
    """Filters of a webhook's deliveries."""

    status: StatusName | None = None
    event_type: EventType | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None


class Delivery(RecordOut):
    """One event for one endpoint. message_id: the `webhook-id`; response_body: at most 4 KiB of the answer."""

    webhook_id: IdOut
    event_id: int
    message_id: str
    event_type: str
    payload: dict[str, Any]
    status: StatusName
    attempt_count: int
    next_attempt_at: TimeOut | None
    response_status: int | None
    response_headers: dict[str, str] | None
    response_body: str | None
    error: str | None
    delivered_at: TimeOut | None


class DeliveryPage(Resource):
    """A page of deliveries."""

    deliveries: list[Delivery]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class WebhookSourceCreate(Request):
    """A new source; with_secret: it must sign what it tells. instruments: symbols that it may price, if it signs."""

    name: SourceName
    description: Text | None = None
    is_active: StrictBool = True
    with_secret: StrictBool = True
    instruments: PricedSymbols = Field(default_factory=list)


class WebhookSourceUpdate(Request):
    """A partial change; rotate_secret: a new secret takes the place of the old one and appears in the answer."""

    description: Text | None = None
    is_active: StrictBool = unchanged()
    rotate_secret: StrictBool = unchanged()
    instruments: PricedSymbols = unchanged()


class WebhookSourceList(RecordList):
    """Filters of the list."""

    is_active: QueryFlag | None = None
    search: SearchText | None = None


class WebhookSource(RecordOut):
    """A source; `secret` is there only in the answer that made it."""

    name: str
    description: str | None
    is_active: bool
    last_received_at: TimeOut | None
    has_secret: bool
    instruments: list[str]
    secret: str | None = None


class WebhookSourcePage(Resource):
    """A page of sources."""

    sources: list[WebhookSource]
    total_count: int | None
    has_next: bool


class HookQuery(Query):
    """Which source tells."""

    source: SourceName


class HookBody(RootModel[Any]):
    """Whatever a source has to tell."""


def webhook_body(record: WebhookRecord, health: Health) -> dict[str, Any]:
    """Return an endpoint as the wire shows it."""
    return {
        **record_body(record),
        "name": record.name,
        "endpoint_url": record.endpoint_url,
        "event_types": list(record.event_types),
        "is_active": record.is_active,
        "max_retries": record.max_retries,
        "retry_delay_s": record.retry_delay_s,
        "timeout_s": record.timeout_s,
        "failure_count": health.failures,
        "last_success_at": time_or_none(health.last_success_at),
        "disabled_reason": record.disabled_reason or None,
        "metadata": record.metadata,
    }


def dead_body(record: WebhookRecord) -> dict[str, Any]:
    """Return a webhook as the event of a delivery that was given up shows it: without how it does at the moment."""
    body = webhook_body(record, Health())
    del body["failure_count"], body["last_success_at"]
    return body | {"delivery_id": record.last_dead}


def received_body(record: SourceRecord) -> dict[str, Any]:
    """Return a source as the event of what it told shows it, with the payload."""
    received = record.last_received
    told = {} if received is None else {"message_id": received.message_id, "payload": received.payload}
    return source_body(record) | told


def source_body(record: SourceRecord) -> dict[str, Any]:
    """Return a source as the wire shows it."""
    received = record.last_received
    return {
        **record_body(record),
        "name": record.name,
        "description": record.description or None,
        "is_active": record.is_active,
        "last_received_at": None if received is None else time_or_none(received.received_at),
        "has_secret": bool(record.secret),
        "instruments": list(record.instruments),
    }


def delivery_body(delivery: CoreDelivery) -> dict[str, Any]:
    """Return a delivery as the wire shows it."""
    return {
        "id": delivery.id,
        "tenant_id": tenant_uid(delivery.tenant),
        "created_at": time_text(delivery.created_at),
        "updated_at": time_text(delivery.updated_at),
        "webhook_id": delivery.webhook_id,
        "event_id": delivery.event_id,
        "message_id": delivery.message_id,
        "event_type": delivery.event_type,
        "payload": msgspec.Raw(delivery.payload),
        "status": delivery.status.value,
        "attempt_count": delivery.attempt_count,
        "next_attempt_at": time_or_none(delivery.next_attempt_at),
        "response_status": delivery.response_status,
        "response_headers": delivery.response_headers,
        "response_body": delivery.response_body or None,
        "error": delivery.error or None,
        "delivered_at": time_or_none(delivery.delivered_at),
    }
