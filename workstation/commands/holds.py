"""Hold commands: a person's word on orders that compliance keeps here. The order walk's stage above the desk."""

import msgspec

from workstation.commands.compliance_naming import named, naming
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import refused, storage_code
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.errors import ValidationError
from workstation.orders.results import ChangeResult

COMPLIANCE = "Compliance"


class ReleaseHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Let a held order go, through the gate anew."""

    cl_ord_id: str
    reason: str = ""


class RefuseHeld(msgspec.Struct, frozen=True, kw_only=True):
    """End a held order, with a reason."""

    cl_ord_id: str
    reason: str


def release_held(context: EngineContext, params: ReleaseHeld, call: Invocation) -> None:
    """Release a held order; what the gate says of it now decides."""
    result = context.desk.release(params.cl_ord_id, call.origin, params.reason, attach=naming(context, call.attach))
    _answer(context, call, result, "Released.")


def refuse_held(context: EngineContext, params: RefuseHeld, call: Invocation) -> None:
    """Refuse a held order."""
    if not params.reason.strip():
        raise ValidationError("reason", "is needed to refuse an order", allowed="one or more words")
    result = context.desk.refuse(params.cl_ord_id, call.origin, params.reason, attach=naming(context, call.attach))
    _answer(context, call, result, "Refused.")


def _answer(context: EngineContext, call: Invocation, result: ChangeResult, text: str) -> None:
    """Reply once what became of the order is durable; at once where it stays as it is."""
    denial, order = result.denial, result.order
    if denial is not None and order is not None:
        denial = named(context, denial, order.terms, order.strategy_id)
    if not result.seq and denial is not None:
        call.reply(refused(denial, order))
        return

    def reply(durable: bool) -> None:
        if not durable:
            trouble = context.journal.trouble or "the journal could not store it"
            call.reply(CommandResult(ok=False, code=storage_code(trouble), text=f"NOT STORED: {trouble}."))
        elif denial is not None:
            call.reply(refused(denial, order))
        else:
            now = None if order is None else context.state.book.get(order.cl_ord_id)
            call.reply(CommandResult(ok=True, text=text, data=now))

    context.journal.when_durable(result.seq, reply)


def register(commands: CommandRegistry) -> None:
    """Declare the commands."""
    rows: tuple[Declaration, ...] = (
        ("compliance.release", "Release held order", ReleaseHeld, "compliance:manage", release_held),
        ("compliance.refuse", "Refuse held order", RefuseHeld, "compliance:manage", refuse_held),
    )
    commands.declare(COMPLIANCE, rows)
