"""What menus say: an ampersand in a name is shown, no entry is blank, the theme in force is marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, order, status
from tests.helpers.panel_scenes import shown_panel
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.orders_scopes import cancel_choices
from workstation.desktop.panels.stored_data_import import ImportDialog
from workstation.desktop.panels.watchlist_panel import WatchlistPanel
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.top_bar import TopBar
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.table_view import ColumnView
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.orders import Origin, OriginKind
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.orders_table import OrderBlotter
from workstation.viewmodels.rejects import RejectWatch


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    configure_docking()
    made = Workspace(rig.context, PANEL_KINDS, LayoutStore(tmp_path / "layouts"), disarm_after_s=300)
    qtbot.addWidget(made.window)
    yield made
    made.close()
    rig.let_go_with(made)


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


def shown_in(menu: QMenu) -> list[str]:
    """Return a menu's entries as they are painted."""
    return [seen(action) for action in menu.actions() if not action.isSeparator()]


def test_an_account_stands_in_the_menu_by_its_whole_name(rig: DesktopRig, qtbot: QtBot) -> None:
    rig.accounts.take([msgspec.structs.replace(rig.account, name="Smith & Sons")])
    rig.feed(status=status())
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    assert "Smith & Sons" in shown_in(bar.account_menu())[0]


def test_lists_and_columns_of_a_watchlist_stand_whole_in_its_menus(rig: DesktopRig, qtbot: QtBot) -> None:
    panel = WatchlistPanel(rig.context, "watchlist-1")
    qtbot.addWidget(panel)
    assert panel.choice.make("R&D") == ""
    assert seen(QAction(panel.choice.text())) == "R&D"
    panel.choice.menu().aboutToShow.emit()
    assert "R&D" in shown_in(panel.choice.menu())
    panel.release()


def test_a_strategy_and_a_script_stand_whole_where_their_orders_are_cancelled(rig: DesktopRig) -> None:
    names = {"run-1": "Mean & trend", "key-1": "Bot & co"}
    blotter = OrderBlotter(Formats(rig.context.bridge.session.instruments), RejectWatch(), names)
    origin = Origin(kind=OriginKind.REST, detail="key-1", user="local", ts_gesture=0)
    sent = order("x-1", strategy_id="run-1", origin=origin)
    texts = [seen(QAction(choice.text)) for choice in cancel_choices(blotter, rig.context.focus, [sent], lambda *_: 0)]
    assert any("strategy Mean & trend" in text for text in texts)
    assert any("script Bot & co" in text for text in texts)
