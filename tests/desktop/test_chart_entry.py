"""Entries from a chart: read whole before the click, sent as read, held back disarmed; brackets and drags by hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFrame, QLabel, QPushButton

from tests.desktop.test_chart_panel import answer
from tests.helpers.desktop_rig import START_NS, DesktopRig, limit, order, position, quote, status
from workstation.commands.registry import CommandResult
from workstation.desktop.panels import chart_trading
from workstation.desktop.panels.chart_panel import ChartPanel
from workstation.domain.accounts import Environment
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrdType, Side
from workstation.viewmodels.preview import PREVIEW_KEY

LEFT, ALT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = ChartPanel(rig.context, "chart-1")
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    rig.feed(status=status(now_ns=START_NS), quotes=[quote()])
    made.show_symbol("AAPL")
    answer(rig)
    made.tools.padlock.setChecked(True)
    yield made
    made.release()


@pytest.fixture
def pulses(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    seen: list[bool] = []
    monkeypatch.setattr(chart_trading, "pulse_arm_chip", lambda: seen.append(True))
    return seen


def at(panel: ChartPanel, price: float, share: float = 0.25) -> QPoint:
    QApplication.processEvents()
    pane = panel.chart._canvas.price_pane()
    return QPoint(round(pane.width * share), round(pane.y(price)))


def offered(panel: ChartPanel, qtbot, price: float = 187.10) -> QPushButton:
    """Rest the pointer at a price until the buttons come; return the buying one."""
    port = panel.chart._canvas.view.viewport()
    for step in (0, 1):
        QTest.mouseMove(port, at(panel, price) + QPoint(step, 0))
    tag = panel.chart.findChild(QFrame, "chart-trade-tag")
    qtbot.waitUntil(tag.isVisible)
    return tag.findChild(QPushButton, "chart-trade-buy")


def enter(button: QPushButton) -> list[str]:
    """Bring the pointer onto a button; return the lines below the buttons."""
    where = QPointF(button.rect().center())
    QApplication.sendEvent(button, QEnterEvent(where, where, QPointF(button.mapToGlobal(where.toPoint()))))
    return button.parentWidget().findChild(QLabel, "chart-trade-hint").text().splitlines()


def pull(panel: ChartPanel, start: float, end: float, held: Qt.KeyboardModifier = NONE) -> None:
    port = panel.chart._canvas.view.viewport()
    QTest.mousePress(port, LEFT, held, at(panel, start))
    for price in ((start + end) / 2, end):
        place = at(panel, price)
        move = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(place), QPointF(port.mapToGlobal(place)), Qt.MouseButton.NoButton, LEFT, held
        )
        QApplication.sendEvent(port, move)


def let_go(panel: ChartPanel, price: float, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseRelease(panel.chart._canvas.view.viewport(), LEFT, held, at(panel, price))


@pytest.mark.parametrize("held", [NONE, ALT])
def test_the_whole_order_is_read_before_the_click_and_travels_with_it_word_for_word(
    panel: ChartPanel, rig: DesktopRig, qtbot, held: Qt.KeyboardModifier
) -> None:
    rig.arm(Environment.SIM)
    buy = offered(panel, qtbot)
    hint = buy.parentWidget().findChild(QLabel, "chart-trade-hint")
    assert hint.text() == "Alt: stop 20t, target 40t"
    plain, bracket = enter(buy)
    assert plain.startswith("BUY 1 AAPL LIMIT 187.")
    assert plain.endswith("DAY · SIM-1")
    assert "STOP-LOSS" in bracket
    assert "TAKE-PROFIT" in bracket
    assert bracket.endswith("· RISK 0.20 USD")
    QTest.mouseClick(buy, LEFT, held)
    (sent,) = rig.gateway.of("order.submit")
    read = bracket.removeprefix("Alt: ") if held == ALT else plain
    assert sent.metadata[PREVIEW_KEY] == read
    assert (sent.stop_loss_px is not None) == (held == ALT)
    assert rig.spoken[-1] == ("info", f"Pending: {read}")
    QApplication.sendEvent(buy, QEvent(QEvent.Type.Leave))
    assert hint.text() == "Alt: stop 20t, target 40t"


def test_a_disarmed_entry_only_pulses_the_arm_chip(
    panel: ChartPanel, rig: DesktopRig, qtbot, pulses: list[bool]
) -> None:
    spoken = list(rig.spoken)
    QTest.mouseClick(offered(panel, qtbot), LEFT)
    assert (rig.gateway.of("order.submit"), pulses, rig.spoken) == ([], [True], spoken)
    assert panel.findChildren(QDialog) == []


def test_what_only_reduces_goes_out_disarmed(panel: ChartPanel, rig: DesktopRig, qtbot, pulses: list[bool]) -> None:
    rig.feed(positions=[position(-5, price=18_600)])
    QTest.mouseClick(offered(panel, qtbot), LEFT)
    assert len(rig.gateway.of("order.submit")) == 1
    assert pulses == []


def test_a_refusal_is_said_and_one_for_want_of_arming_pulses_too(
    panel: ChartPanel, rig: DesktopRig, qtbot, pulses: list[bool]
) -> None:
    rig.arm(Environment.SIM)
    QTest.mouseClick(offered(panel, qtbot), LEFT)
    rig.gateway.answer("order.submit", CommandResult(ok=False, code="NOT_ARMED", text="Refused: hand entry."))
    rig.bridge._on_answered()
    assert (rig.spoken[-1], pulses) == (("warning", "Refused: hand entry."), [True])


def bracket(rig: DesktopRig) -> None:
    for cl_ord_id, terms, role in (
        ("OMS-1", limit(Side.SELL, 18_760), LegRole.TAKE_PROFIT),
        ("OMS-2", limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_650), LegRole.STOP_LOSS),
    ):
        rig.feed(order(cl_ord_id, terms, link=GroupLink("G1", Contingency.BRACKET, role, "OMS-0")))


def test_a_leg_is_dragged_alone_with_what_it_would_bring_in_money(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100, price=18_700)])
    bracket(rig)
    pull(panel, 187.60, 187.40)
    moved = panel.chart.model.drag
    assert moved is not None
    gain = round((moved.price - 187) * 100, 2)
    ticks = round(moved.price * 100) - 18_760
    words = f"Sell limit 100 @ {moved.price:.2f}  {ticks:+d}t · exits +{gain:.2f} USD"
    assert panel.chart.model.dragged_words().startswith(words)
    assert panel.chart.model.dragged_words().endswith(", loses queue place")
    let_go(panel, moved.price)
    (sent,) = rig.gateway.of("order.replace")
    assert (sent.cl_ord_id, sent.price) == ("OMS-1", round(moved.price * 100))


def test_with_alt_all_legs_of_the_bracket_move_by_the_same_ticks(panel: ChartPanel, rig: DesktopRig) -> None:
    bracket(rig)
    pull(panel, 187.60, 187.40, ALT)
    moved = panel.chart.model.drag
    assert moved is not None
    assert ", 2 legs" in panel.chart.model.dragged_words()
    let_go(panel, moved.price, ALT)
    ticks = round(moved.price * 100) - 18_760
    changes = {change.cl_ord_id: (change.price, change.stop_px) for change in rig.gateway.of("order.replace")}
    assert changes == {"OMS-1": (18_760 + ticks, None), "OMS-2": (None, 18_650 + ticks)}


def test_a_drag_that_loses_its_order_ends_with_a_word(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", limit(price=18_660), version=4))
    pull(panel, 186.60, 186.80)
    assert panel.chart.model.drag is not None
    rig.feed(order("OMS-1", limit(price=18_665), version=5))
    assert panel.chart.model.drag is None
    assert rig.spoken[-1] == (
        "warning",
        "Drag ended: the order or the position changed under it; nothing was moved.",
    )
    let_go(panel, 186.80)
    assert rig.gateway.of("order.replace") == []


def test_a_line_taken_back_while_its_amend_is_under_way_is_asked_back(panel: ChartPanel, rig: DesktopRig) -> None:
    rig.feed(order("OMS-1", version=4))
    panel.chart.order_line_dragged.emit("OMS-1", 187.20)
    panel.chart.order_line_dragged.emit("OMS-1", 187.15)
    rig.gateway.answer("order.replace", CommandResult(ok=True, text=""))
    rig.bridge._on_answered()
    rig.feed(order("OMS-1", limit(price=18_720), version=5))
    assert [change.price for change in rig.gateway.of("order.replace")] == [18_720, 18_715]
