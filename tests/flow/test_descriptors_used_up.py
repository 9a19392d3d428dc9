"""Every file descriptor of the program is in use: it goes on, cancels and trades, and all of it is in the journal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import on_engine, unlocked
from workstation.domain.orders import OrdStatus

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
USED_UP = """
import os, resource, sys
from pathlib import Path
from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import cancel, limit_order, on_engine, resting_bid, wait_for
with running_headless(Path(sys.argv[1])) as program:
    resting = limit_order(program)
    wish = resting_bid(program, 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0) + 8, hard))
    held = []
    try:
        while True:
            held.append(os.dup(0))
    except OSError as error:
        print(error.errno, flush=True)
    book = program.engine.core.state.book
    assert cancel(program, resting.cl_ord_id).ok
    wait_for(lambda: on_engine(program, lambda: book.get(resting.cl_ord_id).status.is_final))
    placed = ask(program, "order.submit", wish)
    assert placed.ok, placed.text
    for descriptor in held:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(resting.cl_ord_id, placed.data.cl_ord_id)
"""


def test_a_program_without_a_free_descriptor_cancels_trades_and_stores(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", USED_UP, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    words = [line for line in run.stdout.splitlines() if not line.startswith("20")]
    assert words[0] == "24", "not one was left"
    cancelled, placed = words[-1].split()
    with running_headless(tmp_path) as again:
        book = unlocked(again).engine.core.state.book
        assert on_engine(again, lambda: book.get(cancelled).status) is OrdStatus.CANCELLED
        assert on_engine(again, lambda: book.get(placed).status) is OrdStatus.SUBMITTED
