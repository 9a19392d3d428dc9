"""Live trailing stops in the orders panel: distance and activation shown, filtered, and amended in their cells."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, status
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.domain.orders import OrdStatus, OrdType, Residence, Side, Trail, TrailKind


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(made)
    made.resize(1_400, 300)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def trailing(cl_ord_id: str = "OMS-T", kind: TrailKind = TrailKind.PRICE, offset: int = 50, **fields: Any) -> Any:
    terms = limit(
        Side.SELL,
        None,
        ord_type=OrdType.TRAILING_STOP,
        stop_px=18_600,
        trail=Trail(kind, offset, fields.pop("at", None)),
    )
    return order(cl_ord_id, terms, **fields)


def cell(panel: OrdersPanel, name: str, row: int = 0) -> str:
    return str(panel.columns.index(row, panel.columns.column_named(name)).data())


def hidden(panel: OrdersPanel, name: str) -> bool:
    return panel.view.isColumnHidden(panel.columns.column_named(name))


def editor_of(panel: OrdersPanel) -> QLineEdit:
    found = panel.view.findChildren(QLineEdit, "order_edit")
    assert found
    return found[-1]


def choose(panel: OrdersPanel, name: str) -> None:
    panel.view.selectRow(0)
    menu = panel.context_menu()
    next(action for action in menu.actions() if action.objectName() == f"orders-1_{name}").trigger()
    menu.close()


def shown_ids(panel: OrdersPanel, line: str) -> list[str]:
    panel.filter_line.setText(line)
    table = panel.blotter.table
    return sorted(table.row_at(position).cl_ord_id for position in range(len(table)))


@pytest.mark.parametrize(
    ("kind", "offset", "text"),
    [(TrailKind.PRICE, 50, "0.50"), (TrailKind.TICKS, 5, "5t"), (TrailKind.BPS, 25, "0.25%")],
)
def test_a_trail_stands_in_the_unit_in_which_it_was_given(
    panel: OrdersPanel, rig: DesktopRig, kind: TrailKind, offset: int, text: str
) -> None:
    rig.feed(trailing(kind=kind, offset=offset, at=18_900))
    assert (cell(panel, "trail"), cell(panel, "activation")) == (text, "189.00")
    rig.feed(trailing(kind=kind, offset=offset, version=2))
    assert cell(panel, "activation") == "—"
    rig.feed(order("OMS-T", limit(), version=3))
    assert cell(panel, "trail") == "—"


def test_both_columns_are_off_until_chosen_and_come_back_as_they_were(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    assert hidden(panel, "trail")
    assert hidden(panel, "activation")
    rig.feed(trailing())
    choose(panel, "amend_trail")
    qtbot.keyClick(editor_of(panel), Qt.Key.Key_Escape)
    other = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert (hidden(other, "trail"), hidden(other, "activation")) == (False, True)
    other.release()


def test_the_filter_line_knows_distance_and_activation(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(trailing("OMS-1"), trailing("OMS-2", offset=150, at=18_900), order("OMS-3"))
    assert shown_ids(panel, "trail>=1") == ["OMS-2"]
    assert shown_ids(panel, "trail<1") == ["OMS-1"]
    assert shown_ids(panel, "activation>188") == ["OMS-2"]


@pytest.mark.parametrize(
    ("old", "typed", "said", "trail"),
    [
        (Trail(TrailKind.PRICE, 50), "0.75", "trigger 185.75, 25t LOOSER", Trail(TrailKind.PRICE, 75)),
        (Trail(TrailKind.PRICE, 50), "0.20", "trigger 186.30, 30t nearer", Trail(TrailKind.PRICE, 20)),
        (Trail(TrailKind.TICKS, 50), "30", "trigger 186.20, 20t nearer", Trail(TrailKind.TICKS, 30)),
        (Trail(TrailKind.BPS, 25), "0.50", "trigger 185.54, 46t LOOSER", Trail(TrailKind.BPS, 50)),
        (Trail(TrailKind.PRICE, 50), "30t", "trigger 186.20, 20t nearer", Trail(TrailKind.TICKS, 30)),
    ],
)
def test_a_distance_is_amended_in_its_own_unit_and_the_new_trigger_is_said_before_enter(
    panel: OrdersPanel, rig: DesktopRig, qtbot: Any, *, old: Trail, typed: str, said: str, trail: Trail
) -> None:
    rig.feed(trailing(kind=old.kind, offset=old.offset))
    choose(panel, "amend_trail")
    editor = editor_of(panel)
    assert editor.text() == {"PRICE": "0.50", "TICKS": "50t", "BPS": "0.25%"}[old.kind]
    qtbot.keyClicks(editor, typed)
    assert editor.accessibleDescription() == said
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    (change,) = rig.gateway.of("order.replace")
    assert (change.cl_ord_id, change.trail, change.stop_px, change.activation_px) == ("OMS-T", trail, None, None)


@pytest.mark.parametrize(
    ("typed", "words"), [("0", "not above 0"), ("x", "a distance such as"), ("100%", "100 % or more"), ("", "is empty")]
)
def test_what_is_no_distance_is_refused_in_the_cell(
    panel: OrdersPanel, rig: DesktopRig, qtbot, typed: str, words: str
) -> None:
    rig.feed(trailing())
    choose(panel, "amend_trail")
    editor = editor_of(panel)
    editor.setText(typed)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert words in editor.toolTip()
    assert rig.gateway.sent() == []
    qtbot.keyClick(editor, Qt.Key.Key_Escape)


def test_arrows_step_a_distance_in_its_unit(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(trailing(kind=TrailKind.TICKS, offset=5))
    choose(panel, "amend_trail")
    editor = editor_of(panel)
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.text() == "6t"
    for _ in range(7):
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert editor.text() == "1t"
    qtbot.keyClick(editor, Qt.Key.Key_Escape)


def test_where_it_begins_is_amended_while_that_lies_ahead(panel: OrdersPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(trailing(at=18_900))
    choose(panel, "amend_activation")
    editor = editor_of(panel)
    assert editor.text() == "189.00"
    qtbot.keyClicks(editor, "189.50")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    (change,) = rig.gateway.of("order.replace")
    assert (change.activation_px, change.trail) == (18_950, None)


def test_one_that_trails_already_says_so_where_its_activation_is_to_be_amended(
    panel: OrdersPanel, rig: DesktopRig
) -> None:
    rig.feed(trailing())
    choose(panel, "amend_activation")
    assert panel.view.findChild(QLineEdit, "order_edit") is None
    assert "trails already" in rig.spoken[-1][1]


def test_a_trigger_that_moves_while_one_types_is_no_conflict_but_another_distance_is(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    first = trailing()
    rig.feed(first)
    choose(panel, "amend_trail")
    editor = editor_of(panel)
    editor.setText("0.75")
    moved = msgspec.structs.replace(first, version=2, terms=msgspec.structs.replace(first.terms, stop_px=18_640))
    rig.feed(moved)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    (change,) = rig.gateway.of("order.replace")
    assert (change.trail, change.version) == (Trail(TrailKind.PRICE, 75), None)
    choose(panel, "amend_trail")
    editor = editor_of(panel)
    editor.setText("0.85")
    rig.feed(trailing(offset=60, version=3))
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert "trail 0.85: the order changed while you typed" in panel.conflict.text.text()
    assert len(rig.gateway.of("order.replace")) == 1
    panel.conflict.again.click()
    assert rig.gateway.of("order.replace")[-1].trail == Trail(TrailKind.PRICE, 85)


def test_one_that_this_program_watches_is_amended_like_one_at_the_venue(
    panel: OrdersPanel, rig: DesktopRig, qtbot
) -> None:
    rig.feed(trailing(state=OrdStatus.NEW, residence=Residence.PROGRAM))
    choose(panel, "amend_trail")
    qtbot.keyClicks(editor_of(panel), "0.40")
    qtbot.keyClick(editor_of(panel), Qt.Key.Key_Return)
    assert [change.trail for change in rig.gateway.of("order.replace")] == [Trail(TrailKind.PRICE, 40)]


def test_what_does_not_trail_offers_no_amending_of_a_trail(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1"))
    panel.view.selectRow(0)
    menu = panel.context_menu()
    off = {action.objectName(): action.isEnabled() for action in menu.actions()}
    assert (off["orders-1_amend_trail"], off["orders-1_amend_activation"]) == (False, False)
    menu.close()
