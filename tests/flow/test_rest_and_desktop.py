"""Two doors, one order: what a script places stands in the desktop, what a key places stands in REST and its stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import ACCOUNT, CALM, Product, running
from workstation.domain.orders import OrdStatus, OriginKind

ORDERS = "/api/v1/oms/orders"


@pytest.fixture
def product(qtbot: QtBot, tmp_path: Path) -> Iterator[Product]:
    """Run the product with both doors open."""
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product:
        product.focus("SIM-FILL")
        yield product


@pytest.fixture
def http(product: Product) -> Iterator[httpx.Client]:
    with product.http() as client:
        yield client


def body(product: Product, **fields: Any) -> dict[str, Any]:
    """Return an order as a script writes it."""
    account = product.context.account(ACCOUNT)
    assert account is not None
    return {
        "instrument_symbol": "SIM-FILL",
        "broker_account_id": account.uid,
        "order_type": "LIMIT",
        "side": "BUY",
        "quantity": "1",
        "price": "100.03",
    } | fields


def test_a_script_s_order_stands_in_the_desktop_as_a_script_s(product: Product, http: httpx.Client) -> None:
    answer = http.post(ORDERS, json=body(product))
    assert answer.status_code == 201, answer.text
    placed = answer.json()
    order = product.wait_for_order(lambda o: o.uid == placed["id"] and o.status is OrdStatus.FILLED, "its fill")
    assert order.origin.kind is OriginKind.REST
    (row,) = product.rows("orders-1")
    assert "SIM-FILL" in row
    assert "rest" in row
    product.wait(lambda: product.position("SIM-FILL") == 1, "its position")
    assert http.get(f"{ORDERS}/{placed['id']}").json()["state"] == "FILLED"


def test_a_script_s_order_bears_the_name_of_its_key_also_once_the_key_is_gone(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product, product.http() as http:
        made = http.post("/api/v1/auth/api-keys", json={"name": "night robot", "scopes": ["orders:place"]}).json()
        robot = {"Authorization": f"Bearer {made['key']}"}
        for headers in (robot, {}):
            placed = http.post(ORDERS, json=body(product, allow_duplicate=True), headers=headers).json()
            product.wait_for_order(
                lambda o, uid=placed["id"]: o.uid == uid and o.status is OrdStatus.FILLED, "its fill"
            )
        told = product.rows("orders-1")
        assert sum("rest night robot" in row for row in told) == 1
        assert sum("rest local token" in row for row in told) == 1
        assert http.delete(f"/api/v1/auth/api-keys/{made['id']}").status_code == 204
    with running(qtbot, tmp_path, *CALM) as product:
        product.wait(
            lambda: any("rest night robot" in row for row in product.rows("orders-1")), "the name of a deleted key"
        )


def test_the_trace_of_a_call_outlives_the_program(qtbot: QtBot, tmp_path: Path) -> None:
    trace, path = "c" * 32, ""

    def told(http: httpx.Client) -> tuple[set[str], set[str]]:
        rows = http.get(f"{path}/history").json()["transitions"]
        events = http.get("/api/v1/events", params={"resource_id": placed["id"]}).json()["events"]
        return {row["trace_id"] for row in rows}, {event["traceid"] for event in events}

    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product, product.http() as http:
        headers = {"traceparent": f"00-{trace}-{'0' * 15}1-01"}
        placed = http.post(ORDERS, json=body(product), headers=headers).json()
        path = f"{ORDERS}/{placed['id']}"
        product.wait_for_order(lambda o: o.uid == placed["id"] and o.status is OrdStatus.FILLED, "its fill")
        product.wait(lambda: len(told(http)[1]) == 1, "its events")
        before = told(http)
    with running(qtbot, tmp_path, "--api-port", "0", *CALM) as product, product.http() as http:
        assert told(http) == before == ({trace}, {trace})


def test_an_order_by_key_stands_in_rest_and_comes_in_the_stream(product: Product, http: httpx.Client) -> None:
    newest = http.get("/api/v1/events", params={"limit": 1}).json()["events"][0]["id"]
    product.arm()
    product.press(Qt.Key.Key_F2)
    order = product.stored(product.wait_for_order(lambda o: o.status is OrdStatus.FILLED, "a filled order"))
    listed = http.get(ORDERS).json()["orders"]
    assert [(row["client_order_id"], row["state"]) for row in listed] == [(order.cl_ord_id, "FILLED")]
    seen = []
    with http.stream("GET", "/api/v1/events/stream", params={"since_id": newest, "types": "order.*"}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                envelope = json.loads(line.removeprefix("data:"))
                seen.append((envelope["type"], envelope["subject"]))
                if envelope["type"] == "order.filled":
                    break
    assert ("order.created", f"order/{order.uid}") in seen
    assert seen[-1] == ("order.filled", f"order/{order.uid}")


def test_a_refusal_has_one_text_at_both_doors(product: Product, http: httpx.Client) -> None:
    product.arm()
    assert http.post("/api/v1/risk/kill-switch", json={"reason": "drill"}).status_code == 200
    refused = http.post(ORDERS, json=body(product))
    assert (refused.status_code, refused.json()["code"]) == (409, "KILL_SWITCH_ACTIVE")
    product.press(Qt.Key.Key_F2)
    words = product.wait_for_words("Refused", "ill switch")
    assert words == refused.json()["detail"]
    assert product.at_venue() == []


def test_the_token_file_names_every_account_and_goes_with_the_program(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path, "--api-port", "0") as product:
        file = product.options.home.token_file
        known = msgspec.json.decode(file.read_bytes())
        assert {row["account"] for row in known["accounts"]} == {
            row.account for row in product.context.bridge.session.accounts
        }
        assert file.stat().st_mode & 0o077 == 0
    assert not file.exists()
