"""The curve of the P&L panel is brushed: a stretch is read, its fills are opened, and the blotter is filtered by it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.desktop.test_fills_panel import fill
from tests.desktop.test_pnl_panel import account, panel
from tests.helpers.desktop_rig import START_NS, DesktopRig, order, status
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.desktop.panels.orders_panel import OrdersPanel
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.panels.pnl_reconcile import FillsBehind
from workstation.domain.numbers import MONEY_ONE

__all__ = ["panel"]


def later(panel: PnlPanel, rig: DesktopRig, *nets: int) -> None:
    for second, net in enumerate(nets):
        rig.feed(accounts=[account(net)], status=status(now_ns=START_NS + second * 1_000_000_000))


def test_a_drag_over_the_curve_reads_a_stretch_and_opens_its_fills(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    later(panel, rig, 0, 50, 20, 80, 10)
    early, inside = fill("e1", ts_event=START_NS), fill("e2", ts_event=START_NS + 2_000_000_000)
    rig.feed(early, inside)
    curve = panel.curve
    curve.grab()
    left, right = (round(curve._drawn.left() + share * curve._drawn.width()) for share in (0.2, 0.8))
    qtbot.mousePress(curve, Qt.MouseButton.LeftButton, pos=QPoint(left, 20))
    QTest.mouseMove(curve, QPoint(right, 20))
    qtbot.mouseRelease(curve, Qt.MouseButton.LeftButton, pos=QPoint(right, 20))
    words = "15:00:01 to 15:00:03: +30.00, between +20.00 and +80.00, deepest fall 30.00"
    assert panel.stretch.text() == f"{words}. Enter shows its fills."
    assert panel.stretch.isVisible()
    qtbot.mouseDClick(curve, Qt.MouseButton.LeftButton, pos=QPoint((left + right) // 2, 20))
    dialog = panel.findChild(FillsBehind)
    assert dialog.words.text() == f"{words}."
    assert [dialog.view.columns.row_at(n).exec_key for n in range(dialog.view.columns.rowCount())] == ["e2"]
    dialog.close()
    qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=QPoint(round(curve._drawn.left()) + 1, 20))
    assert panel.stretch.isHidden()


def test_the_arrow_keys_brush_the_curve_and_esc_lets_it_go(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    later(panel, rig, 0, 50, 20)
    qtbot.keyClick(panel.curve, Qt.Key.Key_Home)
    qtbot.keyClick(panel.curve, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert panel.curve.stretch.change == 20 * MONEY_ONE
    qtbot.keyClick(panel.curve, Qt.Key.Key_Return)
    dialog = panel.findChild(FillsBehind)
    assert dialog.words.text().startswith("15:00:00 to 15:00:02: +20.00")
    dialog.close()
    qtbot.keyClick(panel.curve, Qt.Key.Key_Escape)
    assert panel.curve.stretch is None
    assert panel.stretch.isHidden()


def test_a_brushed_stretch_filters_the_blotter_at_a_press(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    orders, fills = OrdersPanel(rig.context, "orders-1"), FillsPanel(rig.context, "fills-1")
    later(panel, rig, 0, 50, 20, 80, 10)
    second = 1_000_000_000
    rig.feed(*(order(f"OMS-{n}", created_at=START_NS + n * second) for n in range(5)))
    rig.feed(*(fill(f"e{n}", ts_event=START_NS + n * second + 5) for n in range(5)))
    curve = panel.curve
    curve.grab()
    left, right = (round(curve._drawn.left() + share * curve._drawn.width()) for share in (0.0, 0.55))
    qtbot.mousePress(curve, Qt.MouseButton.LeftButton, pos=QPoint(left, 20))
    QTest.mouseMove(curve, QPoint(right, 20))
    qtbot.mouseRelease(curve, Qt.MouseButton.LeftButton, pos=QPoint(right, 20))
    assert panel.stretch.text().startswith("15:00:00 to 15:00:02: +20.00")
    qtbot.mouseClick(panel.stretch.to_blotter, Qt.MouseButton.LeftButton)
    assert rig.spoken[-1] == ("info", "Nothing filtered: no orders or fills panel is to be seen.")
    for other in (orders, fills):
        qtbot.addWidget(other)
        other.show()
    qtbot.mouseClick(panel.stretch.to_blotter, Qt.MouseButton.LeftButton)
    assert orders.filter_line.text() == "time>=2024-01-02T15:00:00 time<2024-01-02T15:00:03"
    assert [row.cl_ord_id for row in orders.visible_rows()] == ["OMS-2", "OMS-1", "OMS-0"]
    assert [row.exec_key for row in fills.visible_rows()] == ["e2", "e1", "e0"]
    orders.filter_line.clear()
    assert len(list(orders.visible_rows())) == 5
    orders.release()
    fills.release()
