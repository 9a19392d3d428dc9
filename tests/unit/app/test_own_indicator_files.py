"""Files of own indicators: loaded by hash, anew when edited, told of in words when they fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workstation.app import own_indicators
from workstation.app.own_indicators import OwnIndicators
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.orders import Origin, OriginKind

MIDDLE = '''"""Middles."""
from workstation.marketdata.indicators.own import OwnIndicator, figure


class Middle(OwnIndicator):
    """The middle of a bar."""

    share: float = figure(0.5, low=0, high=1)

    def on_bar(self, bar):
        return bar.low + self.share * (bar.high - bar.low)
'''
WAIT_S = 30.0


class Folder:
    """A folder with the command that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commands = CommandRegistry()
        self.desk = OwnIndicators(path, lambda call: call(), self._commands)

    def write(self, name: str, text: str) -> None:
        self.path.mkdir(exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def ask(self) -> CommandResult:
        done, answers = threading.Event(), []

        def reply(result: CommandResult) -> None:
            answers.append(result)
            done.set()

        name = "market.indicators"
        call = Invocation(command_id=name, params=NoParams(), origin=Origin(kind=OriginKind.SYSTEM), reply=reply)
        self._commands.run_of(name)(SimpleNamespace(), NoParams(), call)
        assert done.wait(WAIT_S)
        return answers[0]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "indicators")
    yield made
    made.desk.close()


def test_no_folder_holds_none(folder: Folder) -> None:
    assert folder.ask().data == ()


def test_a_file_is_an_entry_with_its_hash_and_its_figures(folder: Folder) -> None:
    folder.write("middles.py", MIDDLE)
    (file,) = folder.ask().data
    assert (file.module, file.error, len(file.code_hash)) == ("middles", "", 64)
    (found,) = file.indicators
    assert (found.id, [parameter.name for parameter in found.parameters]) == ("own.middles.Middle", ["share"])


def test_a_file_counts_anew_when_it_was_edited_and_is_not_run_again_otherwise(folder: Folder) -> None:
    folder.write("middles.py", MIDDLE)
    (first,), (second,) = folder.ask().data, folder.ask().data
    assert first is second
    folder.write("middles.py", MIDDLE.replace("0.5", "0.25"))
    (third,) = folder.ask().data
    assert third.code_hash != first.code_hash
    assert third.indicators[0].parameters[0].default == 0.25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Middle(OwnIndicator:\n", "wrong.py, line 1: "),
        (MIDDLE.replace("figure(0.5", "figure(1 / 0"), "wrong.py, line 8: ZeroDivisionError: division by zero"),
        ("x = 1\n", "wrong.py: it has no class that derives from OwnIndicator"),
        (MIDDLE.replace("figure(0.5,", "figure(5,"), "share: 5 is out of its own range"),
        (f"{MIDDLE}\nraise SystemExit\n", "wrong.py ends the program when it is imported"),
    ],
)
def test_a_file_that_fails_is_told_of_in_words_and_the_others_load(
    folder: Folder, text: str, words: str, logged: list[dict[str, Any]]
) -> None:
    folder.write("good.py", MIDDLE)
    folder.write("wrong.py", text)
    good, wrong = folder.ask().data
    assert [found.title for found in good.indicators] == ["Middle"]
    assert wrong.indicators == ()
    assert wrong.error.startswith(words), wrong.error
    folder.ask()
    assert [line["event"] for line in logged] == ["indicator_not_loaded"], "said once, not at every look"


def test_a_file_whose_import_does_not_end_is_interrupted_and_the_others_load(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(own_indicators, "IMPORT_S", 0.05)
    folder.write("endless.py", f"{MIDDLE}\nwhile True:\n    pass\n")
    folder.write("good.py", MIDDLE)
    endless, good = folder.ask().data
    assert "ImportTookTooLong" in endless.error
    assert "endless.py, line 13" in endless.error or "endless.py, line 14" in endless.error
    assert len(good.indicators) == 1
    assert [line["event"] for line in logged] == ["indicator_not_loaded"]


def test_what_is_asked_while_the_program_ends_is_answered(folder: Folder) -> None:
    folder.desk.close()
    assert (folder.ask().code, folder.ask().text) == ("NOT_READY", "The program is ending.")
