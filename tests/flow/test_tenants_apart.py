"""Two tenants on one PostgreSQL server, over REST: whatever one tries, of the other it gets 404 or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.helpers import described
from tests.helpers.least_calls import least_of
from tests.helpers.product_rig import running_headless
from tests.helpers.stores import new_postgres_database
from workstation.api.application import ENDPOINTS
from workstation.api.credentials import TENANT_ID
from workstation.api.token_file import TokenFile

ROOT = "/api/v1"
PASSWORD = "correct horse battery"
ACCOUNT = "SIM-MARGIN"
NOBODY = "127.0.0.1:9"
ANY = {"If-Match": "*"}
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
    hosts = f'webhooks.allowed_hosts=["{NOBODY}"]'
    kept = ("--set", "marketdata.store_ticks=true", "--set", "marketdata.snapshot_interval=1")
    with running_headless(home, "--database", url, "--api-port", "0", "--set", hosts, *kept):
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


MARKET = {
    "marketdata": "market_data",
    "marketdata/ticks": "ticks",
    "marketdata/snapshots": "snapshots",
    "marketdata/quotes/SIM-FILL": "",
}


@pytest.mark.parametrize("path", MARKET)
def test_the_market_is_the_same_for_both_and_each_reads_it_as_its_own(desk: Desk, path: str) -> None:
    def rows(client: httpx.Client) -> list[dict[str, Any]]:
        for _ in range(2_000):  # each look is a round trip; the first ticks and snapshots are written after a while
            answer = client.get(f"{ROOT}/{path}").json()
            if found := answer[MARKET[path]] if MARKET[path] else [answer]:
                return found
        raise AssertionError(path)

    for client, tenant in ((desk.ours, TENANT_ID), (desk.theirs, desk.acme), (desk.their_key, desk.acme)):
        assert {row["tenant_id"] for row in rows(client)} == {tenant}


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


# Every path that names something, in both directions

RECORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "strategy_id": (
        "strategies",
        {
            "name": "cross", "strategy_type": "CUSTOM", "instruments": ["SIM-FILL"], "rebalance_frequency": "NONE",
            "config": {"entry_point": "sma_cross:SmaCross"},
        },
    ),
    "webhook_id": ("webhooks/out", {"name": "w", "endpoint_url": f"http://{NOBODY}/", "event_types": ["risk.*"]}),
    "source_id": ("webhooks/in/sources", {"name": "alerts"}),
    "rule_id": ("compliance/rules", {"name": "n", "rule_type": "SHORT_SALE", "config": {"action": "REFUSE"}}),
    "key_id": ("auth/api-keys", {"name": "k", "scopes": ["events:view"]}),
    "broker_id": ("brokers", {"name": "House", "broker_type": "ALPACA"}),
    "connection_id": ("brokers/{broker_id}/connections", {"name": "day", "connection_type": "FIX"}),
    "subscription_id": (
        "marketdata/subscriptions",
        {"instrument_symbols": ["SIM-SLOW"], "data_types": ["LEVEL_1"], "update_frequency": "REALTIME",
         "delivery_method": "SSE"},
    ),
    "invitation_id": ("tenants/{tenant_id}/invitations", {"email": "joe@desk.example", "role": "VIEWER"}),
    "user_id": ("users", {"email": "{who}@desk.example", "password": PASSWORD}),
}  # fmt: skip
"""By the path's parameter that names one: where it is made, and of what; what either tenant can have."""

TRADED = {"account_id", "order_id", "execution_id", "position_id", "snapshot_id", "run_id", "limit_id", "event_id"}
"""What only a tenant with an account has."""

ELSEWHERE = {"symbol", "command_id", "key", "client_order_id", "instrument_id", "sequence", "session_id"}
"""Parameters that name what belongs to nobody, or are tried beside."""


def records_of(client: httpx.Client, tenant: str, who: str) -> dict[str, str]:
    """Make one of each record; return their ids by the parameter that names them."""
    ids = {"tenant_id": tenant}
    for name, (path, body) in RECORDS.items():
        filled_in = {key: value.replace("{who}", who) if key == "email" else value for key, value in body.items()}
        answer = client.post(f"{ROOT}/{path.format(**ids)}", json=filled_in)
        assert answer.status_code == 201, (path, answer.text)
        ids[name] = answer.json()["id"]
    tested = client.post(f"{ROOT}/webhooks/out/{ids['webhook_id']}/test")
    assert tested.status_code == 202, tested.text
    deliveries = client.get(f"{ROOT}/webhooks/out/{ids['webhook_id']}/deliveries").json()["deliveries"]
    return ids | {"delivery_id": deliveries[0]["id"]}


