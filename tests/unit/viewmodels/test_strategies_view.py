"""The strategies panel without a screen: what a person sees of strategies, runs and their logs."""

import msgspec
import pytest

from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import LivePermit, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus
from workstation.risk.run_capital import RunCapital
from workstation.strategies.run_pace import Decision, RunMemory, RunPace
from workstation.strategies.runs import RunLine
from workstation.viewmodels.formats import MISSING, Formats
from workstation.viewmodels.strategies_view import (
    StrategiesView,
    capital_text,
    definition_style,
    line_text,
    memory_text,
    permit_text,
    run_style,
)


def strategy(strategy_id):
    return StrategyDefinition(
        id=strategy_id, name=strategy_id, strategy_type="CUSTOM", user_id="local", rebalance_frequency="NONE"
    )


def run(run_id, pnl=0, **fields):
    return StrategyRun(
        id=run_id, strategy_id="a", account="SIM", user_id="local", run_name="a 1", run_number=1,
        initial_capital="100.00", start_date="2026-01-05", figures=RunFigures(pnl=pnl * MONEY_ONE),
        **{"status": StrategyRunStatus.RUNNING} | fields,
    )  # fmt: skip


def test_a_strategy_shows_how_many_of_its_runs_are_under_way_and_leaves_when_it_is_gone():
    view = StrategiesView(Formats({}))
    view.take((strategy("a"), strategy("b")), (run("1"), run("2", status=StrategyRunStatus.STOPPED)))
    assert [view.definitions.get(key).active for key in "ab"] == [1, 0]
    view.take((strategy("a"),), ())
    assert view.definitions.get("b") is None


def test_a_run_shows_what_it_has_made_in_the_colour_of_its_sign():
    view = StrategiesView(Formats({}))
    view.take((), (run("1", pnl=-3),))
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "fall"
    view.take((), (run("1", pnl=4),))
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "rise"


def test_the_newest_run_of_a_strategy_tells_whether_it_has_failed():
    view = StrategiesView(Formats({}))
    failed = run("1", status=StrategyRunStatus.ERROR)
    view.take((), (failed,))
    assert view.failed() == ["a 1"]
    view.take((), (failed, msgspec.structs.replace(run("2"), run_name="a 2", run_number=2)))
    assert view.failed() == []


def test_a_new_strategy_gets_a_name_that_is_free():
    view = StrategiesView(Formats({}))
    view.take((strategy("Twap"), strategy("twap 2")), ())
    assert view.free_name("TWAP") == "TWAP 3"
    assert view.free_name("Vwap") == "Vwap"


def test_a_line_of_a_log_has_time_level_and_text():
    assert line_text(RunLine("1", "WARNING", "no book", 3_661 * 10**9)) == "01:01:01 WARNING  no book"


def shown(view, name, run_id="1"):
    row = view.runs.get(run_id)
    return next(column.text(row) for column in view.runs.columns if column.name == name)


def test_a_run_shows_what_it_holds_of_its_capital_and_what_is_left():
    view = StrategiesView(Formats({}))
    pace = RunPace(capital=RunCapital(5_250 * MONEY_ONE, 10_500 * MONEY_ONE), currency="USD")
    view.take((), (run("1"), run("2")), {"1": pace})
    column = next(column for column in view.runs.columns if column.name == "capital")
    assert (shown(view, "capital"), shown(view, "capital", "2")) == ("50 %", MISSING)
    told = "Capital: 5,250.00 of 10,500.00 USD in positions and working orders, 5,250.00 left"
    assert (capital_text(pace), capital_text(None)) == (told, "")
    assert column.hover(view.runs.get("1")) == f"{told}\nIt was given 100.00 USD; what it has made or lost counts."
    assert column.hover(view.runs.get("2")) == ""
    assert "capital" not in run_style(view.runs.get("1")).cells


@pytest.mark.parametrize(
    ("used", "capital", "text", "ink"),
    [(3, 2, "150 %", "warning"), (3, -1, "100 %", "warning"), (0, 0, "0 %", "warning"), (None, 2, MISSING, "")],
)
def test_a_run_that_has_no_capital_left_stands_out(used, capital, text, ink):
    view = StrategiesView(Formats({}))
    held = RunCapital(None if used is None else used * MONEY_ONE, capital * MONEY_ONE)
    view.take((), (run("1"),), {"1": RunPace(capital=held, currency="USD")})
    cell = run_style(view.runs.get("1")).cells.get("capital")
    assert (shown(view, "capital"), "" if cell is None else cell.ink) == (text, ink)


def test_a_run_under_way_shows_how_it_goes_and_what_it_decided_last():
    view = StrategiesView(Formats({}))
    decision = Decision(ts=3_661 * 10**9, what="cancel all", symbol="AAPL")
    pace = RunPace(per_s=2.5, per_s_max=4, used=0.12, room=0.2, room_to="drawdown of 5 %", orders=3, decision=decision)
    view.take((), (run("1"), run("2", status=StrategyRunStatus.STOPPED, error_message="stopped by hand")), {"1": pace})
    told = [shown(view, name) for name in ("positions", "rate", "used", "room", "reason")]
    assert told == ["0·3", "2.5", "12 %", "20 %", "01:01:01 cancel all AAPL"]
    assert [shown(view, name, "2") for name in ("rate", "reason")] == ["—", "stopped by hand"]
    cells = run_style(view.runs.get("1")).cells
    assert {name for name in ("room", "rate", "used") if name in cells} == {"room", "rate"}


def test_a_run_that_is_held_says_why_and_not_what_it_decided():
    view = StrategiesView(Formats({}))
    pace = RunPace(decision=Decision(ts=1, what="flatten"))
    held = run("1", status=StrategyRunStatus.PAUSED, error_message="paused by hand")
    view.take((), (held,), {"1": pace})
    assert shown(view, "reason") == "paused by hand"


def test_a_strategy_has_a_permit_for_live_accounts_once_approved_and_not_for_paper_alone():
    paper = msgspec.structs.replace(strategy("a"), is_approved=True)
    assert permit_text(paper, 0) == "SIM"
    live = msgspec.structs.replace(paper, paper_trading_only=False)
    assert permit_text(live, 0) == "none"
    assert permit_text(msgspec.structs.replace(live, is_approved=False), 0) == "SIM"
    permitted = msgspec.structs.replace(live, live_permit=LivePermit(expires_at=3_600 * 10**9))
    assert permit_text(permitted, 0) == "LIVE 60 min"
    assert permit_text(permitted, 3_600 * 10**9) == "none"
    view = StrategiesView(Formats({}))
    view.take((permitted, msgspec.structs.replace(live, id="b")), (), now_ns=0)
    assert ["permit" in definition_style(view.definitions.get(key)).cells for key in "ab"] == [True, False]


def test_memory_is_told_of_a_process_of_its_own_and_said_to_be_shared_elsewhere():
    own = RunPace(memory=RunMemory(used=85 * 1024**2, mapped=1_100 * 1024**2, most=2_048 * 1024**2))
    assert memory_text(own) == "Memory: 85 MiB in use by its own process, 1,100 of at most 2,048 MiB mapped"
    assert memory_text(RunPace()).startswith("Memory: shared with the program")
    assert memory_text(None) == ""
