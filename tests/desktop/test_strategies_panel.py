"""The strategies panel: made of code, parameters edited with types, started, held and stopped, and why a run failed.

Long because one panel holds all that a person does with strategies.
"""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.helpers.desktop_rig import START_NS, DesktopRig, order, status
from workstation.commands.records import ChangeRecord, CreateRecord
from workstation.commands.registry import CommandResult
from workstation.commands.strategies import RunName, RunTail, StopRun, StrategyBoard
from workstation.desktop.cell_painting import PADDING_PX
from workstation.desktop.panels.strategies_panel import StrategiesPanel
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import ADOPTED_BY, Residence
from workstation.domain.records import LivePermit, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus
from workstation.domain.strategy_rows import FieldChange, StrategyChange
from workstation.risk.permits import PermitUse
from workstation.strategies.describing import CodeShape, ParameterField
from workstation.strategies.run_terms import StartRun
from workstation.strategies.runs import RunLine, RunPosition
from workstation.strategies.views import Policy
from workstation.viewmodels.formats import MISSING

ENTRIES = ("sma_cross:SmaCross", "twap:Twap")
CROSS = StrategyDefinition(
    id="s1", name="SmaCross", strategy_type="CUSTOM", user_id="local", rebalance_frequency="",
    config={"entry_point": ENTRIES[0]}, parameters={"fast": 8}, row_version=3,
)  # fmt: skip
SHAPE = CodeShape(
    entry_point=ENTRIES[0], says="Two averages cross.", policy=Policy.CANCEL,
    parameters=(
        ParameterField(name="symbol", kind="string", default="AAPL", allowed="", meaning=""),
        ParameterField(name="fast", kind="integer", default=10, allowed="≥ 2", meaning="bars of the quick average"),
        ParameterField(name="short", kind="boolean", default=False, allowed="", meaning=""),
    ),
)  # fmt: skip
RUN = StrategyRun(
    id="r1", strategy_id="s1", account="SIM-MARGIN", user_id="local", run_name="SmaCross 1", run_number=1,
    initial_capital="100000", start_date="2026-01-05", status=StrategyRunStatus.RUNNING, started_at=START_NS,
    figures=RunFigures(pnl=12 * MONEY_ONE, trades=3, positions=1),
)  # fmt: skip


def board(*runs: StrategyRun, strategies=(CROSS,)) -> CommandResult:
    return CommandResult(ok=True, text="", data=StrategyBoard(strategies=strategies, runs=runs))


def tail(*texts: str, **values: str) -> CommandResult:
    lines = tuple(RunLine("r1", "INFO", text, START_NS) for text in texts)
    return CommandResult(ok=True, text="", data=RunTail(run_id="r1", lines=lines, values=values))


@pytest.fixture
def rig(qapp):
    made = DesktopRig()
    made.gateway.answers["strategy.board"] = board(RUN)
    made.gateway.answers["strategy.codes"] = CommandResult(ok=True, text="", data=ENTRIES)
    made.gateway.answers["strategy.code"] = CommandResult(ok=True, text="", data=SHAPE)
    made.gateway.answers["strategy.lines"] = tail("begun", "crossed")
    yield made
    made.stop()


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = StrategiesPanel(rig.context, "strategies-1")
    qtbot.addWidget(made)
    made.resize(1_100, 620)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    rig.bridge._on_answered()
    yield made
    made.release()


