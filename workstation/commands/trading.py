"""Trading commands: place, preview, change, annotate, cancel, flatten. The order walk's stage above the desk.

Every door calls these with the same parameters. An answer goes out when its effect is durable, refusals included.
"""

import re
from collections.abc import Callable

from workstation.commands.compliance_naming import named, naming
from workstation.commands.context import EngineContext
from workstation.commands.outcomes import Refusal, refused, storage_code
from workstation.commands.outlook import look_at_order
from workstation.commands.params import (
    AnnotateOrder,
    CancelMany,
    CancelOne,
    ChangeOrder,
    ExitAccount,
    ExitPosition,
    Focus,
    PlaceOrder,
)
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.events import OrderNoted
from workstation.domain.orders import (
    CancelOrder,
    CancelScope,
    Contingency,
    FlattenPosition,
    GroupLink,
    LegRole,
    OrderState,
    ReplaceOrder,
    SubmitGroup,
    SubmitOrder,
)
from workstation.domain.texts import composed
from workstation.domain.verdicts import RuleResult
from workstation.orders.book import group_of
from workstation.orders.brackets import bracket
from workstation.orders.pairs import oco_pair
from workstation.orders.results import ChangeResult, ExitProgress, ExitStage, ScopeResult

TRADE = "Trading"
CLIENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
"""What an order may be called by whoever places it."""

OVERTAKEN = "Cancelled before it was sent: a cancel was given after it."


def submit_order(context: EngineContext, params: PlaceOrder, call: Invocation) -> None:
    """Place one order, a bracket when leg prices stand with it, or an OCO pair; for a run, only while that runs."""
    if params.strategy_id and not context.state.book.knows(params.cl_ord_id):
        context.strategies.admit(params.strategy_id, params.terms.account)
    if params.stop_loss_px is not None or params.take_profit_px is not None:
        _submit_bracket(context, params, call)
        return
    if params.oco is not None:
        group = oco_pair(_command(context, params, call, None), params.oco, ids=context.ids)
        _submit_group(context, group, call, "OCO pair accepted.")
        return
    command = _command(context, params, call, _leg_link(context, params))
    answer = _order_answer(context, command.cl_ord_id, call)
    attach = naming(context, call.attach)
    result = context.desk.submit(command, attach=attach, on_durable=answer, withdrawn=call.withdrawn)
    if result.duplicate:
        call.reply(_duplicate(result.order, command.cl_ord_id))
    elif result.denial is not None and not result.seq:
        call.reply(refused(result.denial))
    elif result.denial is None:
        answer.judged(None)
    else:
        answer.judged(named(context, result.denial, command.terms, command.strategy_id))


class _order_answer:  # noqa: N801  reads as the function that it is: called once with whether the effect is durable
    """Answers an order command once it is judged and its effect is durable, whichever comes first."""

    def __init__(self, context: EngineContext, cl_ord_id: str, call: Invocation) -> None:
        self._context, self._cl_ord_id, self._call = context, cl_ord_id, call
        self._denial: RuleResult | None = None
        self._is_judged = False
        self._durable: bool | None = None

    def __call__(self, durable: bool) -> None:
        self._durable = durable
        if self._is_judged:
            self._reply(durable)

    def judged(self, denial: RuleResult | None) -> None:
        """Take the gate's word, None where it let the order pass."""
        self._denial, self._is_judged = denial, True
        if self._durable is not None:
            self._reply(self._durable)

    def _reply(self, durable: bool) -> None:
        order = self._context.state.book.get(self._cl_ord_id)
        if not durable:
            self._call.reply(_not_stored(self._context))
        elif self._denial is not None:
            self._call.reply(refused(self._denial, order))
        else:
            text = order.text if order is not None and order.is_held else _taken(self._call, "Accepted.")
            self._call.reply(CommandResult(ok=True, text=text, data=order))


def preview_order(context: EngineContext, params: PlaceOrder, call: Invocation) -> None:
    """Answer every rule's verdict on an order, storing and counting nothing."""
    command = _command(context, params, call, None)
    verdict = context.desk.preview(command)
    denial = verdict.denial
    call.reply(CommandResult(ok=True, text="" if denial is None else denial.text, data=verdict))


def change_order(context: EngineContext, params: ChangeOrder, call: Invocation) -> None:
    """Ask for new terms of a live order."""
    command = ReplaceOrder(
        cl_ord_id=params.cl_ord_id,
        origin=call.origin,
        order_qty=params.order_qty,
        price=params.price,
        stop_px=params.stop_px,
        trail=params.trail,
        activation_px=params.activation_px,
        time_in_force=params.time_in_force,
        expire_time=params.expire_time,
        version=params.version,
    )
    result = context.desk.replace(command, attach=call.attach)
    if result.denial is not None:
        call.reply(refused(result.denial, result.order))
    else:
        _follow(context, result, call)
        _when_durable(context, result.seq, call, lambda: _order_result(context, params.cl_ord_id, _asked(result)))


