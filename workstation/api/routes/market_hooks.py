"""Webhooks in that bring market data: quotes, trades and bars of the instruments that a signing source may price.

What comes goes the way of the feed's ticks, or to the kept bars; of each message the journal keeps that it came. It
prices nothing that the venue prices, and places no order.
"""

import hashlib

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.idempotency import KeyedCall
from workstation.api.outcomes import refused
from workstation.api.schemas.market_hooks import MarketHook, bars_of, summary, ticks_of
from workstation.api.schemas.system import ActionResult
from workstation.api.schemas.webhooks import HookQuery
from workstation.api.webhooks_inbound import came_before, check_size, proved_id, source_of, taken
from workstation.commands.market_outside import TakeOutside
from workstation.domain.events import Event
from workstation.domain.orders import OrderState
from workstation.domain.records import ReceivedHook, WebhookSource
from workstation.ports.store import Row

routes = Routes()

PATH = "/webhooks/in/marketdata"


@routes.add("POST", PATH, scope="webhooks:receive", query=HookQuery, body=MarketHook, answers={202: ActionResult})
async def receive_market_data(call: Call) -> Answer:
    """Take market data that a source sends; it must sign, and count its messages of each instrument."""
    check_size(call)
    source = await source_of(call)
    if not source.secret:
        raise ApiError("PERMISSION_DENIED", "Only a source that signs may send market data.")
    message_id = proved_id(call, source)
    keyed = call.services.idempotency.begin((source.id, "POST", PATH, message_id), hashlib.sha256(call.raw).hexdigest())
    answer: Answer | None = None
    try:
        if await came_before(call, keyed):
            answer = taken("It came before and is ignored.", source, message_id)
        else:
            answer = await _take(call, source, message_id, keyed)
    finally:
        keyed.finish(answer)
    return answer


async def _take(call: Call, source: WebhookSource, message_id: str, keyed: KeyedCall) -> Answer:
    hook: MarketHook = call.body
    if hook.instrument_symbol not in source.instruments:
        allowed = sorted(source.instruments)
        raise invalid("instrument_symbol", "is not enabled for this source", issue="not_enabled", allowed=allowed)
    instrument = call.services.names.instrument(hook.instrument_symbol)
    now_ns = call.services.now_ns()
    answer = taken("Received.", source, message_id)
    params = TakeOutside(
        source=source.id,
        tenant=source.tenant,
        symbol=instrument.symbol,
        sequence=hook.sequence,
        hook=ReceivedHook(message_id=message_id, payload=summary(hook), received_at=now_ns),
        ticks=ticks_of(hook, instrument, now_ns),
        bars=bars_of(hook, instrument),
    )

    def rows(_order: OrderState | None, _event: Event) -> tuple[Row, ...]:
        stored = [key.record(answer) for key in (keyed, call.key) if key is not None]
        return tuple(row for row in stored if row is not None)

    result = await call.services.engine.call("market.take", params, call.origin, attach=rows)
    if not result.ok:
        raise refused(result)
    return answer
