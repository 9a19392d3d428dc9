"""Orders that compliance holds, over REST: listed with their reason, released or refused by a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.domain.market import SessionPhase
from workstation.kernel.ids import stable_uid

HOLDS = "/api/v1/compliance/holds"
ORDERS = "/api/v1/oms/orders"
RULES = "/api/v1/compliance/rules"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        made.core.prices.phases["ABC"] = SessionPhase.CLOSED
        rule = {"name": "hours", "rule_type": "MARKET_HOURS", "config": {"action": "HOLD"}}
        assert made.http.post(RULES, json=rule).status_code == 201
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def test_a_held_order_is_taken_shown_with_its_reason_and_listed(rig: ApiRig) -> None:
    order = rig.place()
    assert (order["state"], order["held_for"]) == ("NEW", "MARKET_HOURS")
    assert order["held_reason"].startswith("Held: market hours.")
    listed = rig.http.get(HOLDS).json()
    assert ([row["id"] for row in listed["holds"]], listed["total_count"]) == ([order["id"]], 1)
    assert rig.http.get(ORDERS, params={"status": "NEW"}).json()["orders"][0]["held_for"] == "MARKET_HOURS"


def test_a_release_sends_the_order_and_repeats_its_answer_by_key(rig: ApiRig) -> None:
    order = rig.place()
    key = {"Idempotency-Key": "r1"}
    first = rig.http.post(f"{HOLDS}/{order['id']}/release", json={"reason": "checked"}, headers=key)
    assert (first.status_code, first.json()["held_for"]) == (200, None)
    assert [sent.cl_ord_id for sent in rig.core.broker.of("submit")] == [order["client_order_id"]]
    again = rig.http.post(f"{HOLDS}/{order['id']}/release", json={"reason": "checked"}, headers=key)
    assert (again.headers["idempotency-replayed"], again.content) == ("true", first.content)
    assert len(rig.core.broker.of("submit")) == 1
    assert rig.http.get(HOLDS).json()["holds"] == []


def test_a_release_that_the_gate_refuses_ends_the_order(rig: ApiRig) -> None:
    order = rig.place()
    limit = {"name": "q", "limit_type": "ORDER_QUANTITY", "limit_value": "1", "reason": "less"}
    scope = {"scope": "INSTRUMENT", "instrument_symbol": "ABC"}
    assert rig.http.post("/api/v1/risk/limits", json=limit | scope).status_code == 201
    refused = rig.http.post(f"{HOLDS}/{order['id']}/release", json={})
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["order_id"] == order["id"]
    assert rig.http.get(f"{ORDERS}/{order['id']}").json()["state"] == "RISK_REJECTED"


def test_a_refusal_needs_a_reason_and_ends_the_order(rig: ApiRig) -> None:
    order = rig.place()
    path, key = f"{HOLDS}/{order['id']}/refuse", {"Idempotency-Key": "n1"}
    assert code(rig.http.post(path, json={}), 422) == "VALIDATION_ERROR"
    ended = rig.http.post(path, json={"reason": "insider list"}, headers=key)
    assert (ended.status_code, ended.json()["state"]) == (200, "COMPLIANCE_REJECTED")
    assert ended.json()["reject_reason"] == "Refused by local: insider list"
    again = rig.http.post(path, json={"reason": "insider list"}, headers=key)
    assert (again.headers["idempotency-replayed"], again.content) == ("true", ended.content)
    assert code(rig.http.post(path, json={"reason": "again"}), 409) == "STATE_CONFLICT"


def test_who_may_not_manage_compliance_neither_releases_nor_refuses(rig: ApiRig) -> None:
    order = rig.place()
    made = rig.http.post("/api/v1/auth/api-keys", json={"name": "k", "scopes": ["compliance:view", "orders:view"]})
    with rig.client(Authorization=f"Bearer {made.json()['key']}") as viewer:
        assert viewer.get(HOLDS).status_code == 200
        for word in ("release", "refuse"):
            answer = viewer.post(f"{HOLDS}/{order['id']}/{word}", json={"reason": "x"})
            assert code(answer, 403) == "PERMISSION_DENIED"


def test_an_order_that_is_not_held_or_not_known_is_said_so(rig: ApiRig) -> None:
    rig.core.prices.phases.clear()
    order = rig.place()
    assert code(rig.http.post(f"{HOLDS}/{order['id']}/release", json={}), 409) == "STATE_CONFLICT"
    assert code(rig.http.post(f"{HOLDS}/{stable_uid('no', 'body')}/release", json={}), 404) == "NOT_FOUND"


def test_hours_of_a_calendar_and_blackouts_come_back_as_they_were_written(rig: ApiRig) -> None:
    span = {"start": "2025-10-09T08:00:00.000000Z", "end": "2025-10-09T09:00:00.000000Z"}
    config = {"action": "REFUSE", "calendar": "XNYS", "blackouts": [span]}
    made = rig.http.post(RULES, json={"name": "earnings", "rule_type": "MARKET_HOURS", "config": config})
    assert (made.status_code, made.json()["config"]) == (201, config)
    for wrong in (
        {"action": "HOLD", "calendar": "MARS"},
        {"action": "HOLD", "blackouts": []},
        {"action": "HOLD", "blackouts": [{"start": span["end"], "end": span["start"]}]},
    ):
        answer = rig.http.post(RULES, json={"name": "x", "rule_type": "MARKET_HOURS", "config": wrong})
        assert code(answer, 422) == "VALIDATION_ERROR"
