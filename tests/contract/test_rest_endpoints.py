"""The contract's table of endpoints, line by line, against the description; and what every list of it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import described
from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.application import ENDPOINTS

ROOT = "/api/v1"
TABLE = """
GET /health, /health/ready, /version, /system/version, /system/health, /system/health/ready, /system/info
GET /system/metrics, /metrics, /commands, /auth/me, /auth/sessions, /auth/api-keys, /auth/api-keys/{}, /tenants
POST /commands/{}, /auth/login, /auth/refresh, /auth/register, /auth/logout, /auth/change-password, /auth/mfa/setup
POST /auth/mfa/verify, /auth/api-keys, /auth/api-keys/{}/rotate, /tenants, /tenants/{}/users, /tenants/{}/invitations
PUT /auth/me, /auth/api-keys/{}, /tenants/{}, /tenants/{}/members/{}, /users/{}, /instruments/{}, /oms/orders/{}
PATCH /auth/me, /auth/api-keys/{}, /tenants/{}, /tenants/{}/members/{}, /users/{}, /instruments/{}, /oms/orders/{}
DELETE /auth/mfa, /auth/sessions/{}, /auth/api-keys/{}, /tenants/{}, /tenants/{}/members/{}, /tenants/{}/invitations/{}
GET /tenants/{}, /tenants/{}/users, /tenants/{}/members/{}, /tenants/{}/invitations, /tenants/{}/invitations/{}
GET /users, /users/{}
POST /invitations/accept, /users, /users/{}/unlock, /instruments
DELETE /users/{}, /instruments/{}, /oms/orders/{}
GET /brokers, /brokers/{}, /brokers/{}/status, /brokers/{}/connections, /brokers/{}/connections/{}
GET /brokers/{}/accounts, /brokers/{}/accounts/{}, /instruments, /instruments/{}, /instruments/by-symbol/{}
POST /brokers/{}/connect, /brokers/{}/disconnect, /brokers/{}/connections/{}/connect
POST /brokers/{}/connections/{}/disconnect, /brokers/{}/accounts/{}/reconcile
GET /oms/orders, /oms/orders/{}, /oms/orders/by-client-id/{}, /oms/orders/{}/executions, /oms/orders/{}/history
GET /oms/executions, /oms/executions/{}, /oms/positions, /oms/positions/{}, /oms/pnl, /oms/pnl/{}, /oms/pnl/today
POST /oms/orders, /oms/orders/preview, /oms/orders/bulk, /oms/orders/bulk/cancel, /oms/orders/{}/modify
POST /oms/orders/{}/cancel, /oms/pnl/snapshot, /marketdata/subscriptions, /marketdata/subscriptions/bulk
GET /marketdata, /marketdata/historical, /marketdata/ticks, /marketdata/snapshots, /marketdata/subscriptions
GET /marketdata/subscriptions/{}, /marketdata/quotes/{}, /marketdata/last/{}, /marketdata/bars/{}, /marketdata/stream
PUT /marketdata/subscriptions/{}, /risk/limits/{}, /compliance/rules/{}, /webhooks/out/{}, /webhooks/in/sources/{}
PATCH /marketdata/subscriptions/{}, /risk/limits/{}, /compliance/rules/{}, /webhooks/out/{}, /webhooks/in/sources/{}
DELETE /marketdata/subscriptions/{}, /risk/limits/{}, /compliance/rules/{}, /webhooks/out/{}, /webhooks/in/sources/{}
GET /risk/limits, /risk/limits/{}, /risk/status, /risk/kill-switch, /compliance/rules, /compliance/rules/{}
POST /risk/limits, /risk/kill-switch, /risk/kill-switch/release, /compliance/rules, /webhooks/out, /webhooks/in
GET /webhooks/out, /webhooks/out/{}, /webhooks/out/{}/deliveries, /webhooks/out/{}/deliveries/{}, /webhooks/in/sources
GET /webhooks/in/sources/{}, /events, /events/{}, /events/stream, /audit, /audit/{}, /audit/verify
POST /webhooks/out/{}/rotate-secret, /webhooks/out/{}/test, /webhooks/out/{}/deliveries/{}/redeliver
POST /webhooks/in/sources, /webhooks/in/marketdata
GET /system/config, /system/config/{}
PUT /system/config/{}
PATCH /system/config/{}
GET /reports, /reports/blotter, /reports/fills, /reports/positions, /reports/pnl, /reports/commissions, /reports/risk
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    """Serve a core; every answer is held to the description."""
    with served(tmp_path) as made:
        made.http.event_hooks = {"response": [described.check]}
        yield made


