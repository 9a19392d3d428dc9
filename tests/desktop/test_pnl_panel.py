"""The P&L panel: figures under their caption, the limit in words, states."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.test_fills_panel import fill
from tests.helpers.desktop_rig import ACCOUNT, START_NS, DesktopRig, position, status
from workstation.desktop.panels.pnl_panel import PnlPanel
from workstation.desktop.panels.pnl_reconcile import FillsBehind
from workstation.domain.accounts import Environment, LockState
from workstation.domain.numbers import MONEY_ONE
from workstation.portfolio.day_views import MethodFigures, Trip
from workstation.portfolio.excursions import Excursion
from workstation.viewmodels.frames import AccountSnap, CashSeen
from workstation.viewmodels.loss_limits import limit_gauge


def account(net: int, **changes) -> AccountSnap:
    fields = {
        "account": ACCOUNT,
        "environment": Environment.SIM,
        "venue": "SIM",
        "currency": "USD",
        "cash": 0,
        "equity": 101_000 * MONEY_ONE,
        "buying_power": None,
        "realised": -12 * MONEY_ONE,
        "unrealised": 19 * MONEY_ONE,
        "fees": 2 * MONEY_ONE,
        "net": net * MONEY_ONE,
        "drawdown": 30 * MONEY_ONE,
        "day_limit": 500 * MONEY_ONE,
        "unpriced": (),
        "lock": LockState.UNLOCKED,
        "lock_reason": "",
        "lockout": "",
    }
    return AccountSnap(**{**fields, **changes})


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = PnlPanel(rig.context, "pnl-1")
    qtbot.addWidget(made)
    made.resize(300, 420)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def test_the_model_keeps_the_rules_of_qt(panel: PnlPanel, rig: DesktopRig, qtmodeltester) -> None:
    rig.feed(positions=[position(100)])
    qtmodeltester.check(panel.columns)
    rig.feed(positions=[position(50), position(1, symbol="ESZ6")])


def test_figures_stand_under_what_they_mean(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(-410)])
    assert panel.net.text() == "−410.00 USD"
    assert (panel.figures["realised"].text(), panel.figures["open"].text()) == ("−12.00", "+19.00")
    assert (panel.figures["high"].text(), panel.figures["drawdown"].text()) == ("−380.00", "30.00")
    assert panel.caption.text() == "SIM-1: average cost · marked at last · net of fees · USD · today, own ledger"
    assert panel.limit.accessibleName() == "Day loss limit: 90 USD left of the 500 day loss limit, 82% used"


def test_figures_of_a_start_are_marked_until_the_venue_has_agreed(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(-410, lock=LockState.RECONCILING, lock_reason="start")])
    assert (panel.net.text(), panel.mark.text(), panel.mark.isVisible()) == ("−410.00 USD", "not yet reconciled", True)
    assert panel.net.accessibleName() == "Net −410.00 USD, not yet reconciled"
    rig.feed(accounts=[account(-410, lock=LockState.LOCKED, lock_reason="AAPL: ours 100, theirs 50")])
    assert panel.mark.text() == "not reconciled: AAPL: ours 100, theirs 50"
    rig.feed(accounts=[account(-410)])
    assert (panel.mark.isVisible(), panel.net.accessibleName()) == (False, "Net −410.00 USD")


def rows(panel: PnlPanel) -> list[list[str]]:
    model = panel.reconcile.columns
    return [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]


def test_ours_the_brokers_and_the_gap_stand_in_rows(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(accounts=[account(0, cash=1_000 * MONEY_ONE)])
    assert rows(panel) == [["Cash USD", "not available", "1,000.00", "—"]]
    seen = CashSeen("USD", 1_000 * MONEY_ONE, 950 * MONEY_ONE, START_NS)
    rig.feed(
        positions=[position(300, theirs=200), position(5, symbol="ESZ6")], accounts=[account(0, venue_cash=(seen,))]
    )
    assert rows(panel) == [["Cash USD", "+50.00", "1,000.00", "950.00"], ["AAPL", "+100", "300", "200"]]
    hover = panel.reconcile.columns.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert hover.endswith("gap +50.00 as of 2024-01-02 15:00:00 UTC")
    rig.feed(positions=[position(200)], accounts=[account(0, venue_cash=(seen,))])
    assert len(rows(panel)) == 1


def test_a_click_on_a_gap_shows_the_fills_behind_it(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(fill("e1"), fill("e2", symbol="MSFT"))
    rig.feed(positions=[position(300, theirs=200)], accounts=[account(0)])
    spot = panel.reconcile.visualRect(panel.reconcile.columns.index(1, 1)).center()
    qtbot.mouseClick(panel.reconcile.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    dialog = panel.findChild(FillsBehind)
    assert dialog.words.text() == "AAPL: 300 here, 200 at the broker, gap +100"
    assert [row.exec_key for row in map(dialog.view.columns.row_at, range(dialog.view.columns.rowCount()))] == ["e1"]
    dialog.close()
    panel.reconcile.setCurrentIndex(panel.reconcile.columns.index(0, 0))
    panel.reconcile.setFocus()
    qtbot.keyClick(panel.reconcile, Qt.Key.Key_Return)
    dialogs = [one for one in panel.findChildren(FillsBehind) if one.isVisible()]
    assert [one.view.columns.rowCount() for one in dialogs] == [2]
    dialogs[0].close()


def test_what_has_no_mark_is_left_out_and_named(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(accounts=[account(0, unpriced=("ESZ6",))])
    assert panel.note.text() == "1 unmarked, left out of open: ESZ6."


def test_the_curve_grows_with_the_day(panel: PnlPanel, rig: DesktopRig) -> None:
    for second in range(3):
        moment = START_NS + second * 1_000_000_000
        rig.feed(accounts=[account(second * 10)], status=status(now_ns=moment))
    assert [net // MONEY_ONE for _, net in panel.pnl.curve.points] == [0, 10, 20]
    assert not panel.curve.grab().isNull()


def test_the_pointer_on_the_curve_reads_time_net_and_fall(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    for second, net in enumerate((0, 50, 20)):
        rig.feed(accounts=[account(net)], status=status(now_ns=START_NS + second * 1_000_000_000))
    curve = panel.curve
    assert curve.reading_at(0) == "15:00:00  0.00"
    QTest.mouseMove(curve, QPoint(curve.width() - 1, curve.height() // 2))
    assert curve.reading == "15:00:02  +20.00  30.00 below the high"
    QApplication.sendEvent(curve, QEvent(QEvent.Type.Leave))
    assert curve.reading == ""


def test_another_account_in_focus_starts_afresh(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(10)])
    rig.context.focus.move(account="OTHER")
    assert panel.columns.rowCount() == 0
    assert panel.caption.text() == "OTHER: no figures yet"
    assert panel.net.text() == "—"


def test_an_empty_day_and_a_lost_feed_are_said(panel: PnlPanel, rig: DesktopRig) -> None:
    assert panel.view._empty[0] == "Nothing traded today"
    rig.feed(status=status(feed_state="DOWN", now_ns=START_NS))
    assert "prices as of 15:00:00" in panel.note.text()


def test_figures_are_summed_by_what_is_chosen_and_that_comes_back(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(positions=[position(100), position(5, symbol="MSFT")])
    qtbot.keyClick(panel.by, Qt.Key.Key_End)
    assert [panel.columns.row_at(row).symbol for row in range(panel.columns.rowCount())] == ["USD"]
    other = PnlPanel(rig.context, "pnl-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert [other.columns.row_at(row).symbol for row in range(other.columns.rowCount())] == ["USD"]
    other.release()


def test_summed_by_strategy_a_run_stands_by_its_name(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    rig.origin_names["run-7"] = "Reversion 3"
    held = position(100)
    rig.feed(
        positions=[msgspec.structs.replace(held, position=msgspec.structs.replace(held.position, strategy_id="run-7"))]
    )
    panel.by.setFocus()
    qtbot.keyClicks(panel.by, "by s")
    assert panel.by.currentText() == "by strategy"
    place = panel.columns.index(0, panel.columns.column_named("symbol"))
    assert (place.data(), place.data(Qt.ItemDataRole.ToolTipRole)) == ("Reversion 3", "Reversion 3 (run-7)")
    assert panel.export_text().splitlines()[1].startswith("Reversion 3,")


def choose(panel: PnlPanel, name: str) -> None:
    action = next(a for a in panel.basis.menu().actions() if a.objectName() == f"{panel.panel_id}_basis_{name}_action")
    action.trigger()


def test_another_mark_and_method_are_a_view_that_says_so(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    fifo = MethodFigures(18_600 * MONEY_ONE, -81 * MONEY_ONE)
    rig.feed(positions=[position(100, last=18_720, exit_px=18_710, fifo=fifo)], accounts=[account(10)])
    assert panel.basis.text() == "Average · mid"
    choose(panel, "last")
    assert "marked at last" in panel.caption.text()
    assert panel.caption.text().endswith("a view: the books are average cost · marked at mid")
    assert (panel.net.text(), panel.figures["open"].text()) == ("+11.00 USD", "+20.00")
    assert panel.figures["drawdown"].text() == "—"
    choose(panel, "exit")
    assert (panel.net.text(), panel.columns.row_at(0).open) == ("+1.00 USD", 10 * MONEY_ONE)
    choose(panel, "mid")
    choose(panel, "fifo")
    assert panel.caption.text().startswith("SIM-1: FIFO · marked at mid")
    assert (panel.columns.row_at(0).open, panel.columns.row_at(0).realised) == (119 * MONEY_ONE, -81 * MONEY_ONE)
    assert panel.net.text() == "+29.00 USD"
    other = PnlPanel(rig.context, "pnl-2")
    qtbot.addWidget(other)
    other.restore_settings(panel.save_settings())
    assert other.basis.text() == "FIFO · mid"
    other.release()


def test_what_a_view_does_not_know_is_left_out_and_named(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100, last=18_720), position(5, symbol="MSFT")], accounts=[account(10)])
    choose(panel, "last")
    assert panel.note.text() == "1 left out, not known by average cost · marked at last: MSFT."
    row = next(r for r in map(panel.columns.row_at, range(2)) if r.symbol == "MSFT")
    assert (row.open, row.net, row.unmarked) == (None, None, 1)


def test_a_missing_rate_makes_no_sum(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(0, missing_rates=("EUR",))])
    assert (panel.net.text(), panel.figures["open"].text(), panel.figures["equity"].text()) == ("— USD", "—", "—")
    assert panel.note.text() == "No rate of EUR in USD: no sum, only sums by currency."
    assert panel.pnl.curve.points == []


def test_round_trips_show_how_far_they_ran(panel: PnlPanel, rig: DesktopRig) -> None:
    known = {"account": ACCOUNT, "symbol": "AAPL", "currency": "USD", "qty": 100, "realised": 0, "fees": {}}
    closed = Trip(
        **{**known, "realised": 5 * MONEY_ONE},
        opened_at=START_NS,
        closed_at=START_NS + 9,
        excursion=Excursion(30 * MONEY_ONE, -20 * MONEY_ONE),
    )
    under_way = Trip(
        **{**known, "qty": -100},
        opened_at=START_NS + 1_000_000_000,
        closed_at=0,
        excursion=Excursion(0, -40 * MONEY_ONE, whole=False),
    )
    assert panel.view.isColumnHidden(panel.columns.column_named("best"))
    rig.feed(positions=[position(-100)], accounts=[account(0, trips=(closed, under_way))])
    panel.by.setCurrentIndex(panel.by.findData("trade"))
    panel.view.sort_by([("symbol", False)])
    names = ("symbol", "net", "best", "worst")
    texts = [[panel.columns.index(row, panel.columns.column_named(name)).data() for name in names] for row in range(2)]
    assert texts == [
        ["AAPL long 15:00:00", "+5.00", "+30.00", "−20.00"],
        ["AAPL short 15:00:01", "−19.00", "≥ 0.00", "≤ −40.00"],
    ]
    assert not panel.view.isColumnHidden(panel.columns.column_named("worst"))
    rig.feed(accounts=[account(0, trips=(under_way,))])
    assert panel.columns.rowCount() == 1


def test_the_distance_to_the_drawdown_limit_stands_beside_the_day_limits(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(accounts=[account(-10, drawdown_limit=40 * MONEY_ONE)])
    text = "490 USD left of the 500 day loss limit, 2% used · 10 USD left to the drawdown limit of 40"
    assert panel.limit.accessibleName() == f"Day loss limit: {text}"
    assert limit_gauge(account(-10, drawdown_limit=40 * MONEY_ONE)).level == "amber"
    assert limit_gauge(account(0, day_limit=None, drawdown_limit=30 * MONEY_ONE)).level == "red"


def test_sums_by_account_show_every_account(panel: PnlPanel, rig: DesktopRig) -> None:
    held = position(100)
    other = msgspec.structs.replace(held, position=msgspec.structs.replace(held.position, account="OTHER"))
    rig.feed(positions=[held, other])
    assert [panel.columns.row_at(n).symbol for n in range(panel.columns.rowCount())] == ["AAPL"]
    panel.by.setCurrentIndex(panel.by.findData("account"))
    assert {panel.columns.row_at(n).symbol for n in range(panel.columns.rowCount())} == {ACCOUNT, "OTHER"}


def test_only_what_the_day_brought_counts(panel: PnlPanel, rig: DesktopRig) -> None:
    held = position(100)
    booked = msgspec.structs.replace(held.position, realised=50 * MONEY_ONE, fees={"USD": 5 * MONEY_ONE})
    rig.feed(positions=[position(100, position=booked, realised_before=40 * MONEY_ONE, fees_before={"USD": MONEY_ONE})])
    row = panel.columns.row_at(0)
    assert (row.realised, row.fees, row.net) == (10 * MONEY_ONE, 4 * MONEY_ONE, 25 * MONEY_ONE)


def test_in_a_wide_panel_each_figure_stands_beside_its_own_title(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(0)])
    panel.show()
    for width, side in ((1_600, Qt.AlignmentFlag.AlignLeft), (600, Qt.AlignmentFlag.AlignRight)):
        panel.resize(width, 500)
        QApplication.processEvents()
        assert all(figure.alignment() & side for figure in panel.figures.values()), width


def test_the_curve_has_its_part_of_a_tall_panel(panel: PnlPanel, rig: DesktopRig) -> None:
    rig.feed(positions=[position(100)], accounts=[account(0)])
    panel.show()
    heights = []
    for height in (400, 1_000):
        panel.resize(800, height)
        QApplication.processEvents()
        heights.append(panel.curve.height())
    assert heights == [80, 200]


def test_in_a_low_panel_no_figure_is_cut(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    dock = QWidget()  # a dock gives less than a panel asks for
    qtbot.addWidget(dock)
    panel.setParent(dock)
    dock.show()
    panel.show()
    panel.resize(500, 146)  # the trading workspace in the least window
    rig.feed(positions=[position(100)], accounts=[account(0)])
    QApplication.processEvents()
    for label in (panel.net, *panel.figures.values()):
        assert label.height() >= label.sizeHint().height(), label.objectName()
    assert panel.caption.isHidden()
    assert panel.net.toolTip() == panel.caption.text()
    panel.resize(500, 300)
    QApplication.processEvents()
    assert not panel.caption.isHidden()
    panel.setParent(None)


def test_a_short_wide_panel_keeps_figures_apart_and_sheds_what_agrees(panel: PnlPanel, rig: DesktopRig, qtbot) -> None:
    dock = QWidget()  # a dock gives less than a panel asks for
    qtbot.addWidget(dock)
    panel.setParent(dock)
    dock.show()
    panel.show()
    panel.resize(660, 210)
    rig.feed(positions=[position(100)], accounts=[account(0)])
    QApplication.processEvents()
    boxes = [label.geometry() for label in panel.figures.values()]
    assert len({box.top() for box in boxes}) == 2
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[n + 1 :])
    assert panel.reconcile.isHidden()
    rig.feed(positions=[position(100, theirs=40)])
    assert not panel.reconcile.isHidden(), "a difference is always shown"
    panel.resize(300, 420)
    QApplication.processEvents()
    assert len({label.geometry().top() for label in panel.figures.values()}) == 3
    panel.setParent(None)
