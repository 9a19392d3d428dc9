"""The page on strategies is true: its strategy is written, run on history, and run live on the simulated market."""

from __future__ import annotations

import json
import re
import shlex
from math import sin
from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.source_tree import ROOT
from tests.helpers.storage_flow import quoted, wait_for
from workstation.__main__ import main

PAGE = (ROOT / "resources" / "docs" / "guide" / "strategies.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
STARTER = "python3 packaging/bootstrap.py run "


def waves(count: int = 240) -> str:
    """Return minutes that rise and fall by one in a hundred."""
    rows = ["time,open,high,low,close,volume"]
    closes = [100 + round(sin(row / 10), 2) for row in range(count)]
    for row, close in enumerate(closes):
        first = closes[max(row - 1, 0)]
        prices = f"{first:.2f},{max(first, close):.2f},{min(first, close):.2f},{close:.2f}"
        rows.append(f"2024-01-02T{15 + row // 60}:{row % 60:02}:00Z,{prices},10000")
    return "\n".join(rows) + "\n"


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKSTATION_HOME", str(home))
    blocks = BLOCK.findall(PAGE)
    files = ("strategies/band.py", "indicators/drift.py", "strategies/drifting.py")
    for file, source in zip(files, [text for kind, text in blocks if kind == "python"], strict=True):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(source)
    (tmp_path / "minutes.csv").write_text(waves())
    past, live = ([shlex.split(line.removeprefix(STARTER)) for line in text.splitlines()] for kind, text in blocks
                  if kind == "sh")  # fmt: skip

    def said(words: list[str]) -> str:
        assert main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    said(past[0])
    result = json.loads(said([*past[1], "--json"]))
    assert result["fills"] > 4
    own = [word.replace("band:Band", "drifting:Drifting") for word in past[1]]
    assert json.loads(said([*own, "--json"]))["fills"] > 4

    with running_headless(home, "--api-port", "0") as program:
        quoted(program, "AAPL")
        start, *others = live
        assert "RUNNING" in said(start)
        wait_for(lambda: "following AAPL" in said(["strategies", "logs", "band:Band"]))
        told = {words[1]: said(words) for words in others}
        wait_for(lambda: "STOPPED" in said(["strategies", "list"]))
        said([word.replace("band:Band", "drifting:Drifting") for word in start])
        wait_for(lambda: "Own indicators: indicators/drift.py " in said(["strategies", "logs", "drifting:Drifting"]))
    assert set(told) == {"list", "logs", "pause", "resume", "stop", "performance"}
    assert "band:Band 1" in told["list"]
    assert "PAUSED" in told["pause"]
    assert "RUNNING" in told["resume"]
