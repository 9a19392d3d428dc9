"""Overrides over REST: one order of the account passes the limit once, then it is used up; nothing else gets by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.domain.accounts import Environment
from workstation.kernel.ids import stable_uid

OVERRIDE = "/api/v1/risk/override"
OVERRIDES = "/api/v1/risk/overrides"
LIMITS = "/api/v1/risk/limits"
ORDERS = "/api/v1/oms/orders"
UNKNOWN = stable_uid("nobody", "knows")
MINUTE_NS = 60_000_000_000


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def tightened(rig: ApiRig, limit_type: str = "ORDER_NOTIONAL", value: str = "5000") -> str:
    """Return the tenant's limit, set so that the rig's order exceeds it."""
    row = rig.http.get(LIMITS, params={"limit_type": limit_type, "scope": "TENANT"}).json()["limits"][0]
    body = {"limit_value": value, "reason": "cautious"}
    assert rig.http.put(f"{LIMITS}/{row['id']}", json=body, headers={"If-Match": "*"}).status_code == 200
    return str(row["id"])


def allow(rig: ApiRig, limit_id: str, **fields: Any) -> Any:
    body = {"limit_id": limit_id, "broker_account_id": ACCOUNT_UID, "reason": "known client"} | fields
    return rig.http.post(OVERRIDE, json=body)


def test_one_order_passes_and_the_next_one_does_not(rig: ApiRig) -> None:
    limit_id = tightened(rig)
    made = allow(rig, limit_id).json()
    assert (made["success"], made["data"]["is_active"], made["data"]["limit_type"]) == (True, True, "ORDER_NOTIONAL")
    placed = rig.http.post(ORDERS, json=rig.order())
    assert placed.status_code == 201, placed.text
    row = rig.http.get(OVERRIDES).json()["overrides"][0]
    assert (row["order_id"], row["is_active"], row["used_at"] is None) == (placed.json()["id"], False, False)
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["limit_id"] == limit_id


def test_a_refusal_names_the_limit_that_decided_and_its_override_lifts_that_one_alone(rig: ApiRig) -> None:
    body = {
        "limit_type": "ORDER_NOTIONAL", "limit_value": "4000", "scope": "ACCOUNT", "broker_account_id": ACCOUNT_UID,
        "reason": "cautious",
    }  # fmt: skip
    own = rig.http.post(LIMITS, json=body).json()["id"]
    wide = tightened(rig)
    refused = rig.http.post(ORDERS, json=rig.order()).json()["details"]
    assert (refused["limit_id"], refused["limit_type"]) == (own, "ORDER_NOTIONAL")
    allow(rig, own)
    assert rig.http.post(ORDERS, json=rig.order()).json()["details"]["limit_id"] == wide
    assert rig.http.get(OVERRIDES, params={"is_active": "true"}).json()["total_count"] == 1
    allow(rig, wide)
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    assert rig.http.get(OVERRIDES, params={"is_active": "true"}).json()["total_count"] == 0


def test_an_override_of_one_symbol_is_of_no_use_to_another(rig: ApiRig) -> None:
    limit_id = tightened(rig)
    made = allow(rig, limit_id, instrument_symbol="XYZ").json()["data"]
    assert (made["instrument_symbol"], made["instrument_id"]) == ("XYZ", stable_uid("instrument", "XYZ"))
    assert code(rig.http.post(ORDERS, json=rig.order()), 422) == "RISK_LIMIT_BREACH"
    assert rig.http.get(OVERRIDES, params={"instrument_symbol": "XYZ", "is_active": "true"}).json()["total_count"] == 1
    assert rig.http.get(OVERRIDES, params={"instrument_symbol": "ABC"}).json()["total_count"] == 0


def test_a_preview_says_that_the_order_would_pass_and_uses_nothing(rig: ApiRig) -> None:
    allow(rig, tightened(rig))
    for _ in range(2):
        assert rig.http.post(f"{ORDERS}/preview", json=rig.order()).json()["risk"]["passed"] is True
    assert rig.http.get(OVERRIDES, params={"is_active": "true"}).json()["total_count"] == 1


def test_an_override_that_is_not_needed_is_kept(rig: ApiRig) -> None:
    allow(rig, tightened(rig, value="90000"))
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    assert rig.http.get(OVERRIDES).json()["overrides"][0]["used_at"] is None


def test_what_is_asked_for_must_be_complete_known_and_soon(rig: ApiRig) -> None:
    limit_id = tightened(rig)
    assert code(allow(rig, limit_id, reason=" "), 422) == "VALIDATION_ERROR"
    assert code(allow(rig, limit_id, expires_at="2000-01-01T00:00:00Z"), 422) == "VALIDATION_ERROR"
    assert code(allow(rig, limit_id, expires_at="2999-01-01T00:00:00Z"), 422) == "VALIDATION_ERROR"
    assert code(allow(rig, UNKNOWN), 404) == "NOT_FOUND"
    assert code(allow(rig, limit_id, broker_account_id=UNKNOWN), 404) == "NOT_FOUND"
    assert code(allow(rig, limit_id, instrument_symbol="NOPE"), 404) == "NOT_FOUND"
    assert rig.http.get(OVERRIDES).json()["overrides"] == []


def test_a_repeat_with_the_same_key_makes_one_override(rig: ApiRig) -> None:
    body = {"limit_id": tightened(rig), "broker_account_id": ACCOUNT_UID, "reason": "known client"}
    first, second = (rig.http.post(OVERRIDE, json=body, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.json()) == (200, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert rig.http.get(OVERRIDES).json()["total_count"] == 1


def test_a_script_gives_itself_none_on_a_live_account(tmp_path: Path) -> None:
    with served(tmp_path, environment=Environment.LIVE) as rig:
        limit_id = rig.http.get(LIMITS, params={"limit_type": "ORDER_NOTIONAL"}).json()["limits"][0]["id"]
        assert code(allow(rig, limit_id), 403) == "DESKTOP_ONLY"


def test_made_and_used_are_told_as_events_and_audited(rig: ApiRig) -> None:
    made = allow(rig, tightened(rig)).json()["data"]
    rig.http.post(ORDERS, json=rig.order())
    events = rig.http.get("/api/v1/events", params={"types": "risk.override.*"}).json()["events"]
    assert sorted(row["type"] for row in events) == ["risk.override.created", "risk.override.used"]
    entry = rig.http.get("/api/v1/audit", params={"action": "RISK_OVERRIDE"}).json()["entries"][0]
    assert (entry["resource_id"], entry["outcome"]) == (made["id"], "SUCCESS")


def test_the_list_is_sorted_cut_and_filtered(rig: ApiRig) -> None:
    limit_id = tightened(rig)
    ids = [allow(rig, limit_id, reason=f"client {number}").json()["data"]["id"] for number in range(3)]
    asked = {"limit": 2, "ordering": "created_at", "fields": "id"}
    first, last = (rig.http.get(OVERRIDES, params=asked | {"offset": offset}).json() for offset in (0, 2))
    assert (first["has_next"], last["has_next"]) == (True, False)
    assert sorted(row["id"] for page in (first, last) for row in page["overrides"]) == sorted(ids)
    assert rig.http.get(OVERRIDES, params={"limit_type": "DAILY_LOSS"}).json()["total_count"] == 0
    assert rig.http.get(OVERRIDES, params={"broker_account_id": ACCOUNT_UID}).json()["total_count"] == 3


def test_the_list_is_filtered_by_where_the_limit_binds(rig: ApiRig) -> None:
    strategy = stable_uid("a", "strategy")
    body = {"limit_type": "ORDER_NOTIONAL", "limit_value": "5000", "reason": "cautious"}
    ids = {"TENANT": tightened(rig)}
    for scope, place in (("ACCOUNT", {"broker_account_id": ACCOUNT_UID}), ("STRATEGY", {"strategy_id": strategy})):
        ids[scope] = rig.http.post(LIMITS, json=body | place | {"scope": scope}).json()["id"]
    for limit_id in ids.values():
        assert allow(rig, limit_id).status_code == 200

    def listed(**params: str) -> list[str]:
        return [row["limit_id"] for row in rig.http.get(OVERRIDES, params=params).json()["overrides"]]

    assert {scope: listed(scope=scope) for scope in ids} == {scope: [key] for scope, key in ids.items()}
    assert listed(strategy_id=strategy) == [ids["STRATEGY"]]
    assert listed(strategy_id=UNKNOWN) == []
    assert len(listed()) == 3


def test_the_risk_report_has_every_override(rig: ApiRig) -> None:
    made = allow(rig, tightened(rig)).json()["data"]
    report = rig.http.get("/api/v1/reports/risk").json()
    names = [column["name"] for column in report["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in report["rows"]]
    shown = [row for row in rows if row["kind"] == "OVERRIDE"]
    assert [(row["id"], row["state"], row["reason"]) for row in shown] == [(made["id"], "ACTIVE", "known client")]
