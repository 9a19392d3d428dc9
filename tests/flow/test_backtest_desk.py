"""Backtests of the running program: run in a process by a command, kept through the journal, reported later."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.helpers.past_rig import Asker, store_with_hours
from workstation.app.backtest_desk import BacktestDesk, _arguments
from workstation.app.command_line import build_parser
from workstation.commands.backtests import BacktestName, StartBacktest
from workstation.commands.registry import CommandRegistry, NoParams
from workstation.domain.errors import StateConflict
from workstation.ports.backtests import Backtest, BacktestStatus

WISH = StartBacktest(
    entry_point="probe:Probe", symbols=("ABC",), parameters=("back=3", "quantity=50"), interval="1h", fees="bps:1:2",
    any_size=True,
)  # fmt: skip

ENDLESS = """from workstation.strategies.api import Strategy, StrategyParameters


class Endless(Strategy):
    Parameters = StrategyParameters

    def on_start(self):
        self.bars("ABC", "1h")

    def on_bar(self, bar):
        while True:
            pass
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Asker]:
    opened, commands = store_with_hours(tmp_path), CommandRegistry()
    (tmp_path / "home" / "strategies" / "endless.py").write_text(ENDLESS)
    desk = BacktestDesk.of(opened.store, tmp_path / "home" / "strategies", lambda call: call(), commands)
    yield Asker(commands, "backtest.board")
    desk.close()
    opened.close()


def ran(rig: Asker, wish: StartBacktest) -> Backtest:
    """Run a backtest to its end."""
    begun = rig.ask("backtest.start", wish)
    assert begun.ok, begun.text
    newest: Backtest = rig.until(lambda board: not board.running).backtests[0]
    assert begun.text == f"Backtest {newest.id} runs."
    return newest


def test_a_run_is_kept_with_its_figures_and_curve_and_the_same_wish_gives_the_same_digest(rig: Asker) -> None:
    first, second = ran(rig, WISH), ran(rig, WISH)
    assert (first.status, first.currency, first.bars, first.reported) == (BacktestStatus.DONE, "USD", 300, True)
    assert first.figures is not None
    assert first.figures.fills > 4
    assert first.curve[0].ts < first.curve[-1].ts
    assert first.curve[-1].equity == pytest.approx(1_000_000 + first.figures.net_profit / 10**18)
    assert second.id == first.id + 1
    assert second.figures == first.figures
    found = rig.ask("backtest.trips", BacktestName(backtest_id=first.id)).data
    assert (found.backtest_id, len(found.trips)) == (first.id, first.figures.trades)
    assert (found.trips[0].symbol, found.trips[0].qty, found.trips[0].number) == ("ABC", "50", 1)
    report = rig.ask("backtest.report", BacktestName(backtest_id=first.id))
    assert report.ok, report.text
    page = Path(report.data).read_text()
    assert first.figures.digest in page
    assert (Path(report.data).parent / "trades.csv").read_text().count("\n") == first.figures.trades + 1
    assert rig.ask("backtest.delete", BacktestName(backtest_id=first.id)).ok
    assert first.id not in [row.id for row in rig.ask("backtest.board", NoParams()).data.backtests]
    assert not rig.ask("backtest.report", BacktestName(backtest_id=first.id)).ok


def test_a_strategy_that_raises_fails_its_run_and_says_where(rig: Asker) -> None:
    failed = ran(rig, msgspec.structs.replace(WISH, parameters=("back=3", "fails_at=3")))
    assert (failed.status, failed.figures, failed.reported) == (BacktestStatus.FAILED, None, False)
    assert "probe.py, line" in failed.error
    assert "RuntimeError: told to fail" in failed.error


def test_a_run_without_end_is_stopped_and_a_second_one_waits_for_it(rig: Asker) -> None:
    assert rig.ask("backtest.start", msgspec.structs.replace(WISH, entry_point="endless:Endless", parameters=())).ok
    with pytest.raises(StateConflict, match="A backtest is running"):
        rig.ask("backtest.start", WISH)
    running = rig.ask("backtest.board", NoParams()).data.running
    with pytest.raises(StateConflict, match="stop it first"):
        rig.ask("backtest.delete", BacktestName(backtest_id=running))
    assert rig.ask("backtest.stop", NoParams()).ok
    stopped = rig.until(lambda board: not board.running).backtests[0]
    assert (stopped.id, stopped.status) == (running, BacktestStatus.STOPPED)
    with pytest.raises(StateConflict, match="No backtest is running"):
        rig.ask("backtest.stop", NoParams())


def test_every_option_of_the_command_line_can_be_asked_for_and_is_read_as_there() -> None:
    command = next(
        action.choices["backtest"]
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    options = {action.dest: action for action in command._actions if action.option_strings}
    # What is of the command alone: where it runs, what it prints and writes; and files that it writes.
    alone = {
        "help",
        "home",
        "database",
        "check",
        "report",
        "fills",
        "json",
        "slippage_ticks",
        "settings",
    }
    named = {"symbol": "symbols", "param": "parameters"}
    fields = {field.name: field for field in msgspec.structs.fields(StartBacktest)}
    assert {named.get(name, name) for name in options.keys() - alone} == fields.keys() - {"entry_point"}
    plain = StartBacktest(entry_point="a:B", symbols=("ABC",), fees="zero")
    for name in options.keys() - alone - {"symbol", "param", "fees"}:
        assert fields[name].default == (
            tuple(default) if isinstance(default := options[name].default, list) else default
        )
    wish = msgspec.structs.replace(
        plain, latency=("order=5", "feed=1"), close_at_end=True, protection=3, convert="0", liquidate="20", margin="-1"
    )
    read = _arguments(wish)
    assert (_arguments(msgspec.structs.replace(plain, seed=0)).seed, read.seed) == (0, 1), "0 is a number like others"
    assert (read.latency, read.close_at_end, read.protection, read.convert) == (["order=5", "feed=1"], True, 3, "0")
    assert (read.liquidate, read.margin, read.symbol, read.no_funds_check) == ("20", "-1", ["ABC"], False)


def test_the_fine_options_reach_the_run(rig: Asker) -> None:
    fine = ran(rig, msgspec.structs.replace(WISH, close_at_end=True, latency=("response=1",), fees="bps:5:9"))
    assert fine.figures is not None
    assert (fine.market["latency"], fine.market["close_at_end"]) == (["response=1"], True)
    assert fine.figures.digest != ran(rig, WISH).figures.digest


def test_what_cannot_run_is_answered_with_the_reason(rig: Asker) -> None:
    for wrong, words in (
        ({"fees": ""}, "fees"),
        ({"symbols": ("NOBODY",)}, "NOBODY"),
        ({"entry_point": "nothing:Here"}, "there is no module nothing"),
        ({"parameters": ("nothing=1",)}, "nothing"),
        ({"fill": "yesterday"}, "invalid choice"),
        ({"start": "soon"}, "soon"),
        ({"latency": ("light=1",)}, "light"),
        ({"margin": "0"}, "below what it can be"),
    ):
        answer = rig.ask("backtest.start", msgspec.structs.replace(WISH, **wrong))
        assert not answer.ok
        assert words in answer.text
        assert "--" not in answer.text, "a screen has fields, no options"
