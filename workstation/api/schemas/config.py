"""Settings of the program on the wire."""

from typing import Any

from workstation.api.schemas.records import RecordList
from workstation.api.schemas.values import Request, Resource, SearchText, TimeOut, time_text
from workstation.config.board import ConfigEntry as Setting


class ConfigList(RecordList):
    """Parameters of the list of settings."""

    category: SearchText | None = None


class ConfigUpdate(Request):
    """A setting's new value; null takes it out of the file, so that its default holds."""

    value: bool | int | float | str | list[str] | None


class ConfigEntry(Resource):
    """A setting. value: as the settings file has it; the description says when it holds. updated_at: of the file.

    is_changeable: a script may change it. row_version: what If-Match names; another one for each state, in no order.
    """

    key: str
    value: Any
    description: str | None
    category: str
    is_changeable: bool
    row_version: int
    updated_at: TimeOut


class ConfigPage(Resource):
    """A page of settings."""

    config: list[ConfigEntry]
    total_count: int | None
    has_next: bool


def config_body(entry: Setting, since_ns: int) -> dict[str, Any]:
    """Return a setting as it is shown. since_ns: when the program began, for what was never changed here."""
    return {
        "key": entry.key,
        "value": entry.value,
        "description": entry.description or None,
        "category": entry.category,
        "is_changeable": not entry.kept,
        "row_version": entry.row_version,
        "updated_at": time_text(since_ns if entry.changed_ns is None else entry.changed_ns),
    }
