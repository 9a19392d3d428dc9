"""What a right click offers is what the palette has: each entry that acts runs a declared command, and no other.

The table below is the whole of every panel's menu on rows. `flow/test_declared_once.py` proves that what it names is in
the registry of the running product. What only changes what is shown stands here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, limit, order
from tests.helpers.panel_scenes import Shown, shown_panel
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.domain.alerts import Alert, AlertRow, AlertState
from workstation.domain.orders import OrdStatus, OrdType, Origin, OriginKind, Residence, Side, Trail, TrailKind

FOCUS = "moves the trade focus, as a click on its marker does; `go SYMBOL` in the palette"
COPY = "puts the rows on the clipboard; nothing of the program changes"
FILE = "asks for a file by a dialog of the system; nothing of the program changes"
EDITOR = "opens the cell's editor; what Enter in it sends is order.replace"
LINE = "shows the line that asks by how many ticks; what a press in it sends is order.replace"
STAGES = "fills the ticket in; sending is the ticket's own command"
LIST = "changes the shown list alone, which is kept with the workspace"
FORM = "fills the form in; keeping it is alert.save"

MENUS: dict[str, dict[str, str]] = {
    "orders": {
        "amend_price": EDITOR,
        "amend_trail": EDITOR,
        "amend_activation": EDITOR,
        "amend_qty": EDITOR,
        "amend_tif": EDITOR,
        "tick_up": "order.replace",
        "tick_down": "order.replace",
        "move": LINE,
        "copy": COPY,
        "provenance": "view.provenance",
        "show": FOCUS,
        "cancel_selection": "order.cancel",
        "cancel_instrument": "order.cancel_scope",
        "cancel_bids": "order.cancel_scope",
        "cancel_asks": "order.cancel_scope",
        "cancel_entries": "order.cancel_scope",
        "cancel_all": "order.cancel_scope",
        "cancel_everywhere": "order.cancel_scope",
        "cancel_stops": "order.cancel_scope",
        "adopt": "order.annotate",
        "take_over": "order.take_over",
        "give_back": "order.give_back",
        "older": "order.older",
        "export": FILE,
    },
    "fills": {"copy": COPY, "provenance": "view.provenance", "show": FOCUS, "older": "fill.older", "export": FILE},
    "positions": {
        "flatten_action": "position.flatten",
        "part_25_action": "position.flatten",
        "half_action": "position.flatten",
        "part_75_action": "position.flatten",
        "stop_action": STAGES,
        "target_action": STAGES,
        "breakeven_action": "trade.breakeven",
        "reverse_action": "trade.reverse",
        "to_broker_action": "order.move_to_broker",
        "show_action": FOCUS,
        "provenance_action": "view.provenance",
        "copy_action": COPY,
        "export_action": FILE,
    },
    "watchlist": {
        "ticket": STAGES,
        "aim": FOCUS,
        "up": LIST,
        "down": LIST,
        "remove": LIST,
        "copy": COPY,
        "paste": LIST,
        "import": FILE,
        "export": FILE,
    },
    "alerts": {
        "edit_action": FORM,
        "duplicate_action": FORM,
        "toggle_action": "alert.save",
        "snooze_900_action": "alert.save",
        "snooze_3600_action": "alert.save",
        "snooze_86400_action": "alert.save",
        "delete_action": "alert.delete",
    },
}
"""For each panel, its entries by name with the command that each runs, or why it is none."""

CHART = {"create_alert": "alert.save", "delete_alert": "alert.delete"}
REASONS = frozenset({FOCUS, COPY, FILE, EDITOR, LINE, STAGES, LIST, FORM})
ASKED_BY_SIGNAL = frozenset({"view.provenance"})
"""Commands that a panel asks its window for."""

COMMANDS = sorted({run for menu in (*MENUS.values(), CHART) for run in menu.values()} - REASONS)


class Ran(NamedTuple):
    """What an entry made happen."""

    calls: list[str]
    asked: list[str]
    provenance: list[str]


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    yield made
    made.stop()


def opened(kind: str, rig: DesktopRig, qtbot: QtBot, folder: Path) -> Shown:
    shown = shown_panel(kind, rig, folder)
    qtbot.addWidget(shown.holder)
    panel: Any = shown.panel
    table = panel.table if kind == "alerts" else panel.view
    if kind == "orders":
        table.select_key("OMS-1")
    else:
        table.selectRow(1 if kind == "watchlist" else 0)
    return shown


def entries(menu: QMenu, panel_id: str) -> dict[str, QAction]:
    rows = [action for action in menu.actions() if not action.isSeparator()]
    return {action.objectName().removeprefix(f"{panel_id}_"): action for action in rows}


def ran(kind: str, entry: str, rig: DesktopRig, qtbot: QtBot, folder: Path) -> Ran:
    """Choose one entry of a panel of its own, and return what that ran."""
    shown = opened(kind, rig, qtbot, folder)
    panel: Any = shown.panel
    if entry == "adopt":
        rig.feed(order("OMS-9", origin=Origin(OriginKind.EXTERNAL)))
        panel.view.select_key("OMS-9")
    if entry in ("amend_trail", "amend_activation"):
        trail = Trail(TrailKind.PRICE, 50, activation_px=19_000)
        rig.feed(order("OMS-6", limit(Side.SELL, None, ord_type=OrdType.TRAILING_STOP, trail=trail)))
        panel.view.select_key("OMS-6")
    if entry in ("take_over", "give_back"):
        rig.feed(order("OMS-8", strategy_id="run-1", taken_by="pat" if entry == "give_back" else ""))
        panel.view.select_key("OMS-8")
    if entry == "to_broker_action":
        held = panel.view.selected_rows()[0].position
        side = Side.SELL if held.qty > 0 else Side.BUY
        terms = limit(side, None, symbol=held.symbol, ord_type=OrdType.STOP, stop_px=18_600, reduce_only=True)
        rig.feed(order("OMS-7", terms, state=OrdStatus.NEW, residence=Residence.PROGRAM))
    asked: list[str] = []
    provenance: list[str] = []
    panel.command_asked.connect(asked.append)
    if hasattr(panel, "provenance_asked"):
        panel.provenance_asked.connect(provenance.append)
    before = len(rig.gateway.sent())
    menu = panel.context_menu()
    action = entries(menu, panel.panel_id)[entry]
    assert action.isEnabled(), (kind, entry)
    action.trigger()
    menu.close()
    QApplication.processEvents()
    calls = [name for name, _ in rig.gateway.sent()[before:]]
    panel.release()
    return Ran(calls, asked, provenance)


@pytest.mark.parametrize("kind", sorted(MENUS))
def test_the_menu_of_a_panel_is_the_table_and_each_entry_has_a_name(
    kind: str, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    shown = opened(kind, rig, qtbot, tmp_path)
    panel: Any = shown.panel
    menu = panel.context_menu()
    assert entries(menu, panel.panel_id).keys() == MENUS[kind].keys()
    menu.close()
    panel.release()


@pytest.mark.parametrize(
    ("kind", "entry"), [(kind, entry) for kind, menu in MENUS.items() for entry in menu if menu[entry] != FILE]
)
def test_an_entry_runs_its_declared_command_and_nothing_else(
    kind: str, entry: str, rig: DesktopRig, qtbot: QtBot, tmp_path: Path
) -> None:
    found, expected = ran(kind, entry, rig, qtbot, tmp_path), MENUS[kind][entry]
    if expected in REASONS:
        assert (found.calls, found.asked, found.provenance) == ([], [], [])
    elif expected in ASKED_BY_SIGNAL:
        assert (found.calls, found.asked, len(found.provenance)) == ([], [], 1)
    else:
        assert {*found.calls, *found.asked} == {expected}


def test_a_right_click_on_a_chart_offers_the_commands_of_alerts(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> None:
    shown = shown_panel("chart", rig, tmp_path)
    qtbot.addWidget(shown.holder)
    panel = shown.panel
    assert isinstance(panel, ChartPanel)
    alert = Alert(id="a1", symbol=panel.alerts.symbol, condition="last > 187")
    rig.gateway.answer("alert.list", CommandResult(ok=True, text="", data=(AlertRow(alert, AlertState.ARMED),)))
    QApplication.processEvents()
    panel.alerts.open_menu(QPoint(0, 0), 187.0, alert.id)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    named = entries(menu, panel.panel_id)
    assert named.keys() == CHART.keys()
    for name, command in CHART.items():
        before = len(rig.gateway.sent())
        named[name].trigger()
        assert [call for call, _ in rig.gateway.sent()[before:]] == [command]
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    panel.release()