def lists() -> list[str]:
    """Return the paths whose answer is a list of rows with a total."""
    return [
        endpoint.path
        for endpoint in ENDPOINTS
        if endpoint.method == "GET" and (model := endpoint.answers.get(200)) and "total_count" in model.model_fields
    ]


def shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def test_the_service_has_the_endpoints_of_the_table() -> None:
    wanted = {
        (method, path)
        for line in TABLE.strip().splitlines()
        for method, _, paths in [line.partition(" ")]
        for path in paths.split(", ")
    }
    assert wanted - {(endpoint.method, shape(endpoint.path)) for endpoint in ENDPOINTS} == set()


def test_every_list_takes_a_window_an_order_fields_and_leave_not_to_count() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET" and endpoint.path in lists():
            assert {"limit", "offset", "with_count", "ordering", "fields"} <= set(endpoint.query.model_fields), endpoint


def test_every_list_keeps_to_its_window_and_refuses_what_it_cannot_sort_by(rig: ApiRig) -> None:
    for path in lists():
        if "{" not in path:
            check_list(rig, path)


def check_list(rig: ApiRig, path: str) -> None:
    body = rig.http.get(ROOT + path, params={"limit": 1, "with_count": "false"}).json()
    key = next(name for name, value in body.items() if isinstance(value, list))
    assert body["total_count"] is None
    assert len(body[key]) <= 1
    assert rig.http.get(ROOT + path, params={"offset": 1_000}).json()["has_next"] is False
    for wrong in ({"ordering": "nothing"}, {"fields": "nothing"}, {"limit": "0"}, {"limit": "501"}, {"nothing": "1"}):
        assert rig.http.get(ROOT + path, params=wrong).status_code == 422, wrong


def test_lists_held_in_memory_are_sorted_both_ways_and_filtered(rig: ApiRig) -> None:
    def names(path: str, key: str, field: str, **params: str) -> list[str]:
        rows = rig.http.get(ROOT + path, params={"limit": 500, "fields": field, **params}).json()[key]
        assert all(list(row) == [field] for row in rows)
        return [row[field] for row in rows]

    for path, key, field in (("/commands", "commands", "id"), ("/reports", "reports", "name")):
        upward = names(path, key, field)
        assert upward == sorted(upward)
        assert len(upward) > 1
        assert names(path, key, field, ordering=f"-{field}") == upward[::-1]
    broker = rig.http.get(f"{ROOT}/brokers").json()["brokers"][0]["id"]
    assert names("/brokers", "brokers", "name", broker_type="PAPER", is_active="true") == ["FAKE"]
    assert names("/brokers", "brokers", "name", broker_type="CUSTOM") == []
    assert names(f"/brokers/{broker}/connections", "connections", "name", status="ERROR") == []
    assert names(f"/brokers/{broker}/accounts", "accounts", "account_number", status="ACTIVE") == ["SIM-1"]


def test_kill_switches_are_listed_newest_first_or_last(rig: ApiRig) -> None:
    for scope in ({"scope": "GLOBAL"}, {"scope": "ACCOUNT", "scope_id": ACCOUNT_UID}):
        assert rig.http.post(f"{ROOT}/risk/kill-switch", json=scope).status_code == 200
        rig.engine.do(lambda: rig.core.clock.advance(1_000_000))

    def scopes(**params: str) -> list[str]:
        rows = rig.http.get(f"{ROOT}/risk/kill-switch", params={"fields": "scope", **params}).json()["kill_switches"]
        return [row["scope"] for row in rows]

    assert scopes() == ["ACCOUNT", "GLOBAL"]
    assert scopes(ordering="created_at") == ["GLOBAL", "ACCOUNT"]


def test_the_history_of_an_order_is_read_from_either_end(rig: ApiRig) -> None:
    path = f"{ROOT}/oms/orders/{rig.place()['id']}/history"
    first = rig.http.get(path).json()["transitions"]
    last = rig.http.get(path, params={"ordering": "-sequence"}).json()["transitions"]
    assert [row["sequence"] for row in first] == list(range(1, len(first) + 1))
    assert last == first[::-1]


def test_events_show_the_chosen_fields_alone(rig: ApiRig) -> None:
    rig.place()
    events = rig.http.get(f"{ROOT}/events", params={"fields": "type,sequence"}).json()["events"]
    assert events
    assert {frozenset(event) for event in events} == {frozenset({"type", "sequence"})}


def test_an_answer_without_a_body_names_no_media_type(rig: ApiRig) -> None:
    rule = {"name": "none", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["ABC"]}}
    made = rig.http.post(f"{ROOT}/compliance/rules", json=rule)
    seen = rig.http.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    gone = rig.http.delete(made.headers["location"])
    assert (seen.status_code, gone.status_code) == (304, 204)
    assert not {"content-type"} & (set(seen.headers) | set(gone.headers))
