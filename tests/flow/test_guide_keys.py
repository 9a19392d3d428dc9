"""The reference of keys says what the key map declares, no more and no less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT
from workstation.__main__ import main
from workstation.commands.keymap import KEY_COMMANDS
from workstation.commands.screen import SCREEN_COMMANDS

PAGE = ROOT / "resources" / "docs" / "guide" / "keys.md"


def shown(key: str) -> str:
    """Return a key as the reference shows it: one that acts on the second press says so."""
    chord, comma, _ = key.partition(",")
    return f"**{chord}**" + (" ×2" if comma else "")


def declared_rows() -> list[str]:
    """Return the table's rows as the declarations give them."""
    return [
        f"| {' '.join(shown(key) for key in command.keys)} | {command.title} | {'yes' if command.urgent else ''} |"
        for command in KEY_COMMANDS
    ]


def window_rows() -> list[str]:
    """Return the rows of the commands of the window, those with a key and those without."""
    keys = (" ".join(shown(key) for key in command.keys) or "—" for command in SCREEN_COMMANDS)
    return [f"| {key} | {command.title} | `{command.id}` |" for key, command in zip(keys, SCREEN_COMMANDS, strict=True)]


def test_the_reference_of_keys_is_the_key_map() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("| ") and line.endswith("` |")]
    assert commands == window_rows()
    assert [line for line in lines if line.startswith("| **") and line not in commands] == declared_rows()


def test_the_snapshot_of_the_guide_sizes_the_risk_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (PAGE.parent / "keys_file.md").read_text(encoding="utf-8")
    scene = tmp_path / "snapshot.json"
    scene.write_text(page.partition("prices as text: `")[2].partition("`")[0])
    assert main(["hotkeys", "dry-run", "F5", "--at", str(scene), "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "BUY 471 AAPL LIMIT 187.23 DAY · STOP-LOSS 186.70" in said
    assert "Refused" not in said
