"""Where what was made is read: the address that each creating call answers with leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.application import ENDPOINTS
from workstation.api.credentials import TENANT_ID
from workstation.api.options import ApiOptions

ROOT = "/api/v1"
PASSWORD = "correct horse battery"
PLAIN: dict[str, dict[str, Any]] = {
    "/users": {"email": "ann@desk.example", "password": PASSWORD},
    "/risk/limits": {"limit_type": "ORDER_QUANTITY", "limit_value": "50000", "scope": "ACCOUNT", "reason": "cautious",
                     "broker_account_id": ACCOUNT_UID},
    "/compliance/rules": {"name": "no", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XYZ"]}},
    "/marketdata/subscriptions": {"instrument_symbols": ["ABC"], "data_types": ["LEVEL_1"], "delivery_method": "SSE",
                                  "update_frequency": "REALTIME"},
    "/instruments": {"symbol": "NEW", "name": "New", "instrument_type": "STOCK", "exchange": "NYSE"},
    "/auth/api-keys": {"name": "mine", "scopes": ["orders:view"]},
    "/oms/pnl/snapshot": {"broker_account_id": ACCOUNT_UID},
    "/webhooks/in/sources": {"name": "charts"},
    "/webhooks/out": {"name": "desk", "endpoint_url": "https://93.184.215.14/x"},
    "/brokers": {"name": "House", "broker_type": "PAPER"},
    "/tenants": {"name": "Acme", "slug": "acme", "contact_email": "desk@acme.example"},
    f"/tenants/{TENANT_ID}/invitations": {"email": "bob@desk.example", "role": "VIEWER"},
    "/strategies": {"name": "first", "strategy_type": "CUSTOM", "instruments": ["ABC"], "rebalance_frequency": "NONE",
                    "config": {"entry_point": "hand:Buyer"}},
}  # fmt: skip
"""Calls that need nothing else to be there, in their order."""

MANY = {"/oms/orders/bulk", "/strategies/runs/bulk", "/marketdata/subscriptions/bulk"}
"""Calls that make several things and answer with them all."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(database_kind="postgresql", pin_token=True)) as made:
        yield made


def shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") or part.count("-") > 3 else part for part in path.split("/"))


def test_the_location_of_whatever_is_made_answers_with_it(rig: ApiRig) -> None:
    made: dict[str, dict[str, Any]] = {}

    def follow(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = rig.http.post(ROOT + path, json=body)
        assert answer.status_code == 201, (path, answer.text)
        found = rig.http.get(answer.headers["location"])
        assert found.status_code == 200, (path, answer.headers["location"], found.text)
        assert found.json()["id"] == answer.json()["id"], path
        assert answer.headers["etag"] == found.headers["etag"], path
        made[shape(path)] = dict(answer.json())
        return made[shape(path)]

    for path, body in PLAIN.items():
        follow(path, body)
    follow("/oms/orders", rig.order())
    connections = f"/brokers/{made['/brokers']['id']}/connections"
    connection = follow(connections, {"name": "main", "connection_type": "PAPER"})
    account = {"account_number": "P-2", "account_type": "INDIVIDUAL", "broker_connection_id": connection["id"]}
    follow(f"/brokers/{made['/brokers']['id']}/accounts", account)
    start = {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"}
    follow(f"/strategies/{made['/strategies']['id']}/runs", start)
    member = {"user_id": made["/users"]["id"], "role": "VIEWER"}
    follow(f"/tenants/{made['/tenants']['id']}/users", member)
    token = made["/tenants/{}/invitations"]["token"]
    person = {"email": "bob@desk.example", "password": PASSWORD, "invitation_token": token}
    follow("/auth/register", person)
    follow(f"/auth/api-keys/{made['/auth/api-keys']['id']}/rotate", None)
    follow(f"/webhooks/out/{made['/webhooks/out']['id']}/rotate-secret", None)
    making = {shape(endpoint.path) for endpoint in ENDPOINTS if 201 in endpoint.answers}
    assert set(made) == making - MANY


def test_a_run_that_was_made_with_others_is_found_where_a_single_one_is(rig: ApiRig) -> None:
    strategy = rig.http.post(f"{ROOT}/strategies", json=PLAIN["/strategies"]).json()["id"]
    run = {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"}
    body = {"runs": [run | {"strategy_definition_id": strategy}], "idempotency_key": "one"}
    made = rig.http.post(f"{ROOT}/strategies/runs/bulk", json=body)
    (accepted,) = made.json()["accepted"]
    assert rig.http.get(f"{ROOT}/strategies/runs/{accepted['id']}").status_code == 200
