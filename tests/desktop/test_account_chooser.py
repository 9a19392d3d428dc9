"""Accounts come and go while the desktop runs: the chooser, the palette and the panels offer those of now."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.helpers.desktop_rig import DesktopRig, status
from workstation.desktop.panels.risk_panel_stops import Stops
from workstation.desktop.panels.strategies_panel import StrategiesPanel
from workstation.desktop.shell.top_bar import TopBar

LEFT = Qt.MouseButton.LeftButton


def open_second(rig: DesktopRig) -> None:
    second = msgspec.structs.replace(rig.account, account="DESK-7", uid="a2", name="Second")
    rig.accounts.take([rig.account, second])
    rig.feed(status=status())


def offered(bar: TopBar) -> dict[str, bool]:
    menu = bar.account_menu()
    found = {action.objectName().removeprefix("account_"): action.isChecked() for action in menu.actions()}
    menu.deleteLater()
    return found


def test_a_click_on_the_account_offers_those_of_now_and_moves_the_focus(rig: DesktopRig, qtbot: Any) -> None:
    bar = TopBar(rig.context)
    qtbot.addWidget(bar)
    bar.show()
    assert offered(bar) == {"SIM-1": True}
    open_second(rig)
    assert offered(bar) == {"SIM-1": True, "DESK-7": False}
    qtbot.mouseClick(bar.account, LEFT)
    (menu,) = (menu for menu in bar.findChildren(QMenu) if menu.isVisible())
    action = next(action for action in menu.actions() if action.objectName() == "account_DESK-7")
    assert action.text().startswith("DESK-7 · Second · SIM · USD")
    action.trigger()
    menu.close()
    assert rig.context.focus.account == "DESK-7"
    assert bar.account.text().startswith("DESK-7")
    assert offered(bar) == {"SIM-1": False, "DESK-7": True}


def test_panels_offer_a_new_account_and_keep_what_was_chosen(rig: DesktopRig, qtbot: Any) -> None:
    stops = Stops(rig.context, "risk-1")
    runs = StrategiesPanel(rig.context, "strategies-1")
    for widget in (stops, runs):
        qtbot.addWidget(widget)
    stops.scope.setCurrentText("Instrument AAPL")
    open_second(rig)
    assert [stops.scope.itemText(place) for place in range(stops.scope.count())] == [
        "Everything", "Account SIM-1", "Account DESK-7", "Instrument AAPL",
    ]  # fmt: skip
    assert stops.scope.currentText() == "Instrument AAPL"
    assert [runs.account.itemText(place) for place in range(runs.account.count())] == ["SIM-1", "DESK-7"]
    assert runs.account.currentText() == "SIM-1"
    runs.account.setCurrentText("DESK-7")
    stops.scope.setCurrentText("Account SIM-1")
    rig.accounts.take([rig.account])
    rig.feed(status=status())
    assert runs.account.currentText() == "SIM-1"
    assert stops.scope.currentText() == "Account SIM-1"
    stops.end()
    runs.release()