def traded_of(desk: Desk, order: dict[str, Any], ids: dict[str, str]) -> dict[str, str]:
    """Return ids of what trading leaves behind, beside the records of the same tenant."""
    account = {"account_number": "A-1", "account_type": "JOINT"}
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "9", "scope": "INSTRUMENT", "instrument_symbol": "SIM-SLOW"}
    start = {"broker_account_id": desk.account, "initial_capital": "1000.00", "start_date": "2026-01-05"}
    day = {"broker_account_id": desk.account}

    def first(path: str) -> str:
        return next(str(value[0]["id"]) for value in desk.ours.get(f"{ROOT}/{path}").json().values() if value)

    return ids | {
        "account_id": desk.made(f"brokers/{ids['broker_id']}/accounts", account)["id"],
        "order_id": order["id"],
        "execution_id": first(f"oms/orders/{order['id']}/executions"),
        "position_id": first("oms/positions"),
        "event_id": first("events"),
        "limit_id": desk.made("risk/limits", limit | {"reason": "small"})["id"],
        "run_id": desk.made(f"strategies/{ids['strategy_id']}/runs", start)["id"],
        "snapshot_id": desk.made("oms/pnl/snapshot", day)["id"],
    }


def crossed(client: httpx.Client, ids: dict[str, str], *methods: str, status: int = 404) -> list[str]:
    """Ask every operation whose path names one of these; return those that answered with another status."""
    wrong = []
    for endpoint in ENDPOINTS:
        names = described.placeholders(endpoint.path)
        if not names or not set(names) <= set(ids) or endpoint.method not in (methods or (endpoint.method,)):
            continue
        path = ROOT + endpoint.path.format(**ids)
        answer = client.request(endpoint.method, path, headers=ANY, **least_of(endpoint.method, endpoint.path))
        if answer.status_code != status:
            wrong.append(f"{endpoint.method} {endpoint.path}: {answer.status_code} {answer.text[:200]}")
    return wrong


MOVING = ("/audit", "/events", "/marketdata", "/marketdata/ticks", "/marketdata/snapshots", "/strategies/runs")
"""Lists whose rows come or change by themselves."""


def held(client: httpx.Client) -> dict[str, Any]:
    """Return what each list holds: how many, and which version of each."""
    found = {}
    for endpoint in ENDPOINTS:
        model = endpoint.answers.get(200)
        if model is None or "total_count" not in model.model_fields or "{" in endpoint.path or endpoint.path in MOVING:
            continue
        body = client.get(ROOT + endpoint.path, params={"limit": 500}).json()
        rows = next((value for value in body.values() if isinstance(value, list)), [])
        versions = [(row.get("id"), row.get("updated_at")) for row in rows]
        found[endpoint.path] = (body.get("total_count", body.get("code")), versions)
    return found


@pytest.fixture(scope="module")
def known(desk: Desk, filled: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the ids of what is ours and of what is theirs."""
    ours = traded_of(desk, filled, records_of(desk.ours, TENANT_ID, "ours"))
    return ours, records_of(desk.theirs, desk.acme, "theirs")


def test_every_path_that_names_something_is_tried() -> None:
    named = {name for endpoint in ENDPOINTS for name in described.placeholders(endpoint.path)}
    assert named - ELSEWHERE == {*RECORDS, *TRADED, "tenant_id", "delivery_id"}


def test_no_operation_reaches_what_is_the_others(desk: Desk, known: tuple[dict[str, str], dict[str, str]]) -> None:
    ours, theirs = known
    assert crossed(desk.ours, ours, "GET", status=200) == []
    assert crossed(desk.theirs, theirs, "GET", status=200) == []
    before = held(desk.ours), held(desk.theirs)
    assert crossed(desk.their_key, ours) == []
    apart = {name: uid for name, uid in theirs.items() if name not in ("tenant_id", "invitation_id")}
    assert crossed(desk.ours, apart) == [], "whoever made a tenant belongs to it, and reaches its places alone"
    assert (held(desk.ours), held(desk.theirs)) == before
    for path in ("strategies", "webhooks/out", "webhooks/in/sources", "compliance/rules", "marketdata/subscriptions"):
        shown = desk.theirs.get(f"{ROOT}/{path}").json()
        rows = next(value for value in shown.values() if isinstance(value, list))
        assert (shown["total_count"], {row["tenant_id"] for row in rows}) == (len(rows), {desk.acme}), path


def test_what_another_tenant_decides_does_not_bind_us(desk: Desk, filled: dict[str, Any]) -> None:
    listed = desk.ours.get(f"{ROOT}/instruments", params={"symbol": "SIM-FILL"}).json()["instruments"][0]
    rule = {"name": "none", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["SIM-FILL"]}}
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "1", "scope": "INSTRUMENT", "instrument_symbol": "SIM-FILL"}
    listing = f"{ROOT}/instruments/{listed['id']}"
    for method, path, body, status in (
        ("POST", f"{ROOT}/compliance/rules", rule, 201),
        ("POST", f"{ROOT}/risk/limits", limit | {"reason": "small"}, 201),
        ("PUT", listing, {"is_tradable": False}, 404),
        ("PATCH", listing, {"min_order_size": "500"}, 404),
        ("DELETE", listing, None, 409),
        ("POST", f"{ROOT}/risk/kill-switch", {"scope": "GLOBAL", "reason": "enough"}, 404),
    ):
        answer = desk.their_key.request(method, path, json=body, headers=ANY)
        assert answer.status_code == status, (method, path, answer.text)
    assert desk.ours.get(listing).json()["is_tradable"]
    desk.made("oms/orders", desk.order())
