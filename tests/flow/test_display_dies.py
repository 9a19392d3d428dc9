"""The display server dies under the desktop: nothing that was acknowledged is lost, and the next start agrees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.first_order import first_order
from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import on_engine, unlocked, wait_for
from workstation.domain.orders import OriginKind

START_S, END_S = 60, 60
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("Xvfb") is None,
    reason="needs a display server of its own (Xvfb); test_kill_nine.py kills the whole program instead",
)


@pytest.fixture
def display() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a display server on a free number; it writes the number once it serves."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            pytest.skip("the display server does not start here")
        yield server, f":{number}"
        server.kill()


def client_of(home: Path, process: subprocess.Popen[bytes]) -> tuple[httpx.Client, str]:
    """Return a client of the running program, once its token file is there, and its first account's id."""
    file = home / "api-token.json"
    wait_for(lambda: file.exists() or process.poll() is not None, START_S)
    assert process.poll() is None, "it ended before it served"
    known: dict[str, Any] = json.loads(file.read_text())
    headers = {"Authorization": f"Bearer {known['token']}"}
    client = httpx.Client(base_url=known["url"], headers=headers, trust_env=False, timeout=30)
    return client, known["accounts"][0]["id"]


def test_a_display_that_is_killed_loses_nothing_that_was_acknowledged(
    tmp_path: Path, display: tuple[subprocess.Popen[bytes], str]
) -> None:
    server, name = display
    environment = {**os.environ, "DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}
    command = [sys.executable, "-m", "workstation", "--home", str(tmp_path), "--api-port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as program:
        client, account = client_of(tmp_path, program)
        order = {
            "instrument_symbol": "SIM-FILL", "broker_account_id": account, "order_type": "MARKET", "side": "BUY",
            "quantity": "1",
        }  # fmt: skip
        with client:
            answers = [first_order(lambda: client.post("/api/v1/oms/orders", json=order))]
            more = [order | {"quantity": quantity} for quantity in ("2", "3", "4")]
            answers += [client.post("/api/v1/oms/orders", json=wish) for wish in more]
        assert [answer.status_code for answer in answers] == [201] * 4, [answer.text for answer in answers]
        server.kill()
        assert program.wait(END_S) is not None, "without a display there is no desktop: it ends"
    acknowledged = {answer.json()["client_order_id"] for answer in answers}
    with running_headless(tmp_path) as again:
        core = unlocked(again).engine.core
        found = {key: on_engine(again, lambda key=key: core.state.book.get(key)) for key in acknowledged}
        origins = {None if row is None else row.origin.kind for row in found.values()}
        assert origins == {OriginKind.REST}, "every acknowledged order is the journal's own, none had to be adopted"
        assert on_engine(again, lambda: core.desk.breaks("SIM-MARGIN")) == ()
        truth = on_engine(again, lambda: again.venue._venue.exchange.holdings.qty("SIM-MARGIN", "SIM-FILL"))
        assert on_engine(again, lambda: core.state.ledger.qty("SIM-MARGIN", "SIM-FILL")) == truth == 10
