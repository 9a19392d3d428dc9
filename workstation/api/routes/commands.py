"""The program's commands: what there is, and calling one. They pass the same desk and gate as every other door.

Commands of a screen need the desktop; what only a person may do there (arming, overriding a lock) cannot be done here.
"""

from enum import Enum
from typing import Any

import msgspec

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid, problem
from workstation.api.lists import ListForm, memory_page
from workstation.api.order_answers import late
from workstation.api.outcomes import is_stored, refused, stored_refusal
from workstation.api.schemas.alerts import alert_body
from workstation.api.schemas.commands import CommandCall, CommandInfo, CommandPage
from workstation.api.schemas.order_bodies import order_body
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.risk import kill_switch_body
from workstation.api.schemas.studies import study_body
from workstation.api.schemas.system import ActionResult
from workstation.api.scopes import ALL
from workstation.commands.answers import KeepAnswer
from workstation.commands.backtests import BACKTESTS
from workstation.commands.records import RECORDS
from workstation.commands.registry import Attach, Command, CommandResult, RunsOn
from workstation.domain.accounts import KillState
from workstation.domain.errors import NotFound
from workstation.domain.events import Event, OrderDenied
from workstation.domain.orders import OrderState
from workstation.domain.records import LOCAL_TENANT
from workstation.ports.store import Row

routes = Routes()

ALERTS = "alert.list"
"""The command that scripts read alerts by."""

_FORM = ListForm(key="commands", model=CommandInfo, orderings={"id": "id"}, default="id")


@routes.add("GET", "/commands", scope=None, query=RecordList, answers={200: CommandPage}, form=_FORM)
async def list_commands(call: Call) -> Answer:
    """List the program's commands."""
    offered = filter(_is_offered, call.services.commands.all())
    return json_answer(200, memory_page(call, _FORM, map(_info, offered)))


@routes.add(
    "POST", "/commands/{command_id}", scope=None, body=CommandCall, body_optional=True,
    answers={200: ActionResult, 202: ActionResult}, path_types={"command_id": "command_id"},
)  # fmt: skip
async def run_command(call: Call) -> Answer:
    """Run a command."""
    asked: CommandCall = call.body
    try:
        command = call.services.commands.get(call.path_params["command_id"])
    except NotFound:
        command = None
    if command is None or not _is_offered(command):
        raise ApiError("NOT_FOUND", "No such command.")
    _check(call, command)
    params = _params(command, asked.parameters)
    result = await call.services.engine.call(command.id, params, call.origin, attach=_attach(call), on_late=late(call))
    if not result.ok:
        return await _refusal(call, result)
    body = {"success": True, "message": result.text, "data": _shown(call, result)}
    return await _kept(call, json_answer(202 if result.pending else 200, body))


def _attach(call: Call) -> Attach | None:
    """Return what keeps a first answer with the effect, so that a repeat after a crash does not do it again."""
    key, names = call.key, call.services.names
    if key is None:
        return None

    def rows(order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if key.stored is not None:
            return ()
        if isinstance(event, OrderDenied) and order is not None:
            path, trace_id = call.request.scope["path"], call.passport.trace_id
            answer = problem(stored_refusal(order, event.rule), instance=path, trace_id=trace_id)
        else:
            data = None if order is None else order_body(order, names)
            answer = json_answer(200, {"success": True, "message": "Done.", "data": data})
        row = key.record(answer)
        return () if row is None else (row,)

    return rows


async def _kept(call: Call, answer: Answer) -> Answer:
    """Keep what a keyed call is answered in place of the first answer."""
    row = None if call.key is None else call.key.record(answer)
    if row is not None:
        keep = KeepAnswer(route=call.endpoint.path)
        await call.services.engine.call("answer.keep", keep, call.origin, attach=lambda _order, _event: (row,))
    return answer


async def _refusal(call: Call, result: CommandResult) -> Answer:
    """Return a refusal that left an order behind, which a repeat gets as well; raise any other."""
    error = refused(result)
    if not is_stored(result):
        raise error
    stored = None if call.key is None else call.key.stored
    return stored or problem(error, instance=call.request.scope["path"], trace_id=call.passport.trace_id)


def _is_offered(command: Command[Any]) -> bool:
    """Tell whether a command is called by its id: records have resources, which check what a draft cannot say."""
    return command.category != RECORDS


def _check(call: Call, command: Command[Any]) -> None:
    """Refuse what this caller may not run, or nobody from here.

    Raises:
        ApiError: 403 without the command's scope or for a person's own commands, 409 for those of a screen.
    """
    credential = call.passport.credential
    if command.runs_on is RunsOn.DESKTOP:
        raise ApiError("STATE_CONFLICT", "The command acts on a screen's focus.", {"state": "headless", "allowed": []})
    if command.scope not in ALL:
        raise ApiError("DESKTOP_ONLY", "Only a person in the desktop can do this.")
    if credential is not None and command.scope not in credential.scopes:
        raise ApiError("PERMISSION_DENIED", f"The scope {command.scope} is missing.", {"required": [command.scope]})
    if command.category == BACKTESTS and credential is not None and credential.tenant != LOCAL_TENANT:
        raise ApiError("PERMISSION_DENIED", "Backtests run on this program's own data and code, for its own tenant.")


def _params(command: Command[Any], given: dict[str, Any]) -> msgspec.Struct:
    unknown = sorted(given.keys() - {field.encode_name for field in msgspec.structs.fields(command.params)})
    if unknown:
        raise invalid(f"parameters.{unknown[0][:100]}", "is no parameter of the command", issue="extra_forbidden")
    try:
        params: msgspec.Struct = msgspec.convert(given, command.params)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from None
    return params


def _wrong(text: str) -> ApiError:
    """Return the refusal of parameters in the decoder's words, which name the place and no value."""
    message, _, place = text.partition(" - at `$")
    name = place.strip("`.") or message.rpartition("`")[0].rpartition("`")[2]
    shown = message if "Invalid enum" not in message else "is none of the allowed values"
    return invalid(f"parameters.{name}"[:100].rstrip("."), shown)


def _shown(call: Call, result: CommandResult) -> dict[str, Any] | None:
    """Return what a command made or changed, as its resource, None where it has none on the wire."""
    names = call.services.names
    if isinstance(result.data, OrderState):
        return order_body(result.data, names)
    if isinstance(result.data, KillState):
        return kill_switch_body(result.data, names, cancels_sent=0, unconfirmed=[])
    if call.path_params["command_id"] == ALERTS:
        return {"alerts": [alert_body(row, names) for row in result.data]}
    return study_body(result.data)


def _info(command: Command[Any]) -> dict[str, Any]:
    fields = msgspec.structs.fields(command.params)
    return {
        "id": command.id,
        "title": command.title,
        "scope": command.scope,
        "parameters": {field.encode_name: _parameter(field) for field in fields},
        "desktop_only": command.runs_on is RunsOn.DESKTOP or command.scope not in ALL,
    }


def _parameter(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    kind = field.type
    names = [option.__name__ for option in getattr(kind, "__args__", ()) if isinstance(option, type)]
    allowed = [member.value for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else None
    shown = getattr(kind, "__name__", "") if isinstance(kind, type) else " or ".join(names)
    return {"type": shown.replace("NoneType", "null") or str(kind), "required": field.required, "allowed": allowed}
