"""Ctrl+C while a command still prepares ends it with one readable line, as every failure does."""

from __future__ import annotations

from argparse import Namespace

import pytest

from workstation.__main__ import main
from workstation.app import offline


def test_a_command_that_is_interrupted_before_it_has_begun_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_arguments: Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(offline.COMMANDS, "sweep", interrupted)
    assert main(["sweep", "sma_cross:SmaCross", "--symbol", "ABC", "--fees", "zero", "--param", "fast=1,2"]) == 1
    assert capsys.readouterr().err == "workstation: interrupted\n"
