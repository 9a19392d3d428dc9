"""The workspace menu, and the line that offers to take a load back.

Every entry is a command of the registry, so that the palette and the key file reach it too. It only asks `Workspaces`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from workstation.commands.screen import SHOW_WORKSPACE, WORKSPACE_KEYS
from workstation.desktop.line_dialog import LineDialog, LineQuestion
from workstation.desktop.shell.screen_commands import ScreenCommands
from workstation.desktop.shell.workspaces import UNDO_MS, Workspaces
from workstation.desktop.shell.workspaces_versions import VersionsDialog

_FILES = "Workspaces (*.toml)"
_FILES_PX = (900, 520)


class UndoLoadBanner(QFrame):
    """One line across the window for 30 s after a load."""

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__()
        self.setObjectName("undo_load_banner")
        self.setProperty("role", "raised")
        self.setAccessibleName("Layout loaded")
        self.text = QLabel()
        self.text.setObjectName("undo_load_text")
        self.undo = QPushButton("&Undo load")
        self.undo.setObjectName("undo_load")
        self.undo.setToolTip("Show again what stood before")
        self.undo.clicked.connect(workspaces.undo_load)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.text, 1)
        row.addWidget(self.undo)
        workspaces.loaded.connect(self._show)
        workspaces.undo_ended.connect(self.hide)
        self.hide()

    def _show(self, name: str) -> None:
        self.text.setText(f"Workspace {name} is loaded and hand entry disarmed. Undo for {UNDO_MS // 1_000} s.")
        self.show()


class WorkspaceMenu(QMenu):
    """Names with their keys, then what can be done with the one that is shown, each a command of the registry."""

    def __init__(self, workspaces: Workspaces, commands: ScreenCommands, parent: QWidget) -> None:
        super().__init__("&Workspaces", parent)
        self.setObjectName("workspaces_menu")
        self._workspaces, self._commands = workspaces, commands
        self._fill()
        workspaces.changed.connect(self._fill)
        workspaces.loaded.connect(lambda _name: self._fill())
        self.aboutToShow.connect(self._mark)

    def _fill(self) -> None:
        self.clear()
        shown, commands = self._workspaces, self._commands
        names = shown.names()
        for number in range(1, WORKSPACE_KEYS + 1):
            name = names[number - 1] if number <= len(names) else ""
            entry = commands.action(f"{SHOW_WORKSPACE}{number}", partial(self._show_number, number), name)
            entry.setCheckable(True)
            if name:
                self.addAction(entry)
        for name in names[WORKSPACE_KEYS:]:
            entry = QAction(name, self, checkable=True)
            entry.triggered.connect(lambda _checked=False, name=name: shown.open(name))
            self.addAction(entry)
        self.addSeparator()
        runs: dict[str, Callable[[], object]] = {
            "undo_load": shown.undo_load,
            "save": shown.save_now,
            "save_as": partial(self._ask_name, "Save workspace as", "Save", shown.save_as),
            "rename": partial(self._ask_name, "Rename workspace", "Rename", shown.rename),
            "restore_yesterday": shown.restore_yesterday,
            "versions": self._show_versions,
            "import": self._ask_import,
            "export": self._ask_export,
            "new_window": shown.new_window,
            "lock": self._toggle_lock,
            "reset": shown.reset,
        }
        for name, run in runs.items():
            commands.put(self, f"workspace.{name}", run)
        self._mark()

    def _mark(self) -> None:
        """Tick what is shown and what is locked, whatever a press has done to the ticks."""
        for entry, name in zip(self.actions(), self._workspaces.names(), strict=False):
            entry.setChecked(name == self._workspaces.name)
        lock = self._commands.action("workspace.lock", self._toggle_lock)
        lock.setCheckable(True)
        lock.setChecked(self._workspaces.locked)

    def _toggle_lock(self) -> None:
        self._workspaces.lock(locked=not self._workspaces.locked)

    def _show_number(self, number: int) -> None:
        """Show the workspace of a place in the list; a place that is empty is told, and nothing changes."""
        self._workspaces.open_number(number)
        self._mark()

    def _ask_name(self, title: str, does: str, take: Callable[[str], str]) -> None:
        front, name = self._workspaces.front, self._workspaces.name
        asked = LineQuestion("workspace_name", title, "Name of the workspace", does)
        LineDialog(asked, take, front, text=name).open()

    def _show_versions(self) -> None:
        VersionsDialog(self._workspaces, self._workspaces.front).open()

    def _ask_import(self) -> None:
        self._ask_file("Import workspace", self._workspaces.import_from).open()

    def _ask_export(self) -> None:
        dialog = self._ask_file("Export workspace", self._workspaces.export_to)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(f"{self._workspaces.name}.toml")
        dialog.open()

    def _ask_file(self, title: str, use: Callable[[Path], object]) -> QFileDialog:
        dialog = QFileDialog(self._workspaces.front, title, "", _FILES)
        dialog.setObjectName("workspace_file_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.resize(*_FILES_PX)
        dialog.fileSelected.connect(lambda path: use(Path(path)))
        return dialog
