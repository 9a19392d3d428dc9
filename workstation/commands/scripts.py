"""Commands about scripts: the REST door, the keys that open it, and what webhooks were told.

Beside the order walk. Only a person in the desktop opens or closes the door or has a delivery tried again here; scripts
have routes of their own for what they may do.
"""

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, NoParams
from workstation.domain.records import LOCAL_TENANT, ApiKey, Webhook
from workstation.ports.deliveries import Delivery
from workstation.ports.scripts import HookBoard, ScriptBoard

SCRIPTS = "Scripts"


class SwitchDoor(msgspec.Struct, frozen=True, kw_only=True):
    """Open or close the REST interface."""

    on: bool


class Redeliver(msgspec.Struct, frozen=True, kw_only=True):
    """Have a delivery that was given up tried again."""

    webhook_id: str
    delivery_id: str


def show_scripts(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer how the door stands and which keys there are."""
    keys = (msgspec.structs.replace(key, key_hash="") for key in context.state.records.all(ApiKey, LOCAL_TENANT))
    board = ScriptBoard(door=context.scripts.standing(), keys=tuple(keys), now_ns=context.clock.now_ns())
    call.reply(CommandResult(ok=True, text=f"{len(board.keys)} keys.", data=board))


def switch_door(context: EngineContext, params: SwitchDoor, call: Invocation) -> None:
    """Open or close the door; answers when it stands so."""
    if not by_hand(call):
        return
    context.scripts.switch(on=params.on, done=lambda text, ok: call.reply(_answer(text, ok=ok)))


def show_hooks(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer the webhooks with their newest deliveries."""
    hooks = tuple(
        msgspec.structs.replace(hook, secret="", previous_secret="")
        for hook in context.state.records.all(Webhook, LOCAL_TENANT)
    )
    now = context.clock.now_ns()

    def done(found: tuple[Delivery, ...], trouble: str) -> None:
        if trouble:
            call.reply(CommandResult(ok=False, code="NOT_READY", text=trouble))
        else:
            board = HookBoard(hooks=hooks, deliveries=found, now_ns=now)
            call.reply(CommandResult(ok=True, text=f"{len(hooks)} webhooks.", data=board))

    context.scripts.deliveries(done)


def redeliver(context: EngineContext, params: Redeliver, call: Invocation) -> None:
    """Have a delivery tried again."""
    if not by_hand(call):
        return
    context.scripts.redeliver(params.webhook_id, params.delivery_id, lambda text, ok: call.reply(_answer(text, ok=ok)))


def _answer(text: str, *, ok: bool) -> CommandResult:
    return CommandResult(ok=ok, code="" if ok else "NOT_READY", text=text)


def by_hand(call: Invocation) -> bool:
    """Tell whether a person asks; anybody else is refused."""
    if not call.origin.kind.is_hand:
        text = "Refused: only a person in the desktop can do this."
        call.reply(CommandResult(ok=False, code="DESKTOP_ONLY", text=text))
    return call.origin.kind.is_hand


def register(commands: CommandRegistry) -> None:
    """Declare the commands about scripts."""
    rows: tuple[Declaration, ...] = (
        ("script.board", "Show the REST interface and its keys", NoParams, "desktop", show_scripts),
        ("script.switch", "Switch the REST interface", SwitchDoor, "desktop", switch_door),
        ("script.hooks", "Show webhooks and deliveries", NoParams, "desktop", show_hooks),
        ("script.redeliver", "Try a delivery again", Redeliver, "desktop", redeliver),
    )
    commands.declare(SCRIPTS, rows)
