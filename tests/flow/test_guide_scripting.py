"""The page on scripting is true: its Python and its commands run against the program, as a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.source_tree import ROOT
from tests.helpers.storage_flow import quoted
from workstation.app.bootstrap import Program
from workstation.ports.store import ExecutionQuery, OrderQuery

PAGE = (ROOT / "resources" / "docs" / "guide" / "scripting.md").read_text(encoding="utf-8")
STARTER = "python3 packaging/bootstrap.py run"


def blocks(language: str) -> str:
    """Return the page's blocks in a language as one script."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def run(program: Program, command: list[str]) -> str:
    """Run a command from the root of the tree with the program's home; returns what it printed."""
    environment = {**os.environ, "WORKSTATION_HOME": str(program.own_home.root), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.stdout


@pytest.fixture
def program(tmp_path: Path):
    with running_headless(tmp_path, "--api-port", "0") as program:
        quoted(program, "SIM-FILL")
        yield program


def test_the_python_of_the_page_runs_from_top_to_bottom(program: Program) -> None:
    said = run(program, [sys.executable, "-c", blocks("python")])
    orders = program.store.reader.orders(OrderQuery()).rows
    fills = program.store.reader.executions(ExecutionQuery()).rows
    assert sorted(row.terms.symbol for row in orders if row.status == "FILLED") == ["SIM-FILL", "SIM-FILL"]
    assert sum(row.last_qty for row in fills) == 4
    words = ("RISK_LIMIT_BREACH", "NOT_FOUND", "order.filled SIM-FILL", "whsec_", "crossed", "Received. 101.5")
    for word in (*words, "webhooks.timeout"):
        assert word in said, word


def test_the_commands_of_the_page_run_one_after_the_other(program: Program) -> None:
    script = "set -eu\n" + blocks("sh").replace(STARTER, f"{sys.executable} -m workstation")
    said = run(program, ["bash", "-c", script])
    assert "would pass" in said
    orders = program.store.reader.orders(OrderQuery()).rows
    assert sorted((row.terms.side, row.terms.order_qty) for row in orders) == [("BUY", 1), ("SELL", 1)]
