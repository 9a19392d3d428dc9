"""Commands of a person who keeps webhooks in the desktop: make one, change one, give one another secret.

Beside the order walk. Where an endpoint points and which events it asks for are judged off the engine's thread before
anything is kept; a secret goes out once, in the answer to who made it. Scripts have routes of their own, which judge
alike.
"""

from collections.abc import Callable

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import Refusal, failed
from workstation.commands.records import ChangeRecord, CreateRecord, record_steps
from workstation.commands.registry import CommandRegistry, CommandResult, Declaration, Invocation, Reply
from workstation.commands.scripts import SCRIPTS, by_hand
from workstation.domain.errors import NotFound, UserError
from workstation.domain.records import LOCAL_TENANT, Webhook
from workstation.domain.scopes import ALL
from workstation.ports.scripts import PreparedHook

LOCAL_USER = "local"
ROTATION_NS = 24 * 3_600 * 10**9
"""How long the secret before is good as well."""


class SaveHook(msgspec.Struct, frozen=True, kw_only=True):
    """Make a webhook, or change the one with this id. event_types: types or prefixes as `order.*`, none for all."""

    name: str
    endpoint_url: str
    event_types: tuple[str, ...] = ()
    max_retries: int = 3
    retry_delay_s: int = 60
    timeout_s: int = 30
    id: str = ""


class RotateHook(msgspec.Struct, frozen=True, kw_only=True):
    """Give a webhook a new secret; the one before is good for a day more."""

    id: str


class HookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's secret, as its maker sees it once."""

    id: str
    secret: str


def save_hook(context: EngineContext, params: SaveHook, call: Invocation) -> None:
    """Keep a webhook once its endpoint is known to be one that may be told."""
    if not by_hand(call):
        return
    before = _found(context, params.id) if params.id else None
    fields = {name: getattr(params, name) for name in params.__struct_fields__ if name != "id"}

    def keep(prepared: PreparedHook) -> None:
        if before is not None:
            record_steps(Webhook).change(context, ChangeRecord(id=before.id, changes=fields), call)
            return
        draft = Webhook(user_id=LOCAL_USER, scopes=tuple(sorted(ALL)), secret=prepared.sealed, **fields)
        once = msgspec.structs.replace(call, reply=_shown_once(prepared.secret, call.reply))
        record_steps(Webhook).create(context, CreateRecord(record=draft), once)

    is_judged = before is not None and before.endpoint_url == params.endpoint_url
    context.scripts.prepare_hook("" if is_judged else params.endpoint_url, params.event_types, _then(call, keep))


def rotate_hook(context: EngineContext, params: RotateHook, call: Invocation) -> None:
    """Give a webhook a new secret."""
    if not by_hand(call):
        return
    _found(context, params.id)

    def keep(prepared: PreparedHook) -> None:
        changes = {
            "secret": prepared.sealed,
            "previous_secret": _found(context, params.id).secret,
            "previous_until": context.clock.now_ns() + ROTATION_NS,
        }
        once = msgspec.structs.replace(call, reply=_shown_once(prepared.secret, call.reply))
        record_steps(Webhook).change(context, ChangeRecord(id=params.id, changes=changes), once)

    context.scripts.prepare_hook("", (), _then(call, keep))


def _found(context: EngineContext, hook_id: str) -> Webhook:
    found = context.state.records.find(Webhook, LOCAL_TENANT, hook_id)
    if not isinstance(found, Webhook):
        raise NotFound("webhook", hook_id)
    return found


def _then(call: Invocation, keep: Callable[[PreparedHook], None]) -> Callable[[PreparedHook], None]:
    """Return what goes on with a prepared webhook, or answers why there is none."""

    def ready(prepared: PreparedHook) -> None:
        if prepared.trouble:
            data = Refusal(field=prepared.field)
            call.reply(CommandResult(ok=False, code="VALIDATION_ERROR", text=prepared.trouble, data=data))
            return
        try:
            keep(prepared)
        except UserError as error:
            call.reply(failed(error))

    return ready


def _shown_once(secret: str, reply: Reply) -> Reply:
    def answer(result: CommandResult) -> None:
        if result.ok and isinstance(result.data, Webhook):
            result = msgspec.structs.replace(result, data=HookSecret(id=result.data.id, secret=secret))
        reply(result)

    return answer


def register(commands: CommandRegistry) -> None:
    """Declare the commands of webhooks."""
    rows: tuple[Declaration, ...] = (
        ("script.save_hook", "Keep a webhook", SaveHook, "desktop", save_hook),
        ("script.rotate_hook", "Give a webhook a new secret", RotateHook, "desktop", rotate_hook),
    )
    commands.declare(SCRIPTS, rows)
