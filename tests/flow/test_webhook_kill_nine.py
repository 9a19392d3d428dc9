"""Kill -9 between an event's commit and its delivery: after the next start it is told, under the same message id."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import standardwebhooks

from tests.helpers.first_order import comes_too_early
from tests.helpers.hook_receiver import HookReceiver
from tests.helpers.product_rig import ACCOUNT
from tests.helpers.source_tree import ROOT
from workstation.client import Client, Problem

READY_S = 60.0
LOCK_LOOKS = 600


@contextmanager
def life(home: Path, receiver: HookReceiver) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program once, as a user starts it; kill -9 ends it."""
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0"]
    command += ["--set", f'webhooks.allowed_hosts=["{receiver.host}"]', "--set", "sim.ticks_per_s=50"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["event"] == "ready"
            yield process
        finally:
            process.kill()


def place(client: Client) -> str:
    """Place an order as soon as the account takes one; returns its id."""
    for _ in range(LOCK_LOOKS):
        try:
            return client.orders.place(
                instrument_symbol="SIM-FILL", broker_account_id=client.account_id(ACCOUNT), side="BUY",
                order_type="LIMIT", quantity=1, price="101.00", allow_duplicate=True,
            ).id  # fmt: skip
        except Problem as refused:
            if not comes_too_early(refused.status, str(refused)):
                raise
            client.system.ready()
    raise AssertionError("the account stayed locked")


def test_what_was_committed_when_the_program_died_is_told_after_the_next_start(tmp_path: Path) -> None:
    with HookReceiver() as receiver:
        receiver.held.clear()
        with life(tmp_path, receiver), Client(tmp_path) as client:
            hook = client.webhooks.create(name="books", endpoint_url=receiver.url, event_types=("order.created",))
            order = place(client)
            first = receiver.wait_for(1)[0]
        receiver.held.set()
        with life(tmp_path, receiver), Client(tmp_path) as client:
            again = receiver.wait_for(2)[1]
            assert again.headers["webhook-id"] == first.headers["webhook-id"]
            assert json.loads(again.body)["data"]["id"] == order
            for message in (first, again):
                standardwebhooks.Webhook(hook.secret).verify(message.body, message.headers)
            later = place(client)
            told = [json.loads(message.body)["data"]["id"] for message in receiver.wait_for(3)]
            assert told == [order, order, later]
