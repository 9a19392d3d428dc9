"""Webhooks out: endpoints that are told of events, their secrets, and what became of each delivery."""

import uuid
from functools import partial
from typing import Any

import msgspec

from workstation.api.credentials import tenant_uid
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.event_types import check_types
from workstation.api.lists import (
    ListForm,
    chosen_fields,
    ordering_of,
    page_body,
    sparse,
    walked_page,
    windowed,
)
from workstation.api.reading import read_answer
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
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.system import ActionResult
from workstation.api.schemas.values import time_text
from workstation.api.schemas.webhooks import (
    Delivery,
    DeliveryList,
    DeliveryPage,
    Webhook,
    WebhookCreate,
    WebhookCreated,
    WebhookList,
    WebhookPage,
    WebhookUpdate,
    delivery_body,
    webhook_body,
)
from workstation.api.webhooks_secrets import ROTATION_NS, new_secret
from workstation.api.webhooks_targets import judge
from workstation.domain.records import Webhook as WebhookRecord
from workstation.domain.records.bounds import WEBHOOKS_MAX
from workstation.ports.deliveries import Delivery as CoreDelivery
from workstation.ports.deliveries import DeliveryQuery, DeliveryStatus
from workstation.ports.store import IdempotencyRecord, RecordQuery

routes = Routes()

TEST_EVENT = "webhook.test"
_HOOK = {"webhook_id": "uuid"}
_DELIVERY = {**_HOOK, "delivery_id": "uuid"}


def _body(call: Call, record: WebhookRecord) -> dict[str, Any]:
    return webhook_body(record, call.services.reader.deliveries.health(record.tenant, record.id))


HOOKS = RecordResource(
    kind=WebhookRecord,
    form=ListForm(
        key="webhooks",
        model=Webhook,
        orderings={"created_at": "created_at", "name": "name"},
        default="-created_at",
    ),
    body=_body,
    id_name="webhook_id",
    filters={"is_active": "is_active"},
)
DELIVERIES = ListForm(
    key="deliveries",
    model=Delivery,
    orderings={"created_at": "created_at"},
    default="-created_at",
    by_time="created_at",
)


@routes.add(
    "GET", "/webhooks/out", scope="webhooks:view", query=WebhookList, answers={200: WebhookPage}, form=HOOKS.form
)
async def list_webhooks(call: Call) -> Answer:
    """List webhooks."""
    asked: WebhookList = call.query
    if asked.event_type is None:
        return await list_records(call, HOOKS)
    chosen = {} if asked.is_active is None else {"is_active": asked.is_active}
    query = RecordQuery(
        tenant=call.credential.tenant,
        equal=chosen,
        search=asked.search,
        ordering=ordering_of(call, HOOKS.form),
        limit=WEBHOOKS_MAX,
        with_count=False,
    )
    rows = (await call.services.read(call.services.reader.records, WebhookRecord, query)).rows
    found = [row for row in rows if isinstance(row, WebhookRecord) and asked.event_type in row.event_types]
    bodies, has_next = windowed(found, asked.limit, asked.offset, lambda row: _body(call, row))
    fields = chosen_fields(asked.fields, Webhook)
    shown = [sparse(body, fields) for body in bodies]
    total = len(found) if asked.with_count else None
    return json_answer(200, page_body(call, HOOKS.form, shown, total=total, has_next=has_next))


@routes.add("POST", "/webhooks/out", scope="webhooks:manage", body=WebhookCreate, answers={201: WebhookCreated})
async def create_webhook(call: Call) -> Answer:
    """Make a webhook; its secret is shown once."""
    asked: WebhookCreate = call.body
    check_types(asked.event_types, "event_types", "body")
    await judge(call.services.targets, asked.endpoint_url, "endpoint_url")
    tuned, secret = call.services.tuned, new_secret()
    draft = WebhookRecord(
        tenant=call.credential.tenant,
        user_id=call.credential.user,
        name=asked.name,
        endpoint_url=asked.endpoint_url,
        event_types=tuple(asked.event_types),
        scopes=tuple(sorted(call.credential.scopes)),
        secret=call.services.sealer.seal(secret),
        is_active=asked.is_active,
        max_retries=tuned.webhook_retries if asked.max_retries is None else asked.max_retries,
        retry_delay_s=asked.retry_delay_s or tuned.webhook_delay_s,
        timeout_s=asked.timeout_s or tuned.webhook_timeout_s,
        metadata=asked.metadata or {},
    )
    return await create_record(call, HOOKS, draft, once={"secret": secret})


@routes.add(
    "GET", "/webhooks/out/{webhook_id}", scope="webhooks:view", query=RecordRead, answers={200: Webhook},
    path_types=_HOOK,
)  # fmt: skip
async def get_webhook(call: Call) -> Answer:
    """Read a webhook."""
    return await read_record(call, HOOKS)


@routes.change(
    "/webhooks/out/{webhook_id}", scope="webhooks:manage", body=WebhookUpdate, answers={200: Webhook}, path_types=_HOOK
)
async def put_webhook(call: Call) -> Answer:
    """Change a webhook."""
    changes = given(call.body, event_types=tuple, metadata=lambda value: value or {})
    check_types(changes.get("event_types", ()), "event_types", "body")
    if "endpoint_url" in changes:
        await judge(call.services.targets, changes["endpoint_url"], "endpoint_url")
    if changes.get("is_active"):
        changes["disabled_reason"] = ""
    return await change_record(call, HOOKS, changes)


