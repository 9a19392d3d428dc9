"""The command behind Ctrl+I: an order's story, as the journal tells it. Reads only, and works in a view-only run."""

from workstation.commands.context import EngineContext
from workstation.commands.params import ReadStory
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.ports.stories import OrderStory


def read_story(context: EngineContext, params: ReadStory, call: Invocation) -> None:
    """Answer an order with its journal lines."""

    def done(story: OrderStory | None, trouble: str) -> None:
        code = "" if story is not None else "NOT_FOUND"
        call.reply(CommandResult(ok=story is not None, text=trouble, code=code, data=story))

    context.stories.read(params.cl_ord_id, done)


def register(commands: CommandRegistry) -> None:
    """Declare the command."""
    commands.declare("View", (("order.story", "Where an order came from", ReadStory, "orders:view", read_story),))
