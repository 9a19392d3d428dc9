"""Items of a bulk call: each runs as a call of its own, with a key of its own, and its answer becomes one line.

A keyed bulk call is repeatable item by item: what an item did is stored with its effect under the call's key and its
index, so that a repeat after a crash goes on where the first one ended. Runs on the API's loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from workstation.api.endpoint import Call, json_answer
from workstation.api.errors import Answer, ApiError, boundary
from workstation.api.idempotency import KeyedCall, fingerprint_of, replayed
from workstation.commands.answers import KeepAnswer
from workstation.kernel.ids import stable_uid

ItemWork = Callable[[Call, int], Awaitable[Answer]]
"""Runs the item of an index, given the call that it would be alone."""


async def run_items(call: Call, items: Sequence[Any], work: ItemWork) -> list[Answer]:
    """Return each item's answer: the one stored under its key, else what `work` gives; refusals become problems.

    Items start in their order, so that commands reach the engine in it.
    """
    keys = [None if call.key is None else _item_key(call.key, index, item) for index, item in enumerate(items)]
    earlier = await call.services.read(_stored, call, keys)
    path, trace_id = call.request.scope["path"], call.passport.trace_id

    async def answer_of(index: int) -> Answer:
        known = earlier[index]
        if known is not None:
            return known
        single = replace(call, key=keys[index])
        return await boundary(lambda: work(single, index), instance=path, trace_id=trace_id)

    return await asyncio.gather(*[asyncio.ensure_future(answer_of(index)) for index in range(len(items))])


def _stored(call: Call, keys: Sequence[KeyedCall | None]) -> list[Answer | None]:
    now = call.services.now_ns()
    records = [None if key is None else call.services.reader.idempotency(*key.place, now) for key in keys]
    return [
        None if record is None or key is None else replayed(record, key.fingerprint)
        for key, record in zip(keys, records, strict=True)
    ]


def item_order_id(call: Call, index: int) -> str | None:
    """Return the client order id of an item that names none: the same at each repeat of a keyed call."""
    return None if call.key is None else "OMS-" + stable_uid("bulk", *call.key.place, str(index)).replace("-", "")


def rejections(answers: Sequence[Answer], items: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the lines of the refused items."""
    return [
        _rejection(index, answer, items[index])
        for index, answer in enumerate(answers)
        if answer.status not in (200, 201)
    ]


def _rejection(index: int, refused: Answer, item: Any) -> dict[str, Any]:
    """Return the line of a refused item; its message is the sentence that the item alone would have been told."""
    body = msgspec.json.decode(refused.body)
    order_id, error = body["details"].get("order_id"), body["error"] | {"message": body["detail"]}
    return {"index": index, "code": body["code"], "error": error, "order_id": order_id, "data": item}


def repeated(name: str) -> ApiError:
    """Return the refusal of an item that names what an earlier one of the same call named."""
    return ApiError("DUPLICATE", "An earlier item of this call names the same.", {"field": name})


async def bulk_answer(
    call: Call, answers: Sequence[Answer], status: int, accepted: Sequence[Any], rejected: Sequence[Mapping[str, Any]]
) -> Answer:
    """Return the call's answer, kept for its repeats where it had any effect.

    With an item whose outcome is not known nothing is kept, and the key stays free to ask again.
    """
    answer = json_answer(status, {"accepted": accepted, "rejected": rejected})
    key = call.key
    if key is None:
        return answer
    if any(single.status >= 500 for single in answers):
        key.finish(None)
        call.late = True
    elif accepted or any(line["order_id"] for line in rejected):
        row = key.record(answer)
        keep = KeepAnswer(route=call.endpoint.path)
        kept = () if row is None else (row,)
        await call.services.engine.call("answer.keep", keep, call.origin, attach=lambda _order, _event: kept)
    return answer


def _item_key(key: KeyedCall, index: int, item: Any) -> KeyedCall:
    credential, method, route, name = key.place
    place = (credential, method, f"{route}#{index}", name)
    return KeyedCall(place, fingerprint_of(method, place[2], item), key.expires_at, lambda _: None)
