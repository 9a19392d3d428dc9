"""The home that stands before a command is the command's home: nothing is written into another one."""

from __future__ import annotations

import pytest

from workstation.app.command_line import build_parser

COMMANDS = (
    "kill",
    "restore",
    "journal verify",
    "config",
    "config diff settings.toml",
    "hotkeys lint",
    "import bars.csv",
    "export --symbol ABC bars.csv",
    "data list",
    "backtest a:A --symbol ABC --fees zero",
    "sweep a:A --symbol ABC --fees zero --param n=1",
    "orders",
    "strategies list",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_home_database_and_settings_before_a_command_are_the_commands(command: str) -> None:
    before = ["--home", "mine", "--database", "sqlite:///mine.db", "--set", "a=1"]
    found = build_parser().parse_args([*before, *command.split()])
    assert (found.home, found.database, found.settings) == ("mine", "sqlite:///mine.db", ["a=1"])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_home_behind_the_command_comes_before_it_and_none_is_the_platforms(command: str) -> None:
    words = command.split()
    assert build_parser().parse_args(["--home", "mine", *words, "--home", "other"]).home == "other"
    assert (build_parser().parse_args(words).home, build_parser().parse_args(words).settings) == (None, [])
