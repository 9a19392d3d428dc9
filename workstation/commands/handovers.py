"""Commands about whose an order of a strategy's run is: a person takes it over, or gives it back.

A change by hand takes an order over by itself (`orders/amendment.py`); these do it without one. Only a person in the
desktop may. The run hears of both as news of its order, and leaves alone what is not its own.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import storage_code
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.commands.scripts import by_hand
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import OrderHandedOver
from workstation.domain.orders import OrderState

OWNERS = "Strategies"


class HandedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An open order of a run that another owner gets."""

    cl_ord_id: str


def take_over(context: EngineContext, params: HandedOrder, call: Invocation) -> None:
    """Make an order of a run the person's own: the run leaves it alone from now on."""
    if by_hand(call):
        _hand(context, _order(context, params), call.origin.user, call, "is yours; its run leaves it alone")


def give_back(context: EngineContext, params: HandedOrder, call: Invocation) -> None:
    """Let a run have its order again.

    Raises:
        StateConflict: nobody has taken it over.
    """
    if not by_hand(call):
        return
    order = _order(context, params)
    if not order.taken_by:
        raise StateConflict("The order is its run's own.", state=order.status, allowed=("taken over",))
    _hand(context, order, "", call, "is its run's again")


def register(commands: CommandRegistry) -> None:
    """Declare the commands."""
    rows: tuple[Declaration, ...] = (
        ("order.take_over", "Take over a strategy's order", HandedOrder, "desktop", take_over),
        ("order.give_back", "Give an order back to its strategy", HandedOrder, "desktop", give_back),
    )
    commands.declare(OWNERS, rows)


def _order(context: EngineContext, params: HandedOrder) -> OrderState:
    order = context.state.book.get(params.cl_ord_id)
    if order is None:
        raise NotFound("order", params.cl_ord_id)
    if order.status.is_final or not order.strategy_id:
        what = f"is {order.status}" if order.status.is_final else "is of no strategy"
        raise StateConflict(f"The order {what}.", state=order.status, allowed=("open, of a strategy's run",))
    return order


def _hand(context: EngineContext, order: OrderState, owner: str, call: Invocation, what: str) -> None:
    seq = context.journal.last_seq
    if order.taken_by != owner:
        now = context.clock.now_ns()
        handed = OrderHandedOver(cl_ord_id=order.cl_ord_id, ts=now, owner=owner, origin=call.origin)
        seq = context.desk.recorder.record([handed], actor=call.origin.actor, causation=order.cl_ord_id)

    def answer(durable: bool) -> None:
        trouble = f"It could not be stored: {context.journal.trouble or 'storage failed'}."
        told = CommandResult(ok=True, text=f"Order {order.cl_ord_id} {what}.")
        call.reply(told if durable else CommandResult(ok=False, code=storage_code(trouble), text=trouble))

    context.journal.when_durable(seq, answer)
