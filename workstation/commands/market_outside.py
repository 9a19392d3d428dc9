"""The command that takes market data from a webhook's source. A step of the tick walk beside the feed.

It is called by the source's own door alone, which has proved the signature; `/commands` does not offer it. Of each
instrument a source counts its messages: one that does not count on from the last is refused, across restarts too.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import storage_code
from workstation.commands.registry import CommandResult, Invocation
from workstation.domain.errors import InUse, NotFound, StateConflict, ValidationError
from workstation.domain.events import RecordSaved
from workstation.domain.market import Bar, Quote, Trade
from workstation.domain.records import ReceivedHook, Record, WebhookSource

SYMBOLS_MAX = 100
"""Instruments that one source may price."""


class TakeOutside(msgspec.Struct, frozen=True, kw_only=True):
    """Take one message. source: the record's id; sequence: above the source's last one of the instrument."""

    source: str
    tenant: str
    symbol: str
    sequence: int
    hook: ReceivedHook
    ticks: tuple[Quote | Trade, ...] = ()
    bars: tuple[Bar, ...] = ()


def check_source(context: EngineContext, before: Record | None, after: Record) -> None:
    """Refuse a source that would price what it may not.

    Raises:
        ValidationError: it does not sign, or names more instruments than a source may.
        InUse: one of its instruments is unknown, or priced by the venue.
    """
    if not isinstance(after, WebhookSource) or after.deleted_at is not None:
        return
    if before is not None and getattr(before, "instruments", ()) == after.instruments:
        return
    if len(after.instruments) > SYMBOLS_MAX or (after.instruments and not after.secret):
        raise ValidationError(
            "instruments", "need a source that signs", allowed=f"at most {SYMBOLS_MAX}, with a secret"
        )
    for symbol in after.instruments:
        if why := context.outside.why_closed(symbol):
            raise InUse(f"{symbol} {why}.")


def take_outside(context: EngineContext, params: TakeOutside, call: Invocation) -> None:
    """Take a source's message; what it holds is in the market when the answer comes.

    Raises:
        NotFound: the source is gone or off.
        ValidationError: the instrument is not the source's to price.
        InUse: the venue prices it by now.
        StateConflict: it does not count on from the source's last message of the instrument.
    """
    source = context.state.records.find(WebhookSource, params.tenant, params.source)
    if not isinstance(source, WebhookSource) or not source.is_active:
        raise NotFound("source", params.source)
    if params.symbol not in source.instruments:
        raise ValidationError("instrument_symbol", "is not enabled", allowed=", ".join(source.instruments))
    if why := context.outside.why_closed(params.symbol):
        raise InUse(f"{params.symbol} {why}.")
    last = source.sequences.get(params.symbol, 0)
    if params.sequence <= last:
        raise StateConflict("The message is out of order.", state=str(last), allowed=(f"sequence above {last}",))
    if why := context.outside.refusal((*params.ticks, *params.bars)):
        call.reply(CommandResult(ok=False, code="VALIDATION_ERROR", text=f"Refused: {why}."))
        return
    now, actor = context.clock.now_ns(), call.origin.actor
    record = msgspec.structs.replace(
        source,
        last_received=params.hook,
        sequences={**source.sequences, params.symbol: params.sequence},
        row_version=source.row_version + 1,
        updated_at=now,
    )
    saved = RecordSaved(record=record, changed=("last_received",), actor=actor, ts=now)
    seq = context.desk.recorder.record([saved], actor=actor, attach=call.attach)
    context.outside.take(params.ticks, params.bars, source.name)

    def reply(durable: bool) -> None:
        trouble = f"It could not be stored: {context.journal.trouble or 'storage failed'}."
        taken = CommandResult(ok=True, text="Taken.")
        call.reply(taken if durable else CommandResult(ok=False, code=storage_code(trouble), text=trouble))

    context.journal.when_durable(seq, reply)
