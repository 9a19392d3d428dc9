"""Workspaces by real keys and files: shown, taken back, locked, several windows, damaged and unknown parts survived.

Long because each gesture on a workspace, its docks, links, versions and its end, is tried on one desktop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, status
from tests.helpers.workspaces import opened_workspace
from workstation.commands.registry import CommandResult
from workstation.commands.strategies import StrategyBoard
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.settings_panel import SettingsPanel
from workstation.desktop.shell.docks import tabs_below
from workstation.desktop.shell.layouts_store import LayoutStore
from workstation.desktop.shell.workspace import Workspace
from workstation.desktop.shell.workspaces import SHIPPED, Workspaces
from workstation.desktop.shell.workspaces_versions import VersionsDialog
from workstation.domain.accounts import Environment
from workstation.domain.orders import OrdStatus, OrdType, Residence, Side
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus

KINDS = {"chart": ChartPanel, "log": LogPanel, "orders": OrdersPanel, "settings": SettingsPanel}
RUN = StrategyRun(
    id="r1", strategy_id="s1", account="SIM-1", user_id="local", run_name="Cross 7", run_number=7,
    initial_capital="100000", start_date="2024-01-02", status=StrategyRunStatus.RUNNING, started_at=START_NS,
)  # fmt: skip
PAIR = """name = "pair"
[[panel]]
id = "log-1"
kind = "log"
[[panel]]
id = "orders-1"
kind = "orders"
[dock.root]
split = "columns"
sizes = [0.3, 0.7]
parts = ["left", "right"]
[dock.left]
tabs = ["log-1"]
[dock.right]
tabs = ["orders-1"]
"""
OWN = 'name = "{name}"\n[[panel]]\nid = "log-1"\nkind = "log"\n[dock.root]\ntabs = ["log-1"]\n'


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    for command_id in ("market.bars", "order.outlook"):
        made.gateway.answers[command_id] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    yield made
    made.stop()


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    own = (OWN.format(name="small"), OWN.format(name="wide"))
    with opened_workspace(rig, qtbot, tmp_path, KINDS, PAIR, *own) as made:
        yield made


@pytest.fixture
def shown(desk: Workspace) -> Workspaces:
    return desk.workspaces


def action(desk: Workspace, name: str) -> QAction:
    found = desk.window.findChild(QAction, name)
    assert isinstance(found, QAction)
    return found


def test_ctrl_and_a_digit_shows_the_workspace_and_disarms(desk: Workspace, rig: DesktopRig, qtbot: QtBot) -> None:
    assert desk.workspaces.names() == [*SHIPPED, "pair", "small", "wide"]
    rig.arm(Environment.SIM)
    qtbot.keyClick(desk.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    assert desk.workspaces.name == "small"
    assert list(desk.window.panels) == ["log-1"]
    assert [params.reason for params in rig.gateway.of("risk.disarm")] == ["workspace small"]


def test_a_load_is_taken_back_by_its_button(desk: Workspace) -> None:
    shown = desk.workspaces
    desk.window.add_panel("log")
    before = set(desk.window.panels)
    shown.open("small")
    undo = desk.window.findChild(QPushButton, "undo_load")
    assert undo is not None
    assert undo.isVisible()
    undo.click()
    assert shown.name == "trading"
    assert set(desk.window.panels) == before
    assert not shown.can_undo


def test_a_load_can_be_taken_back_for_thirty_seconds_and_then_from_its_history(desk: Workspace) -> None:
    shown = desk.workspaces
    shown.open("small")
    undo = desk.window.findChild(QPushButton, "undo_load")
    assert undo is not None
    assert (shown._undo.interval(), shown._undo.isActive(), undo.isVisible()) == (30_000, True, True)
    shown._undo.timeout.emit()  # the time is over
    assert (shown.can_undo, undo.isVisible()) == (False, False)
    assert shown.open("trading")
    assert shown.name == "trading"


def test_what_was_shown_comes_back_at_the_next_start(
    shown: Workspaces, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    shown.open("wide")
    shown.save()
    again = Workspaces(rig.context, KINDS, LayoutStore(tmp_path))
    qtbot.addWidget(again.window)
    assert again.begin().name == "wide"
    again.end()


def test_a_damaged_file_is_refused_with_its_place_and_nothing_changes(
    shown: Workspaces, rig: DesktopRig, tmp_path: Path
) -> None:
    before = list(shown.window.panels)
    (tmp_path / "pair.toml").write_text(PAIR)
    (tmp_path / "small.toml").write_text('name = "small"\nversion = [1\n')
    assert not shown.open("small")
    assert (shown.name, list(shown.window.panels)) == ("trading", before)
    assert "line" in rig.spoken[-1][1]
    assert "column" in rig.spoken[-1][1]
    assert (tmp_path / "small.toml").read_text() == 'name = "small"\nversion = [1\n'


def test_a_panel_of_unknown_kind_keeps_its_place_and_settings(shown: Workspaces, tmp_path: Path) -> None:
    text = OWN.format(name="small").replace('kind = "log"', 'kind = "hologram"\n[panel.settings]\ndepth = 3')
    (tmp_path / "pair.toml").write_text(PAIR)
    (tmp_path / "small.toml").write_text(text)
    shown.open("small")
    assert shown.window.panels["log-1"].title == "Unknown panel"
    entry = shown.current().panel[0]
    assert (entry.kind, entry.settings) == ("hologram", {"depth": 3})


def test_a_locked_workspace_lets_no_panel_be_moved_or_closed(desk: Workspace, shown: Workspaces) -> None:
    shown.open("small")
    action(desk, "workspace.lock").trigger()
    features = desk.window.docking.globallyLockedDockWidgetFeatures()
    assert features.value != 0
    assert shown.current().locked
    action(desk, "workspace.lock").trigger()
    assert desk.window.docking.globallyLockedDockWidgetFeatures().value == 0


def tab_of(desk: Workspace, panel_id: str) -> QWidget:
    tab: QWidget = desk.window.docking.findDockWidget(panel_id).tabWidget()
    return tab


def test_a_double_click_on_a_tab_shows_its_area_alone_and_the_layout_is_still_that_of_all(
    desk: Workspace, shown: Workspaces, qtbot: QtBot
) -> None:
    shown.open("pair")
    QApplication.processEvents()
    shown.lock(locked=True)
    shown.window.status_bar.hide_items(["rate_chip"])
    log, orders = desk.window.panels["log-1"], desk.window.panels["orders-1"]
    before = shown.current()
    qtbot.mouseDClick(tab_of(desk, "log-1"), Qt.MouseButton.LeftButton)
    assert (log.isVisible(), orders.isVisible()) == (True, False)
    assert shown.current() == before
    qtbot.mouseDClick(tab_of(desk, "log-1"), Qt.MouseButton.LeftButton)
    qtbot.mouseRelease(desk.window, Qt.MouseButton.LeftButton)
    assert QApplication.mouseButtons() == Qt.MouseButton.NoButton, "what is tested next has a free pointer"
    assert (log.isVisible(), orders.isVisible()) == (True, True)
    assert shown.current() == before
    log.setFocus()
    action(desk, "panel.maximise").trigger()
    assert not orders.isVisible()
    desk.window.show_panel("orders-1")
    assert orders.isVisible()


def place(shown: Workspaces) -> tuple[list[float], bool]:
    """Return what a layout keeps of where the first window stands."""
    layout = shown.current()
    return layout.geometry, layout.maximized


@pytest.mark.parametrize("maximised", [False, True])
def test_f11_fills_the_screen_and_again_stands_as_before_and_no_layout_keeps_it(
    desk: Workspace, shown: Workspaces, qtbot: QtBot, *, maximised: bool
) -> None:
    if maximised:
        desk.window.showMaximized()
    else:
        desk.window.setGeometry(40, 30, 1_000, 640)
    QApplication.processEvents()
    before = place(shown)
    qtbot.keyClick(desk.window, Qt.Key.Key_F11)
    QApplication.processEvents()
    assert desk.window.isFullScreen()
    assert desk.window.geometry() == desk.window.screen().geometry()
    assert place(shown) == before
    field = QLineEdit(desk.window)
    field.show()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_F11)
    QApplication.processEvents()
    assert (desk.window.isFullScreen(), desk.window.isMaximized()) == (False, maximised)


def test_f11_fills_the_screen_with_the_window_in_front(desk: Workspace, shown: Workspaces, qtbot: QtBot) -> None:
    second = shown.new_window()
    assert second is not None
    second.activateWindow()
    qtbot.waitUntil(second.isActiveWindow)
    action(desk, "screen.full_screen").trigger()
    assert (second.isFullScreen(), desk.window.isFullScreen()) == (True, False)


def test_a_closed_panel_comes_back_where_it_stood_with_what_it_had(
    desk: Workspace, shown: Workspaces, qtbot: QtBot
) -> None:
    shown.open("pair")
    field = desk.window.panels["log-1"].findChild(QLineEdit, "log-1_filter")
    assert field is not None
    qtbot.keyClicks(field, "warning")
    QApplication.processEvents()
    before = shown.current()
    tab = tab_of(desk, "log-1")
    QCursor.setPos(tab.mapToGlobal(tab.rect().center()))
    qtbot.mouseClick(tab, Qt.MouseButton.MiddleButton)
    assert list(desk.window.panels) == ["orders-1"]
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(desk.window, Qt.Key.Key_T, keys)
    assert shown.current().dock == before.dock
    assert {panel.id: panel for panel in shown.current().panel} == {panel.id: panel for panel in before.panel}
    assert shown.window.reopen() is None


def test_panels_that_float_come_back_where_they_were(desk: Workspace, shown: Workspaces) -> None:
    shown.open("pair")
    over = desk.window.docking.addDockWidgetFloating(desk.window.docking.findDockWidget("log-1"))
    over.setGeometry(60, 80, 300, 240)
    before = shown.current()
    assert [entry.root for entry in before.floating] == ["floating-1"]
    shown.window.status_bar.hide_items(["rate_chip", "memory_chip"])
    before = shown.current()
    shown.open("small")
    assert shown.window.status_bar.hidden == []
    assert not [top for top in desk.window.docking.floatingWidgets() if top.isVisible()]
    shown.open("pair")
    assert shown.current() == before
    (over,) = [top for top in desk.window.docking.floatingWidgets() if top.isVisible()]
    assert over.geometry() == QRect(60, 80, 300, 240)
    over.move(40_000, 0)
    shown.window.gather()
    assert over.screen().availableGeometry().contains(over.geometry())


def test_a_quit_that_closes_floating_panels_first_loses_none_of_them(
    desk: Workspace, shown: Workspaces, tmp_path: Path, qapp: QApplication
) -> None:
    shown.open("pair")
    over = desk.window.docking.addDockWidgetFloating(desk.window.docking.findDockWidget("log-1"))
    desk.eventFilter(qapp, QEvent(QEvent.Type.Quit))
    over.close()
    desk.window.close()
    shown.save()
    kept = LayoutStore(tmp_path).load("pair")
    assert kept is not None
    assert [tabs_below(kept.dock, entry.root) for entry in kept.floating] == [["log-1"]]


def test_charts_of_an_interval_link_move_together_and_keep_it_in_the_file(
    desk: Workspace, shown: Workspaces, tmp_path: Path
) -> None:
    shown.open("pair")
    first, second, third = (desk.window.add_panel("chart") for _ in range(3))
    first.show_interval("5m")
    for panel in (first, second):
        join = desk.window.findChild(QAction, f"{panel.panel_id}_interval_link_C")
        assert join is not None
        join.trigger()
    assert [panel.interval for panel in (first, second, third)] == ["5m", "5m", "1m"]
    second.show_interval("15m")
    second.set_link_group("B")
    assert [panel.interval for panel in (first, second, third)] == ["15m", "15m", "1m"]
    chip = desk.window.findChild(QToolButton, "chart-1_interval_link")
    assert chip is not None
    assert chip.accessibleName() == "Chart interval link C"
    shown.open("small")
    text = (tmp_path / "pair.toml").read_text()
    assert text.count('interval_link = "C"') == 2
    shown.open("pair")
    again = desk.window.panels
    assert [again[f"chart-{n}"].interval_group for n in (1, 2, 3)] == ["C", "C", ""]
    again["chart-1"].show_interval("1h")
    assert [again[f"chart-{n}"].interval for n in (1, 2, 3)] == ["1h", "1h", "1m"]
    again["chart-2"].set_interval_group("")
    again["chart-1"].show_interval("1d")
    assert again["chart-2"].interval == "1h"


def test_a_second_window_comes_back_with_panels_of_its_own(shown: Workspaces) -> None:
    shown.open("small")
    window = shown.new_window()
    assert window is not None
    window.add_panel("log")
    assert set(window.panels) == {"orders-1", "log-2"}
    shown.open("wide")
    assert len(shown.windows) == 1
    shown.open("small")
    assert [set(window.panels) for window in shown.windows] == [{"log-1"}, {"orders-1", "log-2"}]


def test_a_second_window_that_is_closed_is_forgotten(shown: Workspaces, qtbot: QtBot) -> None:
    shown.open("small")
    window = shown.new_window()
    assert window is not None
    window.close()
    assert shown.windows == [shown.window]
    assert shown.current().window == []


def test_yesterdays_layout_comes_back_however_often_today_was_saved(shown: Workspaces, tmp_path: Path) -> None:
    shown.open("small")
    path = tmp_path / "small.toml"
    day_before = path.stat().st_mtime - 2 * 86_400
    os.utime(path, (day_before, day_before))
    for _ in range(25):
        shown.window.add_panel("log")
        shown.save()
    shown.restore_yesterday()
    assert list(shown.window.panels) == ["log-1"]


def test_an_earlier_version_is_chosen_by_what_it_would_change(desk: Workspace, shown: Workspaces) -> None:
    shown.open("pair")
    shown.save()
    desk.window.add_panel("log")
    shown.save()
    desk.window.close_panel("orders-1")
    shown.save()
    action(desk, "workspace.versions").trigger()
    dialog = desk.window.findChild(VersionsDialog)
    assert dialog is not None
    newest, oldest = 0, dialog.list.count() - 1
    dialog.list.setCurrentRow(newest)
    assert '+id = "orders-1"' in dialog.text.toPlainText()
    assert '-id = "log-2"' not in dialog.text.toPlainText()
    dialog.list.setCurrentRow(oldest)
    assert '-id = "log-2"' in dialog.text.toPlainText()
    dialog.restore.click()
    assert set(desk.window.panels) == {"log-1", "orders-1"}
    shown.undo_load()
    assert set(desk.window.panels) == {"log-1", "log-2"}


def test_a_damaged_version_is_refused_and_what_is_shown_stays(
    desk: Workspace, shown: Workspaces, rig: DesktopRig
) -> None:
    shown.open("pair")
    desk.window.add_panel("log")
    shown.save()
    version = shown.versions()[0]
    version.write_text("name = ")
    assert not shown.restore_version(version)
    assert rig.spoken[-1][1].startswith("Refused: layout pair.000001.toml, line 1, column")
    assert "log-2" in desk.window.panels


def test_an_export_can_be_imported_under_another_name_only(shown: Workspaces, rig: DesktopRig, tmp_path: Path) -> None:
    shown.open("small")
    out = tmp_path / "elsewhere" / "copy.toml"
    out.parent.mkdir()
    shown.export_to(out)
    assert not shown.import_from(out)
    assert "taken" in rig.spoken[-1][1]
    out.write_text(out.read_text().replace('"small"', '"copy"'))
    assert shown.import_from(out)
    assert shown.name == "copy"
    assert (tmp_path / "copy.toml").exists()


def test_a_name_that_is_taken_or_no_file_name_is_refused(shown: Workspaces) -> None:
    assert "already" in shown.save_as("Small")
    assert "1 to 40" in shown.save_as("../x")
    assert shown.save_as("mine") == ""
    assert "mine" in shown.names()


def test_a_renamed_workspace_keeps_its_versions_and_one_from_the_start_keeps_its_name(
    desk: Workspace, shown: Workspaces, tmp_path: Path
) -> None:
    assert "keeps its name" in shown.rename("mine")
    shown.open("small")
    desk.window.add_panel("log")
    assert shown.rename("wide") == "There is a workspace wide already."
    assert shown.rename("mine") == ""
    assert (shown.name, LayoutStore(tmp_path).active()) == ("mine", "mine")
    assert "small" not in shown.names()
    assert [len(LayoutStore(tmp_path).versions(name)) for name in ("small", "mine")] == [0, 2]
    kept = LayoutStore(tmp_path).load("mine")
    assert kept is not None
    assert (kept.name, [panel.id for panel in kept.panel]) == ("mine", ["log-1", "log-2"])


def test_a_command_of_the_window_runs_from_palette_menu_and_its_key(desk: Workspace, qtbot: QtBot) -> None:
    for act in (
        lambda: desk.hotkeys.run_command("panel.add_log"),
        lambda: action(desk, "panel.add_log").trigger(),
    ):
        before = len(desk.window.panels)
        act()
        assert len(desk.window.panels) == before + 1
    desk.hotkeys.run_command("workspace.show_9")
    assert desk.workspaces.name == "trading"
    desk.hotkeys.run_command("workspace.show_5")
    assert desk.workspaces.name == "pair"
    shown = [entry.objectName() for entry in desk.window.findChildren(QAction) if entry.isChecked()]
    assert [name for name in shown if name.startswith("workspace.")] == ["workspace.show_5"]


@pytest.mark.parametrize(
    ("bind", "key", "shown", "left"),
    [
        ('id = "mine"\nkeys = "Ctrl+J L"\ndo = "run(workspace.lock)"', "Ctrl+J L", "Lock panels\tCtrl+J L", "Ctrl+5"),
        ('id = "x"\nkeys = "Ctrl+5"\ndo = "run(workspace.lock)"', "Ctrl+5", "Lock panels\tCtrl+5", ""),
    ],
)
def test_the_key_file_binds_a_command_of_the_window_and_takes_a_menus_key(
    *, desk: Workspace, qtbot: QtBot, tmp_path: Path, bind: str, key: str, shown: str, left: str
) -> None:
    file = tmp_path / "hotkeys.toml"
    file.write_text(f"version = 1\n[[bind]]\n{bind}\n")
    desk.hotkeys.store.path = file
    assert desk.hotkeys.store.load()
    assert action(desk, "workspace.lock").text() == shown
    assert action(desk, "workspace.show_5").shortcut().toString() == left
    for chord in key.split():
        name = chord.rpartition("+")[2]
        held = Qt.KeyboardModifier.ControlModifier if "Ctrl" in chord else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(desk.window, Qt.Key[f"Key_{name}"], held)
    assert desk.workspaces.locked
    assert desk.workspaces.name == "trading"


def test_a_setting_chosen_in_the_palette_stands_alone_in_the_settings_panel(desk: Workspace, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(desk.palette.field, "text_scale")
    qtbot.keyClick(desk.palette.field, Qt.Key.Key_Return)
    panel = desk.window.panels["settings-1"]
    assert isinstance(panel, SettingsPanel)
    assert panel.search.text() == "desktop.text_scale"


@pytest.mark.parametrize("corner_px", [None, 10])
def test_a_window_that_no_screen_shows_or_only_by_a_corner_moves_into_view(
    shown: Workspaces, corner_px: int | None
) -> None:
    shown.window.showNormal()
    screen = shown.window.screen().availableGeometry()
    off = 90_000 if corner_px is None else screen.right() - corner_px
    shown.window.setGeometry(QRect(off, off, 1_000, 700))
    QApplication.processEvents()
    assert shown.window.gather()
    assert shown.window.screen().availableGeometry().contains(shown.window.geometry().topLeft())
    assert not shown.window.gather()


@pytest.mark.parametrize("change", ["gone", "smaller"])
def test_what_no_screen_shows_after_a_change_of_screens_is_gathered_and_that_is_said(
    shown: Workspaces, rig: DesktopRig, qapp: QApplication, change: str
) -> None:
    screen = qapp.primaryScreen()

    def happens() -> None:
        if change == "gone":
            qapp.screenRemoved.emit(screen)
        else:
            screen.availableGeometryChanged.emit(screen.availableGeometry())

    before = len(rig.spoken)
    happens()
    assert rig.spoken[before:] == [], "nothing is said where everything is still in view"
    shown.window.showNormal()
    shown.window.setGeometry(QRect(90_000, 90_000, 1_000, 700))
    QApplication.processEvents()
    happens()
    assert screen.availableGeometry().contains(shown.window.geometry().topLeft())
    words = "The screens have changed: windows that none of them showed have moved into view."
    assert rig.spoken[before:] == [("warning", words)]


def test_link_groups_come_back_with_the_workspace(shown: Workspaces, rig: DesktopRig) -> None:
    shown.open("small")
    rig.context.links.choose("C", "MSFT")
    shown.open("wide")
    rig.context.links.choose("C", "AAPL")
    assert shown.open("small")
    assert rig.context.links.chosen("C") == "MSFT"


def test_leaving_with_an_order_here_asks_first_and_stays_by_escape(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    stop = limit(Side.SELL, None, 100, ord_type=OrdType.STOP, stop_px=18_650)
    rig.feed(order(terms=stop, state=OrdStatus.NEW, residence=Residence.PROGRAM), status=status(active_runs=1))
    qtbot.keyClick(desk.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    dialog = desk.leaving.dialog
    assert dialog is not None
    assert "SELL 100 AAPL STOP 186.50" in dialog.body.text()
    assert "1 strategy run: nothing is sent" in dialog.body.text()
    assert dialog.stay.isDefault()
    board = StrategyBoard(strategies=(), runs=(RUN,))
    rig.gateway.answer("strategy.board", CommandResult(ok=True, text="", data=board))
    QApplication.processEvents()
    assert "1 strategy run (Cross 7): nothing is sent" in dialog.body.text()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.window.isVisible()
    assert desk.leaving.dialog is None
    assert [name for name, _ in rig.gateway.sent()] == ["strategy.board"]


def test_leaving_moves_what_is_watched_here_to_the_broker_and_tells_what_stays(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    stop = limit(Side.SELL, None, 100, ord_type=OrdType.STOP, stop_px=18_650)
    stops = [order(name, stop, OrdStatus.NEW, residence=Residence.PROGRAM) for name in ("S-1", "S-2")]
    rig.feed(*stops, status=status())
    qtbot.keyClick(desk.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    dialog = desk.leaving.dialog
    assert dialog is not None
    assert dialog.to_broker.isVisible()
    qtbot.mouseClick(dialog.to_broker, Qt.MouseButton.LeftButton)
    assert [move.cl_ord_id for move in rig.gateway.of("order.move_to_broker")] == ["S-1", "S-2"]
    rig.gateway.answer("order.move_to_broker", CommandResult(ok=True, text="Moved."))
    text = "Refused: SIM takes no such order; a stop stays on this PC and dies with it."
    rig.gateway.answer("order.move_to_broker", CommandResult(ok=False, code="UNSUPPORTED_ORDER", text=text))
    rig.feed(order("S-1", stop, OrdStatus.ROUTED, residence=Residence.EXCHANGE, version=2))
    QApplication.processEvents()
    assert dialog.refusal.text() == text
    assert dialog.body.text().count("watched by this program") == 1
    rig.feed(order("S-2", stop, OrdStatus.CANCELLED, residence=Residence.PROGRAM, version=2))
    assert not dialog.to_broker.isVisible()
    assert "1 order of SIM-1" in dialog.body.text()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.window.isVisible()


def test_leaving_closes_the_window_once_it_is_chosen_and_asks_nothing_when_all_is_flat(
    desk: Workspace, rig: DesktopRig
) -> None:
    rig.feed(order(), status=status())
    action(desk, "screen.leave").trigger()
    assert desk.leaving.dialog is not None
    assert desk.window.isVisible()
    desk.leaving.dialog.leave.click()
    assert not desk.window.isVisible()
    desk.window.show()
    rig.feed(order(state=OrdStatus.FILLED, version=2), status=status())
    action(desk, "screen.leave").trigger()
    assert not desk.window.isVisible()
