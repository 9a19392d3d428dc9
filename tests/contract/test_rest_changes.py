"""What can be changed is read with a tag and changed under it, at every path that takes PUT: 304, 428, 412 and 200.

One of each resource is made, or found where the service has it from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.application import ENDPOINTS
from workstation.api.guard import API_ROOT
from workstation.api.options import ApiOptions

HOOK_HOST = "127.0.0.1:9"
STRATEGY = {
    "name": "first",
    "strategy_type": "CUSTOM",
    "instruments": ["ABC"],
    "rebalance_frequency": "NONE",
    "config": {"entry_point": "hand:Buyer"},
}
RUN = {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"}
SUBSCRIPTION = {
    "instrument_symbols": ["ABC"],
    "data_types": ["LEVEL_1"],
    "update_frequency": "REALTIME",
    "delivery_method": "SSE",
}
RULE = {"name": "none", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["ABC"]}}
HOOK = {"name": "books", "endpoint_url": f"http://{HOOK_HOST}/", "event_types": ["risk.*"]}

Find = Callable[[ApiRig], str]


def made(path: str, body: dict[str, Any]) -> Find:
    """Return what makes a resource and gives its path."""

    def make(rig: ApiRig) -> str:
        answer = rig.http.post(API_ROOT + path, json=body)
        assert answer.status_code == 201, answer.text
        return f"{API_ROOT}{path}/{answer.json()['id']}"

    return make


def first(path: str, id_name: str = "id") -> Find:
    """Return what gives the path of a list's first item."""

    def find(rig: ApiRig) -> str:
        listed = rig.http.get(API_ROOT + path).json()
        rows = next(value for value in listed.values() if isinstance(value, list))
        return f"{API_ROOT}{path}/{rows[0][id_name]}"

    return find


def below(parent: Find, path: str, id_name: str = "id") -> Find:
    """Return what gives the path of the first item of a list below another's first."""
    return lambda rig: first(parent(rig).removeprefix(API_ROOT) + path, id_name)(rig)


def run_of_strategy(rig: ApiRig) -> str:
    strategy = made("/strategies", STRATEGY)(rig)
    answer = rig.http.post(f"{strategy}/runs", json=RUN)
    assert answer.status_code == 201, answer.text
    return f"{API_ROOT}/strategies/runs/{answer.json()['id']}"


CHANGES: dict[str, tuple[Find, dict[str, Any]]] = {
    "/auth/me": (lambda _: f"{API_ROOT}/auth/me", {}),
    "/auth/api-keys/{key_id}": (made("/auth/api-keys", {"name": "k", "scopes": ["events:view"]}), {}),
    "/brokers/{broker_id}": (first("/brokers"), {}),
    "/brokers/{broker_id}/accounts/{account_id}": (below(first("/brokers"), "/accounts"), {}),
    "/brokers/{broker_id}/connections/{connection_id}": (below(first("/brokers"), "/connections"), {}),
    "/compliance/rules/{rule_id}": (made("/compliance/rules", RULE), {}),
    "/instruments/{instrument_id}": (first("/instruments"), {}),
    "/marketdata/subscriptions/{subscription_id}": (made("/marketdata/subscriptions", SUBSCRIPTION), {}),
    "/oms/orders/{order_id}": (lambda rig: f"{API_ROOT}/oms/orders/{rig.place()['id']}", {"notes": "n"}),
    "/risk/limits/{limit_id}": (first("/risk/limits"), {"reason": "why"}),
    "/strategies/{strategy_id}": (made("/strategies", STRATEGY), {}),
    "/strategies/runs/{run_id}": (run_of_strategy, {}),
    "/system/config/{key}": (lambda _: f"{API_ROOT}/system/config/webhooks.retry_delay", {"value": 61}),
    "/tenants/{tenant_id}": (first("/tenants"), {}),
    "/tenants/{tenant_id}/members/{user_id}": (
        lambda rig: below(first("/tenants"), "/users", "user_id")(rig).replace("/users/", "/members/"),
        {},
    ),
    "/users/{user_id}": (first("/users"), {}),
    "/webhooks/out/{webhook_id}": (made("/webhooks/out", HOOK), {}),
    "/webhooks/in/sources/{source_id}": (made("/webhooks/in/sources", {"name": "alerts"}), {}),
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(webhook_hosts=(HOOK_HOST,), venue_wait=0.05)) as made_rig:
        yield made_rig


def test_every_path_that_takes_put_is_among_them() -> None:
    assert set(CHANGES) == {endpoint.path for endpoint in ENDPOINTS if endpoint.if_match}


@pytest.mark.parametrize("path", CHANGES)
def test_it_is_read_with_its_tag_and_changed_under_it(rig: ApiRig, path: str) -> None:
    find, change = CHANGES[path]
    place = find(rig)
    read = rig.http.get(place)
    assert (read.status_code, rig.http.get(place, headers={"If-None-Match": read.headers["etag"]}).status_code) == (
        200,
        304,
    )
    for method in ("PUT", "PATCH"):
        tag = rig.http.get(place).headers["etag"]
        refused = [rig.http.request(method, place, json=change, headers=h) for h in ({}, {"If-Match": '"v999"'})]
        assert [answer.status_code for answer in refused] == [428, 412], [answer.text for answer in refused]
        done = rig.http.request(method, place, json=change, headers={"If-Match": tag})
        assert done.status_code == 200, done.text
