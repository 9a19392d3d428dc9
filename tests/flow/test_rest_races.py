"""Two processes with one idempotency key: whoever comes first, there is one order, and both learn of the same one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

ORDERS = "/api/v1/oms/orders"
KEYS = 25
WAIT_S = 60
RACER = """
import http.client, json, sys
host, token, body, keys = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
link = http.client.HTTPConnection(host, timeout=30)
print("set", flush=True)
sys.stdin.readline()
for key in range(keys):
    head = {"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": f"race-{key}"}
    while True:
        link.request("POST", "/api/v1/oms/orders", body, head)
        answer = link.getresponse()
        text = answer.read().decode()
        if answer.status != 409 or json.loads(text)["code"] != "IDEMPOTENT_REPLAY":
            break
    replayed = answer.getheader("Idempotency-Replayed") == "true"
    print(json.dumps([key, answer.status, replayed, text]), flush=True)
"""


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Run the program in a process of its own; give what its token file says."""
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(tmp_path), "--api-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield json.loads(Path(json.loads(process.stdout.readline())["token_file"]).read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0


def raced(known: dict[str, Any], body: str) -> list[list[Any]]:
    """Let two processes send the same keys at the same time; return (key, status, replayed, text) of every answer."""
    host = known["url"].removeprefix("http://").partition("/")[0]
    command = [sys.executable, "-c", RACER, host, known["token"], body, str(KEYS)]
    with ExitStack() as stack:
        racers = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            )
            for _ in range(2)
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "set\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        texts = [racer.communicate(timeout=WAIT_S)[0] for racer in racers]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_two_processes_with_one_key_make_one_order(ready: dict[str, Any]) -> None:
    order = {
        "instrument_symbol": "SIM-FILL",
        "broker_account_id": ready["accounts"][0]["id"],
        "order_type": "LIMIT",
        "side": "BUY",
        "quantity": "1",
        "price": "1.00",
        "allow_duplicate": True,
    }
    headers = {"Authorization": f"Bearer {ready['token']}"}
    with httpx.Client(base_url=ready["url"], headers=headers, trust_env=False, timeout=WAIT_S) as client:
        while client.get("/api/v1/risk/status").json()["trading_locked"]:
            pass
        answers = raced(ready, json.dumps(order))
        listed = client.get(ORDERS, params={"limit": 500}).json()
    assert len(answers) == 2 * KEYS
    assert {status for _, status, _, _ in answers} == {201}, answers
    texts = {key: {text for found, _, _, text in answers if found == key} for key in range(KEYS)}
    assert all(len(found) == 1 for found in texts.values())
    assert [sum(replayed for found, _, replayed, _ in answers if found == key) for key in range(KEYS)] == [1] * KEYS
    made = {json.loads(text)["id"] for found in texts.values() for text in found}
    assert {row["id"] for row in listed["orders"]} == made
    assert listed["total_count"] == KEYS