def press(rig: DesktopRig, qtbot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    rig.bridge._on_answered()


def choose(rig: DesktopRig, view, row: int = 0) -> None:
    view.selectRow(row)
    rig.bridge._on_answered()


def retype(qtbot, field, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text)


def test_the_models_keep_the_rules_of_qt(panel: StrategiesPanel, qtmodeltester) -> None:
    for view in (panel.definitions, panel.runs):
        qtmodeltester.check(view.columns)


def test_a_strategy_is_made_of_code_under_a_free_name(panel: StrategiesPanel, rig: DesktopRig, qtbot) -> None:
    assert [panel.code.itemText(number) for number in range(panel.code.count())] == list(ENTRIES)
    press(rig, qtbot, panel.make)
    (wish,) = rig.gateway.of("strategy.create")
    assert isinstance(wish, CreateRecord)
    assert (wish.record.name, wish.record.config) == ("SmaCross 2", {"entry_point": ENTRIES[0]})
    assert wish.record.paper_trading_only


def test_a_new_strategy_is_for_live_accounts_too_where_the_setting_says_so(panel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["strategy.board"] = CommandResult(
        ok=True, text="", data=StrategyBoard(strategies=(), runs=(), paper_only=False)
    )
    panel.ask()
    rig.bridge._on_answered()
    press(rig, qtbot, panel.make)
    (wish,) = rig.gateway.of("strategy.create")
    assert not wish.record.paper_trading_only


def test_code_that_cannot_be_loaded_makes_no_strategy_and_says_why(panel, rig: DesktopRig, qtbot) -> None:
    words = "twap.py, line 3: invalid syntax"
    rig.gateway.answers["strategy.code"] = CommandResult(ok=False, code="VALIDATION_ERROR", text=words)
    press(rig, qtbot, panel.make)
    assert rig.gateway.of("strategy.create") == []
    assert words in panel.note.text()
    assert panel.make.isEnabled()


def test_parameters_stand_with_their_values_and_only_what_differs_is_kept(panel, rig, qtbot) -> None:
    choose(rig, panel.definitions)
    fast = panel.findChild(object, "strategies-1_parameter_fast")
    assert (fast.text(), fast.toolTip()) == ("8", "bars of the quick average. ≥ 2")
    assert panel.says.text().startswith("Two averages cross.\nVersion 1.0.0")
    retype(qtbot, fast, "12")
    panel.findChild(object, "strategies-1_parameter_short").setChecked(True)
    press(rig, qtbot, panel.save)
    assert rig.gateway.of("strategy.update") == [
        ChangeRecord(id="s1", changes={"parameters": {"fast": 12, "short": True}}, expected_version=3)
    ]


def test_parameters_of_an_approved_strategy_are_kept_and_withdraw_what_was_approved(panel, rig, qtbot) -> None:
    approved = msgspec.structs.replace(CROSS, is_approved=True, approved_at=1, approved_by="pat")
    show(panel, rig, approved)
    choose(rig, panel.definitions)
    retype(qtbot, panel.findChild(object, "strategies-1_parameter_fast"), "12")
    press(rig, qtbot, panel.save)
    (wish,) = rig.gateway.of("strategy.update")
    assert wish.changes == {
        "parameters": {"fast": 12}, "is_approved": False, "approved_at": None, "approved_by": None, "live_permit": None,
    }  # fmt: skip


def test_a_person_says_that_it_may_run_on_live_accounts_and_for_how_long_it_adds_risk_there(panel, rig, qtbot) -> None:
    live = panel.live
    assert not live.paper.isEnabled()
    choose(rig, panel.definitions)
    assert live.paper.isChecked()
    assert live.terms.isHidden(), "it may not run on live accounts"
    press(rig, qtbot, live.paper)
    approved = msgspec.structs.replace(CROSS, is_approved=True, paper_trading_only=False, row_version=4)
    show(panel, rig, approved)
    assert panel.rows.definitions.get("s1").permit == "none"
    assert (live.approve.isEnabled(), live.terms.end.isEnabled()) == (False, False)
    live.terms.hours.setCurrentText("8 h")
    press(rig, qtbot, live.terms.permit)
    press(rig, qtbot, live.terms.permit)
    permit = LivePermit(expires_at=START_NS + 8 * 3_600 * 10**9)
    show(panel, rig, msgspec.structs.replace(approved, live_permit=permit, row_version=5))
    assert panel.rows.definitions.get("s1").permit == "LIVE 8 h"
    press(rig, qtbot, live.terms.end)
    wishes = [(wish.changes, wish.expected_version) for wish in rig.gateway.of("strategy.update")]
    assert wishes == [({"paper_trading_only": False}, 3), ({"live_permit": permit}, 4), ({"live_permit": None}, 5)]


def test_a_permit_has_caps_that_are_typed_and_says_what_is_used_and_left_of_each(panel, rig, qtbot) -> None:
    live = panel.live
    approved = msgspec.structs.replace(CROSS, is_approved=True, paper_trading_only=False)
    show(panel, rig, approved)
    choose(rig, panel.definitions)
    for name, text in (("order_notional", "10,000"), ("day_notional", "many")):
        retype(qtbot, live.terms.caps[name], text)
    press(rig, qtbot, live.terms.permit)
    press(rig, qtbot, live.terms.permit)
    assert rig.gateway.of("strategy.update") == []
    assert "A day: many is no amount" in panel.note.text()
    retype(qtbot, live.terms.caps["day_notional"], "50000")
    press(rig, qtbot, live.terms.permit)
    press(rig, qtbot, live.terms.permit)
    (wish,) = rig.gateway.of("strategy.update")
    permit = wish.changes["live_permit"]
    caps = {"order_notional": "10000", "day_notional": "50000"}
    assert permit == LivePermit(expires_at=START_NS + 3_600 * 10**9, caps=caps)
    use = PermitUse(holder="s1", currency="USD", day=4_000 * MONEY_ONE, position=0)
    given = msgspec.structs.replace(approved, live_permit=permit, row_version=4)
    rig.gateway.answers["strategy.board"] = CommandResult(
        ok=True, text="", data=StrategyBoard(strategies=(given,), runs=(RUN,), permits=(use,))
    )
    panel.ask()
    rig.bridge._on_answered()
    assert live.terms.left.text().splitlines() == [
        "Adds risk on live accounts for 60 min more",
        "An order ≤ 10,000.00 USD",
        "A day ≤ 50,000.00 USD, 4,000.00 used, 46,000.00 left",
    ]


def show(panel, rig, *strategies) -> None:
    rig.gateway.answers["strategy.board"] = board(RUN, strategies=strategies)
    panel.ask()
    rig.bridge._on_answered()


def test_a_value_of_another_type_is_refused_at_its_field_and_nothing_is_sent(panel, rig, qtbot) -> None:
    choose(rig, panel.definitions)
    retype(qtbot, panel.findChild(object, "strategies-1_parameter_fast"), "ten")
    press(rig, qtbot, panel.save)
    assert "ten is not a whole number." in [label.text() for label in panel.form.findChildren(type(panel.says))]
    assert rig.gateway.of("strategy.update") == []


def test_a_run_starts_on_the_account_with_its_capital_and_not_with_unsaved_parameters(panel, rig, qtbot) -> None:
    choose(rig, panel.definitions)
    press(rig, qtbot, panel.start)
    (wish,) = rig.gateway.of("strategy.start")
    assert isinstance(wish, StartRun)
    assert (wish.strategy_id, wish.account, wish.initial_capital) == ("s1", panel.account.currentText(), "100000")
    assert len(wish.start_date) == len("2026-01-05")
    retype(qtbot, panel.findChild(object, "strategies-1_parameter_fast"), "15")
    press(rig, qtbot, panel.start)
    assert len(rig.gateway.of("strategy.start")) == 1
    assert panel.note.text() == "The parameters are not saved; save them before the start."


def test_a_run_is_held_and_ends_on_the_second_press_by_the_chosen_policy(panel, rig, qtbot) -> None:
    choose(rig, panel.runs)
    press(rig, qtbot, panel.hold)
    assert rig.gateway.of("strategy.pause") == [RunName(run_id="r1")]
    panel.policy.setCurrentText("Cancel and flatten")
    press(rig, qtbot, panel.stop)
    assert rig.gateway.of("strategy.stop") == []
    press(rig, qtbot, panel.stop)
    assert rig.gateway.of("strategy.stop") == [StopRun(run_id="r1", policy=Policy.FLATTEN)]


def test_what_a_stop_does_as_declared_is_named_before_it_is_pressed(panel, rig, qtbot) -> None:
    assert panel.policy.itemText(0) == "As declared"
    rig.gateway.answers["strategy.board"] = board(msgspec.structs.replace(RUN, policy="FLATTEN"))
    panel.ask()
    rig.bridge._on_answered()
    choose(rig, panel.runs)
    assert panel.policy.itemText(0) == "As declared: cancel and flatten"
    assert panel.policy.currentData() is None


def test_a_chosen_run_takes_its_edited_file(panel, rig, qtbot) -> None:
    assert not panel.reload.isEnabled()
    choose(rig, panel.runs)
    press(rig, qtbot, panel.reload)
    (wish,) = rig.gateway.of("strategy.reload")
    assert wish.run_id == "r1"


def test_a_chosen_run_shows_its_own_values_as_they_change(panel, rig, qtbot) -> None:
    assert panel.own.isHidden()
    rig.gateway.answers["strategy.lines"] = tail("begun", average="100.25", held="10")
    choose(rig, panel.runs)
    assert panel.own.text() == "average 100.25   held 10"
    assert not panel.own.isHidden()
    rig.gateway.answers["strategy.lines"] = tail("begun")
    panel.ask()
    rig.bridge._on_answered()
    assert panel.own.isHidden()


def test_words_stand_where_nothing_is_chosen_and_where_there_are_no_parameters(panel, rig, qtbot) -> None:
    assert panel.says.text() == "Select a strategy to see its parameters."
    bare = msgspec.structs.replace(SHAPE, parameters=())
    rig.gateway.answers["strategy.code"] = CommandResult(ok=True, text="", data=bare)
    choose(rig, panel.definitions)
    assert panel.says.text().endswith("It has no parameters.")
    assert "Version 1.0.0, paper accounts only, not approved for live." in panel.says.text()


@pytest.mark.parametrize("width", [760, 1_280])
def test_no_table_scrolls_sideways(panel, width: int) -> None:
    panel.resize(width, 600)
    QApplication.sendPostedEvents()
    for view in (panel.definitions, panel.runs):
        assert view.horizontalScrollBar().maximum() == 0


def test_a_chosen_run_shows_what_it_has_open(panel, rig, qtbot) -> None:
    held = RunPosition(symbol="AAPL", qty=-100, profit=-12 * MONEY_ONE, currency="USD")
    data = RunTail(run_id="r1", lines=(), positions=(held,), orders=(order(),))
    rig.gateway.answers["strategy.lines"] = CommandResult(ok=True, text="", data=data)
    choose(rig, panel.runs)
    first, second = panel.own.text().split("\n")[-2:]
    assert first == "Open: AAPL −100 (−12.00 USD)"
    assert second.startswith("Order: BUY 100 AAPL")


def test_orders_that_this_program_holds_stand_first_and_say_so(panel, rig, qtbot) -> None:
    sent, held = order("o1"), order("o2", residence=Residence.PROGRAM)
    data = RunTail(run_id="r1", lines=(), orders=(sent, held))
    rig.gateway.answers["strategy.lines"] = CommandResult(ok=True, text="", data=data)
    choose(rig, panel.runs)
    first, second = panel.own.text().split("\n")[-2:]
    assert first.endswith("held by this program")
    assert not second.endswith("held by this program")


@pytest.mark.parametrize("width", [760, 1_280, 2_560])
def test_how_a_run_stands_is_never_cut(panel, width: int) -> None:
    panel.resize(width, 600)
    QApplication.sendPostedEvents()
    number = panel.runs.columns.column_named("state")
    metrics = panel.runs.cell_paint.metrics[False, True]
    longest = max(metrics.horizontalAdvance(status.value) for status in StrategyRunStatus)
    assert panel.runs.columnWidth(number) >= longest + 2 * PADDING_PX


@pytest.mark.parametrize("width", [1_400, 2_400])
def test_names_are_whole_where_the_panel_is_wide(panel, rig, width: int) -> None:
    long = msgspec.structs.replace(RUN, run_name="Cross of averages 12", account="SIM-MARGIN")
    named = msgspec.structs.replace(CROSS, name="Cross of averages, slow")
    rig.gateway.answers["strategy.board"] = board(long, strategies=(named,))
    panel.ask()
    rig.bridge._on_answered()
    panel.resize(width, 600)
    QApplication.sendPostedEvents()
    for view, column, text in (
        (panel.runs, "name", long.run_name),
        (panel.runs, "account", long.account),
        (panel.definitions, "name", named.name),
    ):
        number = view.columns.column_named(column)
        assert view.columnWidth(number) >= view.cell_paint.digit * len(text)


def test_orders_of_ended_runs_are_listed_to_cancel_or_to_adopt(panel, rig, qtbot) -> None:
    assert not panel.orphans.isVisible()
    data = StrategyBoard(strategies=(CROSS,), runs=(RUN,), orphans=(order("o1"), order("o2")))
    rig.gateway.answers["strategy.board"] = CommandResult(ok=True, text="", data=data)
    panel.ask()
    rig.bridge._on_answered()
    assert panel.orphans.isVisible()
    panel.orphans.view.selectRow(0)
    press(rig, qtbot, panel.orphans.adopt)
    (wish,) = rig.gateway.of("order.annotate")
    assert wish.metadata == {ADOPTED_BY: "local"}
    press(rig, qtbot, panel.orphans.cancel)
    (gone,) = rig.gateway.of("order.cancel")
    assert gone.cl_ord_id == wish.cl_ord_id
    rig.gateway.answers["strategy.board"] = board(RUN)
    panel.ask()
    rig.bridge._on_answered()
    assert not panel.orphans.isVisible()


def test_a_chosen_run_shows_what_it_says_and_a_failed_one_why(panel, rig, qtbot) -> None:
    choose(rig, panel.runs)
    assert panel.log.toPlainText().splitlines()[-1].endswith("INFO     crossed")
    failed = msgspec.structs.replace(
        RUN, status=StrategyRunStatus.ERROR, error_message="ZeroDivisionError", error_traceback="Traceback: line 7"
    )
    rig.gateway.answers["strategy.board"] = board(failed)
    panel.ask()
    rig.bridge._on_answered()
    panel.ask()
    rig.bridge._on_answered()
    assert panel.log.toPlainText().endswith("Traceback: line 7")
    assert panel.note.text() == "SmaCross 1 has failed; select it to see why."
    assert not panel.stop.isEnabled()


def test_without_strategies_it_says_how_to_make_one(rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["strategy.board"] = board(strategies=())
    made = StrategiesPanel(rig.context, "strategies-2")
    qtbot.addWidget(made)
    rig.bridge._on_answered()
    assert made.definitions._empty == ("No strategies", "Choose code beside this and press New.")
    made.release()


def test_the_history_says_which_value_was_changed_when_and_by_whom(panel, rig, qtbot) -> None:
    saves = (
        StrategyChange(
            id="b", tenant="local", run_id="s1", version=3, actor="REST:pat", created_at=START_NS + 60 * 10**9,
            changes=(FieldChange(field="parameters.fast", old=8, new=12), FieldChange(field="is_approved", old=True,
                     new=False)),
        ),
        StrategyChange(
            id="a", tenant="local", run_id="s1", version=2, actor="PALETTE:local", created_at=START_NS,
            changes=(FieldChange(field="live_permit.day_notional", old=None, new="50000"),),
        ),
    )  # fmt: skip
    rig.gateway.answers["strategy.changes"] = CommandResult(ok=True, text="", data=saves)
    choose(rig, panel.definitions)
    assert rig.gateway.of("strategy.changes") == [], "read when it is wanted"
    press(rig, qtbot, panel.history)
    assert [wish.strategy_id for wish in rig.gateway.of("strategy.changes")] == ["s1"]
    assert (panel.changes.isVisible(), panel.told.isVisible()) == (True, False)
    qtbot.waitUntil(lambda: panel.changes.view.height() > 60)
    table = panel.changes.rows.table
    shown = [[column.text(table.row_at(row)) for column in table.columns[1:5]] for row in range(3)]
    assert shown == [
        ["pat (rest)", "fast", "8", "12"],
        ["pat (rest)", "is approved", "true", "false"],
        ["local (palette)", "live permit.day notional", MISSING, "50000"],
    ]
    show(panel, rig, msgspec.structs.replace(CROSS, row_version=4))
    assert len(rig.gateway.of("strategy.changes")) == 2, "and anew once it has changed"
    press(rig, qtbot, panel.history)
    assert (panel.changes.isVisible(), panel.told.isVisible()) == (False, True)
