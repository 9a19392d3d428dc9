"""Settings of the program: all are read but those that the service's security rests on; some may be changed from here.

A change goes into the settings file under If-Match. Those that a script may change and why others are kept from it
stands in `config/board`.
"""

from collections.abc import Callable
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, memory_page
from workstation.api.reading import read_answer
from workstation.api.records import etag_of, expected_version
from workstation.api.schemas.config import ConfigEntry, ConfigList, ConfigPage, ConfigUpdate, config_body
from workstation.api.schemas.records import RecordRead
from workstation.config.board import ConfigBoard, SettingChanged, is_private, why_kept
from workstation.config.board import ConfigEntry as Setting
from workstation.domain.errors import NotFound, StateConflict, UserError

routes = Routes()

_FORM = ListForm(key="config", model=ConfigEntry, orderings={"key": "key"}, default="key")
_KEY = {"key": "config_key"}


@routes.add("GET", "/system/config", scope="system:view", query=ConfigList, answers={200: ConfigPage}, form=_FORM)
async def list_config(call: Call) -> Answer:
    """List the settings."""
    category = call.query.category
    entries = await call.services.read(call.services.config.entries)
    shown = (_body(call, entry) for entry in entries if category in (None, entry.category))
    return json_answer(200, memory_page(call, _FORM, shown))


@routes.add(
    "GET", "/system/config/{key}", scope="system:view", query=RecordRead, answers={200: ConfigEntry}, path_types=_KEY
)
async def get_config(call: Call) -> Answer:
    """Return a setting."""
    entry = await _asked(call, ConfigBoard.entry)
    return read_answer(call, ConfigEntry, etag_of(entry), _body(call, entry))


@routes.change(
    "/system/config/{key}", scope="system:admin", body=ConfigUpdate, answers={200: ConfigEntry}, path_types=_KEY
)
async def put_config(call: Call) -> Answer:
    """Change a setting."""
    key = call.path_params["key"]
    if is_private(key):
        raise ApiError("PERMISSION_DENIED", _kept(key))
    before = await _asked(call, ConfigBoard.entry)
    if before.kept:
        raise ApiError("DESKTOP_ONLY", _kept(key))
    version = expected_version(call, before)
    after = await _asked(call, ConfigBoard.change, call.body.value, version)
    if call.audit is not None:
        call.audit.old_values = {"value": before.value}
    call.services.tuned.take(key, after.value)
    return json_answer(200, _body(call, after), {"ETag": etag_of(after)})


def _kept(key: str) -> str:
    return f"A script cannot change {key}: {why_kept(key)}. A person can, in the settings or their file."


def _body(call: Call, entry: Setting) -> dict[str, Any]:
    return config_body(entry, call.services.meters.started_ns)


async def _asked(call: Call, ask: Callable[..., Setting], *values: Any) -> Setting:
    try:
        return await call.services.read(ask, call.services.config, call.path_params["key"], *values)
    except NotFound:
        raise ApiError("NOT_FOUND", "No such setting.") from None
    except SettingChanged as changed:
        raise ApiError("PRECONDITION_FAILED", str(changed), {"row_version": int(changed.state)}) from changed
    except StateConflict as stronger:
        raise ApiError("STATE_CONFLICT", str(stronger), {"state": stronger.state}) from stronger
    except UserError as wrong:
        raise invalid("value", str(wrong)) from wrong
    except OSError as error:
        raise ApiError("STATE_CONFLICT", f"The settings file cannot be written: {error.strerror}.") from error
