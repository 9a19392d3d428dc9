"""The settings of a running program as scripts see them: what may be read, what may be changed, and when it holds.

What the security of the REST interface rests on is neither shown nor changed: see `PRIVATE`. Of the rest a script may
change what `CHANGEABLE` names; every other setting says why not. A change goes into the settings file; it applies
nothing itself. Any thread; one change at a time.
"""

import json
import os
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from workstation.config.settings import Settings
from workstation.config.settings_file import SettingRow, SettingsFile, setting_rows
from workstation.domain.errors import NotFound, StateConflict, UserError

PRIVATE = ("api.", "webhooks.allowed_hosts")
"""Beginnings of names that only the settings file, the environment and the command line may set."""

CHANGEABLE = frozenset({
    "desktop.theme", "desktop.density", "desktop.frame_hz", "desktop.rising", "desktop.text_scale",
    "desktop.flashing", "desktop.screens", "desktop.sound", "desktop.sound_files", "desktop.speech", "log.level",
    "marketdata.max_subscriptions", "marketdata.store_ticks", "marketdata.snapshot_interval",
    "marketdata.bar_retention", "marketdata.tick_retention", "marketdata.snapshot_retention",
    "strategies.max_concurrent_runs", "strategies.run_timeout",
    "webhooks.max_retries", "webhooks.retry_delay", "webhooks.timeout",
})  # fmt: skip
"""Settings that a script may change while the program runs; one that is not named here may not."""

APPLIED = frozenset(
    {"marketdata.max_subscriptions", "webhooks.max_retries", "webhooks.retry_delay", "webhooks.timeout"}
)
"""Settings that hold at once when a script changes them; the others hold from the next start."""

KEPT: Mapping[str, str] = {
    "api.": "the security of this interface rests on it",
    "webhooks.allowed_hosts": "the security of this interface rests on it",
    "sim.": "it decides which market this program trades on",
    "engine.": "it decides how soon late prices and stalls are noticed",
    "oms.": "it guards what scripts may trade",
    "risk.": "it guards what may be lost",
    "strategies.paper_only": "it guards live accounts against strategies",
    "desktop.disarm_after_s": "it guards hand entry",
    "desktop.hold_to_confirm_ms": "it guards what asks for a second press",
    "desktop.bracket_key": "it decides what a click orders",
    "mail.": "it decides who is written to",
    "events.": "it decides what stays as proof",
    "audit.": "it decides what stays as proof",
    "storage.": "it decides what stays as proof",
    "idempotency.": "it guards against orders sent twice",
}
"""Why a script may not change a setting, by the beginning of its name."""


class SettingChanged(StateConflict):
    """A setting is no longer what was read."""


class ConfigEntry(msgspec.Struct, frozen=True):
    """One setting. value: as the file has it now; changed_ns: UTC ns, None: never here.

    row_version: another one for each state, in no order. kept: why a script may not change it, "" for one that it may.
    """

    key: str
    value: Any
    description: str
    category: str
    changed_ns: int | None
    row_version: int
    kept: str = ""


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

    def change(self, key: str, value: Any, version: int | None = None) -> ConfigEntry:
        """Write a value into the file, None takes it out so that the default holds; returns the setting as it is now.

        version: the state that was read, None for any.

        Raises:
            NotFound: there is no such setting, or it is not shown.
            SettingChanged: it is no longer in that state.
            StateConflict: the environment or the command line sets it, which is stronger than the file.
            UserError: the value is of the wrong type or out of range, or the file is damaged.
            OSError: the file cannot be written.
        """
        self.entry(key)
        with self._lock:
            rows = setting_rows(self._settings, self._file.path, self._environment)
            row = next(row for row in rows if row.name == key)
            if version not in (None, now := self._entry(row).row_version):
                raise SettingChanged(f"{key} has changed since.", state=str(now))
            if value is not None:
                value = self._typed(key, value)
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

    def _typed(self, key: str, value: Any) -> Any:
        """Return a value as its setting's type has it; a number as text is none.

        Raises:
            UserError: the value is of another type, or out of range.
        """
        section, _, name = key.partition(".")
        fields = msgspec.structs.fields(type(getattr(self._settings, section)))
        [kind] = [field.type for field in fields if field.name == name]
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise UserError(f"setting {key}: {str(error)[:1].lower()}{str(error)[1:]}") from error

    def _entry(self, row: SettingRow) -> ConfigEntry:
        words = [part for part in (row.meaning, row.allowed) if part]
        words.append("Applies at once." if row.name in APPLIED else "Applies at the next start.")
        path = self._file.path
        changed = path.stat().st_mtime_ns if row.layer == "file" and path.exists() else None
        state = msgspec.json.encode((row.layer, row.value, changed))
        return ConfigEntry(
            key=row.name,
            value=row.value,
            description=". ".join(words),
            category=row.name.partition(".")[0],
            changed_ns=changed,
            row_version=zlib.crc32(state),
            kept=why_kept(row.name),
        )


def why_kept(name: str) -> str:
    """Return why a script may not change a setting, "" where it may."""
    if name in CHANGEABLE:
        return ""
    return next((why for start, why in KEPT.items() if name.startswith(start)), "it is not among those that may change")


def is_private(name: str) -> bool:
    """Tell whether a setting is one that the REST interface's own security rests on."""
    return name.startswith(PRIVATE)
