"""The commands that read orders of the past: one order's story behind Ctrl+I, and pages of older orders and fills.

They read only, and work in a view-only run.
"""

from workstation.commands.context import EngineContext
from workstation.commands.params import ReadOlder, ReadStory
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.ports.stories import OlderHeard, OlderRows, OrderStory


def read_story(context: EngineContext, params: ReadStory, call: Invocation) -> None:
    """Answer an order with its journal lines."""

    def done(story: OrderStory | None, trouble: str) -> None:
        code = "" if story is not None else "NOT_FOUND"
        call.reply(CommandResult(ok=story is not None, text=trouble, code=code, data=story))

    context.stories.read(params.cl_ord_id, done)


def read_older_orders(context: EngineContext, params: ReadOlder, call: Invocation) -> None:
    """Answer a page of stored orders, newest first."""
    context.stories.older_orders(params.after, _answered(call))


def read_older_fills(context: EngineContext, params: ReadOlder, call: Invocation) -> None:
    """Answer a page of stored executions, newest first."""
    context.stories.older_fills(params.after, _answered(call))


def _answered(call: Invocation) -> OlderHeard:
    def done(page: OlderRows | None, trouble: str) -> None:
        code = "" if page is not None else "NOT_READY"
        call.reply(CommandResult(ok=page is not None, text=trouble, code=code, data=page))

    return done


def register(commands: CommandRegistry) -> None:
    """Declare the commands."""
    rows = (
        ("order.story", "Where an order came from", ReadStory, "orders:view", read_story),
        ("order.older", "Read older orders", ReadOlder, "orders:view", read_older_orders),
        ("fill.older", "Read older fills", ReadOlder, "orders:view", read_older_fills),
    )
    commands.declare("View", rows)
