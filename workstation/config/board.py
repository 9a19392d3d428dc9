"""The settings of a running program as scripts see them: what may be read, what may be changed, and when it holds.

What the security of the REST interface rests on is neither shown nor changed: see `PRIVATE`. A change goes into the
settings file; it applies nothing itself. Any thread; one change at a time.
"""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from workstation.config.settings import Settings
from workstation.config.settings_file import SettingRow, SettingsFile, setting_rows
from workstation.domain.errors import NotFound, StateConflict

PRIVATE = ("api.", "webhooks.allowed_hosts")
"""Beginnings of names that only the settings file, the environment and the command line may set."""

NS = 10**9


class ConfigEntry(msgspec.Struct, frozen=True):
    """One setting. value: as the file has it now, in force at the next start; changed_ns: UTC ns, None: never here."""

    key: str
    value: Any
    description: str
    category: str
    changed_ns: int | None


class ConfigBoard:
    """The settings of one home. settings: those that this run began with."""

    def __init__(self, path: Path, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._file = SettingsFile(path)
        self._settings = settings
        self._environment = os.environ if environment is None else environment
        self._lock = threading.Lock()

    def entries(self) -> list[ConfigEntry]:
        """Return every setting that may be shown, by name."""
        with self._lock:
            rows = setting_rows(self._settings, self._file.path, self._environment)
            return sorted((self._entry(row) for row in rows if not is_private(row.name)), key=lambda row: row.key)

    def entry(self, key: str) -> ConfigEntry:
        """Return one setting.

        Raises:
            NotFound: there is none, or it is not shown.
        """
        found = next((row for row in self.entries() if row.key == key), None)
        if found is None:
            raise NotFound("setting", key)
        return found

    def change(self, key: str, value: Any) -> ConfigEntry:
        """Write a value into the file, None takes it out so that the default holds; returns the setting as it is now.

        Raises:
            NotFound: there is no such setting, or it is not shown.
            StateConflict: the environment or the command line sets it, which is stronger than the file.
            UserError: the value is of the wrong type or out of range, or the file is damaged.
            OSError: the file cannot be written.
        """
        self.entry(key)
        with self._lock:
            rows = setting_rows(self._settings, self._file.path, self._environment)
            row = next(row for row in rows if row.name == key)
            if row.layer in ("environment", "command line"):
                raise StateConflict(
                    f"{key} is set by the {row.layer}, which is stronger than the settings file.", state=row.layer
                )
            text = json.dumps(value, ensure_ascii=False)
            filed = self._file.reset(key) if value is None else self._file.set(key, text)
            section, _, name = key.partition(".")
            kept = msgspec.structs.replace(
                getattr(self._settings, section), **{name: getattr(getattr(filed, section), name)}
            )
            self._settings = msgspec.structs.replace(self._settings, **{section: kept})
        return self.entry(key)

    def _entry(self, row: SettingRow) -> ConfigEntry:
        words = [part for part in (row.meaning, row.allowed) if part]
        words.append("Applies at the next start." if row.restart else "Applies at once.")
        path = self._file.path
        changed = int(path.stat().st_mtime * NS) if row.layer == "file" and path.exists() else None
        return ConfigEntry(row.name, row.value, ". ".join(words), row.name.partition(".")[0], changed)


def is_private(name: str) -> bool:
    """Tell whether a setting is one that the REST interface's own security rests on."""
    return name.startswith(PRIVATE)