@routes.add("DELETE", "/webhooks/out/{webhook_id}", scope="webhooks:manage", answers={204: None}, path_types=_HOOK)
async def delete_webhook(call: Call) -> Answer:
    """Delete a webhook; it is told of nothing more."""
    return await delete_record(call, HOOKS)


@routes.add(
    "POST", "/webhooks/out/{webhook_id}/rotate-secret", scope="webhooks:manage", answers={201: WebhookCreated},
    path_types=_HOOK,
)  # fmt: skip
async def rotate_secret(call: Call) -> Answer:
    """Give a webhook a new secret; for a day, messages are signed with the one before as well."""
    record: WebhookRecord = await find_record(call, HOOKS)
    secret = new_secret()
    changes = {
        "secret": call.services.sealer.seal(secret),
        "previous_secret": record.secret,
        "previous_until": call.services.now_ns() + ROTATION_NS,
    }
    return await renew_record(call, HOOKS, changes, once={"secret": secret})


@routes.add(
    "POST", "/webhooks/out/{webhook_id}/test", scope="webhooks:manage", answers={202: ActionResult}, path_types=_HOOK
)
async def test_webhook(call: Call) -> Answer:
    """Send a webhook a test message."""
    record: WebhookRecord = await find_record(call, HOOKS)
    delivery = _test_delivery(call, record)
    data = {"delivery_id": delivery.id, "message_id": delivery.message_id}
    answer = json_answer(202, {"success": True, "message": "A test message is on its way.", "data": data})
    deliveries = call.services.reader.deliveries
    if not await call.services.read(deliveries.make, (delivery,), None, _kept(call, answer)):
        raise _not_stored()
    call.services.webhooks.wake()
    return answer


@routes.add(
    "GET", "/webhooks/out/{webhook_id}/deliveries", scope="webhooks:view", query=DeliveryList,
    answers={200: DeliveryPage}, form=DELIVERIES, path_types=_HOOK,
)  # fmt: skip
async def list_deliveries(call: Call) -> Answer:
    """List a webhook's deliveries."""
    record: WebhookRecord = await find_record(call, HOOKS)
    asked: DeliveryList = call.query
    query = partial(
        DeliveryQuery,
        tenant=record.tenant,
        webhook_id=record.id,
        status=None if asked.status is None else DeliveryStatus(asked.status),
        event_type=asked.event_type,
    )
    deliveries = call.services.reader.deliveries.deliveries
    return json_answer(200, await walked_page(call, DELIVERIES, deliveries, query, delivery_body))


@routes.add(
    "GET", "/webhooks/out/{webhook_id}/deliveries/{delivery_id}", scope="webhooks:view", query=RecordRead,
    answers={200: Delivery}, path_types=_DELIVERY, tagged=True,
)  # fmt: skip
async def get_delivery(call: Call) -> Answer:
    """Read a delivery."""
    delivery = await _delivery(call)
    return read_answer(call, Delivery, f'"v{delivery.updated_at}"', delivery_body(delivery))


@routes.add(
    "POST", "/webhooks/out/{webhook_id}/deliveries/{delivery_id}/redeliver", scope="webhooks:manage",
    answers={202: Delivery}, path_types=_DELIVERY,
)  # fmt: skip
async def redeliver(call: Call) -> Answer:
    """Try a delivery that was given up once more, under the same message id."""
    delivery = await _delivery(call)
    if delivery.status is not DeliveryStatus.DEAD:
        details = {"state": delivery.status.value, "allowed": [DeliveryStatus.DEAD.value]}
        raise ApiError("STATE_CONFLICT", "Only a delivery that was given up can be tried again.", details)
    now = call.services.now_ns()
    again = msgspec.structs.replace(
        delivery, status=DeliveryStatus.PENDING, attempt_count=0, next_attempt_at=now, updated_at=now, error=""
    )
    answer = json_answer(202, delivery_body(again))
    if not await call.services.read(call.services.reader.deliveries.save, again, _kept(call, answer)):
        raise _not_stored()
    call.services.webhooks.wake()
    return answer


def _kept(call: Call, answer: Answer) -> IdempotencyRecord | None:
    """Return what keeps the answer of a keyed call with its effect, None without a key."""
    return None if call.key is None else call.key.record(answer)


async def _delivery(call: Call) -> CoreDelivery:
    record: WebhookRecord = await find_record(call, HOOKS)
    read, wanted = call.services.reader.deliveries.delivery, call.path_params["delivery_id"]
    found = await call.services.read(read, record.tenant, record.id, wanted)
    if found is None:
        raise ApiError("NOT_FOUND", "No such thing.")
    return found


def _test_delivery(call: Call, record: WebhookRecord) -> CoreDelivery:
    made, now = str(uuid.uuid4()), call.services.now_ns()
    payload = {
        "specversion": "1.0", "id": made, "source": "workstation/webhooks", "type": TEST_EVENT, "time": time_text(now),
        "subject": f"webhook/{record.id}", "datacontenttype": "application/json", "dataversion": "1", "sequence": None,
        "tenantid": tenant_uid(record.tenant), "traceid": call.passport.trace_id, "data": {"name": record.name},
    }  # fmt: skip
    return CoreDelivery(
        id=made,
        tenant=record.tenant,
        webhook_id=record.id,
        event_id=0,
        message_id=f"msg_{made.replace('-', '')}",
        event_type=TEST_EVENT,
        payload=msgspec.json.encode(payload),
        next_attempt_at=now,
        created_at=now,
        updated_at=now,
    )


def _not_stored() -> ApiError:
    return ApiError("NOT_READY", "It could not be stored just now; nothing was done.", headers={"Retry-After": "1"})
