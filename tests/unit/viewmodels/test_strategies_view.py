"""The strategies panel without a screen: what a person sees of strategies, runs and their logs."""

import msgspec

from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus
from workstation.strategies.runs import RunLine
from workstation.viewmodels.strategies_view import StrategiesView, line_text, run_style


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
    view = StrategiesView()
    view.take((strategy("a"), strategy("b")), (run("1"), run("2", status=StrategyRunStatus.STOPPED)))
    assert [view.definitions.get(key).active for key in "ab"] == [1, 0]
    view.take((strategy("a"),), ())
    assert view.definitions.get("b") is None


def test_a_run_shows_what_it_has_made_in_the_colour_of_its_sign():
    view = StrategiesView()
    view.take((), (run("1", pnl=-3),))
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "fall"
    view.take((), (run("1", pnl=4),))
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "rise"


def test_the_newest_run_of_a_strategy_tells_whether_it_has_failed():
    view = StrategiesView()
    failed = run("1", status=StrategyRunStatus.ERROR)
    view.take((), (failed,))
    assert view.failed() == ["a 1"]
    view.take((), (failed, msgspec.structs.replace(run("2"), run_name="a 2", run_number=2)))
    assert view.failed() == []


def test_a_new_strategy_gets_a_name_that_is_free():
    view = StrategiesView()
    view.take((strategy("Twap"), strategy("twap 2")), ())
    assert view.free_name("TWAP") == "TWAP 3"
    assert view.free_name("Vwap") == "Vwap"


def test_a_line_of_a_log_has_time_level_and_text():
    assert line_text(RunLine("1", "WARNING", "no book", 3_661 * 10**9)) == "01:01:01 WARNING  no book"
