"""A panel that was open while the look changed stands as one that is opened afterwards: type, rows, columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QTableView, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.helpers.desktop_rig import DesktopRig, status
from tests.helpers.panel_scenes import Shown, settle, shown_panel
from workstation.commands.registry import CommandResult
from workstation.desktop.fonts import load_fonts
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.theme import Theme, apply_theme, load_theme

LARGE = {"text_scale": 1.5}
ROUNDED_PX = 12
"""What the sum of rounded columns may leave to the one that takes the rest."""


@pytest.fixture
def show(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[str, Theme], Shown]]:
    """Return what makes a panel under a theme; all end with the test."""
    made: list[tuple[Shown, DesktopRig]] = []

    def make(kind: str, theme: Theme) -> Shown:
        load_fonts()
        apply_theme(qapp, theme)
        rig = DesktopRig()
        made.append((shown_panel(kind, rig, tmp_path), rig))
        qtbot.addWidget(made[-1][0].holder)
        settle(rig)
        return made[-1][0]

    yield make
    for shown, rig in made:
        shown.panel.release()
        rig.stop()
    apply_theme(qapp, load_theme("dark"))


def sizes_of_type(panel: QWidget) -> dict[str, int]:
    """Return the size of type of each named widget, in pixels."""
    named = [child for child in panel.findChildren(QWidget) if child.objectName() and child.objectName()[:3] != "qt_"]
    return {child.objectName(): child.font().pixelSize() for child in named}


def widths(panel: QWidget) -> dict[str, list[int]]:
    """Return the widths of the columns of each table, 0 for a hidden one."""
    return {
        table.objectName(): [table.columnWidth(number) for number in range(table.model().columnCount())]
        for table in panel.findChildren(QTableView)
    }


def row_heights(panel: QWidget) -> dict[str, int]:
    """Return the height of the rows of each table."""
    tables = panel.findChildren(QTableView)
    return {table.objectName(): table.verticalHeader().defaultSectionSize() for table in tables}


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
@pytest.mark.parametrize("name", ["dark", "high_contrast"])
def test_a_panel_follows_another_size_of_text_as_if_opened_with_it(
    kind: str, name: str, show: Callable[[str, Theme], Shown], qapp: QApplication
) -> None:
    before = show(kind, load_theme("dark")).panel
    apply_theme(qapp, load_theme(name, **LARGE))
    qapp.processEvents()
    after = show(kind, load_theme(name, **LARGE)).panel
    assert sizes_of_type(before) == sizes_of_type(after)
    assert row_heights(before) == row_heights(after)
    followed = widths(before)
    for table, shown in widths(after).items():
        assert followed[table][:-1] == pytest.approx(shown[:-1], abs=ROUNDED_PX), table
        assert sum(followed[table]) <= sum(shown) + ROUNDED_PX, table


@pytest.mark.parametrize("kind", sorted(PANEL_KINDS))
def test_the_title_of_a_column_stands_over_its_cells(kind: str, show: Callable[[str, Theme], Shown]) -> None:
    role = Qt.ItemDataRole.TextAlignmentRole
    for table in show(kind, load_theme("dark")).panel.findChildren(QTableView):
        model, usual = table.model(), table.horizontalHeader().defaultAlignment()
        for column in range(model.columnCount() if model.rowCount() else 0):
            title = model.headerData(column, Qt.Orientation.Horizontal, role) or usual
            cell = model.index(0, column).data(role) or Qt.AlignmentFlag.AlignLeft
            assert sides(title) == sides(cell), (table.objectName(), column)


def sides(alignment: int | Qt.AlignmentFlag) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag(alignment) & (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignHCenter)


def test_a_whole_window_lives_through_themes_back_and_forth_and_ends_while_the_last_one_settles(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    configure_docking()
    load_fonts()
    rig = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        rig.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    desk = Workspace(rig.context, PANEL_KINDS, LayoutStore(tmp_path), disarm_after_s=600)
    desk.open()
    qtbot.waitExposed(desk.window)
    for theme in (load_theme("light", **LARGE), load_theme("dark")):
        apply_theme(qapp, theme)
        rig.feed(status=status())
    qapp.processEvents()
    apply_theme(qapp, load_theme("light", **LARGE))
    rig.feed(status=status())
    desk.close()
    rig.let_go_with(desk)
    rig.stop()
    desk.window.deleteLater()
    apply_theme(qapp, load_theme("dark"))
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not isValid(desk.window)
