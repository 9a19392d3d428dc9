"""Older orders and fills page in where a table is scrolled past its end: by wheel, key, scroll bar and menu."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import ACCOUNT, SECOND, START_NS, DesktopRig, order, status
from workstation.commands.params import ReadOlder
from workstation.commands.registry import CommandResult
from workstation.desktop.panels import older_rows
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.table_view import ColumnView
from workstation.domain.executions import Execution
from workstation.domain.orders import OrderState, OrdStatus, Side
from workstation.ports.stories import OlderRows

DAY = 86_400 * SECOND


def filled(number: int, days_ago: int) -> OrderState:
    at = START_NS - days_ago * DAY + number * SECOND
    return order(f"OMS-{number}", state=OrdStatus.FILLED, created_at=at, updated_at=at)


def fill(number: int, days_ago: int) -> Execution:
    return Execution(
        uid=f"x-{number}",
        exec_id=f"E-{number}",
        venue_seq=number,
        exec_key=f"K-{number}",
        cl_ord_id=f"OMS-{number}",
        order_id=f"V-{number}",
        account=ACCOUNT,
        symbol="AAPL",
        side=Side.BUY,
        last_qty=100,
        last_px=18_715,
        fee=0,
        fee_currency="USD",
        ts_event=START_NS - days_ago * DAY + number * SECOND,
        ts_init=START_NS,
    )


def page(rows: Sequence[object], after: tuple[int, str] | None) -> CommandResult:
    return CommandResult(ok=True, text="", data=OlderRows(rows=tuple(rows), after=after))


def answer(rig: DesktopRig, command_id: str, result: CommandResult) -> None:
    rig.gateway.answer(command_id, result)
    QApplication.processEvents()


def wheel_down(view: ColumnView) -> None:
    middle = QPointF(view.viewport().rect().center())
    turn = QWheelEvent(
        middle,
        view.viewport().mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), turn)


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot):
    rig.feed(filled(9, 0), order("OMS-10", created_at=START_NS + 10 * SECOND), status=status(now_ns=START_NS))
    made = OrdersPanel(rig.context, "orders-1")
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    yield made
    made.release()


def ids(panel: OrdersPanel) -> list[str]:
    table = panel.blotter.table
    return [str(table.key_at(position)) for position in range(len(table))]


def test_a_turn_of_the_wheel_past_the_end_reads_a_page_that_stands_below(panel: OrdersPanel, rig: DesktopRig) -> None:
    wheel_down(panel.view)
    assert rig.gateway.of("order.older") == [ReadOlder()]
    wheel_down(panel.view)
    assert len(rig.gateway.of("order.older")) == 1, "one page at a time"
    answer(rig, "order.older", page([filled(9, 0), filled(8, 1), filled(7, 2)], (1, "uid-7")))
    assert ids(panel) == ["OMS-10", "OMS-9", "OMS-8", "OMS-7"]
    texts = [column.text for column in panel.blotter.table.columns if column.name == "time"]
    assert [texts[0](panel.blotter.table.row_at(at)) for at in (1, 2)] == ["15:00:09.000", "01 Jan 15:00"]
    wheel_down(panel.view)
    assert rig.gateway.of("order.older")[-1] == ReadOlder(after=(1, "uid-7"))
    answer(rig, "order.older", page([filled(6, 3)], None))
    wheel_down(panel.view)
    assert len(rig.gateway.of("order.older")) == 2, "nothing is older"
    rig.feed(order("OMS-11", created_at=START_NS + 11 * SECOND))
    assert ids(panel) == ["OMS-11", "OMS-10", "OMS-9", "OMS-8", "OMS-7", "OMS-6"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_End])
def test_keys_that_go_down_read_a_page_at_the_end(panel: OrdersPanel, rig: DesktopRig, qtbot: QtBot, key) -> None:
    qtbot.keyClick(panel.view, key)
    assert rig.gateway.of("order.older") == [ReadOlder()]


def test_the_scroll_bar_drawn_to_its_end_reads_a_page(panel: OrdersPanel, rig: DesktopRig) -> None:
    rig.feed(*[filled(number, 0) for number in range(100, 200)])
    QApplication.processEvents()
    bar = panel.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    assert rig.gateway.of("order.older") == []
    bar.setValue(bar.maximum())
    assert rig.gateway.of("order.older") == [ReadOlder()]


def test_a_page_that_was_known_already_is_followed_by_the_next(panel: OrdersPanel, rig: DesktopRig) -> None:
    panel.older.read()
    answer(rig, "order.older", page([filled(9, 0)], (5, "uid-9")))
    assert rig.gateway.of("order.older") == [ReadOlder(), ReadOlder(after=(5, "uid-9"))]


def test_an_order_that_was_chosen_stays_and_a_filter_holds_for_older_rows(panel: OrdersPanel, rig: DesktopRig) -> None:
    panel.view.sort_by((("id", False),))
    panel.view.sort_by((("qty", False),))
    panel.chips["today"].setChecked(True)
    panel.older.read()
    answer(rig, "order.older", page([filled(8, 1)], None))
    assert panel.view.columns.table.sorting == (("qty", False),)
    assert "OMS-8" not in ids(panel)
    panel.chips["today"].setChecked(False)
    assert "OMS-8" in ids(panel)


def test_the_menu_reads_older_orders_and_says_when_all_are_here(panel: OrdersPanel, rig: DesktopRig) -> None:
    def press() -> None:
        menu = panel.context_menu()
        menu.findChild(QAction, "orders-1_older").trigger()
        menu.close()

    press()
    answer(rig, "order.older", page([], None))
    press()
    assert rig.spoken[-1] == ("info", "All orders that are stored are here.")


def test_a_page_that_cannot_be_read_is_said_and_asked_for_again(panel: OrdersPanel, rig: DesktopRig) -> None:
    wheel_down(panel.view)
    answer(rig, "order.older", CommandResult(ok=False, text="Older orders cannot be read: locked.", code="NOT_READY"))
    assert rig.spoken[-1] == ("warning", "Older orders cannot be read: locked.")
    wheel_down(panel.view)
    assert len(rig.gateway.of("order.older")) == 2


def test_paging_ends_at_the_bound_and_says_so(
    panel: OrdersPanel, rig: DesktopRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_rows, "ROWS_MAX", 3)
    panel.older.read()
    answer(rig, "order.older", page([filled(8, 1)], (3, "uid-8")))
    assert rig.spoken[-1][1] == "The table holds 3 orders; older ones are in the reports."
    wheel_down(panel.view)
    assert len(rig.gateway.of("order.older")) == 1


def test_an_answer_to_a_closed_panel_is_dropped(rig: DesktopRig, qtbot: QtBot) -> None:
    made = OrdersPanel(rig.context, "orders-2")
    qtbot.addWidget(made)
    made.older.read()
    made.release()
    answer(rig, "order.older", page([filled(8, 1)], None))
    assert len(made.blotter.table) == 0


def test_older_fills_page_in_the_same_way_and_add_to_their_orders(rig: DesktopRig, qtbot: QtBot) -> None:
    rig.feed(fill(2, 0), status=status(now_ns=START_NS))
    made = FillsPanel(rig.context, "fills-1")
    qtbot.addWidget(made)
    made.show()
    wheel_down(made.view)
    assert rig.gateway.of("fill.older") == [ReadOlder()]
    answer(rig, "fill.older", page([fill(2, 0), fill(1, 1)], None))
    table = made.blotter.table
    assert [table.key_at(position) for position in range(len(table))] == ["K-2", "K-1"]
    made.by_order.click()
    assert [row.cl_ord_id for row in made.visible_rows()] == ["OMS-2", "OMS-1"]
    made.release()
