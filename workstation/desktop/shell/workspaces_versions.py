"""Earlier versions of the shown workspace: when each was kept, what it would change, and the way back to it.

It only asks `Workspaces`; showing a version disarms and can be taken back, like any load.
"""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.shell.workspaces import Workspaces
from workstation.desktop.theme import use_figure_font

SIZE_PX = (860, 520)
LIST_PX = 210


class VersionsDialog(QDialog):
    """The kept versions, newest first, beside the difference that the chosen one makes."""

    def __init__(self, workspaces: Workspaces, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspaces = workspaces
        self.setObjectName("versions_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Earlier versions of {workspaces.name}")
        self.resize(*SIZE_PX)
        self.list = QListWidget()
        self.list.setObjectName("versions_list")
        self.list.setAccessibleName("Kept versions, newest first")
        self.list.setFixedWidth(LIST_PX)
        self.text = QPlainTextEdit()
        self.text.setObjectName("versions_difference")
        self.text.setAccessibleName("What the version changes: minus goes, plus comes")
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        use_figure_font(self.text, "caption")
        self.restore = QPushButton("&Show this version")
        self.restore.setObjectName("versions_restore")
        self.restore.setProperty("role", "primary")
        self.restore.clicked.connect(self._restore)
        close = QPushButton("&Close")
        close.setObjectName("versions_close")
        close.clicked.connect(self.reject)
        hint = QLabel("Lines with - go, lines with + come. Showing a version disarms and can be undone for 30 s.")
        hint.setProperty("role", "muted")
        lists, row, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        lists.addWidget(self.list)
        lists.addWidget(self.text, 1)
        row.addWidget(hint, 1)
        row.addWidget(close)
        row.addWidget(self.restore)
        column.addLayout(lists, 1)
        column.addLayout(row)
        self.list.currentItemChanged.connect(self._show)
        self._fill()

    def _fill(self) -> None:
        for version in self._workspaces.versions():
            kept = datetime.fromtimestamp(version.stat().st_mtime).astimezone()
            item = QListWidgetItem(f"{kept:%Y-%m-%d %H:%M:%S}", self.list)
            item.setData(Qt.ItemDataRole.UserRole, str(version))
        self.list.setCurrentRow(0)
        self.restore.setEnabled(self.list.count() > 0)
        if not self.list.count():
            self.text.setPlainText("No earlier version is kept: each change that is saved keeps the one before.")

    def _chosen(self) -> Path | None:
        item = self.list.currentItem()
        return None if item is None else Path(item.data(Qt.ItemDataRole.UserRole))

    def _show(self, *_: object) -> None:
        version = self._chosen()
        if version is not None:
            self.text.setPlainText(self._workspaces.difference(version))

    def _restore(self) -> None:
        version = self._chosen()
        if version is not None and self._workspaces.restore_version(version):
            self.accept()
