"""`workstation sweep` as a stranger runs it: a strategy of his own, Ctrl+C in the middle, and the same table after."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.sweeps import PROBE, hours
from workstation.__main__ import main
from workstation.app.command_line import build_parser
from workstation.app.sweep import terms_of
from workstation.app.sweep_run import Means, begun
from workstation.ports.sweeps import SweepStatus
from workstation.storage.sweep_store import open_sweeps

WAIT_S = 120.0


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a home with hourly bars of ABC and the probe among its strategies."""
    file, home = tmp_path / "abc.csv", tmp_path / "home"
    bars = hours(400)
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("time", "open", "high", "low", "close", "volume"))
        for row in range(len(bars.close)):
            prices = (f"{column[row] / 100:.2f}" for column in (bars.open, bars.high, bars.low, bars.close))
            writer.writerow((int(bars.ts_open[row]) // 10**9, *prices, 1_000))
    brought = ["import", str(file), "--home", str(home), "--symbol", "ABC", "--interval", "1h", "--stamp", "open"]
    assert main([*brought, "--new", "crypto"]) == 0, capsys.readouterr().err
    (home / "strategies").mkdir(exist_ok=True)
    (home / "strategies" / "probe.py").write_text(PROBE)
    capsys.readouterr()
    return home


def asked(home: Path, *options: str) -> list[str]:
    market = ["--symbol", "ABC", "--interval", "1h", "--fees", "zero", "--any-size"]
    return ["sweep", "probe:Probe", "--home", str(home), *market, "--workers", "2", *options]


GRID = ("--param", "back=2:12:5", "--param", "quantity=5,7", "--param", "fails_at=12")


def test_a_sweep_shows_its_choice_and_luck_and_keeps_every_trial(home: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "table.csv"
    assert main(asked(home, *GRID, "--csv", str(table))) == 0
    said = capsys.readouterr()
    assert "5 of 5 trials, 2 failed" in said.err
    assert "done: 5 of 5 trials, 2 failed, 1 combinations refused by the strategy" in said.out
    assert "failed: back=12, quantity=5: RuntimeError: told to fail" in said.out
    assert "luck alone gives the best of" in said.out
    assert "out-of-sample" in said.out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    tried = ["2 5", "2 7", "7 5", "12 5", "12 7"]
    assert [f"{row['back']} {row['quantity']}" for row in rows] == tried, "back 7 with quantity 7 is refused"
    assert [row["status"] for row in rows] == ["DONE"] * 3 + ["FAILED"] * 2
    assert all(row["in_sharpe"] and row["out_sharpe"] and row["deflated_sharpe"] for row in rows[:3])
    assert main(["sweep", "--home", str(home), "--show", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], shown["failed"], len(shown["folds"])) == (5, 2, 1)
    assert shown["folds"][0]["guard"]["verdict"]
    assert main(["sweep", "--home", str(home), "--list"]) == 0
    assert "probe:Probe" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("how", "left"),
    [(signal.SIGINT, (1, "STOPPED", "stopped")), (signal.SIGKILL, (-signal.SIGKILL, "RUNNING", "broken off"))],
)
def test_ctrl_c_and_a_kill_keep_what_came_and_resume_gives_the_table_of_an_undisturbed_sweep(
    home: Path, tmp_path: Path, capsys, how: signal.Signals, left: tuple[int, str, str]
) -> None:
    code, status, words = left
    options = ("--param", "back=2:40", "--param", "quantity=50", "--workers", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "workstation", *asked(home, *options)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        _until_some_came(process)
        os.kill(process.pid, how)
        process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == code
    assert main(["sweep", "--home", str(home), "--show", "1", "--json"]) == 0
    stopped = json.loads(capsys.readouterr().out)
    assert stopped["status"] == status
    assert 0 < stopped["done"] < 39
    assert main(["sweep", "--home", str(home), "--list"]) == 0
    assert words in capsys.readouterr().out
    resumed, whole = tmp_path / "resumed.csv", tmp_path / "whole.csv"
    assert main(["sweep", "--home", str(home), "--resume", "--workers", "2", "--csv", str(resumed)]) == 0
    assert main(asked(home, *options, "--csv", str(whole))) == 0
    assert resumed.read_bytes() == whole.read_bytes()
    assert len(whole.read_text().splitlines()) == 40
    assert main(["sweep", "--home", str(home), "--resume", "1"]) == 2
    assert "Sweep 1 is done" in capsys.readouterr().err


def test_a_sweep_whose_data_changed_is_not_gone_on_with(home: Path, tmp_path: Path, capsys) -> None:
    opened = open_sweeps("", home, 0)
    try:
        terms = terms_of(build_parser().parse_args(asked(home, *GRID)))
        stop = threading.Event()
        stop.set()
        sweep = begun(terms, home, opened.history, opened.sweeps).run(Means(1), stop, lambda _sweep, _trial: None)
    finally:
        opened.close()
    assert (sweep.status, sweep.done, sweep.planned) == (SweepStatus.STOPPED, 0, 5)
    later = tmp_path / "later.csv"
    later.write_text("time,open,high,low,close,volume\n2021-01-01T00:00:00Z,100,101,99,100,1\n")
    assert (
        main(["import", str(later), "--home", str(home), "--symbol", "ABC", "--interval", "1h", "--stamp", "open"]) == 0
    )
    assert main(["sweep", "--home", str(home), "--resume", "1"]) == 2
    assert "the stored data changed (0: ABC bars 1h)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--param", "back=3"], "there is nothing to search"),
        (["--param", "back=60:70"], "every combination is refused"),
        (["--param", "nothing=1:3"], "nothing"),
        (["--param", "back=1:3", "--symbol", "NOBODY"], "NOBODY"),
        (["--param", "back=1:3", "--folds", "900"], "folds"),
        (["--param", "back=1:3", "--out-of-sample", "1"], "out_of_sample"),
    ],
)
def test_what_does_not_fit_a_sweep_is_refused_by_name(home: Path, capsys, options: list[str], words: str) -> None:
    assert main(asked(home, *options)) == 2
    assert words in capsys.readouterr().err


def _until_some_came(process: subprocess.Popen[str]) -> None:
    """Wait for a line of progress that counts trials."""
    lines: Iterator[str] = iter(process.stderr or ())
    for line in lines:
        if " of 39 trials" in line and "0 of 39" not in line:
            return
    pytest.fail("the sweep ended without a word")


def test_data_that_no_trial_could_play_end_a_sweep_before_its_first_trial(home: Path, tmp_path: Path, capsys) -> None:
    listed = tmp_path / "listed.csv"
    head = "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n"
    listed.write_text(head + "north,ABC,crypto,Abc,USD,1,0.05,1\n")
    assert main(["import", str(listed), "--home", str(home)]) == 0
    assert main(asked(home, *GRID)) == 2
    told = capsys.readouterr().err
    assert "ABC bars 1h: " in told
    assert "rows are off the price grid, the first at 2020-01-01T" in told
    assert main(["sweep", "--list", "--home", str(home)]) == 0
    assert "probe" not in capsys.readouterr().out
    assert main(["sweep", "--resume", "--home", str(home)]) == 2
    assert "every sweep is done" in capsys.readouterr().err
