"""Webhooks in: sources that may tell us something, and the door through which they do. What is told becomes an event.

An inbound hook never places an order by itself. A source with a secret must sign; a `webhook-id` that comes again
within 24 hours is answered like the first and ignored.
"""

from collections.abc import Sequence
from uuid import uuid4

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, invalid
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
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.system import ActionResult
from workstation.api.schemas.webhooks import (
    HookBody,
    HookQuery,
    WebhookSource,
    WebhookSourceCreate,
    WebhookSourceList,
    WebhookSourcePage,
    WebhookSourceUpdate,
    source_body,
)
from workstation.api.webhooks_inbound import check_size, proved_id, source_of, take, take_once
from workstation.api.webhooks_secrets import new_secret
from workstation.commands.records import ChangeRecord
from workstation.domain.records import ReceivedHook
from workstation.domain.records import WebhookSource as SourceRecord

routes = Routes()

IN = "/webhooks/in"
_SOURCE = {"source_id": "uuid"}

SOURCES = RecordResource(
    kind=SourceRecord,
    form=ListForm(
        key="sources",
        model=WebhookSource,
        orderings={"created_at": "created_at", "name": "name"},
        default="-created_at",
    ),
    body=lambda _call, record: source_body(record),
    id_name="source_id",
    filters={"is_active": "is_active"},
)


@routes.add(
    "GET",
    "/webhooks/in/sources",
    scope="webhooks:manage",
    query=WebhookSourceList,
    answers={200: WebhookSourcePage},
    form=SOURCES.form,
)
async def list_sources(call: Call) -> Answer:
    """List sources of inbound hooks."""
    return await list_records(call, SOURCES)


@routes.add(
    "POST", "/webhooks/in/sources", scope="webhooks:manage", body=WebhookSourceCreate, answers={201: WebhookSource}
)
async def create_source(call: Call) -> Answer:
    """Make a source; its secret is shown once."""
    asked: WebhookSourceCreate = call.body
    secret = new_secret() if asked.with_secret else ""
    _check_priced(call, asked.instruments, signs=asked.with_secret)
    draft = SourceRecord(
        tenant=call.credential.tenant,
        name=asked.name,
        description=asked.description or "",
        is_active=asked.is_active,
        instruments=_once(asked.instruments),
        secret=call.services.sealer.seal(secret) if secret else "",
    )
    return await create_record(call, SOURCES, draft, once={"secret": secret} if secret else None)


@routes.add(
    "GET", "/webhooks/in/sources/{source_id}", scope="webhooks:manage", query=RecordRead,
    answers={200: WebhookSource}, path_types=_SOURCE,
)  # fmt: skip
async def get_source(call: Call) -> Answer:
    """Read a source."""
    return await read_record(call, SOURCES)


@routes.change(
    "/webhooks/in/sources/{source_id}", scope="webhooks:manage", body=WebhookSourceUpdate,
    answers={200: WebhookSource}, path_types=_SOURCE,
)  # fmt: skip
async def put_source(call: Call) -> Answer:
    """Change a source, or give it a new secret, which is shown once."""
    changes = given(call.body, description=lambda text: text or "", instruments=_once)
    source = await find_record(call, SOURCES)
    rotates = changes.pop("rotate_secret", False)
    _check_priced(call, changes.get("instruments", ()), signs=rotates or bool(source.secret))
    if not rotates:
        return await change_record(call, SOURCES, changes, before=source)
    secret = new_secret()
    sealed = {"secret": call.services.sealer.seal(secret)}
    return await change_record(call, SOURCES, changes | sealed, before=source, once={"secret": secret})


@routes.add(
    "DELETE", "/webhooks/in/sources/{source_id}", scope="webhooks:manage", answers={204: None}, path_types=_SOURCE
)
async def delete_source(call: Call) -> Answer:
    """Delete a source; what it tells is refused from then on."""
    return await delete_record(call, SOURCES)


@routes.add("POST", IN, scope="webhooks:receive", query=HookQuery, body=HookBody, answers={202: ActionResult})
async def receive_hook(call: Call) -> Answer:
    """Take what a source tells; it becomes an event."""
    check_size(call)
    source = await source_of(call)
    message_id = proved_id(call, source)
    if not message_id:
        named = uuid4().hex
        return await take(call, source, named, _command(call, source, named), None)
    return await take_once(call, source, message_id, content="", command=lambda: _command(call, source, message_id))


def _command(call: Call, source: SourceRecord, message_id: str) -> tuple[str, ChangeRecord]:
    """Return the command that takes a message: it becomes an event of its source."""
    hook = ReceivedHook(message_id=message_id, payload=call.body.root, received_at=call.services.now_ns())
    return "webhook_source.update", ChangeRecord(id=source.id, tenant=source.tenant, changes={"last_received": hook})


def _check_priced(call: Call, symbols: Sequence[str], *, signs: bool) -> None:
    """Refuse instruments that nobody knows, or any for a source that does not sign.

    Raises:
        ApiError: 422.
    """
    if symbols and not signs:
        raise invalid("instruments", "need a source that signs what it tells")
    unknown = [symbol for symbol in symbols if symbol not in call.services.names.instruments]
    if unknown:
        raise invalid("instruments", f"are not known: {len(unknown)} of {len(symbols)}", issue="unknown")


def _once(symbols: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(symbols))
