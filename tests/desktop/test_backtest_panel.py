"""The backtests panel: runs what the form says, shows how far it is, figures, a curve, and opens the report."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.backtest_scene import backtests_of_scene
from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import settle, shown_panel
from workstation.commands.backtests import StartBacktest
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.backtest_panel import BacktestsPanel
from workstation.desktop.theme import apply_theme, load_theme
from workstation.ports.backtests import BacktestBoard


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot, tmp_path: Path):
    shown = shown_panel("backtests", rig, tmp_path)
    qtbot.addWidget(shown.holder)
    assert isinstance(shown.panel, BacktestsPanel)
    yield shown.panel
    shown.panel.release()


def column(panel: BacktestsPanel, name: str) -> list[str]:
    table = panel.runs.columns.table
    [found] = [column for column in table.columns if column.name == name]
    return [found.text(table.row_at(position)) for position in range(len(table))]


def test_runs_stand_newest_first_with_how_they_ended_and_keep_the_rules_of_qt(
    panel: BacktestsPanel, qtmodeltester
) -> None:
    assert column(panel, "id") == ["7", "6", "5"]
    assert column(panel, "status") == ["Done", "Failed", "Stopped"], "one that runs in no process was stopped"
    assert column(panel, "symbols") == ["ACME"] * 3
    assert column(panel, "sharpe") == ["0.86", "—", "—"]
    qtmodeltester.check(panel.runs.columns)


def test_the_chosen_run_is_told_in_figures_with_what_flatters_it_and_by_its_curve(panel: BacktestsPanel) -> None:
    words = panel.figures.text()
    assert "sma_cross:SmaCross: fast 10, slow 30, symbol ACME" in words
    assert "184 fills" in words
    assert "! Trading is free of fees." in words
    shown = panel.curve.shown
    assert shown is not None
    assert len(shown.ts) == 251
    assert shown.fall.min() == 0
    box = panel.curve._box()
    assert panel.curve.text_at(QPointF(box.right(), box.center().y())) == shown.words(250)
    assert panel.curve.text_at(QPointF(0, 0)) == ""
    panel.runs.select_key("6")
    assert "sma_cross.py, line 40, in on_bar" in panel.figures.text()
    assert panel.curve.shown is None
    assert not panel.report.isEnabled()


def test_run_sends_what_the_form_says_by_the_keyboard_and_a_seed_that_is_none_is_refused_here(
    panel: BacktestsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    assert panel.form.parameters.toPlainText() == "fast=10\nslow=30"
    panel.form.symbols.setFocus()
    qtbot.keyClicks(panel.form.symbols, "acme, ibm")
    qtbot.keyClicks(panel.form.fees, "bps:1:2")
    panel.form.seed.setText("one")
    qtbot.keyClick(panel.begin, Qt.Key.Key_Space)
    assert "seed" in panel.note.text()
    panel.form.seed.setText("4")
    panel.form.fill.setCurrentText("this close")
    panel.form.options.setPlainText("seed=3")
    qtbot.keyClick(panel.begin, Qt.Key.Key_Space)
    assert not rig.gateway.of("backtest.start")
    panel.form.options.setPlainText("latency=order=5\n\n close-at-end\n")
    qtbot.keyClick(panel.begin, Qt.Key.Key_Space)
    assert rig.gateway.of("backtest.start") == [
        StartBacktest(
            entry_point="sma_cross:SmaCross", symbols=("ACME", "IBM"), parameters=("fast=10", "slow=30"),
            fees="bps:1:2", fill="this_close", seed=4, latency=("order=5",), close_at_end=True,
        )
    ]  # fmt: skip


def test_a_running_backtest_tells_how_far_it_is_is_chosen_and_can_be_stopped(
    panel: BacktestsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    done, _failed, running = backtests_of_scene()
    running = msgspec.structs.replace(running, id=8)
    board = BacktestBoard(backtests=(running, done), running=8, played=12_288, at=done.last_ts)
    rig.gateway.answers["backtest.board"] = CommandResult(ok=True, text="", data=board)
    panel.ask()
    settle(rig)
    assert panel.note.text().startswith("Backtest 8: 12,288 bars played, the market is at ")
    assert [row.id for row in panel.runs.selected_rows()] == [8]
    assert not panel.begin.isEnabled()
    assert not panel.forget.isEnabled()
    qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    assert len(rig.gateway.of("backtest.stop")) == 1


def test_the_report_is_made_and_opened_and_a_run_is_forgotten_by_two_presses(
    panel: BacktestsPanel, rig: DesktopRig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    rig.gateway.answers["backtest.report"] = CommandResult(ok=True, text="made", data="/tmp/report.html")
    qtbot.mouseClick(panel.report, Qt.MouseButton.LeftButton)
    settle(rig)
    assert [name.backtest_id for name in rig.gateway.of("backtest.report")] == [7]
    assert opened == ["/tmp/report.html"]
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("backtest.delete") == []
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert [name.backtest_id for name in rig.gateway.of("backtest.delete")] == [7]


def test_round_trips_of_the_chosen_run_are_listed_and_the_chosen_one_stands_out_on_the_curve(
    panel: BacktestsPanel, rig: DesktopRig, qtmodeltester
) -> None:
    table = panel.trips.columns.table
    assert [table.row_at(place).number for place in range(len(table))] == [1, 2, 3, 4]
    qtmodeltester.check(panel.trips.columns)
    before = panel.curve.grab().toImage()
    panel.trips.select_key("3")
    [chosen] = panel.trips.selected_rows()
    assert panel.curve.span == (chosen.entry_ts, chosen.exit_ts)
    assert panel.curve.grab().toImage() != before
    panel.ask()
    settle(rig)
    assert panel.curve.span is not None, "an answer that changes nothing leaves what was chosen"
    assert len(rig.gateway.of("backtest.trips")) == 1
    panel.runs.select_key("6")
    settle(rig)
    assert len(table) == 0
    assert panel.curve.span is None


@pytest.mark.parametrize("theme", ["dark", "high_contrast"])
def test_no_line_of_the_form_is_cut_and_runs_and_round_trips_fit_a_narrow_panel(
    panel: BacktestsPanel, qapp: QApplication, theme: str
) -> None:
    apply_theme(qapp, load_theme(theme))
    for field, lines in ((panel.form.parameters, 4), (panel.form.options, 3)):
        field.setPlainText("\n".join("x" * lines))
        QApplication.processEvents()
        assert field.verticalScrollBar().maximum() == 0, f"{lines} lines in {theme}"
    panel.window().resize(1_000, 700)
    QApplication.processEvents()
    shown = [column.name for column in panel.runs.shown_columns()]
    assert panel.runs.horizontalScrollBar().maximum() == 0, f"{shown} are cut"
    assert {"id", "strategy", "status", "return", "profit", "sharpe", "drawdown"} <= set(shown)
    panel.window().resize(1_240, 700)
    QApplication.processEvents()
    shown = [column.name for column in panel.trips.shown_columns()]
    assert panel.trips.horizontalScrollBar().maximum() == 0, f"{shown} are cut"
    assert {"symbol", "side", "qty", "pnl", "entry", "exit"} <= set(shown)
    apply_theme(qapp, load_theme("dark"))
