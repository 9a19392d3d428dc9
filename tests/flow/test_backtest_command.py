"""`workstation backtest` as a stranger runs it: bars from a file, a shipped strategy, a result to be had again."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from workstation.__main__ import main

BARS, FILLS, PINNED = 25_000, 952, "844c1688ea2d9300"
"""The pinned workload of 25,000 one-minute bars: its fills, and the digest of their list at the next open."""


def minute_bars(path: Path, count: int) -> None:
    """Write the pinned bars as CSV."""
    rng = np.random.default_rng(7)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.0005, count))), 2)
    open_ = np.r_[100.0, close[:-1]]
    up, down = (np.abs(rng.normal(0, 0.0003, count)) for _ in range(2))
    high = np.round(np.maximum(open_, close) * (1 + up), 2)
    low = np.round(np.minimum(open_, close) * (1 - down), 2)
    volume = rng.integers(10_000, 100_000, count)
    first = np.datetime64("2020-01-01T00:00:00", "s")
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("time", "open", "high", "low", "close", "volume"))
        for row in range(count):
            at = f"{first + np.timedelta64(60 * row, 's')}Z"
            prices = (f"{column[row]:.2f}" for column in (open_, high, low, close))
            writer.writerow((at, *prices, int(volume[row])))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the pinned bars of PIN, which no test changes."""
    folder = tmp_path_factory.mktemp("backtest")
    file, home = folder / "pin.csv", folder / "home"
    minute_bars(file, BARS)
    brought = ["import", str(file), "--home", str(home), "--symbol", "PIN", "--interval", "1m", "--stamp", "open"]
    assert main([*brought, "--new", "crypto"]) == 0
    return home


def run(home: Path, *options: str) -> int:
    plain = ["--symbol", "PIN", "--interval", "1m", "--fees", "zero", "--slippage-ticks", "0", "--any-size"]
    pinned = ["--param", 'symbol="PIN"', "--param", "fast=10", "--param", "slow=30", "--cash", "10000000"]
    return main(["backtest", "sma_cross:SmaCross", "--home", str(home), *plain, *pinned, *options])


def test_the_pinned_workload_gives_its_fills_and_the_same_digest_twice(home: Path, tmp_path: Path, capsys) -> None:
    fills = tmp_path / "fills.csv"
    digests = []
    for _ in range(2):
        assert run(home, "--json", "--fills", str(fills)) == 0, capsys.readouterr().err
        found = json.loads(capsys.readouterr().out)
        digests.append(found["digest"])
        assert (found["fills"], found["bars"]) == (FILLS, BARS)
        assert found["monte_carlo"]["trades"] == FILLS // 2
    assert digests[0] == digests[1]
    rows = list(csv.DictReader(fills.read_text().splitlines()))
    start = np.datetime64("2020-01-01T00:00:00", "s")
    lines = [
        f"{int((np.datetime64(row['time'][:19]) - start).astype(int)) // 60},{row['side'][0]},100,"
        f"{round(float(row['price']) * 100)}"
        for row in rows
    ]
    assert len(rows) == FILLS
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] == PINNED


