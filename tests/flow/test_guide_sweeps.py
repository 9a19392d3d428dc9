"""The page on sweeps is true: each of its commands runs, on a real cluster too, and what it says of them holds."""

from __future__ import annotations

import csv
import re
import shlex
from datetime import date, timedelta
from math import sin
from pathlib import Path

import pytest

from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.source_tree import ROOT
from workstation.__main__ import main

PAGE = (ROOT / "resources" / "docs" / "guide" / "sweeps.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
STARTER = "python3 packaging/bootstrap.py run "


def days(count: int = 240) -> str:
    """Return daily bars that rise and fall by one in a hundred."""
    rows = ["time,open,high,low,close,volume"]
    closes = [100 + round(sin(row / 6), 2) for row in range(count)]
    for row, close in enumerate(closes):
        first = closes[max(row - 1, 0)]
        prices = f"{first:.2f},{max(first, close):.2f},{min(first, close):.2f},{close:.2f}"
        rows.append(f"{date(2024, 1, 1) + timedelta(row)}T00:00:00Z,{prices},10000")
    return "\n".join(rows) + "\n"


def test_every_command_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path / "home"))
    (tmp_path / "days.csv").write_text(days())
    lines = [line.removeprefix(STARTER) for block in BLOCK.findall(PAGE) for line in block.splitlines()]
    cluster = DaskCluster(tmp_path, count=1)
    try:
        said = []
        for line in lines:
            words = [word.replace("tcp://HOST:8786", cluster.address) for word in shlex.split(line)]
            assert main(words) == 0, capsys.readouterr().err
            said.append(capsys.readouterr().out)
    finally:
        cluster.close()
    imported, grid, listed, shown, random, bayes, forward, there = said
    assert "240 rows" in imported
    assert "done: 8 of 8 trials" in grid
    assert "luck alone gives the best of" in grid
    assert "sma_cross:SmaCross" in listed
    assert "sweep 1:" in shown
    assert (tmp_path / "trials.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    assert len(list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))) == 8
    assert "random by sharpe" in random
    assert "bayes by sharpe" in bayes
    assert "fold 2" in forward
    assert "the choice of each fold, joined, out-of-sample" in forward
    assert "done: 4 of 4 trials" in there
