"""The home that stands before a command is the command's home: nothing is written into another one."""

from __future__ import annotations

import pytest

from workstation.app.command_line import build_parser, read_call
from workstation.domain.errors import UserError

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


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("config ")])
def test_settings_before_and_behind_a_command_all_hold_in_order(command: str) -> None:
    found = build_parser().parse_args(
        ["--set", "a=1", "--set", "b=1", *command.split(), "--set", "a=2", "--set", "c=1"]
    )
    assert found.settings == ["a=1", "b=1", "a=2", "c=1"]


def test_settings_at_each_level_of_a_command_hold_in_order() -> None:
    found = build_parser().parse_args(["--set", "a=1", "config", "--set", "a=2", "--home", "x", "show"])
    assert (found.settings, found.home, found.action) == (["a=1", "a=2"], "x", "show")


@pytest.mark.parametrize(
    ("line", "page"), [("order buy 1 ABC --limit 5", "workstation order"), ("--nonsense", "workstation")]
)
def test_what_nobody_understands_is_named_with_the_page_of_its_command(line: str, page: str) -> None:
    with pytest.raises(UserError, match=rf"unrecognized arguments: --.* \(see {page} --help\)"):
        read_call(line.split())
