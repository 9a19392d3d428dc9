"""Ends that nobody planned: after each, every order and fill is where it was, and the panels show them."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.first_order import first_order
from tests.helpers.product_rig import ACCOUNT, CALM, WAIT_S, Product, plain_sql, product_options, running
from workstation.commands.params import PlaceOrder
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, Side
from workstation.ports.store import ExecutionQuery, OrderQuery

ORDERS = "/api/v1/oms/orders"


def trade(product: Product) -> None:
    """Leave one fill, one position and one resting order."""
    product.focus("SIM-FILL")
    product.arm()
    product.press(Qt.Key.Key_F2)
    product.wait(lambda: product.position("SIM-FILL"), "a position")
    product.quoting("AAPL")
    bid = product.state.quotes["AAPL"].bid
    assert bid is not None
    price = product.context.instrument("AAPL").step(bid, -50)
    terms = OrderTerms(symbol="AAPL", account=ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=2, price=price)
    assert product.command("order.submit", PlaceOrder(terms=terms)).ok
    working = product.wait_for_order(lambda o: o.status is OrdStatus.SUBMITTED, "a working order")
    product.stored(working)


def test_a_restart_shows_what_was_there(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        trade(product)
        reader = product.program.store.reader
        orders = {row.cl_ord_id: row.status for row in reader.orders(OrderQuery()).rows}
        fills = {row.exec_key for row in reader.executions(ExecutionQuery()).rows}
    with running(qtbot, tmp_path) as product:
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        assert {row.cl_ord_id: row.status for row in product.state.orders.values()} == orders
        assert {row.exec_key for row in product.state.executions} == fills
        product.wait(lambda: product.position("SIM-FILL") == 1, "the position")
        assert len(product.rows("orders-1")) == 2
        assert len(product.rows("fills-1")) == 1
        assert [row for row in product.rows("positions-1") if "SIM-FILL" in row]
        assert product.state.status.armed is None
        (working,) = product.state.working(ACCOUNT, "AAPL")
        assert [row.cl_ord_id for row in product.at_venue() if row.is_open] == [working.cl_ord_id]


def headless(home: Path) -> tuple[subprocess.Popen[str], httpx.Client, str]:
    """Start the program as a process; returns it, a client and the id of its margin account."""
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(home), "--api-port", "0", *CALM]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    known = json.loads(Path(ready["token_file"]).read_text())
    headers = {"Authorization": f"Bearer {known['token']}"}
    account = next(row["id"] for row in known["accounts"] if row["account"] == ACCOUNT)
    return process, httpx.Client(base_url=ready["api"], headers=headers, timeout=WAIT_S, trust_env=False), account


def place(client: httpx.Client, account: str, **fields: str) -> dict[str, Any]:
    """Place an order as soon as the account is unlocked."""
    order = {"broker_account_id": account, "side": "BUY", "quantity": "1", **fields}
    answer = first_order(lambda: client.post(ORDERS, json=order))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_killed_process_loses_no_order_that_it_acknowledged(qtbot: QtBot, tmp_path: Path) -> None:
    process, client, account = headless(tmp_path)
    with contextlib.ExitStack() as ends:
        ends.callback(process.wait)
        ends.callback(process.kill)
        ends.enter_context(client)
        filled = place(client, account, instrument_symbol="SIM-FILL", order_type="MARKET")
        resting = place(client, account, instrument_symbol="SIM-DOWN", order_type="LIMIT", price="99.00")
        while client.get(f"{ORDERS}/{filled['id']}").json()["state"] != "FILLED":
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
    assert process.stdout is not None
    process.stdout.close()
    rows = plain_sql(product_options(tmp_path, "--no-api"), "SELECT uid, status FROM orders")
    assert {row.uid for row in rows} == {filled["id"], resting["id"]}
    with running(qtbot, tmp_path) as product:
        product.wait(lambda: product.state.accounts[ACCOUNT].lock == "UNLOCKED", "the account unlocked")
        kept = {row.uid: row for row in product.state.orders.values()}
        assert kept[filled["id"]].status is OrdStatus.FILLED
        assert kept[resting["id"]].is_open
        product.wait(lambda: product.position("SIM-FILL") == 1, "the position")
        assert len(product.rows("orders-1")) == 2
        assert len(product.rows("fills-1")) == 1
        assert len(product.at_venue()) == 2