def test_a_person_is_told_what_it_made_by_which_choices_and_what_flatters_it(home: Path, capsys) -> None:
    assert run(home) == 0
    said = capsys.readouterr().out
    assert "25,000 bars, 952 fills, seed 1" in said
    assert "! Trading is free of fees." in said
    for words in ("Sharpe", "mean MAE", "mean MFE", "draws of its 476 round trips with replacement", "final value"):
        assert words in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fees", "free"], "--fees"),
        (["--param", "fast=0"], "fast"),
        (["--param", "nothing=1"], "nothing"),
        (["--symbol", "NOBODY"], "NOBODY"),
        (["--param", 'interval="5m"'], "PIN 5m"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(home: Path, capsys, options: list[str], words: str) -> None:
    assert run(home, *options) != 0
    assert words in capsys.readouterr().err


def test_a_report_is_written_whole_and_made_anew_from_its_run(home: Path, tmp_path: Path, capsys) -> None:
    folder, again = tmp_path / "out" / "first", tmp_path / "again"
    assert run(home, "--report", str(folder)) == 0, capsys.readouterr().err
    names = {"report.html", "run.json", "fills.csv", "trades.csv", "equity.csv", "metrics.csv"}
    assert {path.name for path in folder.iterdir()} == names
    text = (folder / "report.html").read_text()
    assert "952 fills" in text
    assert 'id="prices-0"' in text
    assert len((folder / "fills.csv").read_text().splitlines()) == FILLS + 1
    assert main(["report", str(folder / "run.json"), str(again)]) == 0
    assert str(again / "report.html") in capsys.readouterr().out
    for name in names:
        assert (again / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("held", [None, b"{}"])
def test_a_report_of_nothing_is_refused_in_a_line(tmp_path: Path, capsys, held: bytes | None) -> None:
    file = tmp_path / "run.json"
    if held is not None:
        file.write_bytes(held)
    assert main(["report", str(file), str(tmp_path / "out")]) == 2
    assert "run" in capsys.readouterr().err


def test_checks_run_from_the_command_line_and_look_ahead_ends_with_an_error_code(home: Path, capsys) -> None:
    short = ["--end", "2020-01-01T12:00:00Z"]
    assert run(home, *short, "--check") == 0
    said = capsys.readouterr().out
    assert "look-ahead: none found in 12 cuts of the data" in said
    assert said.count("start-up: begun at") == 3
    assert "costs: both twice" in said
    assert "paths: PESSIMISTIC" in said
    assert run(home, *short, "--check", "look-ahead", "--json") == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert list(checks) == ["look_ahead"]

    (home / "strategies").mkdir(exist_ok=True)
    (home / "strategies" / "peeking.py").write_text(PEEKING)
    assert main(["backtest", "peeking:Peeking", "--home", str(home), "--symbol", "PIN", "--interval", "1m",
                 "--fees", "zero", *short, "--check", "look-ahead"]) == 1  # fmt: skip
    assert "hang on later data" in capsys.readouterr().out


PEEKING = '''
import sys

from workstation.strategies.api import Strategy


class Peeking(Strategy):
    """Reads the bar that is still to come where its caller keeps it."""

    def on_start(self):
        self.bars("PIN", "1m")

    def on_bar(self, bar):
        caller = sys._getframe(1).f_locals
        coming = caller["batch"].closes[caller["at"] + 1 :][:1]
        if coming and coming[0] > caller["batch"].closes[caller["at"]]:
            self.signal("PIN", "BUY", 1.0)
'''


BREAKS = """from workstation.strategies.api import Bar, Strategy, StrategyParameters


class Parameters(StrategyParameters):
    symbol: str = "PIN"
    how: str = "divides"


class Breaks(Strategy):
    Parameters = Parameters

    def on_start(self) -> None:
        self.bars(self.parameters.symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.act(bar)

    def act(self, bar: Bar) -> None:
        if self.parameters.how == "divides":
            self.log(str(1 / (bar.volume - bar.volume)))
        self.buy(self.parameters.symbol, -5)
"""


@pytest.mark.parametrize(
    ("how", "line", "error"),
    [
        ("divides", "self.log(str(1 / (bar.volume - bar.volume)))", "ZeroDivisionError"),
        ("asks", "self.buy(self.parameters.symbol, -5)", "order_qty"),
    ],
)
def test_a_strategy_that_raises_is_told_by_its_own_lines_and_fails_the_run(
    home: Path, capsys, how, line, error
) -> None:
    folder = home / "strategies"
    folder.mkdir(exist_ok=True)
    (folder / "breaks.py").write_text(BREAKS)
    plain = ["--home", str(home), "--symbol", "PIN", "--interval", "1m", "--fees", "zero", "--end", "2020-01-01T01:00Z"]
    assert main(["backtest", "breaks:Breaks", *plain, "--param", f"how={how}"]) == 1
    out, said = capsys.readouterr()
    assert not out
    assert said.startswith("workstation: the strategy breaks:Breaks failed, and with it the run:\n  breaks.py, line ")
    assert ", in on_bar\n    self.act(bar)\n" in said
    assert f", in act\n    {line}\n" in said
    assert error in said
    assert "at 2020-01-01T00:01:00Z of the market" in said
    assert "host.py" not in said