def annotate_order(context: EngineContext, params: AnnotateOrder, call: Invocation) -> None:
    """Set an order's notes and metadata."""
    order = context.state.book.get(params.cl_ord_id)
    if order is None:
        raise NotFound("order", params.cl_ord_id)
    noted = OrderNoted(
        cl_ord_id=order.cl_ord_id,
        ts=context.clock.now_ns(),
        notes=order.notes if params.notes is None else composed(params.notes),
        metadata=order.metadata if params.metadata is None else _composed(params.metadata),
    )
    seq = context.desk.recorder.record([noted], actor=call.origin.actor, attach=call.attach)
    _when_durable(context, seq, call, lambda: _order_result(context, params.cl_ord_id, "Noted."))


def cancel_order(context: EngineContext, params: CancelOne, call: Invocation) -> None:
    """Cancel one order; one that still waited before the engine never becomes one."""
    if call.overtaken:
        call.reply(CommandResult(ok=True, text=OVERTAKEN, pending=True))
        return
    command = CancelOrder(cl_ord_id=params.cl_ord_id, origin=call.origin, reason=params.reason)
    result = context.desk.cancel(command, attach=call.attach)
    if result.denial is not None:
        call.reply(refused(result.denial, result.order))
    else:
        _follow(context, result, call)
        text = "No session: the cancel is kept and goes out on reconnect." if result.kept else "Cancel asked."
        _when_durable(context, result.seq, call, lambda: _order_result(context, params.cl_ord_id, text))


def _follow(context: EngineContext, result: ChangeResult, call: Invocation) -> None:
    """Let a door that keeps its answer with the effect keep it again with the venue's word."""
    order = result.order
    if call.attach is not None and order is not None and not order.status.is_final:
        context.desk.recorder.follow(order.cl_ord_id, call.attach)


def cancel_many(context: EngineContext, params: CancelMany, call: Invocation) -> None:
    """Cancel every live order that matches."""
    scope = CancelScope(
        origin=call.origin,
        account=params.account,
        symbol=params.symbol,
        strategy_id=params.strategy_id,
        side_sign=params.side_sign,
        include_protective=params.include_protective,
        entries_only=params.entries_only,
    )
    result = context.desk.cancel_scope(scope)
    text = _scope_text(result, call.overtaken)
    _when_durable(context, result.seq, call, lambda: CommandResult(ok=True, text=text, data=result))


def cancel_last(context: EngineContext, params: Focus, call: Invocation) -> None:
    """Cancel the newest working order of a focus, never a protective stop; one on its way here is the newest."""
    if call.overtaken:
        call.reply(CommandResult(ok=True, text=OVERTAKEN, pending=True))
        return
    orders = [o for o in context.state.book.open_orders(params.account, params.symbol) if not o.is_protective]
    if not orders:
        call.reply(CommandResult(ok=True, text=f"No working order in {params.symbol}."))
        return
    newest = max(reversed(orders), key=lambda order: order.created_at)  # of two at one instant the later one
    cancel_order(context, CancelOne(cl_ord_id=newest.cl_ord_id, reason="newest"), call)


def flatten_position(context: EngineContext, params: ExitPosition, call: Invocation) -> None:
    """Cancel the instrument's orders, then exit with one capped order; again reprices the same exit.

    Another exit beside one that hangs is sent on words that a person types in the desktop, never for a script.
    """
    if params.override and not call.origin.kind.is_hand:
        text = "Refused: only a person in the desktop can have another exit sent."
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text=text))
        return
    progress = context.desk.flatten(_flatten(params, call))
    context.journal.when_durable(context.journal.last_seq, lambda _durable: call.reply(_exit_result(progress)))


def flatten_account(context: EngineContext, params: ExitAccount, call: Invocation) -> None:
    """Flatten every position of an account."""
    symbols = [
        row.symbol
        for row in context.state.ledger.positions()
        if row.account == params.account and row.strategy_id == "*" and row.qty
    ]
    exits = [
        context.desk.flatten(_flatten(ExitPosition(account=params.account, symbol=symbol), call)) for symbol in symbols
    ]
    text = f"Flattening {len(exits)} positions." if exits else f"{params.account} is flat; nothing sent."
    call.reply(CommandResult(ok=True, text=text, data=exits))


def _flatten(params: ExitPosition, call: Invocation) -> FlattenPosition:
    return FlattenPosition(
        account=params.account,
        symbol=params.symbol,
        origin=call.origin,
        portion_bps=params.portion_bps,
        through_ticks=params.through_ticks,
        override=params.override,
    )


def _exit_result(progress: ExitProgress) -> CommandResult:
    failed = progress.stage in (ExitStage.FAILED, ExitStage.HELD)
    code = "BROKER_UNAVAILABLE" if progress.stage is ExitStage.FAILED else "STATE_CONFLICT" if failed else ""
    text = progress.text or f"{progress.symbol}: {progress.stage}."
    return CommandResult(ok=not failed, code=code, text=text, data=progress)


def _composed(metadata: dict[str, str]) -> dict[str, str]:
    return {composed(name): composed(text) for name, text in metadata.items()}


