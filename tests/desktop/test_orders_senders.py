"""The blotter's chips by sender: by hand, scripts, strategies; they add up, narrow, and come back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import DesktopRig, order
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.domain.orders import HAND_ORIGINS, OrdStatus, Origin, OriginKind
from workstation.viewmodels.origins import Sender, origin_words, sender_of

Kind = OriginKind


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(made)
    made.resize(1_200, 400)
    made.show()
    rig.feed(
        order("H", origin=Origin(kind=Kind.HOTKEY, detail="F1")),
        order("R", origin=Origin(kind=Kind.REST, detail="feed from home"), state=OrdStatus.FILLED),
        order("S", origin=Origin(kind=Kind.STRATEGY, detail="run 7")),
        order("T", origin=Origin(kind=Kind.STRATEGY, detail="run 7"), taken_by="pat"),
        order("X", origin=Origin(kind=Kind.EXTERNAL, detail="client 7", user="")),
    )
    yield made
    made.release()


def ids(panel: OrdersPanel) -> str:
    rows = panel.columns
    return "".join(sorted(rows.row_at(number).cl_ord_id for number in range(rows.rowCount())))


def tick(panel: OrdersPanel, text: str) -> None:
    menu = panel.chip_menu()
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


def test_orders_are_shown_by_who_sent_them(panel: OrdersPanel) -> None:
    assert (panel.more.text(), [action.text() for action in panel.chip_menu().actions()]) == (
        "Sent by ▾",
        ["By hand", "Scripts", "Strategies"],
    )
    for text, found in (("By hand", "H"), ("Scripts", "R"), ("Strategies", "ST")):
        tick(panel, text)
        assert (ids(panel), panel.more.text()) == (found, "Sent by (1) ▾")
        tick(panel, text)
    assert ids(panel) == "HRSTX"


def test_senders_add_up_narrow_the_other_chips_and_come_back(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    tick(panel, "By hand")
    tick(panel, "Scripts")
    assert ids(panel) == "HR"
    qtbot.mouseClick(panel.chips["working"], Qt.MouseButton.LeftButton)
    assert ids(panel) == "H"
    panel.resize(560, 400)
    assert panel.more.text() == "Show (3) ▾"
    tick(panel, "Working")
    assert (ids(panel), panel.more.text()) == ("HR", "Show (2) ▾")
    other = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert ids(other) == "HR"
    other.release()


def test_every_door_has_its_sender() -> None:
    said = {kind: sender_of(origin_words(Origin(kind=kind, detail="a b"), {})) for kind in Kind}
    assert {kind for kind, sender in said.items() if sender is Sender.HAND} == HAND_ORIGINS
    assert {kind for kind, sender in said.items() if sender is Sender.SCRIPT} == {Kind.REST, Kind.COMMAND_LINE}
    assert {kind for kind, sender in said.items() if sender is None} == {Kind.SYSTEM, Kind.EXTERNAL}
    assert sender_of("adopted external client 7") is None
