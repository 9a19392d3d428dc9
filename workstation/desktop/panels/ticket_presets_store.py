"""The presets in force: the file of the home, read at the start, changed one value at a time from a ticket.

A file that cannot be read leaves the last good presets in force and is not touched. It fills no ticket by itself.
"""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.config.whole_files import write_whole
from workstation.domain.errors import UserError
from workstation.viewmodels.ticket_presets import Preset
from workstation.viewmodels.ticket_presets_file import changed_text, read_presets


class PresetStore(QObject):
    """Presets of every ticket, by scope. Emits: changed() after each change. `error`: why the file is not in force."""

    changed = Signal()

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.setObjectName("preset_store")
        self._path = path
        self.presets: Mapping[str, Preset] = {}
        self.error = ""
        try:
            self.presets = read_presets(self._text())
        except (UserError, UnicodeDecodeError) as error:
            self.error = f"The ticket's presets are not in force: {self._name}: {error}."
        except OSError as error:
            self.error = f"The ticket's presets are not in force: {self._name} cannot be read: {error.strerror}."

    def set(self, scope: str, field: str, value: str) -> str:
        """Set one value of a scope, "" takes it out; returns why not, "" when done."""
        try:
            text = changed_text(self._text(), scope, field, value) if self._path else ""
            found = read_presets(text) if self._path else self._with(scope, field, value)
            if self._path is not None:
                write_whole(self._path, text)
        except (UserError, UnicodeDecodeError) as error:
            return f"Not kept: {self._name}: {error}."
        except OSError as error:
            return f"Not kept: {self._name} cannot be written: {error.strerror}."
        self.presets, self.error = found, ""
        self.changed.emit()
        return ""

    @property
    def _name(self) -> str:
        return "no file" if self._path is None else self._path.name

    def _text(self) -> str:
        if self._path is None or not self._path.exists():
            return ""
        return self._path.read_text(encoding="utf-8")

    def _with(self, scope: str, field: str, value: str) -> dict[str, Preset]:
        before = self.presets.get(scope, Preset())
        kept = {name: getattr(before, name) for name in Preset.__struct_fields__}
        return {**self.presets, scope: Preset(**{**kept, field: value})}
