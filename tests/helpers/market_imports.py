"""Homes with imported market data, through the command line as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workstation.__main__ import main
from workstation.storage import open_view
from workstation.storage.open import StoreView

HEADER = "timestamp,open,high,low,close,volume\n"


class DataHome:
    """A home in a folder; `call` runs a sub-command on it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.errors = ""
        self.output = ""

    def call(self, *arguments: str) -> int:
        """Run `workstation ARGUMENTS` on this home; keeps what it printed."""
        code = main([*arguments, "--home", str(self.root)])
        captured = self._capsys.readouterr()
        self.output, self.errors = captured.out, captured.err
        return code

    def json(self, *arguments: str) -> Any:
        """Run a sub-command that must end well, and return its JSON."""
        assert self.call(*arguments, "--json") == 0, self.errors
        return json.loads(self.output)

    def file(self, name: str, text: str) -> str:
        """Write a file beside the home and return its path."""
        path = self.root.parent / name
        path.write_text(text)
        return str(path)

    def minutes(self, *rows: str, name: str = "acme.csv") -> str:
        """Write a CSV of bars with a header."""
        return self.file(name, HEADER + "".join(f"{row}\n" for row in rows))

    def view(self) -> StoreView:
        """Open what is stored."""
        return open_view("", self.root)


ACME = (
    "--symbol", "ACME", "--interval", "1m", "--stamp", "open", "--zone", "UTC", "--new", "stock",
)  # fmt: skip
"""What a call says of minutes of a stock that is not known yet."""
