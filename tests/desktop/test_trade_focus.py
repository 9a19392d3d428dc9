"""The trade focus goes where a ladder or a ticket is clicked, and nowhere by hover, wheel or keyboard focus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig, depth, quote
from tests.helpers.workspaces import opened_workspace
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.ladder_panel import LadderPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.ticket_panel import TicketPanel
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.workspace import Workspace

KINDS = {"ladder": LadderPanel, "orders": OrdersPanel, "ticket": TicketPanel}
LAYOUT = """name = "trading"
[[panel]]
id = "ladder-1"
kind = "ladder"
link = "A"
[[panel]]
id = "ladder-2"
kind = "ladder"
link = "B"
[[panel]]
id = "ticket-1"
kind = "ticket"
link = "C"
[[panel]]
id = "orders-1"
kind = "orders"
[dock.root]
split = "columns"
sizes = [0.25, 0.25, 0.25, 0.25]
parts = ["one", "two", "three", "four"]
[dock.one]
tabs = ["ladder-1"]
[dock.two]
tabs = ["ladder-2"]
[dock.three]
tabs = ["ticket-1"]
[dock.four]
tabs = ["orders-1"]
"""


@pytest.fixture
def desk(rig: DesktopRig, qtbot: QtBot, tmp_path: Path) -> Iterator[Workspace]:
    rig.gateway.answers["order.outlook"] = CommandResult(ok=False, code="NOT_FOUND", text="nothing here")
    with opened_workspace(rig, qtbot, tmp_path, KINDS, LAYOUT) as made:
        made.window.resize(1600, 900)
        for group, symbol in (("A", "AAPL"), ("B", "MSFT"), ("C", "ESZ6")):
            rig.context.links.choose(group, symbol)
        quotes = [quote(), quote("MSFT", 41_000, 41_002), quote("ESZ6")]
        rig.feed(depths=[depth(), depth("MSFT", 41_000, 41_002)], quotes=quotes)
        rig.clock.advance(300_000_000)
        QApplication.processEvents()
        yield made


def panel(desk: Workspace, name: str) -> Panel:
    return desk.window.panels[name]


@pytest.mark.parametrize(("name", "symbol"), [("ladder-2", "MSFT"), ("ticket-1", "ESZ6")])
def test_a_click_in_a_ladder_or_a_ticket_aims_the_keys_at_it_and_turns_no_other_group(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot, name: str, symbol: str
) -> None:
    assert rig.context.focus.symbol == "AAPL"
    clicked = panel(desk, name)
    target = clicked.view if isinstance(clicked, LadderPanel) else clicked
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert rig.context.focus.symbol == symbol
    assert desk.window.top_bar.focus.text().endswith(symbol)
    shown = {name: panel(desk, name).symbol for name in ("ladder-1", "ladder-2", "ticket-1")}
    assert shown == {"ladder-1": "AAPL", "ladder-2": "MSFT", "ticket-1": "ESZ6"}
    desk.window.setFocus()
    qtbot.keyClick(desk.window, Qt.Key.Key_F9)
    assert rig.gateway.sent() == []
    assert rig.spoken[-1][1] == f"Refused: the focus moved to {symbol} under 300 ms ago."
    rig.clock.advance(300_000_000)
    qtbot.keyClick(desk.window, Qt.Key.Key_F9)
    assert [params.symbol for params in rig.gateway.of("position.flatten")] == [symbol]


def test_a_click_elsewhere_hover_wheel_and_keyboard_focus_leave_it(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    ladder = panel(desk, "ladder-2")
    assert isinstance(ladder, LadderPanel)
    QTest.mouseMove(ladder.view, QPoint(20, 60))
    at, none = QPointF(20, 60), Qt.MouseButton.NoButton
    turn = QWheelEvent(
        at, ladder.view.mapToGlobal(at), QPoint(), QPoint(0, 120), none, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(ladder.view, turn)
    ladder.view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.mouseClick(panel(desk, "orders-1"), Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert rig.context.focus.symbol == "AAPL"


def test_what_names_an_instrument_turns_group_a_as_well(desk: Workspace, rig: DesktopRig) -> None:
    rig.context.focus.move(symbol="MSFT")
    assert panel(desk, "ladder-1").symbol == "MSFT"


def test_a_listener_that_fails_while_a_click_aims_leaves_the_other_groups_to_follow_the_focus(
    desk: Workspace, rig: DesktopRig, qtbot: QtBot
) -> None:
    def fails() -> None:
        raise LookupError("of a panel")

    leave = rig.context.focus.listen(fails)
    with pytest.raises(LookupError):
        desk._aim(panel(desk, "ladder-2"))
    leave()
    rig.context.focus.move(symbol="AAPL")
    rig.context.focus.move(symbol="ESZ6")
    assert panel(desk, "ladder-1").symbol == "ESZ6"
