"""Kill switches over REST: on once, off with a reason, and working while nothing can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.options import ApiOptions
from workstation.domain.accounts import Environment
from workstation.kernel.ids import stable_uid

ORDERS = "/api/v1/oms/orders"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(venue_wait=0.05)) as made:
        yield made


def problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def test_kill_switches_go_on_once_list_what_they_cancel_and_need_a_reason_to_go_off(rig: ApiRig) -> None:
    order = rig.place()
    path = "/api/v1/risk/kill-switch"
    body = rig.http.post(path, json={"scope": "ACCOUNT", "scope_id": ACCOUNT_UID, "reason": "stop"}).json()
    assert body["success"]
    assert (body["data"]["scope_id"], body["data"]["cancels_sent"]) == (ACCOUNT_UID, 1)
    assert rig.http.get(f"{ORDERS}/{order['id']}").json()["state"] == "CANCELLED"
    again = rig.http.post(path, json={"scope": "ACCOUNT", "scope_id": ACCOUNT_UID}).json()
    assert again["data"] == body["data"]
    assert rig.http.get(path, params={"is_on": "true"}).json()["kill_switches"] == [body["data"]]
    problem(
        rig.http.post(f"{path}/release", json={"scope": "ACCOUNT", "scope_id": ACCOUNT_UID}), 422, "VALIDATION_ERROR"
    )
    problem(rig.http.post(f"{path}/release", json={"reason": "calm"}), 409, "STATE_CONFLICT")
    off = rig.http.post(f"{path}/release", json={"scope": "ACCOUNT", "scope_id": ACCOUNT_UID, "reason": "calm"}).json()
    assert (off["data"]["is_on"], off["data"]["release_reason"]) == (False, "calm")
    assert rig.http.get(path, params={"is_on": "true"}).json()["total_count"] == 0
    problem(rig.http.post(path, json={"scope": "INSTRUMENT", "scope_id": UNKNOWN}), 404, "NOT_FOUND")
    problem(rig.http.post(path, json={"scope": "ACCOUNT"}), 422, "VALIDATION_ERROR")


def test_a_kill_switch_works_while_nothing_can_be_read(rig: ApiRig) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no database")

    rig.reader.kill_switches = broken  # type: ignore[assignment, method-assign]  # a reader in trouble
    rig.reader.orders = broken  # type: ignore[assignment, method-assign]  # the same trouble
    answer = rig.http.post("/api/v1/risk/kill-switch", json={})
    assert (answer.status_code, answer.json()["success"], answer.json()["data"]) == (200, True, None)
    problem(rig.http.post(ORDERS, json=rig.order()), 409, "KILL_SWITCH_ACTIVE")


def test_a_kill_switch_that_spared_orders_cancels_them_when_asked_again(rig: ApiRig) -> None:
    order = rig.place()
    path = "/api/v1/risk/kill-switch"
    assert rig.http.post(path, json={"cancel_orders": False}).status_code == 200
    assert rig.http.get(f"{ORDERS}/{order['id']}").json()["state"] == "SUBMITTED"
    assert rig.http.post(path, json={}).json()["data"]["cancels_sent"] == 1
    assert rig.http.get(f"{ORDERS}/{order['id']}").json()["state"] == "CANCELLED"


def test_with_a_live_account_in_scope_only_the_desktop_releases(tmp_path: Path) -> None:
    with served(tmp_path, environment=Environment.LIVE) as rig:
        path = "/api/v1/risk/kill-switch"
        assert rig.http.post(path, json={}).status_code == 200
        problem(rig.http.post(f"{path}/release", json={"reason": "calm"}), 403, "DESKTOP_ONLY")
