"""Webhooks in that bring market data: quotes, trades and bars of the instruments that a signing source may price.

What comes goes the way of the feed's ticks, or to the kept bars; of each message the journal keeps that it came. It
prices nothing that the venue prices, and places no order.
"""

import hashlib

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.schemas.market_hooks import MarketHook, bars_of, summary, ticks_of
from workstation.api.schemas.system import ActionResult
from workstation.api.schemas.webhooks import HookQuery
from workstation.api.webhooks_inbound import check_size, proved_id, source_of, take_once
from workstation.commands.market_outside import TakeOutside
from workstation.domain.records import ReceivedHook, WebhookSource

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
    content = hashlib.sha256(call.raw).hexdigest()
    return await take_once(
        call, source, message_id, content=content, command=lambda: _command(call, source, message_id)
    )


def _command(call: Call, source: WebhookSource, message_id: str) -> tuple[str, TakeOutside]:
    """Return the command that takes a message.

    Raises:
        ApiError: 422, the source may not price the instrument.
    """
    hook: MarketHook = call.body
    if hook.instrument_symbol not in source.instruments:
        allowed = sorted(source.instruments)
        raise invalid("instrument_symbol", "is not enabled for this source", issue="not_enabled", allowed=allowed)
    instrument = call.services.names.instrument(hook.instrument_symbol)
    now_ns = call.services.now_ns()
    return "market.take", TakeOutside(
        source=source.id,
        tenant=source.tenant,
        symbol=instrument.symbol,
        sequence=hook.sequence,
        hook=ReceivedHook(message_id=message_id, payload=summary(hook), received_at=now_ns),
        ticks=ticks_of(hook, instrument, now_ns),
        bars=bars_of(hook, instrument),
    )
