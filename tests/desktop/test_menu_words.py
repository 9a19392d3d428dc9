"""What menus say: an ampersand in a name is shown, no entry is blank, the theme in force is marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import shown_panel
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.stored_data_import import ImportDialog
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.table_view import ColumnView
from workstation.desktop.theme import apply_theme, load_theme


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    configure_docking()
    made = Workspace(rig.context, PANEL_KINDS, LayoutStore(tmp_path / "layouts"), disarm_after_s=300)
    qtbot.addWidget(made.window)
    yield made
    made.close()


def seen(action: QAction) -> str:
    """Return an entry as it is painted, without the key at its right."""
    return re.sub(r"&(.)", r"\1", action.text().partition("\t")[0])


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_the_menu_of_columns_calls_each_by_its_whole_title(kind: str, rig: DesktopRig, qtbot: QtBot, tmp_path) -> None:
    shown = shown_panel(kind, rig, tmp_path)
    qtbot.addWidget(shown.holder)
    for view in shown.panel.findChildren(ColumnView):
        menu = view.column_menu()
        entries = [seen(action) for action in menu.actions() if not action.isSeparator()]
        titles = [column.title for column in view.columns.table.columns if column.width and column.title]
        assert [entry for entry in entries if entry in titles] == titles
        assert all(entries), view.objectName()
        menu.deleteLater()
    shown.panel.release()


def test_panels_stand_in_the_menu_under_their_whole_titles(desk: Workspace) -> None:
    menu = desk.window.findChild(QMenu, "add_panel_menu")
    assert isinstance(menu, QMenu)
    assert sorted(map(seen, menu.actions())) == sorted(kind.title for kind in PANEL_KINDS.values())


def test_the_theme_in_force_is_marked(desk: Workspace, qapp: QApplication) -> None:
    try:
        for name in ("light", "dark"):
            apply_theme(qapp, load_theme(name))
            desk.themes.aboutToShow.emit()
            marked = [action.objectName() for action in desk.themes.actions() if action.isChecked()]
            assert marked == [f"screen.theme_{name}"]
    finally:
        apply_theme(qapp, load_theme("dark"))


def test_what_the_fields_of_an_import_say_while_empty_is_read_whole(qtbot: QtBot, desk: Workspace) -> None:
    dialog = ImportDialog(Path("bars.csv"), desk.window)
    qtbot.addWidget(dialog)
    dialog.show()
    lines = [*dialog.findChildren(QLineEdit), *(box.lineEdit() for box in dialog.findChildren(QComboBox))]
    for line in filter(None, lines):
        assert line.fontMetrics().horizontalAdvance(line.placeholderText()) <= line.width(), line.placeholderText()
