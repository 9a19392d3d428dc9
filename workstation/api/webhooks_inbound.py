"""What every inbound hook passes: its source is known and on, its signature is right and new enough, its id is new.

What passes is taken once, by a command whose effect keeps the answer. Each refusal says which of these it was: whoever
signs for a source may know it, and a secret never shows in it.
"""

from collections.abc import Callable

import msgspec

from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.idempotency import KeyedCall, check_same
from workstation.api.outcomes import refused
from workstation.api.schemas.webhooks import HookQuery
from workstation.api.webhooks_secrets import TOLERANCE_S, is_near, is_signed
from workstation.domain.events import Event
from workstation.domain.orders import OrderState
from workstation.domain.records import WebhookSource
from workstation.ports.store import RecordQuery, Row

HOOK_BYTES_MAX = 256 * 1024
"""Largest payload of an inbound hook: it is kept in the journal."""

MESSAGE_ID_MAX = 200


def check_size(call: Call) -> None:
    """Refuse a hook that is too large.

    Raises:
        ApiError: 413.
    """
    if len(call.raw) > HOOK_BYTES_MAX:
        raise ApiError("PAYLOAD_TOO_LARGE", f"An inbound hook is larger than {HOOK_BYTES_MAX} bytes.")


async def source_of(call: Call) -> WebhookSource:
    """Return the source that the query names.

    Raises:
        ApiError: 404, there is none, or it is off.
    """
    asked: HookQuery = call.query
    query = RecordQuery(tenant=call.credential.tenant, equal={"name": asked.source}, limit=1, with_count=False)
    found = (await call.services.read(call.services.reader.records, WebhookSource, query)).rows
    source = found[0] if found else None
    if not isinstance(source, WebhookSource) or not source.is_active:
        raise ApiError("NOT_FOUND", "No such source.")
    return source


def proved_id(call: Call, source: WebhookSource) -> str:
    """Return the message's `webhook-id`, "" where a source that does not sign gives none.

    Raises:
        ApiError: 401 unsigned, stale or with a wrong signature, 400 with an id that is too long.
    """
    message_id = call.header(b"webhook-id") or ""
    if len(message_id) > MESSAGE_ID_MAX:
        raise ApiError("BAD_REQUEST", "The webhook-id is too long.")
    if not source.secret:
        return message_id
    timestamp, signatures = call.header(b"webhook-timestamp"), call.header(b"webhook-signature")
    if not message_id or timestamp is None or signatures is None:
        raise _refused("UNSIGNED", "The source signs: send webhook-id, webhook-timestamp and webhook-signature.")
    now_s = call.services.now_ns() // 10**9
    if not is_near(timestamp, now_s):
        raise _refused("STALE", f"The webhook-timestamp is more than {TOLERANCE_S} s from now.")
    secret = call.services.sealer.open(source.secret)
    if not is_signed(secret, message_id, timestamp, signatures, body=call.raw, now_s=now_s):
        raise _refused("WRONG_SIGNATURE", "The signature is not that of the source's secret.")
    return message_id


async def take_once(
    call: Call,
    source: WebhookSource,
    message_id: str,
    *,
    content: str,
    command: Callable[[], tuple[str, msgspec.Struct]],
) -> Answer:
    """Take a message by a command, unless one with its id came within the hours that answers are kept.

    content: what a message with the same id must have in common with the first. What is answered is kept with the
    command's effect, under the message's id and the call's own key.

    Raises:
        ApiError: 409 while the first is being taken, 422 when the first was another one; what the engine refuses.
    """
    keyed = call.services.idempotency.begin((source.id, "POST", call.endpoint.path, message_id), content)
    answer: Answer | None = None
    try:
        if await _came_before(call, keyed):
            answer = _taken("It came before and is ignored.", source, message_id)
        else:
            answer = await take(call, source, message_id, command(), keyed)
    finally:
        keyed.finish(answer)
    return answer


async def take(
    call: Call, source: WebhookSource, message_id: str, command: tuple[str, msgspec.Struct], keyed: KeyedCall | None
) -> Answer:
    """Take a message by a command and answer 202. keyed: the message's id as a key, None where it has none.

    Raises:
        ApiError: the engine refuses.
    """
    answer = _taken("Received.", source, message_id)

    def rows(_order: OrderState | None, _event: Event) -> tuple[Row, ...]:
        stored = [key.record(answer) for key in (keyed, call.key) if key is not None]
        return tuple(row for row in stored if row is not None)

    result = await call.services.engine.call(*command, call.origin, attach=rows)
    if not result.ok:
        raise refused(result)
    return answer


async def _came_before(call: Call, keyed: KeyedCall) -> bool:
    if call.services.idempotency.remembered(keyed) is not None:
        return True
    record = await call.services.read(call.services.reader.idempotency, *keyed.place, call.services.now_ns())
    if record is not None:
        check_same(record.fingerprint, keyed.fingerprint)
    return record is not None


def _taken(text: str, source: WebhookSource, message_id: str) -> Answer:
    data = {"source": source.name, "message_id": message_id}
    return json_answer(202, {"success": True, "message": text, "data": data})


def _refused(reason: str, text: str) -> ApiError:
    return ApiError("UNAUTHENTICATED", text, {"reason": reason})
