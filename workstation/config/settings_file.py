"""The settings file as a person edits it: one row a setting from the one schema, one value changed at a time.

Comments and order of the file stay; a load followed by a save changes no byte. A text that cannot be read is refused
with line and column and left untouched. Nothing here applies a setting.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from workstation.config.settings import ENVIRONMENT_PREFIX, Settings, is_setting, load_settings
from workstation.domain.errors import UserError

if TYPE_CHECKING:
    import tomlkit

LIVE = frozenset({
    "desktop.theme", "desktop.density", "desktop.rising", "desktop.text_scale", "desktop.flashing",
    "desktop.screens", "desktop.sound", "desktop.sound_files", "desktop.speech", "desktop.disarm_after_s",
    "desktop.hold_to_confirm_ms", "desktop.bracket_key",
})  # fmt: skip
"""Settings that apply at once; every other one applies at the next start."""

TRADING = ("oms.", "risk.", "desktop.disarm_after_s", "desktop.hold_to_confirm_ms", "desktop.bracket_key")
"""Beginnings of names whose change disarms hand entry."""

UNDO_MAX = 50
"""Changes that can be taken back."""

_BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}


_TYPES: Mapping[type, str] = {
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.StrType: "text",
    inspect.ListType: 'list such as ["a", "b"]',
}


class SettingRow(msgspec.Struct, frozen=True):
    """One setting. layer: default, file, environment or command line; allowed: its range or choices in words."""

    name: str
    value: Any
    default: Any
    layer: str
    allowed: str
    meaning: str
    restart: bool


def setting_rows(settings: Settings, file: Path | None, environment: Mapping[str, str]) -> list[SettingRow]:
    """Return every setting of a run, in the order of the schema. A file that cannot be read counts as empty."""
    filed = _filed(file)
    rows = []
    for section in msgspec.structs.fields(Settings):
        values, defaults = getattr(settings, section.name), section.default
        for field in msgspec.structs.fields(type(values)):
            name, value = f"{section.name}.{field.name}", getattr(values, field.name)
            variable = f"{ENVIRONMENT_PREFIX}{section.name}__{field.name}".upper()
            in_file = field.name in filed.get(section.name, {})
            layer = "environment" if variable in environment else "file" if in_file else "default"
            default = getattr(defaults, field.name)
            if layer == "default" and value != default:
                layer = "command line"
            allowed, meaning = _words(field.type)
            rows.append(SettingRow(name, value, default, layer, allowed, meaning, name not in LIVE))
    return rows


class SettingsFile:
    """The file of one home. `set` and `undo` write it whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before: list[str] = []

    @property
    def can_undo(self) -> bool:
        """True while a change of this run can be taken back."""
        return bool(self._before)

    def text(self) -> str:
        """Return the file's text, "" where there is none."""
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def set(self, name: str, value: str) -> Settings:
        """Change one value, given in TOML syntax or as bare text; returns the settings of file and environment.

        Raises:
            UserError: an unknown name, a value of the wrong type or out of range, or a file that is damaged.
            OSError: the file cannot be written.
        """
        if not is_setting(name):
            raise UserError(f"setting {name}: unknown name")
        before = self.text()
        after = changed_text(before, name, value)
        return self._write(after, before)

    def replace(self, text: str) -> Settings:
        """Put another text in the place of the whole file; returns the settings of file and environment.

        Raises:
            UserError: the text is damaged, a value is of the wrong type or out of range.
            OSError: the file cannot be written.
        """
        before = self.text()
        _parsed(text)
        return self._write(text, before)

    def reset(self, name: str) -> Settings:
        """Take one value out of the file, so that its default holds.

        Raises:
            UserError, OSError: as `set`.
        """
        before = self.text()
        document = _parsed(before)
        section, _, key = name.partition(".")
        table = document.get(section)
        if isinstance(table, Mapping) and key in table:
            del document[section][key]
        return self._write(document.as_string(), before)

    def undo_touches(self, beginnings: tuple[str, ...]) -> bool:
        """Tell whether the next undo changes a value whose name begins so; True where a text cannot be read."""
        try:
            now, then = (_flat(tomllib.loads(text)) for text in (self.text(), self._before[-1]))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, IndexError):
            return bool(self._before)
        return any(name.startswith(beginnings) and now.get(name) != then.get(name) for name in now | then)

    def undo(self) -> Settings:
        """Write the text before the last change again.

        Raises:
            UserError: nothing can be taken back, or the old text is refused.
            OSError: the file cannot be written.
        """
        if not self._before:
            raise UserError("No change of a setting can be taken back.")
        before = self._before[-1]
        settings = self._write(before, None)
        self._before.pop()
        return settings

    def _write(self, text: str, before: str | None) -> Settings:
        temporary = self.path.with_suffix(".new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            settings = load_settings(temporary)
        except UserError:
            temporary.unlink()
            raise
        temporary.replace(self.path)
        if before is not None:
            self._before = [*self._before, before][-UNDO_MAX:]
        return settings


def changed_text(text: str, name: str, value: str) -> str:
    """Return a settings text with one value changed, everything else byte for byte.

    Raises:
        UserError: the text is damaged, with line and column.
    """
    document = _parsed(text)
    section, _, key = name.partition(".")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    if section not in document:
        document[section] = {}
    document[section][key] = parsed
    return document.as_string()


def _parsed(text: str) -> tomlkit.TOMLDocument:
    import tomlkit  # noqa: PLC0415  a start without edits does without
    from tomlkit.exceptions import ParseError  # noqa: PLC0415  as above

    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise UserError(f"settings file, line {error.line}, column {error.col}: {error}") from error


def _filed(file: Path | None) -> Mapping[str, Any]:
    if file is None or not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def _flat(read: Mapping[str, Any]) -> dict[str, Any]:
    sections = {section: values for section, values in read.items() if isinstance(values, Mapping)}
    return {f"{section}.{name}": value for section, values in sections.items() for name, value in values.items()}


def _words(kind: Any) -> tuple[str, str]:
    """Return what a setting may be, and what its description adds."""
    described, meaning = inspect.type_info(kind), ""
    if isinstance(described, inspect.UnionType):
        described = next(part for part in described.types if not isinstance(part, inspect.NoneType))
    if isinstance(described, inspect.Metadata):
        meaning = str((described.extra_json_schema or {}).get("description", ""))
        described = described.type
    if isinstance(described, inspect.LiteralType):
        return ", ".join(map(str, described.values)), meaning
    bounds = [
        words.format(limit) for key, words in _BOUNDS.items() if (limit := getattr(described, key, None)) is not None
    ]
    return " ".join([_TYPES[type(described)], *bounds]), meaning
