"""An account that a script opens trades at once, is on the screen, and outlives the program until it is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from pytestqt.qtbot import QtBot

from tests.helpers.market import real_data
from tests.helpers.product_rig import Product, running

BROKERS = "/api/v1/brokers"
ORDERS = "/api/v1/oms/orders"
NAME = "DESK-7"
CAPTURE = "usdm_btcusdt_20240808.gz"


def place_of(http: httpx.Client, name: str) -> str:
    """Return the path of the built-in broker, which has the account `name`."""
    for broker in http.get(BROKERS).json()["brokers"]:
        path = f"{BROKERS}/{broker['id']}"
        if name in [row["account_number"] for row in http.get(f"{path}/accounts").json()["accounts"]]:
            return path
    raise AssertionError(f"no broker has {name}")


def order(account: str) -> dict[str, Any]:
    return {
        "broker_account_id": account,
        "instrument_symbol": "SIM-FILL",
        "side": "BUY",
        "order_type": "MARKET",
        "quantity": "5",
    }


def unlocked(product: Product, http: httpx.Client, path: str) -> dict[str, Any]:
    def read() -> dict[str, Any] | None:
        answer = http.get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body if body["trading_locked"] is False else None

    found = product.wait(read, "the account compared with its venue")
    assert found is not None
    return found


def offered(product: Product) -> list[str]:
    """Return the accounts that the desktop's chooser offers now."""
    menu = product.window.top_bar.account_menu()
    names = [action.objectName().removeprefix("account_") for action in menu.actions()]
    menu.deleteLater()
    return names


def test_an_account_opened_over_rest_trades_and_outlives_the_program(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path, "--api-port", "0") as product, product.http() as http:
        broker = place_of(http, "SIM-MARGIN")
        asked = {"account_number": NAME, "account_type": "TRUST", "initial_cash": "250000", "max_leverage": "2"}
        answer = http.post(f"{broker}/accounts", json=asked)
        assert answer.status_code == 201, answer.text
        path = f"{broker}/accounts/{answer.json()['id']}"
        kept = unlocked(product, http, path)
        product.wait(lambda: NAME in offered(product), "the account in the chooser")
        product.wait(lambda: NAME in product.state.accounts, "its figures on the screen")
        assert (kept["balance"], kept["buying_power"], kept["is_paper"]) == ("250000.00", "500000.00", True)
        product.quoting("SIM-FILL")
        placed = http.post(ORDERS, json=order(kept["id"]))
        assert placed.status_code == 201, placed.text
        product.wait(lambda: product.state.position(NAME, "SIM-FILL"), "the position on the screen")
    with running(qtbot, tmp_path, "--api-port", "0") as product, product.http() as http:
        back = unlocked(product, http, path)
        assert {**back, "balance": "", "buying_power": ""}.keys() == kept.keys()
        assert NAME in [account.account for account in product.context.bridge.session.accounts]
        held = http.get("/api/v1/oms/positions", params={"broker_account_id": back["id"]}).json()["positions"]
        assert [(row["instrument_symbol"], row["quantity"]) for row in held] == [("SIM-FILL", "5")]
        refused = http.delete(path)
        assert (refused.status_code, "has a position" in refused.json()["detail"]) == (409, True)
        product.quoting("SIM-FILL")
        assert http.post(ORDERS, json=order(back["id"]) | {"side": "SELL"}).status_code == 201
        product.wait(lambda: http.delete(path).status_code == 204, "the flat account closed")
        product.wait(lambda: NAME not in offered(product), "the account gone from the chooser")
    with running(qtbot, tmp_path, "--api-port", "0") as product, product.http() as http:
        assert NAME not in [account.account for account in product.context.bridge.session.accounts]
        assert http.post(ORDERS, json=order(back["id"])).status_code == 404
        log = http.get(f"{BROKERS}/{broker.rpartition('/')[2]}/connections").json()["connections"][0]
        lines = http.get(f"{broker}/connections/{log['id']}/logs").json()["logs"]
        assert [line["event_type"] for line in lines].count("CONNECT") == 3


def test_a_replay_opens_accounts_too(qtbot: QtBot, tmp_path: Path) -> None:
    feed = ("--api-port", "0", "--feed", f"replay:{real_data(CAPTURE)}", "--speed", "20")
    with running(qtbot, tmp_path, *feed) as product, product.http() as http:
        broker = place_of(http, "REPLAY-1")
        currency = http.get(f"{broker}/accounts").json()["accounts"][0]["base_currency"]
        asked = {"account_number": NAME, "account_type": "JOINT", "base_currency": currency}
        answer = http.post(f"{broker}/accounts", json=asked)
        assert answer.status_code == 201, answer.text
        assert unlocked(product, http, f"{broker}/accounts/{answer.json()['id']}")["balance"] == "1000000.00"
