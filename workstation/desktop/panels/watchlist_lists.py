"""The button of a watchlist that names its list: choose another, make, rename or remove one. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from workstation.desktop.line_dialog import LineDialog, LineQuestion
from workstation.desktop.spelt import spelt

if TYPE_CHECKING:
    from workstation.desktop.panels.watchlist_panel import WatchlistPanel


class ListChoice(QToolButton):
    """Shows which list is shown; a click lists all of them."""

    def __init__(self, panel: WatchlistPanel) -> None:
        super().__init__()
        self._panel = panel
        self.setObjectName(f"{panel.panel_id}_lists")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setAutoRaise(True)
        self.setMenu(QMenu(self))
        self.menu().aboutToShow.connect(self._fill)
        self.refresh()

    def refresh(self) -> None:
        """Name the list that is shown."""
        name = self._panel.lists.shown
        self.setText(spelt(name))
        self.setAccessibleName(f"Watchlist {name}")
        self.setToolTip(f"List {name}: choose, make, rename or remove a list")

    def make(self, name: str) -> str:
        """Make a list and show it; returns why not, "" when done."""
        refusal = self._panel.lists.refusal(name)
        if not refusal:
            self._panel.lists.add(name)
            self._panel.show_list(name.strip())
        return refusal

    def rename(self, name: str) -> str:
        """Rename the list that is shown; returns why not, "" when done."""
        refusal = self._panel.lists.refusal(name)
        if not refusal:
            self._panel.lists.rename(name)
            self.refresh()
        return refusal

    def remove(self) -> None:
        """Remove the list that is shown, unless it is the only one."""
        self._panel.take_list(self._panel.lists.remove())

    def _fill(self) -> None:
        menu, lists = self.menu(), self._panel.lists
        menu.clear()
        for name in lists.names:
            action = QAction(spelt(name), menu, checkable=True, checked=name == lists.shown)
            action.triggered.connect(lambda _checked=False, name=name: self._panel.show_list(name))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("New list…").triggered.connect(lambda: self._ask("New list", "Make", self.make))
        menu.addAction("Rename…").triggered.connect(
            lambda: self._ask("Rename list", "Rename", self.rename, lists.shown)
        )
        gone = menu.addAction("Remove list")
        gone.setEnabled(len(lists.names) > 1)
        gone.triggered.connect(self.remove)

    def _ask(self, title: str, does: str, take: Callable[[str], str], before: str = "") -> None:
        asked = LineQuestion(f"{self._panel.panel_id}_list_name", title, "Name of the list", does)
        LineDialog(asked, take, self, text=before).open()
