"""Kill -9 of the program with a run under way: it waits for a person, goes on with the code it began with, once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.storage_flow import wait_for

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 60.0
SOURCE = """
from workstation.strategies.api import Strategy, StrategyParameters


class Once(Strategy):
    class Parameters(StrategyParameters):
        symbol: str = "AAPL"

    def __init__(self, door, parameters):
        super().__init__(door, parameters)
        self.sent = False

    def on_start(self):
        self.log("FIRST EDITION")
        self.quotes(self.parameters.symbol)

    def on_quote(self, quote):
        if not self.sent and quote.ask is not None:
            self.sent = True
            self.buy(quote.symbol, 10, limit=quote.bid - 5.0)

    def state(self):
        return {"sent": self.sent}

    def restore(self, state):
        self.sent = state["sent"]
"""


class Life:
    """One life of the program as a user starts it."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())
        token = json.loads((home / "api-token.json").read_bytes())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(
            base_url=f"{self.ready['api']}/api/v1", headers=headers, timeout=WAIT_S, trust_env=False
        )

    def end(self, number: int) -> None:
        self.http.close()
        self.process.send_signal(number)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, fact: Callable[[], Any]) -> Any:
        return wait_for(fact, WAIT_S)


@pytest.fixture
def lives() -> Iterator[list[Life]]:
    """Lives that a test began; whatever becomes of it, none goes on."""
    made: list[Life] = []
    yield made
    for life in made:
        if life.process.poll() is None:
            life.end(signal.SIGKILL)


def test_a_run_that_was_killed_goes_on_once_with_the_code_that_it_began_with(tmp_path: Path, lives: list[Life]) -> None:
    (tmp_path / "strategies").mkdir()
    file = tmp_path / "strategies" / "once.py"
    file.write_text(SOURCE)
    life = Life(tmp_path)
    lives.append(life)
    account = next(known["id"] for known in life.ready["accounts"] if "SIM-MARGIN" in known.values())
    definition = {"name": "once", "strategy_type": "CUSTOM", "instruments": ["AAPL"], "rebalance_frequency": "NONE"}
    made = life.http.post("/strategies", json=definition | {"config": {"entry_point": "once:Once"}}).json()
    start = {"broker_account_id": account, "initial_capital": "10000.00", "start_date": "2026-01-05"}
    life.until(lambda: not life.get("/risk/status")["trading_locked"])
    run = life.http.post(f"/strategies/{made['id']}/runs", json=start).json()["id"]
    [order] = life.until(lambda: life.get("/oms/orders", strategy_run_id=run)["orders"])
    path = f"/strategies/runs/{run}"

    def said(life: Life) -> list[str]:
        return [line["message"] for line in life.get(f"{path}/logs")["logs"]]

    life.until(lambda: said(life).count("FIRST EDITION") == 1)
    life.end(signal.SIGKILL)
    file.write_text(SOURCE.replace("FIRST EDITION", "SECOND EDITION"))

    life = Life(tmp_path)
    lives.append(life)
    assert life.get(path)["status"] == "PAUSED"
    assert life.http.post(f"{path}/resume").status_code == 200

    life.until(lambda: said(life).count("FIRST EDITION") == 2)
    assert "SECOND EDITION" not in said(life)
    assert life.get(path)["status"] == "RUNNING"
    assert [row["id"] for row in life.get("/oms/orders", strategy_run_id=run)["orders"]] == [order["id"]]
    assert life.http.post(f"{path}/stop").status_code == 200
    life.until(lambda: life.get(path)["status"] == "STOPPED")
    life.end(signal.SIGTERM)
