"""The provenance panel: opened by Ctrl+I on what is selected, follows its order, copies and exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, position, status
from workstation.commands.params import PlaceOrder, ReadStory, WatchedOrder
from workstation.commands.registry import CommandResult
from workstation.config.settings import Settings
from workstation.desktop.panels.catalogue import PANEL_KINDS
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.provenance_panel import ProvenancePanel
from workstation.desktop.panels.settings_panel_store import SettingsStore
from workstation.desktop.shell.docks import configure_docking
from workstation.desktop.shell.layouts import Layout
from workstation.desktop.shell.main_window import MainWindow
from workstation.domain.orders import OrderState, OrdStatus, OriginKind, Residence
from workstation.orders.emulation import HELD_TEXT
from workstation.ports.stories import OrderStory


@pytest.fixture
def rig(qapp: object) -> Iterator[DesktopRig]:
    made = DesktopRig()
    made.feed(status=status(now_ns=START_NS))
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot) -> Iterator[ProvenancePanel]:
    made = ProvenancePanel(rig.context, "provenance-1")
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    yield made
    made.release()


def answer(rig: DesktopRig, told: OrderState, gap: str = "") -> None:
    story = OrderStory(order=told, lines=(), gap=gap)
    rig.gateway.answer("order.story", CommandResult(ok=True, text="", data=story))
    QApplication.processEvents()


def values(panel: ProvenancePanel) -> set[str]:
    tree = panel.tree
    tops = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    return {top.child(n).text(1) for top in tops if top is not None for n in range(top.childCount())}


def test_without_an_order_it_says_how_to_choose_one(panel: ProvenancePanel, rig: DesktopRig) -> None:
    assert "Ctrl+I" in panel.note.text()
    assert not panel.buttons["copy"].isEnabled()
    assert rig.gateway.sent() == []


def test_it_says_that_it_reads_then_shows_the_story(panel: ProvenancePanel, rig: DesktopRig) -> None:
    panel.show_order("OMS-1")
    assert panel.note.text() == "Reading the journal…"
    answer(rig, order("OMS-1"))
    assert "by hand, in the ticket" in values(panel)
    assert panel.note.isHidden()
    assert panel.heading.text().startswith("BUY 100 AAPL LIMIT 187.15")


@pytest.mark.parametrize("width", [420, 560, 900])
def test_no_text_is_cut_however_narrow_the_panel(panel: ProvenancePanel, rig: DesktopRig, width: int) -> None:
    panel.resize(width, 500)
    panel.show_order("OMS-1")
    long_note = "the words on screen as it went out, which may be many, and go on in another line"
    answer(rig, order("OMS-1", metadata={"preview": long_note, "notes": "short"}))
    for _ in range(3):
        QApplication.processEvents()
    tree = panel.tree
    assert sum(tree.columnWidth(column) for column in range(3)) <= tree.viewport().width() + 1
    for top in (tree.topLevelItem(n) for n in range(tree.topLevelItemCount())):
        for item in (top.child(n) for n in range(top.childCount())):
            for column in range(1, 3):
                place = tree.visualRect(tree.indexFromItem(item, column))
                metrics = QFontMetrics(item.font(column))
                wanted = metrics.boundingRect(
                    0, 0, place.width() - 8, 9_999, Qt.TextFlag.TextWordWrap, item.text(column)
                )
                assert wanted.height() <= place.height(), item.text(column)


def test_an_order_of_this_desktop_notes_what_was_in_force(rig: DesktopRig, tmp_path: Path) -> None:
    context = replace(rig.context, settings=SettingsStore(tmp_path / "settings.toml", Settings()))
    place = PlaceOrder(terms=limit(), metadata={"preview": "so"})
    context.call("order.submit", place, context.origin(OriginKind.TICKET))
    (first,) = rig.gateway.of("order.submit")
    noted = f"program 0.0.0, settings {context.settings.version}, keys {context.keys.version}"
    assert first.metadata == {"preview": "so", "versions": noted}
    context.layout.take(Layout(name="one"))
    context.call("order.submit", place, context.origin(OriginKind.TICKET))
    assert rig.gateway.of("order.submit")[1].metadata["versions"] == f"{noted}, layout {context.layout.version}"
    one = context.layout.version
    context.layout.take(Layout(name="two"))
    assert len({one, context.layout.version, ""}) == 3
    before = context.settings.version
    assert context.settings.set("desktop.theme", "light") == ""
    assert context.settings.version != before
    assert context.settings.undo() == ""
    assert context.settings.version == before


def test_a_story_with_a_gap_says_so(panel: ProvenancePanel, rig: DesktopRig) -> None:
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1"), gap="The journal no longer holds this order's lines.")
    assert "no longer holds" in panel.note.text()


def test_an_error_stays_in_the_panel_and_retry_reads_again(
    panel: ProvenancePanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    panel.show_order("OMS-1")
    trouble = CommandResult(ok=False, code="NOT_FOUND", text="The journal cannot be read: disk gone.")
    rig.gateway.answer("order.story", trouble)
    qtbot.waitUntil(lambda: "disk gone" in panel.note.text())
    qtbot.mouseClick(panel.buttons["retry"], Qt.MouseButton.LeftButton)
    assert rig.gateway.of("order.story") == [ReadStory(cl_ord_id="OMS-1")] * 2


def test_the_page_fills_in_when_the_order_moves_on(panel: ProvenancePanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1"))
    rig.feed(order("OMS-1", state=OrdStatus.FILLED, version=2))
    qtbot.waitUntil(lambda: len(rig.gateway.of("order.story")) == 2)
    answer(rig, order("OMS-1"))
    qtbot.waitUntil(lambda: len(rig.gateway.of("order.story")) == 3)
    answer(rig, order("OMS-1", state=OrdStatus.FILLED, version=2))
    assert "FILLED" in values(panel)
    assert len(rig.gateway.of("order.story")) == 3


def test_copy_puts_the_page_on_the_clipboard(panel: ProvenancePanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1"))
    qtbot.mouseClick(panel.buttons["copy"], Qt.MouseButton.LeftButton)
    assert "by hand, in the ticket" in QApplication.clipboard().text()


def test_an_export_is_redacted_unless_asked_otherwise(panel: ProvenancePanel, rig: DesktopRig, tmp_path: Path) -> None:
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1"))
    panel.export_to(tmp_path / "a.json")
    panel.redact.setChecked(False)
    panel.export_to(tmp_path / "b.json")
    assert "SIM-1" not in (tmp_path / "a.json").read_text()
    assert "SIM-1" in (tmp_path / "b.json").read_text()
    panel.export_to(tmp_path / "missing" / "c.json")
    assert rig.spoken[-1][1].startswith("Not exported")


def test_the_shown_order_comes_back_with_the_layout(panel: ProvenancePanel, rig: DesktopRig, qtbot: QtBot) -> None:
    panel.show_order("OMS-1")
    made = ProvenancePanel(rig.context, "provenance-2")
    qtbot.addWidget(made)
    made.restore_settings(panel.save_settings())
    assert made.cl_ord_id == "OMS-1"
    made.release()


def test_one_panel_shows_what_other_panels_ask_for(rig: DesktopRig, qtbot: QtBot) -> None:
    configure_docking()
    window = MainWindow(rig.context, PANEL_KINDS)
    qtbot.addWidget(window)
    window.show()
    orders = window.add_panel("orders")
    assert isinstance(orders, OrdersPanel)
    rig.feed(order("OMS-1"), order("OMS-2"))
    orders.view.selectRow(0)
    assert window.panel_of(orders.view.viewport()) is orders
    menu = orders.context_menu()
    next(action for action in menu.actions() if action.objectName() == "orders-1_provenance").trigger()
    menu.close()
    orders.view.selectRow(1)
    window.show_provenance(orders.chosen_order())
    asked = [panel for panel in window.panels.values() if isinstance(panel, ProvenancePanel)]
    assert [panel.cl_ord_id for panel in asked] == ["OMS-1"]
    assert rig.gateway.of("order.story")[0] == ReadStory(cl_ord_id="OMS-2")
    window.release()


def test_a_position_stands_for_its_newest_filled_order(rig: DesktopRig) -> None:
    late = {"state": OrdStatus.FILLED, "cum_qty": 100}
    rig.feed(
        order("OMS-1", **late), order("OMS-2", created_at=START_NS + 5, **late), order("OMS-3", created_at=START_NS + 9)
    )
    rig.feed(positions=[position()])
    assert rig.context.state.order_behind("SIM-1", "AAPL") == "OMS-2"
    assert rig.context.state.order_behind() == "OMS-3"
    assert rig.context.state.order_behind("SIM-1", "MSFT") == ""


@pytest.mark.parametrize(
    ("text", "name", "command"), [("", "move", "order.move_to_broker"), (HELD_TEXT, "fire", "order.fire")]
)
def test_a_stop_that_is_watched_here_is_moved_or_fired_from_its_page(
    panel: ProvenancePanel, rig: DesktopRig, qtbot: QtBot, *, text: str, name: str, command: str
) -> None:
    watched = order("S-1", state=OrdStatus.NEW, residence=Residence.PROGRAM, text=text)
    rig.feed(watched, order("OMS-1"))
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1"))
    assert panel.buttons["move"].isHidden()
    panel.show_order("S-1")
    answer(rig, watched)
    assert [key for key in ("move", "fire") if not panel.buttons[key].isHidden()] == [name]
    why = "Refused: the venue takes no such order."
    rig.gateway.answers[command] = CommandResult(ok=False, code="UNSUPPORTED_ORDER", text=why)
    qtbot.mouseClick(panel.buttons[name], Qt.MouseButton.LeftButton)
    assert rig.gateway.of(command) == [WatchedOrder(cl_ord_id="S-1")]
    rig.bridge._on_answered()
    assert panel.note.text() == why


def test_the_screen_then_shares_the_room_the_moment_it_comes(panel: ProvenancePanel, rig: DesktopRig, qtbot) -> None:
    panel.resize(1_270, 600)
    panel.show_order("OMS-1")
    answer(rig, order("OMS-1", metadata={"preview": "the words on screen as it went out, and they are many indeed"}))
    qtbot.mouseClick(panel.then, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    shown = [tree.columnWidth(number) for tree in (panel.tree, panel.screen_then) for number in (0, 1)]
    panel._share_room()
    assert shown == [tree.columnWidth(number) for tree in (panel.tree, panel.screen_then) for number in (0, 1)]
    assert panel.tree.columnWidth(0) + panel.tree.columnWidth(1) < panel.tree.viewport().width()
