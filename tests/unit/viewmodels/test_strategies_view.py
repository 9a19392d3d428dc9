"""The strategies panel without a screen: what a person sees of strategies, runs and their logs."""

from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, StrategyRunStatus
from workstation.strategies.runs import RunLine
from workstation.viewmodels.strategies_view import LINES_MAX, StrategiesView, run_style


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
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "sell"
    view.take((), (run("1", pnl=4),))
    assert run_style(view.runs.get("1")).cells["pnl"].ink == "buy"


def test_a_run_keeps_its_newest_lines_alone():
    view = StrategiesView()
    for number in range(LINES_MAX + 1):
        view.on_line(RunLine("1", "INFO", str(number), number))
    lines = view.lines("1")
    assert (len(lines), lines[0].text, lines[-1].text) == (LINES_MAX, "1", str(LINES_MAX))
    assert view.lines("2") == ()