def _command(context: EngineContext, params: PlaceOrder, call: Invocation, link: GroupLink | None) -> SubmitOrder:
    if params.cl_ord_id and not CLIENT_ID.fullmatch(params.cl_ord_id):
        raise ValidationError("cl_ord_id", "holds what no venue takes", allowed="1 to 100 of A-Z a-z 0-9 . _ : -")
    return SubmitOrder(
        cl_ord_id=params.cl_ord_id or context.ids.cl_ord_id(),
        uid=context.ids.uid(),
        terms=params.terms,
        origin=call.origin,
        link=link,
        strategy_id=params.strategy_id,
        notes=composed(params.notes),
        metadata=_composed(params.metadata),
        allow_duplicate=params.allow_duplicate,
    )


def _leg_link(context: EngineContext, params: PlaceOrder) -> GroupLink | None:
    if not params.parent:
        return None
    parent = context.state.book.get(params.parent)
    if parent is None:
        raise NotFound("parent order", params.parent)
    if params.role not in LegRole.__members__ or params.role == LegRole.ENTRY:
        raise ValidationError("leg_role", "is not a leg", allowed="TAKE_PROFIT, STOP_LOSS, OCO")
    return GroupLink(group_of(parent), Contingency.BRACKET, LegRole(params.role), parent.cl_ord_id, params.full)


def _submit_bracket(context: EngineContext, params: PlaceOrder, call: Invocation) -> None:
    if params.oco is not None:
        raise ValidationError("oco", "carries no stop-loss or take-profit")
    entry = _command(context, params, call, None)
    group = bracket(entry, stop_px=params.stop_loss_px, target_px=params.take_profit_px, ids=context.ids)
    _submit_group(context, group, call, "Bracket accepted.")


def _submit_group(context: EngineContext, group: SubmitGroup, call: Invocation, text: str) -> None:
    entry_id = group.orders[0].cl_ord_id
    result = context.desk.submit_group(group, attach=naming(context, call.attach), withdrawn=call.withdrawn)
    if result.denial is not None:
        order, entry = context.state.book.get(entry_id), group.orders[0]
        denial = named(context, result.denial, entry.terms, entry.strategy_id)
        _when_durable(context, result.seq, call, lambda: refused(denial, order))
    else:
        _when_durable(context, result.seq, call, lambda: _order_result(context, entry_id, _taken(call, text)))


def _order_result(context: EngineContext, cl_ord_id: str, text: str) -> CommandResult:
    return CommandResult(ok=True, text=text, data=context.state.book.get(cl_ord_id))


def _asked(result: ChangeResult) -> str:
    order = result.order
    return "Change asked." if order is None or order.queued is None else f"{order.text}."


def _taken(call: Invocation, text: str) -> str:
    return OVERTAKEN if call.withdrawn else text


def _duplicate(order: OrderState | None, cl_ord_id: str) -> CommandResult:
    text = f"Client order id {cl_ord_id} was used before."
    return CommandResult(ok=False, code="DUPLICATE", text=text, data=Refusal(duplicate_of=order))


def _not_stored(context: EngineContext) -> CommandResult:
    reason = context.journal.trouble or "the journal could not store it"
    return CommandResult(ok=False, code=storage_code(reason), text=f"NOT SENT: {reason}.")


def _when_durable(context: EngineContext, seq: int, call: Invocation, answer: Callable[[], CommandResult]) -> None:
    context.journal.when_durable(seq, lambda durable: call.reply(answer() if durable else _not_stored(context)))


def _scope_text(result: ScopeResult, overtaken: int) -> str:
    asked = len(result.asked)
    parts = [f"{asked} cancel{'' if asked == 1 else 's'} asked"]
    if overtaken:
        parts.append(f"{overtaken} ended before sent")
    if result.ended:
        parts.append(f"{len(result.ended)} ended here")
    if result.refused:
        parts.append(f"{len(result.refused)} NOT SENT, no session")
    return ", ".join(parts) + "."


def register(commands: CommandRegistry) -> None:
    """Declare the trading commands."""
    calm: tuple[Declaration, ...] = (
        ("order.submit", "Place order", PlaceOrder, "orders:place", submit_order),
        ("order.preview", "Preview order", PlaceOrder, "orders:place", preview_order),
        ("order.outlook", "Preview order with cost and warnings", PlaceOrder, "orders:place", look_at_order),
        ("order.replace", "Change order", ChangeOrder, "orders:modify", change_order),
        ("order.annotate", "Annotate order", AnnotateOrder, "orders:modify", annotate_order),
    )
    urgent: tuple[Declaration, ...] = (
        ("order.cancel", "Cancel order", CancelOne, "orders:cancel", cancel_order),
        ("order.cancel_scope", "Cancel orders", CancelMany, "orders:cancel", cancel_many),
        ("order.cancel_last", "Cancel newest order", Focus, "orders:cancel", cancel_last),
        ("position.flatten", "Flatten position", ExitPosition, "orders:place", flatten_position),
        ("position.flatten_account", "Flatten account", ExitAccount, "orders:place", flatten_account),
    )
    commands.declare(TRADE, calm)
    commands.declare(TRADE, urgent, urgent=True)
