"""The workspace menu and its keys, and the line that offers to take a load back.

Ctrl+1 to Ctrl+9 show a workspace; everything else is reached by the menu's letters. It only asks `Workspaces`.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QInputDialog, QLabel, QMenu, QPushButton, QWidget

from workstation.desktop.shell.workspaces import UNDO_MS, Workspaces
from workstation.desktop.shell.workspaces_versions import VersionsDialog

KEYS_MAX = 9
_FILES = "Workspaces (*.toml)"


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
    """Names with their keys, then what can be done with the one that is shown."""

    def __init__(self, workspaces: Workspaces, parent: QWidget) -> None:
        super().__init__("&Workspaces", parent)
        self.setObjectName("workspaces_menu")
        self._workspaces = workspaces
        self._fill()
        workspaces.changed.connect(self._fill)
        workspaces.loaded.connect(lambda _name: self._fill())

    def _fill(self) -> None:
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()
        shown = self._workspaces
        for number, name in enumerate(shown.names(), start=1):
            key = f"Ctrl+{number}" if number <= KEYS_MAX else ""
            action = self._add(f"workspace_{number}", name, partial(shown.open, name), key)
            action.setCheckable(True)
            action.setChecked(name == shown.name)
        self.addSeparator()
        self._add("workspace_undo", "&Undo load", shown.undo_load)
        self._add("workspace_save_as", "&Save as…", self._ask_name)
        self._add("workspace_yesterday", "Restore &yesterday", shown.restore_yesterday)
        self._add("workspace_versions", "Earlier &versions…", self._show_versions)
        self._add("workspace_import", "&Import…", self._ask_import)
        self._add("workspace_export", "&Export…", self._ask_export)
        self._add("workspace_window", "&New window", shown.new_window)
        lock = self._add("workspace_lock", "&Lock panels", lambda: shown.lock(locked=not shown.locked))
        lock.setCheckable(True)
        lock.setChecked(shown.locked)

    def _add(self, name: str, text: str, run: Callable[[], object], key: str = "") -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.triggered.connect(lambda _checked=False: run())
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        self.addAction(action)
        return action

    def _ask_name(self) -> None:
        trouble, name = "", self._workspaces.name
        while True:
            label = f"{trouble}\nName of the workspace:".strip()
            name, given = QInputDialog.getText(self.parentWidget(), "Save workspace as", label, text=name)
            if not given:
                return
            trouble = self._workspaces.save_as(name.strip())
            if not trouble:
                return

    def _show_versions(self) -> None:
        VersionsDialog(self._workspaces, self.parentWidget() or self).open()

    def _ask_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Import workspace", "", _FILES)
        if path:
            self._workspaces.import_from(Path(path))

    def _ask_export(self) -> None:
        suggested = f"{self._workspaces.name}.toml"
        path, _ = QFileDialog.getSaveFileName(self.parentWidget(), "Export workspace", suggested, _FILES)
        if path:
            self._workspaces.export_to(Path(path))
