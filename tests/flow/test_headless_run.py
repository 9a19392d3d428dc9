"""The program as a stranger starts it: headless, in a process of its own, driven with what its first line offers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.first_order import first_order

Ready = dict[str, Any]


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Ready]:
    """Start the program; give its ready line; end it as a service manager does."""
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(tmp_path), "--api-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_stranger_trades_with_what_the_ready_line_and_the_token_file_offer(ready: Ready) -> None:
    known = json.loads(Path(ready["token_file"]).read_text())
    assert ready["accounts"] == known["accounts"]
    account = ready["accounts"][0]
    assert set(account) == {"account", "id", "environment"}
    order = {
        "instrument_symbol": "SIM-FILL",
        "broker_account_id": account["id"],
        "order_type": "MARKET",
        "side": "BUY",
        "quantity": "1",
    }
    headers = {"Authorization": f"Bearer {known['token']}"}
    with httpx.Client(base_url=ready["api"], headers=headers, trust_env=False, timeout=30) as client:
        answer = first_order(lambda: client.post("/api/v1/oms/orders", json=order))
        assert answer.status_code == 201, answer.text
        shown = client.get(answer.headers["location"])
        while shown.json()["state"] != "FILLED":
            shown = client.get(answer.headers["location"])
