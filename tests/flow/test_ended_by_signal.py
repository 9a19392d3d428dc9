"""Ended by the system: what was acknowledged is there at the next start, whatever the signal was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.helpers.first_order import first_order
from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import on_engine, unlocked
from workstation.domain.orders import OriginKind

END_S = 60
QUANTITIES = ("1", "2", "3")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals; test_kill_nine.py kills")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_loses_no_acknowledged_order(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(tmp_path), "--api-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        token = json.loads(Path(ready["token_file"]).read_text())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        order = {
            "instrument_symbol": "SIM-FILL", "broker_account_id": ready["accounts"][0]["id"], "order_type": "MARKET",
            "side": "BUY",
        }  # fmt: skip
        wishes = [order | {"quantity": quantity} for quantity in QUANTITIES]
        with httpx.Client(base_url=ready["api"], headers=headers, trust_env=False, timeout=30) as client:
            answers = [first_order(lambda wish=wish: client.post("/api/v1/oms/orders", json=wish)) for wish in wishes]
        assert [answer.status_code for answer in answers] == [201] * 3, [answer.text for answer in answers]
        process.send_signal(getattr(signal, name))
        process.wait(END_S)
    keys = [answer.json()["client_order_id"] for answer in answers]
    with running_headless(tmp_path) as again:
        core = unlocked(again).engine.core
        found = on_engine(again, lambda: [core.state.book.get(key) for key in keys])
        assert [None if row is None else row.origin.kind for row in found] == [OriginKind.REST] * 3
        assert on_engine(again, lambda: core.state.ledger.qty("SIM-MARGIN", "SIM-FILL")) == 6
        assert on_engine(again, lambda: core.desk.breaks("SIM-MARGIN")) == ()
