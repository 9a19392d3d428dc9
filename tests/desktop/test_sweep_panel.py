"""The sweeps panel: begins what the form says, shows how far it is, trials that sort, a map, and what luck explains."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from tests.helpers.panel_scenes import settle, shown_panel
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.study_panel import PREPARING
from workstation.desktop.panels.sweep_panel import SweepsPanel
from workstation.ports.sweeps import SweepBoard, SweepStatus


@pytest.fixture
def panel(rig: DesktopRig, qtbot: QtBot, tmp_path: Path):
    shown = shown_panel("sweeps", rig, tmp_path)
    qtbot.addWidget(shown.holder)
    assert isinstance(shown.panel, SweepsPanel)
    yield shown.panel
    shown.panel.release()


def column(panel: SweepsPanel, name: str) -> list[str]:
    table = panel.trials.columns.table
    [found] = [column for column in table.columns if column.name == name]
    return [found.text(table.row_at(position)) for position in range(len(table))]


def board(rig: DesktopRig, **changed: object) -> None:
    """Let the engine answer with the sweep of the scene, changed."""
    table = rig.gateway.answers["sweep.trials"].data
    sweep = msgspec.structs.replace(table.sweep, **{name: changed[name] for name in changed if name != "running"})
    running = int(str(changed.get("running", 0)))
    rig.gateway.answers["sweep.board"] = CommandResult(
        ok=True, text="", data=SweepBoard(sweeps=(sweep,), running=running)
    )


def again(panel: SweepsPanel, rig: DesktopRig) -> None:
    panel.ask()
    settle(rig)


def test_the_models_keep_the_rules_of_qt(panel: SweepsPanel, qtmodeltester) -> None:
    for view in (panel.sweeps, panel.trials):
        qtmodeltester.check(view.columns)


def test_trials_stand_best_first_with_their_parameters_and_sort_by_a_click(panel: SweepsPanel) -> None:
    assert column(panel, "axis_fast")[0] == "10"
    assert column(panel, "axis_slow")[0] == "60"
    assert column(panel, "in_metric")[0] == "1.90"
    assert column(panel, "error")[-1] == "ValueError: no bars"
    panel.trials.sort_by((("axis_fast", False),))
    assert column(panel, "axis_fast") == sorted(column(panel, "axis_fast"), key=int)


def test_each_sweep_says_what_it_plays(panel: SweepsPanel) -> None:
    first = panel.sweeps.columns.row_at(0)
    texts = {column.name: column.text(first) for column in panel.sweeps.columns.table.columns}
    assert (texts["symbols"], texts["interval"]) == ("ACME, IBM", "1d")


def test_sweeps_and_trials_fit_a_narrow_panel(panel: SweepsPanel) -> None:
    panel.window().resize(1_040, 700)
    QApplication.processEvents()
    for view, kept in (
        (panel.sweeps, {"id", "strategy", "symbols", "status", "done"}),
        (panel.trials, {"axis_fast", "axis_slow", "in_metric", "out_metric", "deflated", "error"}),
    ):
        shown = [column.name for column in view.shown_columns()]
        assert view.horizontalScrollBar().maximum() == 0, f"{shown} are cut"
        assert kept <= set(shown)


def test_in_a_low_panel_the_form_scrolls_above_its_buttons_and_not_below_them(panel: SweepsPanel, qtbot: QtBot) -> None:
    home, dock = panel.parentWidget(), QWidget()  # a dock gives its panel what there is, whatever that asks for
    qtbot.addWidget(dock)
    dock.resize(680, 190)
    panel.setParent(dock)
    panel.setGeometry(dock.rect())
    panel.show()
    dock.show()
    QApplication.processEvents()
    form = panel.findChild(QScrollArea, "sweeps-1_scroll")
    assert isinstance(form, QScrollArea)
    top = panel.begin.mapTo(panel, QPoint()).y()
    assert form.mapTo(panel, QPoint()).y() + form.height() <= top
    assert top + panel.begin.height() <= panel.height()
    panel.setParent(home)


def test_what_was_asked_for_is_said_until_it_has_begun_or_cannot(panel: SweepsPanel, rig: DesktopRig) -> None:
    panel.begin.click()
    assert panel.note.text() == PREPARING
    rig.gateway.answer("sweep.start", CommandResult(ok=False, text="fees: none is named", code="VALIDATION"))
    settle(rig)
    assert "fees: none is named" in panel.note.text()
    panel.begin.click()
    rig.gateway.answer("sweep.start", CommandResult(ok=True, text="Sweep 4 runs: 9 trials."))
    settle(rig)
    assert panel.note.text() != PREPARING


def test_luck_is_held_against_the_best_in_words(panel: SweepsPanel) -> None:
    words = panel.verdict.text()
    assert "Best of 11: sharpe 1.90 in-sample, 0.43 out-of-sample" in words
    assert "luck alone: Sharpe" in words
    assert "deflated" in words


def test_the_map_shows_what_is_chosen_and_says_it_on_hover(panel: SweepsPanel) -> None:
    shown = panel.heat.shown
    assert shown is not None
    assert (shown.columns, shown.rows, len(shown.cells)) == ((5, 10, 15, 20), (30, 60, 90), 11)
    box = panel.heat._box()
    assert panel.heat.text_at(QPointF(box.left() + 1, box.top() + 1)).startswith("fast 5, slow 30: ")
    assert panel.heat.text_at(QPointF(1, 1)) == ""
    before = dict(shown.cells)
    panel.measure.setCurrentText("Return, out-of-sample")
    assert panel.heat.shown is not None
    assert panel.heat.shown.cells != before
    panel.across.setCurrentText("slow")
    panel.down.setCurrentText("fast")
    assert panel.heat.shown.columns == (30, 60, 90)


def test_begin_sends_what_the_form_says_and_a_number_that_is_none_is_refused_here(
    panel: SweepsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    assert panel.form.parameters.toPlainText() == "fast=10\nslow=30"
    panel.form.parameters.setPlainText("fast=5:50:5\n\nslow=20,50")
    panel.form.symbols.setText("acme, ibm")
    panel.form.fees.setText("bps:1:2")
    panel.form.search.setCurrentText("random")
    panel.form.trials.setText("many")
    qtbot.mouseClick(panel.begin, Qt.MouseButton.LeftButton)
    assert "trials" in panel.note.text()
    panel.form.trials.setText("40")
    qtbot.mouseClick(panel.begin, Qt.MouseButton.LeftButton)
    [wish] = rig.gateway.of("sweep.start")
    assert (wish.entry_point, wish.symbols, wish.parameters) == (
        "sma_cross:SmaCross", ("ACME", "IBM"), ("fast=5:50:5", "slow=20,50"),
    )  # fmt: skip
    assert (wish.fees, wish.search, wish.trials, wish.out_of_sample, wish.folds) == ("bps:1:2", "random", 40, 0.3, 1)


def test_a_running_sweep_tells_how_far_it_is_and_can_be_stopped(
    panel: SweepsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    board(rig, status=SweepStatus.RUNNING, done=5, failed=0, running=3)
    again(panel, rig)
    assert panel.note.text() == "Sweep 3: 5 of 12 trials."
    assert not panel.begin.isEnabled()
    assert not panel.resume.isEnabled()
    qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    assert len(rig.gateway.of("sweep.stop")) == 1


def test_a_sweep_whose_process_is_gone_can_be_gone_on_with(panel: SweepsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    assert not panel.resume.isEnabled(), "a sweep that is done has no more to run"
    board(rig, status=SweepStatus.RUNNING, done=5)
    again(panel, rig)
    qtbot.mouseClick(panel.resume, Qt.MouseButton.LeftButton)
    panel.form.cluster.setText(" tcp://10.0.0.1:8786")
    qtbot.mouseClick(panel.resume, Qt.MouseButton.LeftButton)
    asked = [(wish.sweep_id, wish.cluster) for wish in rig.gateway.of("sweep.resume")]
    assert asked == [(3, ""), (3, "tcp://10.0.0.1:8786")]


def test_a_sweep_is_forgotten_by_two_presses(panel: SweepsPanel, rig: DesktopRig, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("sweep.delete") == []
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert [name.sweep_id for name in rig.gateway.of("sweep.delete")] == [3]


def test_a_sweep_is_asked_for_and_chosen_by_the_keyboard_alone(
    panel: SweepsPanel, rig: DesktopRig, qtbot: QtBot
) -> None:
    window = panel.window()

    def step(*typed: str) -> str:
        """Type where the focus is, then go on to what is next; return its name."""
        for text in typed:
            qtbot.keyClicks(window.focusWidget(), text)
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        return window.focusWidget().objectName().removeprefix(f"{panel.panel_id}_")

    panel.form.code.setFocus(Qt.FocusReason.TabFocusReason)
    passed = [step(), step("acme"), step(), step(), step("zero"), step(), step(), step(), step("slippage=none")]
    passed += [step(), step(), step()]
    assert passed == [
        "symbols", "interval", "parameters", "fees", "search", "best", "cluster", "options", "out_of_sample", "folds",
        "seed", "cash",
    ]  # fmt: skip
    assert [step(), step()] == ["any_size", "begin"]
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    [wish] = rig.gateway.of("sweep.start")
    assert (wish.symbols, wish.fees, wish.options) == (("ACME",), "zero", ("slippage=none",))
    panel.sweeps.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Down)
    settle(rig)
    assert [sweep.id for sweep in panel.sweeps.selected_rows()] == [2]
    panel.begin.setFocus(Qt.FocusReason.TabFocusReason)
    assert step() == "resume", "what cannot be pressed is passed over"
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert [name.sweep_id for name in rig.gateway.of("sweep.resume")] == [2]
