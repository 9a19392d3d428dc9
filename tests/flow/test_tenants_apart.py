"""Two tenants on one PostgreSQL server, over REST: whatever one tries, of the other it gets 404 or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.helpers.product_rig import running_headless
from tests.helpers.stores import new_postgres_database
from workstation.api.token_file import TokenFile

ROOT = "/api/v1"
PASSWORD = "correct horse battery"
ACCOUNT = "SIM-MARGIN"
LISTS = (
    "oms/orders", "oms/executions", "oms/positions", "oms/pnl", "events", "webhooks/out", "auth/api-keys",
    "marketdata/subscriptions", "compliance/rules", "compliance/holds", "risk/overrides", "risk/kill-switch",
    "strategies", "brokers",
)  # fmt: skip


class Desk:
    """One running service with a trader of the installation's own tenant, `ours`, and one of another, `theirs`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self.ours = self.client(token)
        acme = self.made("tenants", {"name": "Acme", "slug": "acme", "contact_email": "desk@acme.example"})
        self.acme = acme["id"]
        invitation = self.made(f"tenants/{self.acme}/invitations", {"email": "eve@acme.example", "role": "OWNER"})
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as nobody:
            person = {"email": "eve@acme.example", "password": PASSWORD}
            nobody.post(f"{ROOT}/auth/register", json=person | {"invitation_token": invitation["token"]})
            session = nobody.post(f"{ROOT}/auth/login", json=person).json()["access_token"]
        self.theirs = self.client(session)
        scopes = self.theirs.get(f"{ROOT}/auth/me").json()["scopes"]
        key = self.theirs.post(f"{ROOT}/auth/api-keys", json={"name": "bot", "scopes": scopes})
        self.their_key = self.client(key.json()["key"])
        brokers = self.ours.get(f"{ROOT}/brokers").json()["brokers"]
        accounts = [
            row
            for broker in brokers
            for row in self.ours.get(f"{ROOT}/brokers/{broker['id']}/accounts").json()["accounts"]
        ]
        self.account = next(row["id"] for row in accounts if row["account_number"] == ACCOUNT)

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self._url, headers=headers, trust_env=False, timeout=20)

    def made(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Make something of ours."""
        answer = self.ours.post(f"{ROOT}/{path}", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def order(self, **fields: Any) -> dict[str, Any]:
        return {
            "instrument_symbol": "SIM-FILL", "broker_account_id": self.account, "order_type": "LIMIT", "side": "BUY",
            "quantity": "10", "price": "105.00", "allow_duplicate": True,
        } | fields  # fmt: skip

    def close(self) -> None:
        for client in (self.ours, self.theirs, self.their_key):
            client.close()


@contextmanager
def traded(home: Path) -> Iterator[Desk]:
    url = new_postgres_database()
    with running_headless(home, "--database", url, "--api-port", "0"):
        found = msgspec.json.decode((home / "api-token.json").read_bytes(), type=TokenFile)
        desk = Desk(found.url, found.token)
        yield desk
        desk.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with traded(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def filled(desk: Desk) -> dict[str, Any]:
    """Return an order of ours that was filled."""
    order: dict[str, Any] = {}
    for _ in range(2_000):  # each look is a round trip; at first the account is locked until book and venue agree
        if not order:
            answer = desk.ours.post(f"{ROOT}/oms/orders", json=desk.order())
            order = dict(answer.json()) if answer.status_code == 201 else {}
        else:
            order = dict(desk.ours.get(f"{ROOT}/oms/orders/{order['id']}").json())
        if order.get("state") == "FILLED":
            return order
    raise AssertionError(order)


@pytest.mark.parametrize("path", LISTS)
def test_no_list_shows_a_row_of_the_other(desk: Desk, filled: dict[str, Any], path: str) -> None:
    ours = desk.ours.get(f"{ROOT}/{path}").text
    for client in (desk.theirs, desk.their_key):
        answer = client.get(f"{ROOT}/{path}")
        assert answer.status_code in (200, 404), answer.text
        shown = answer.text if path != "auth/api-keys" else ""
        assert filled["id"] not in shown
        assert desk.account not in shown
    assert path != "oms/orders" or filled["id"] in ours


@pytest.mark.parametrize(
    ("path", "key"), [("oms/orders", "orders"), ("oms/executions", "executions"), ("oms/positions", "positions")]
)
def test_filters_name_no_row_of_the_other(desk: Desk, filled: dict[str, Any], path: str, key: str) -> None:
    for asked in ({"broker_account_id": desk.account}, {"instrument_symbol": "SIM-FILL"}):
        assert desk.ours.get(f"{ROOT}/{path}", params=asked).json()["total_count"] > 0
        answer = desk.their_key.get(f"{ROOT}/{path}", params=asked)
        assert answer.status_code == 404 or (answer.json()[key], answer.json()["total_count"]) == ([], 0)


def test_nothing_is_reached_by_its_id(desk: Desk, filled: dict[str, Any]) -> None:
    execution = desk.ours.get(f"{ROOT}/oms/orders/{filled['id']}/executions").json()["executions"][0]["id"]
    position = desk.ours.get(f"{ROOT}/oms/positions").json()["positions"][0]["id"]
    event = desk.ours.get(f"{ROOT}/events").json()["events"][0]["id"]
    hook = desk.made("webhooks/out", {"name": "h", "endpoint_url": "https://93.184.215.14/h", "is_active": False})
    paths = (
        f"oms/orders/{filled['id']}", f"oms/orders/{filled['id']}/history", f"oms/orders/{filled['id']}/executions",
        f"oms/orders/by-client-id/{filled['client_order_id']}", f"oms/executions/{execution}",
        f"oms/positions/{position}", f"events/{event}", f"webhooks/out/{hook['id']}",
        f"webhooks/out/{hook['id']}/deliveries",
    )  # fmt: skip
    for path in paths:
        assert desk.ours.get(f"{ROOT}/{path}").status_code == 200, path
        assert desk.their_key.get(f"{ROOT}/{path}").status_code == 404, path
    today = desk.their_key.get(f"{ROOT}/oms/pnl/today", params={"broker_account_id": desk.account})
    assert today.status_code == 404


def test_nothing_of_the_other_is_changed(desk: Desk) -> None:
    resting = desk.made("oms/orders", desk.order(price="50.00"))
    path = f"{ROOT}/oms/orders/{resting['id']}"
    hook = desk.made("webhooks/out", {"name": "w", "endpoint_url": "https://93.184.215.14/h", "is_active": False})
    out, key = f"{ROOT}/webhooks/out/{hook['id']}", {"Idempotency-Key": "across"}
    tries = (
        ("DELETE", path, None), ("PUT", path, {"price": "60.00"}), ("POST", f"{path}/cancel", {}),
        ("POST", f"{path}/modify", {"price": "60.00"}), ("POST", f"{ROOT}/oms/orders", desk.order()),
        ("DELETE", out, None), ("PUT", out, {"name": "x"}), ("POST", f"{out}/test", None),
        ("POST", f"{out}/rotate-secret", None), ("POST", f"{ROOT}/compliance/holds/{resting['id']}/release", {}),
        ("POST", f"{ROOT}/commands/order.cancel", {"parameters": {"cl_ord_id": resting["client_order_id"]}}),
    )  # fmt: skip
    for method, target, body in tries:
        answer = desk.their_key.request(method, target, json=body, headers={"If-Match": "*"})
        assert answer.status_code == 404, (method, target, answer.text)
    bulk = desk.their_key.post(f"{ROOT}/oms/orders/bulk/cancel", json={"order_ids": [resting["id"]]}, headers=key)
    assert bulk.status_code == 404 or [row["code"] for row in bulk.json()["rejected"]] == ["NOT_FOUND"], bulk.text
    many = desk.their_key.post(f"{ROOT}/oms/orders/bulk", json={"orders": [desk.order()]}, headers=key)
    assert many.status_code == 404 or [row["code"] for row in many.json()["rejected"]] == ["NOT_FOUND"], many.text
    after = desk.ours.get(path).json()
    assert (after["row_version"] >= resting["row_version"], after["price"], after["cancel_requested_at"]) == (
        True, resting["price"], None,
    )  # fmt: skip
    assert desk.ours.get(out).json()["name"] == "w"


def test_a_key_and_a_cursor_of_the_other_open_nothing(desk: Desk, filled: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "mine"}
    first = desk.made("oms/orders", desk.order(price="50.00"), **key)
    again = desk.their_key.post(f"{ROOT}/oms/orders", json=desk.order(price="50.00"), headers=key)
    assert (again.status_code, first["id"] in again.text) == (404, False)
    cursor = desk.ours.get(f"{ROOT}/oms/orders", params={"limit": 1}).json()["next_cursor"]
    assert cursor is not None
    walked = desk.their_key.get(f"{ROOT}/oms/orders", params={"limit": 1, "cursor": cursor})
    assert walked.status_code == 400 or walked.json()["orders"] == []


def test_a_stream_that_begins_in_the_past_tells_nothing_of_the_other(desk: Desk, filled: dict[str, Any]) -> None:
    newest = desk.ours.get(f"{ROOT}/events", params={"limit": 1}).json()["events"][0]["sequence"]
    span = {"since_id": 0, "until_id": newest}
    with desk.ours.stream("GET", f"{ROOT}/events/stream", params=span) as stream:
        assert filled["id"] in "".join(stream.iter_text())
    for asked, headers in ((span, {}), ({"until_id": newest}, {"Last-Event-ID": "0"})):
        with desk.their_key.stream("GET", f"{ROOT}/events/stream", params=asked, headers=headers) as stream:
            told = "".join(stream.iter_text())
        assert filled["id"] not in told
        assert desk.account not in told


def test_an_audit_shows_ones_own_entries_alone(desk: Desk, filled: dict[str, Any]) -> None:
    entries = desk.theirs.get(f"{ROOT}/audit", params={"limit": 500}).json()["entries"]
    assert entries
    assert {row["tenant_id"] for row in entries} == {desk.acme}
    done = [row for row in entries if row["outcome"] == "SUCCESS" and row["resource_type"] == "order"]
    assert [row["resource_id"] for row in done if row["resource_id"] is not None] == [], "bulk calls alone, all refused"
    assert filled["id"] in desk.ours.get(f"{ROOT}/audit", params={"limit": 500}).text
