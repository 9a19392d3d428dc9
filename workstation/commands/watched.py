"""Commands about orders that this program watches itself: give one to its venue, or fire one whose trigger has passed.

Order walk, for a person who does not want protection to die with the program. Both ask the gate anew.
"""

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import refused
from workstation.commands.params import WatchedOrder
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation
from workstation.commands.trading import TRADE
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.orders import Residence
from workstation.domain.verdicts import RuleResult


def move_to_broker(context: EngineContext, params: WatchedOrder, call: Invocation) -> None:
    """Give a stop that is watched here to its venue; says why where the venue does not take it."""
    order = context.state.book.get(params.cl_ord_id)
    if order is None:
        raise NotFound("order", params.cl_ord_id)
    if order.residence is not Residence.PROGRAM:
        raise StateConflict("the order is at the venue already", state=order.status, allowed=("watched here",))
    denial = context.desk.move_to_broker(params.cl_ord_id)
    after = context.state.book.get(params.cl_ord_id)
    kind = "" if after is None else after.terms.ord_type.value.lower().replace("_", " ")
    trails = order.terms.trail is not None and after is not None and after.terms.trail is None
    fixed = "; it no longer trails" if trails else ""
    _answer(context, call, params, denial, f"Moved to the broker as a {kind}{fixed}.")


def fire(context: EngineContext, params: WatchedOrder, call: Invocation) -> None:
    """Send an order whose trigger passed while nobody watched."""
    _answer(context, call, params, context.desk.fire_held(params.cl_ord_id), "The held order is sent.")


def _answer(
    context: EngineContext, call: Invocation, params: WatchedOrder, denial: RuleResult | None, done: str
) -> None:
    """Answer once what was decided is durable."""

    def reply(_durable: bool) -> None:
        order = context.state.book.get(params.cl_ord_id)
        call.reply(refused(denial, order) if denial is not None else CommandResult(ok=True, text=done, data=order))

    context.journal.when_durable(context.journal.last_seq, reply)


def register(commands: CommandRegistry) -> None:
    """Declare the commands of watched orders."""
    rows: tuple[Declaration, ...] = (
        ("order.move_to_broker", "Move protection to the broker", WatchedOrder, "orders:modify", move_to_broker),
        ("order.fire", "Fire a held trigger", WatchedOrder, "orders:modify", fire),
    )
    commands.declare(TRADE, rows)
