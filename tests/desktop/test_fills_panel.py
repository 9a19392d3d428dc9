"""The fills panel: rows, what was taken back, filter and states."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import ACCOUNT, START_NS, DesktopRig, status
from workstation.desktop.panels.fills_panel import FillsPanel
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side


def fill(exec_key: str = "X-1", symbol: str = "AAPL", **changes) -> Execution:
    fields = {
        "exec_key": exec_key,
        "exec_id": exec_key,
        "uid": exec_key,
        "cl_ord_id": "OMS-1",
        "order_id": "V-1",
        "account": ACCOUNT,
        "symbol": symbol,
        "side": Side.BUY,
        "last_qty": 100,
        "last_px": 18_720,
        "fee": MONEY_ONE,
        "fee_currency": "USD",
        "ts_event": START_NS,
        "ts_init": START_NS,
        "venue_seq": 1,
    }
    return Execution(**{**fields, **changes})


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = FillsPanel(rig.context, "fills-1")
    qtbot.addWidget(made)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def test_the_model_keeps_the_rules_of_qt(panel: FillsPanel, rig: DesktopRig, qtmodeltester) -> None:
    rig.feed(fill("X-1"))
    qtmodeltester.check(panel.columns)
    rig.feed(fill("X-2"), fill("X-3"))


def test_an_empty_panel_says_what_comes(panel: FillsPanel) -> None:
    assert panel.view._empty[0] == "No fills today"


def test_a_fill_appears_once_with_its_fee_in_the_totals(panel: FillsPanel, rig: DesktopRig) -> None:
    rig.feed(fill("X-1"), fill("X-2"))
    rig.feed(fill("X-1"))
    assert panel.columns.rowCount() == 2
    assert panel.totals.text() == "2 fills  fees 2.00 USD"


def test_a_bust_strikes_what_stands_on_screen(panel: FillsPanel, rig: DesktopRig) -> None:
    rig.feed(fill("X-1"))
    before = panel.view.grab().toImage()
    rig.feed(fill("B-1", kind=ExecKind.BUST, corrects="X-1", fee=0))
    assert panel.view.grab().toImage() != before
    assert panel.totals.text() == "0 fills  1 taken back  fees 0.00 USD"


def test_this_instrument_follows_the_trade_focus(panel: FillsPanel, rig: DesktopRig) -> None:
    rig.feed(fill("X-1"), fill("X-2", "MSFT"))
    panel.here.setChecked(True)
    assert panel.columns.rowCount() == 1
    rig.context.focus.move(symbol="ESZ6")
    assert panel.columns.rowCount() == 0
    assert "None of 2" in panel.view._empty[0]


def test_fills_stand_by_order_at_a_press_filtered_and_exported_alike(
    panel: FillsPanel, rig: DesktopRig, qtbot, qtmodeltester
) -> None:
    rig.feed(fill("X-1"), fill("X-2", last_px=18_730), fill("X-3", symbol="MSFT", cl_ord_id="OMS-2"))
    qtbot.mouseClick(panel.by_order, Qt.MouseButton.LeftButton)
    assert (panel.single.isVisible(), panel.summed.isVisible()) == (False, True)
    qtmodeltester.check(panel.summed.columns)
    panel.filter_line.setText("aapl")
    assert [(row.count, row.qty) for row in panel.visible_rows()] == [(2, 200)]
    panel.summed.selectRow(0)
    assert panel.chosen_order() == "OMS-1"
    assert panel.export_text().splitlines()[0].startswith("Last,Symbol,Side,Qty,Average,Fills")
    rig.feed(fill("X-4"))
    assert [row.count for row in panel.visible_rows()] == [3]
    qtbot.mouseClick(panel.by_order, Qt.MouseButton.LeftButton)
    assert [row.exec_key for row in panel.visible_rows()] == ["X-4", "X-2", "X-1"]


def test_the_way_fills_stand_comes_back_with_the_columns(panel: FillsPanel, rig: DesktopRig, qtbot) -> None:
    panel.single.sort_by([("qty", True)])
    panel.by_order.setChecked(True)
    other = FillsPanel(rig.context, "fills-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert (other.by_order.isChecked(), other.blotter.table.sorting) == (True, (("qty", True),))
    assert other.view is other.summed
    other.release()


def test_without_the_venue_it_says_as_of_when(panel: FillsPanel, rig: DesktopRig) -> None:
    rig.feed(status=status(venue_state="DOWN", now_ns=START_NS))
    assert "as of 15:00:00" in panel.note.text()
