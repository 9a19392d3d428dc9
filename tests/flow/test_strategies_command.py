"""`workstation strategies` as a user types it: a strategy of his own is started, watched, held and ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.hook_receiver import HookReceiver
from tests.helpers.product_rig import ACCOUNT, running_headless
from tests.helpers.storage_flow import quoted, wait_for
from workstation.__main__ import main
from workstation.app.bootstrap import Program
from workstation.client import Client

SOURCE = """
from workstation.strategies.api import Strategy, StrategyParameters


class Once(Strategy):
    \"\"\"Buys once.\"\"\"

    class Parameters(StrategyParameters):
        symbol: str = "SIM-FILL"
        quantity: int = 1

    def on_start(self):
        self.log("begun with %d" % self.parameters.quantity)
        self.sent = False
        self.quotes(self.parameters.symbol)

    def on_quote(self, quote):
        if not self.sent:
            self.sent = True
            order_id = self.buy(quote.symbol, self.parameters.quantity)
            self.signal(quote.symbol, "BUY", 0.8, reason="once", order_id=order_id)
"""


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as made:
        yield made


@pytest.fixture
def program(tmp_path: Path, receiver: HookReceiver) -> Iterator[Program]:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "mine.py").write_text(SOURCE)
    allowed = f"webhooks.allowed_hosts={json.dumps([receiver.host])}"
    with running_headless(tmp_path, "--api-port", "0", "--set", allowed) as program:
        quoted(program, "SIM-FILL")
        yield program


@pytest.mark.parametrize("isolated", [[], ["--isolated"]])
def test_a_run_is_started_watched_held_and_ended_from_a_shell(
    program: Program, receiver: HookReceiver, tmp_path, capsys, isolated
) -> None:
    with Client(home=tmp_path) as client:
        client.webhooks.create(name="signals", endpoint_url=receiver.url, event_types=("strategy.signal",))

    def said(*words: str, code: int = 0) -> str:
        assert main(["strategies", words[0], "--home", str(tmp_path), *words[1:]]) == code, capsys.readouterr().err
        return capsys.readouterr().out

    options = ["--account", ACCOUNT, "--param", 'symbol="SIM-FILL"', "--param", "quantity=3", *isolated, "--json"]
    (run,) = json.loads(said("start", "mine:Once", *options))
    assert (run["run_name"], run["status"]) == ("mine:Once 1", "RUNNING")
    wait_for(lambda: any(row["is_executed"] for row in json.loads(said("signals", "mine:Once", "--json"))))
    told = json.loads(receiver.wait_for(1)[0].body)
    assert (told["type"], told["data"]["strategy_run_id"]) == ("strategy.signal", run["id"])
    assert (told["data"]["signal_type"], told["data"]["instrument_symbol"]) == ("BUY", "SIM-FILL")
    table = said("signals", run["id"])
    assert "SIM-FILL" in table
    assert "once" in table
    assert "begun with 3" in said("logs", "mine:Once")
    assert "PAUSED" in said("pause", "mine:Once")
    said("pause", "mine:Once", code=1)
    assert "RUNNING" in said("resume", "mine:Once")
    assert said("stop", "mine:Once").count(run["id"]) == 1
    wait_for(lambda: "STOPPED" in said("list"))
    wait_for(lambda: "DAILY" in said("performance", "mine:Once"))
    assert json.loads(said("list", "--json"))[0]["run"]["id"] == run["id"]


def test_what_there_is_not_is_said_in_one_line(program: Program, tmp_path, capsys, logged) -> None:
    (tmp_path / "strategies" / "bad.py").write_text("import nothing_of_that_name\n")
    assert main(["strategies", "start", "bad:Bad", "--home", str(tmp_path)]) == 1
    assert "bad.py, line 1: ModuleNotFoundError: No module named 'nothing_of_that_name'" in capsys.readouterr().err
    assert main(["strategies", "list", "--home", str(tmp_path)]) == 0
    assert "bad" not in capsys.readouterr().out
    assert [line["event"] for line in logged] == ["strategy_not_loaded"]
    assert main(["strategies", "start", "mine:Once", "--param", "quantity=many", "--home", str(tmp_path)]) == 1
    assert "parameters: quantity: Input should be a valid integer" in capsys.readouterr().err
    assert main(["strategies", "start", "nobody", "--home", str(tmp_path)]) == 2
    assert "there is no strategy nobody" in capsys.readouterr().err
    assert main(["strategies", "logs", "nobody", "--home", str(tmp_path)]) == 2
    assert "there is no strategy nobody" in capsys.readouterr().err


def test_isolation_that_a_known_strategy_does_not_have_is_refused_instead_of_left_out(
    program: Program, tmp_path, capsys
) -> None:
    start = ["strategies", "start", "mine:Once", "--account", ACCOUNT, "--home", str(tmp_path)]
    assert main(start) == 0
    assert main(["strategies", "stop", "mine:Once", "--home", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main([*start, "--isolated"]) == 2
    assert "mine:Once is there and not isolated" in capsys.readouterr().err
    with Client(home=tmp_path) as client:
        assert len(list(client.strategy_runs.list())) == 1
