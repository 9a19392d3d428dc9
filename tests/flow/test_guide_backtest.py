"""The page on backtests is true: its commands run from top to bottom, and it names every option, with its default."""

from __future__ import annotations

import argparse
import re
import shlex
from math import sin
from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT
from workstation.__main__ import main
from workstation.app.command_line_backtest import add_backtest_command

PAGE = (ROOT / "resources" / "docs" / "guide" / "backtest.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
STARTER = "python3 packaging/bootstrap.py run "
ROW = re.compile(r"^\| `(--[\w-]+)` \|.*\| `([^`|]+)` \|$", re.MULTILINE)


def waves(count: int = 240) -> str:
    """Return minutes that rise and fall by three in a hundred."""
    rows = ["time,open,high,low,close,volume"]
    closes = [100 + round(3 * sin(row / 4), 2) for row in range(count)]
    for row, close in enumerate(closes):
        first = closes[max(row - 1, 0)]
        prices = f"{first:.2f},{max(first, close):.2f},{min(first, close):.2f},{close:.2f}"
        rows.append(f"2024-01-02T{15 + row // 60}:{row % 60:02}:00Z,{prices},10000")
    return "\n".join(rows) + "\n"


def parser() -> argparse.ArgumentParser:
    """Return the command's parser, without what every command has."""
    commands = argparse.ArgumentParser().add_subparsers()
    add_backtest_command(commands, lambda _parser: None)
    found: argparse.ArgumentParser = commands.choices["backtest"]
    return found


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKSTATION_HOME", str(tmp_path / "home"))
    (tmp_path / "minutes.csv").write_text(waves())
    said = []
    for line in "".join(BLOCK.findall(PAGE)).splitlines():
        assert main(shlex.split(line.removeprefix(STARTER))) == 0, capsys.readouterr().err
        said.append(capsys.readouterr().out)
    _import, run, _report, check, several = said
    assert "Sharpe" in run
    named = set(re.findall(r"\b\w+\.(?:csv|html|json)\b", PAGE)) - {"minutes.csv", "rates.csv"}
    for folder in ("cross", "cross-again"):
        assert {path.name for path in (tmp_path / folder).iterdir()} == named
    assert (tmp_path / "cross" / "report.html").read_bytes() == (tmp_path / "cross-again" / "report.html").read_bytes()
    checks = {line.split(":")[0] for line in check.splitlines() if ": " in line and not line.startswith(" ")}
    assert checks >= set(re.findall(r"^\| (look-ahead|start-up|costs|paths) \|", PAGE, re.MULTILINE)) != set()
    assert "look-ahead: none found in 12 cuts" in check
    assert "288 bars" in several  # as many long ones as fit into the short ones beside them
    assert re.search(r"[1-9]\d* fills", several)


def test_the_page_names_every_option_and_no_other() -> None:
    known = {option for action in parser()._actions for option in action.option_strings} - {"-h", "--help"}
    others = {"--symbol", "--interval", "--stamp", "--new"}  # of the import
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - others == known - others


def test_the_page_states_each_default_as_it_is() -> None:
    defaults = {option: action.default for action in parser()._actions for option in action.option_strings}
    stated = dict(ROW.findall(PAGE))
    assert len(stated) >= 10
    assert stated == {option: str(defaults[option]) for option in stated}
