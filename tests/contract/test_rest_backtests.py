"""Backtests over REST: a script runs one with every option of the command line, reads what came, and forgets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.backtests import START
from tests.helpers.past_rig import store_with_hours
from workstation.app.backtest_desk import BacktestDesk

WAIT_S = 120.0
WISH = {
    "entry_point": "probe:Probe", "symbols": ["ABC"], "parameters": ["back=3", "quantity=50"], "interval": "1h",
    "fees": "bps:1:2", "any_size": True, "close_at_end": True, "latency": ["response=1"], "limit_fill": "touch",
}  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    opened = store_with_hours(tmp_path)
    with served(tmp_path) as made:
        folder = tmp_path / "home" / "strategies"
        desk = BacktestDesk.of(opened.store, folder, made.engine.do_soon, made.engine.commands)
        yield made
        desk.close()
    opened.close()


def call(rig: ApiRig, name: str, **parameters: Any) -> Any:
    return rig.http.post(f"/api/v1/commands/backtest.{name}", json={"parameters": parameters})


def until_done(rig: ApiRig) -> dict[str, Any]:
    end, pause = time.monotonic() + WAIT_S, threading.Event()
    while time.monotonic() < end:
        board = call(rig, "board").json()["data"]
        if board["running"] is None and board["backtests"]:
            return dict(board["backtests"][0])
        pause.wait(0.1)
    pytest.fail("the backtest never ended")


def test_a_script_runs_a_backtest_with_the_fine_options_and_reads_what_came(rig: ApiRig) -> None:
    begun = call(rig, "start", **WISH)
    assert begun.status_code == 200, begun.text
    done = until_done(rig)
    assert begun.json()["data"] == {"backtest_id": done["id"]}
    assert (done["status"], done["currency"], done["bars"], done["initial_cash"]) == ("DONE", "USD", 300, "1000000.00")
    assert (done["options"]["limit_fill"], done["options"]["latency"]) == ("touch", ["response=1"])
    figures = done["figures"]
    assert figures["fills"] > 4
    assert float(done["curve"][-1][1]) == pytest.approx(1_000_000 + float(figures["net_profit"]), abs=0.02)
    trips = call(rig, "trips", backtest_id=done["id"]).json()["data"]["trips"]
    assert len(trips) == figures["round_trips"]
    net = sum(float(trip["profit"]) - float(trip["fees"]) for trip in trips)
    assert net == pytest.approx(float(figures["net_profit"]), abs=0.02 * len(trips))
    assert call(rig, "delete", backtest_id=done["id"]).status_code == 200
    assert call(rig, "board").json()["data"]["backtests"] == []


def test_a_script_names_recorded_funding_by_a_file_of_the_home_and_no_other_file(rig: ApiRig, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "funding"
    folder.mkdir()
    rows = "".join(f"{START // 10**6 + hour * 3_600_000},0.001,100\n" for hour in range(1, 300, 8))
    (folder / "rates.csv").write_text("fundingTime,fundingRate,markPrice\n" + rows)
    (tmp_path / "home" / "secret.csv").write_text("time,rate\n")
    plain = call(rig, "start", **WISH)
    assert plain.status_code == 200, plain.text
    before = until_done(rig)
    begun = call(rig, "start", **{**WISH, "funding_file": ["ABC=rates.csv"]})
    assert begun.status_code == 200, begun.text
    charged = until_done(rig)
    assert charged["options"]["funding_file"] == ["ABC=rates.csv"]
    assert charged["figures"]["net_profit"] != before["figures"]["net_profit"]
    for name in ("ABC=../secret.csv", f"ABC={tmp_path / 'home' / 'secret.csv'}", "ABC=..", "ABC=none.csv", "rates.csv"):
        answer = call(rig, "start", **{**WISH, "funding_file": [name]})
        assert answer.status_code in (404, 422), (name, answer.text)
        assert str(tmp_path) not in answer.json()["detail"].replace(name, "")


def test_what_cannot_run_is_refused_with_the_reason(rig: ApiRig) -> None:
    for changed, status in (({"fees": ""}, 422), ({"fault": ["gremlins=1"]}, 422), ({"funding_file": ["ABC=/x"]}, 422)):
        answer = call(rig, "start", **{**WISH, **changed})
        assert answer.status_code == status, answer.text
    assert call(rig, "stop").status_code == 409
    assert call(rig, "report", backtest_id=1).json()["code"] == "DESKTOP_ONLY"
