"""Settings of the program: read, and changed in the file, but for those that the service's security rests on."""

from collections.abc import Callable
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, memory_page
from workstation.api.schemas.config import ConfigEntry, ConfigList, ConfigPage, ConfigUpdate, config_body
from workstation.config.board import ConfigBoard, is_private
from workstation.config.board import ConfigEntry as Setting
from workstation.domain.errors import NotFound, StateConflict, UserError

routes = Routes()

_FORM = ListForm(key="config", model=ConfigEntry, orderings={"key": "key"}, default="key")
_KEY = {"key": "config_key"}


@routes.add("GET", "/system/config", scope="system:view", query=ConfigList, answers={200: ConfigPage})
async def list_config(call: Call) -> Answer:
    """List the settings."""
    category = call.query.category
    entries = await call.services.read(call.services.config.entries)
    shown = (_body(call, entry) for entry in entries if category in (None, entry.category))
    return json_answer(200, memory_page(call, _FORM, shown))


@routes.add("GET", "/system/config/{key}", scope="system:view", answers={200: ConfigEntry}, path_types=_KEY)
async def get_config(call: Call) -> Answer:
    """Return a setting."""
    return json_answer(200, _body(call, await _asked(call, ConfigBoard.entry)))


@routes.add(
    "PUT", "/system/config/{key}", scope="system:admin", body=ConfigUpdate, answers={200: ConfigEntry}, path_types=_KEY
)
async def put_config(call: Call) -> Answer:
    """Change a setting."""
    if is_private(call.path_params["key"]):
        raise ApiError("PERMISSION_DENIED", f"{call.path_params['key']} can be set in the settings file alone.")
    before = await _asked(call, ConfigBoard.entry)
    after = await _asked(call, ConfigBoard.change, call.body.value)
    if call.audit is not None:
        call.audit.old_values = {"value": before.value}
    return json_answer(200, _body(call, after))


def _body(call: Call, entry: Setting) -> dict[str, Any]:
    return config_body(entry, call.services.meters.started_ns)


async def _asked(call: Call, ask: Callable[..., Setting], *values: Any) -> Setting:
    try:
        return await call.services.read(ask, call.services.config, call.path_params["key"], *values)
    except NotFound:
        raise ApiError("NOT_FOUND", "No such setting.") from None
    except StateConflict as stronger:
        raise ApiError("STATE_CONFLICT", str(stronger), {"state": stronger.state}) from stronger
    except UserError as wrong:
        raise invalid("value", str(wrong)) from wrong
    except OSError as error:
        raise ApiError("STATE_CONFLICT", f"The settings file cannot be written: {error.strerror}.") from error
