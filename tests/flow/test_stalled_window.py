"""The window stands still: the engine goes on, and a kill by REST or by the command line works meanwhile.

The thread of the window is the test's own. While the test speaks HTTP, or runs the command line, no event of the window
is handled.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from pytestqt.qtbot import QtBot

from tests.flow.test_rest_and_desktop import ORDERS, body
from tests.flow.test_stale_and_disconnected import rest
from tests.helpers.product_rig import Product, running
from workstation.__main__ import main

KILL = "/api/v1/risk/kill-switch"
LOOKS_MAX = 2_000


def by_rest(_product: Product, http: httpx.Client) -> None:
    answer = http.post(KILL, json={"scope": "GLOBAL", "reason": "the window hangs"})
    assert answer.status_code in (200, 202), answer.text


def by_command_line(product: Product, _http: httpx.Client) -> None:
    assert main(["kill", "--home", str(product.options.home.root), "--reason", "the window hangs"]) == 0


@pytest.mark.parametrize("kill", [by_rest, by_command_line])
def test_a_kill_acts_while_the_window_draws_nothing(
    qtbot: QtBot, tmp_path: Path, kill: Callable[[Product, httpx.Client], None]
) -> None:
    with running(qtbot, tmp_path, "--api-port", "0") as product:
        product.focus("SIM-FILL")
        product.wait(lambda: product.state.accounts["SIM-MARGIN"].lock == "UNLOCKED", "the account unlocked")
        product.arm()
        entry = product.state.orders[rest(product)]
        wish = body(product)
        with product.http() as http:
            kill(product, http)
            states = (http.get(f"{ORDERS}/{entry.uid}").json().get("state") for _ in range(LOOKS_MAX))
            assert "CANCELLED" in states
            refused = http.post(ORDERS, json=wish)
            assert refused.json()["code"] == "KILL_SWITCH_ACTIVE"
        assert not product.state.status.kills, "the window has drawn nothing of it yet"
        assert product.state.orders[entry.cl_ord_id].is_open
        product.wait(lambda: product.state.status.kills, "the kill switch on the screen")
        product.wait(lambda: not product.state.orders[entry.cl_ord_id].is_open, "the order's end on the screen")
