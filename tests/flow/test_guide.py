"""The user guide is true: its commands run, its keys do what it says, its pictures are there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from tests.helpers.market import real_data
from tests.helpers.product_rig import ACCOUNT, Product, ask, running, running_headless
from tests.helpers.source_tree import ROOT
from tests.helpers.storage_flow import quoted
from workstation.app.command_line import build_parser
from workstation.commands.params import PlaceOrder
from workstation.domain.orders import OrderTerms, OrdType, Side
from workstation.ports.store import ExecutionQuery, OrderQuery
from workstation.viewmodels.hotkey_file import read_hotkeys
from workstation.viewmodels.ticket_presets_file import read_presets

GUIDE = ROOT / "resources" / "docs" / "guide"
STARTER = "python3 packaging/bootstrap.py run"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
DUPLICATE_WINDOW_NS = 400_000_000
"""Within it the same order again is taken for a slip of the finger; no reader is that fast."""
STEP = re.compile(r"^\d+\. \*\*([^*]+)\*\*", re.MULTILINE)


def blocks(page: str) -> list[str]:
    """Return the shell blocks of a page."""
    return BLOCK.findall((GUIDE / page).read_text(encoding="utf-8"))


def calls(page: str) -> list[list[str]]:
    """Return the arguments of every call of the program on a page."""
    lines = "".join(blocks(page)).splitlines()
    return [shlex.split(line.removeprefix(STARTER)) for line in lines if line.startswith(STARTER)]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "WORKSTATION_HOME": str(home), "NO_PROXY": "127.0.0.1"}


def test_a_script_gets_through_the_page_on_scripting(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the page calls curl, which this machine has not")
    script = "set -euo pipefail\n" + "\necho\n".join(blocks("scripting-first-steps.md"))
    with running_headless(tmp_path, "--api-port", "0") as program:
        quoted(program, "SIM-FILL")
        done = subprocess.run(
            ["bash", "-c", script], env=environment(tmp_path), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
        orders = {row.terms.symbol: row for row in program.store.reader.orders(OrderQuery()).rows}
        fills = program.store.reader.executions(ExecutionQuery()).rows
    assert orders.keys() == {"SIM-FILL", "SIM-DOWN"}
    assert sum(row.last_qty for row in fills) == 2
    for word in ('"status":"ok"', '"state":"FILLED"', "event: order.created", "event: order.filled"):
        assert word in done.stdout, word


def press_steps(product: Product) -> list[int]:
    """Press the numbered keys of the first trade in order; returns the position after each."""
    held = []
    for chord in STEP.findall((GUIDE / "first-trade.md").read_text(encoding="utf-8")):
        combination = QKeySequence(chord)[0]
        product.let_pass(DUPLICATE_WINDOW_NS)
        product.press(combination.key(), combination.keyboardModifiers())
        expected = {"F2": 1, "F3": 0, "F9": 0}.get(chord)
        if expected is None:
            product.wait(lambda: product.state.status is not None and product.state.status.armed, "armed")
        else:
            product.wait(
                lambda expected=expected: product.position("SIM-FILL") == expected, f"{expected} after {chord}"
            )
            product.wait(lambda: not product.state.open_orders, "nothing open")
            held.append(expected)
    return held


def test_the_keys_of_the_first_trade_buy_sell_and_flatten(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        product.focus("SIM-FILL")
        product.context.sizes.choose(0)
        assert press_steps(product) == [1, 0, 1, 0]
        assert len(product.at_venue()) == 4


def test_the_commands_of_the_first_trade_run_beside_the_program(tmp_path: Path) -> None:
    named = [call for call in calls("first-trade.md") if call]
    assert [call[0] for call in named] == ["kill", "journal", "config"]
    with running_headless(tmp_path, "--api-port", "0") as program:
        quoted(program, "SIM-FILL")
        for call in named:
            command = [sys.executable, "-m", "workstation", *call]
            done = subprocess.run(
                command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stderr
        terms = OrderTerms(symbol="SIM-FILL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=1)
        assert ask(program, "order.submit", PlaceOrder(terms=terms)).code == "KILL_SWITCH_ACTIVE"


def test_a_replay_starts_as_its_page_says(tmp_path: Path) -> None:
    capture = real_data("usdm_btcusdt_20240808.gz")
    (desktop, headless) = calls("replay.md")
    build_parser().parse_args(desktop)
    call = [word.replace("FILE", str(capture)) for word in headless]
    command = [sys.executable, "-m", "workstation", *call, "--api-port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert {row["environment"] for row in ready["accounts"]} == {"REPLAY"}
    assert list((tmp_path / "replays").iterdir())


def files_of(page: str) -> str:
    """Return the one example of a file on a page."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", (GUIDE / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_examples_of_files_are_files_that_the_program_reads() -> None:
    presets = read_presets(files_of("ticket.md"))
    assert (presets["class.FUTURE"].stop_loss, presets["symbol.AAPL"].close) == ("20t", "50%")
    (bind,) = read_hotkeys(files_of("keys_file.md")).binds
    assert bind.id == "risk_long"


@pytest.mark.parametrize("page", ["backups.md", "keys_file.md"])
def test_the_commands_of_a_page_are_ones_that_the_program_takes(page: str) -> None:
    text = (GUIDE / page).read_text(encoding="utf-8")
    lines = re.findall(r"^workstation (.+)$", text, re.MULTILINE)
    assert lines
    for line in lines:
        assert build_parser().parse_args(shlex.split(line)).command == shlex.split(line)[0]
