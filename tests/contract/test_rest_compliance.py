"""Compliance rules over REST: kept with their versions, and what they forbid is refused from then on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.kernel.ids import stable_uid

RULES = "/api/v1/compliance/rules"
ORDERS = "/api/v1/oms/orders"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def rule(**fields: Any) -> dict[str, Any]:
    return {"name": "list", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["ABC"]}} | fields


def test_a_listed_symbol_is_refused_with_the_order_stored_until_the_rule_goes(rig: ApiRig) -> None:
    made = rig.http.post(RULES, json=rule(description="insiders"))
    assert made.status_code == 201
    assert (made.json()["config"], made.json()["scope_id"]) == ({"symbols": ["ABC"]}, None)
    refused = rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "one"})
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    named = refused.json()["details"]["rule_id"]
    assert (named, rig.http.get(f"{RULES}/{named}").status_code) == (made.json()["id"], 200)
    again = rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "one"})
    assert again.json()["details"] == refused.json()["details"]
    seen = rig.http.post(f"{ORDERS}/preview", json=rig.order()).json()["compliance"]["rules"]
    assert [line["rule_id"] for line in seen] == [named]
    assert rig.http.get(refused.headers["location"]).json()["state"] == "COMPLIANCE_REJECTED"
    assert rig.http.post(ORDERS, json=rig.order(instrument_symbol="XYZ")).status_code == 201
    assert rig.http.delete(made.headers["location"]).status_code == 204
    assert code(rig.http.get(made.headers["location"]), 404) == "NOT_FOUND"
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


def test_of_two_rules_that_name_a_symbol_the_other_still_forbids_it(rig: ApiRig) -> None:
    first = rig.http.post(RULES, json=rule())
    other = rig.http.post(RULES, json=rule(name="other", config={"symbols": ["ABC", "XYZ"]})).json()
    assert rig.http.delete(first.headers["location"]).status_code == 204
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    assert refused.json()["details"]["rule_id"] == other["id"]


def test_a_change_under_the_version_that_was_read_binds_at_once(rig: ApiRig) -> None:
    made = rig.http.post(RULES, json=rule())
    path, tag = made.headers["location"], made.headers["etag"]
    assert code(rig.http.put(path, json={"is_active": False}), 428) == "PRECONDITION_REQUIRED"
    off = rig.http.put(path, json={"is_active": False}, headers={"If-Match": tag})
    assert (off.status_code, off.json()["is_active"]) == (200, False)
    assert code(rig.http.patch(path, json={"name": "x"}, headers={"If-Match": tag}), 412) == "PRECONDITION_FAILED"
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    moved = {"is_active": True, "config": {"symbols": ["XYZ"]}}
    assert rig.http.patch(path, json=moved, headers={"If-Match": "*"}).status_code == 200
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    assert code(rig.http.post(ORDERS, json=rig.order(instrument_symbol="XYZ")), 422) == "COMPLIANCE_BLOCKED"


def test_a_short_sale_is_forbidden_in_its_scope(rig: ApiRig) -> None:
    body = rule(rule_type="SHORT_SALE", config={"action": "REFUSE"}, scope="ACCOUNT", scope_id=ACCOUNT_UID)
    made = rig.http.post(RULES, json=body)
    assert (made.status_code, made.json()["scope_id"]) == (201, ACCOUNT_UID)
    rig.http.post(RULES, json=rule(name="off", is_active=False, rule_type="SHORT_SALE", config={"action": "REFUSE"}))
    refused = rig.http.post(ORDERS, json=rig.order(side="SELL_SHORT"))
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    assert refused.json()["details"]["rule_id"] == made.json()["id"]
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


def test_rules_are_listed_filtered_and_named_once(rig: ApiRig) -> None:
    first = rig.http.post(RULES, json=rule()).json()
    again = rig.http.post(RULES, json=rule(name="LIST"))
    assert code(again, 409) == "DUPLICATE"
    assert again.json()["details"]["id"] == first["id"]
    rig.http.post(RULES, json=rule(name="short", rule_type="SHORT_SALE", config={"action": "REFUSE"}))
    by_name = rig.http.get(RULES, params={"ordering": "name"}).json()
    assert [row["name"] for row in by_name["rules"]] == ["list", "short"]
    assert rig.http.get(RULES, params={"rule_type": "SHORT_SALE"}).json()["total_count"] == 1
    assert rig.http.get(RULES, params={"search": "ist", "is_active": "true"}).json()["total_count"] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"config": {}}, 422),
        ({"config": {"symbols": []}}, 422),
        ({"config": {"symbols": ["ABC"], "more": 1}}, 422),
        ({"config": {"symbols": ["NOPE"]}}, 404),
        ({"rule_type": "SHORT_SALE"}, 422),
        ({"rule_type": "CUSTOM"}, 422),
        ({"scope": "ACCOUNT", "scope_id": ACCOUNT_UID}, 422),
        ({"rule_type": "SHORT_SALE", "config": {"action": "REFUSE"}, "scope": "ACCOUNT"}, 422),
        ({"rule_type": "SHORT_SALE", "config": {"action": "REFUSE"}, "scope": "ACCOUNT", "scope_id": UNKNOWN}, 404),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rig: ApiRig, changes: dict[str, Any], status: int) -> None:
    code(rig.http.post(RULES, json=rule(**changes)), status)


def test_a_rule_is_moved_to_another_scope_with_what_that_is_about(rig: ApiRig) -> None:
    made = rig.http.post(RULES, json=rule(name="wash", rule_type="WASH_TRADE", config={"window_s": 60}))
    path, any_version = made.headers["location"], {"If-Match": "*"}

    def change(**body: Any) -> Any:
        return rig.http.put(path, json=body, headers=any_version)

    moved = change(scope="ACCOUNT", scope_id=ACCOUNT_UID).json()
    assert (moved["scope"], moved["scope_id"]) == ("ACCOUNT", ACCOUNT_UID)
    assert rig.http.get(path).json()["scope_id"] == ACCOUNT_UID
    assert code(change(scope="INSTRUMENT"), 422) == "VALIDATION_ERROR"
    assert code(change(scope="ACCOUNT", scope_id=UNKNOWN), 404) == "NOT_FOUND"
    assert change(scope="TENANT").json()["scope_id"] is None
    listed = rig.http.post(RULES, json=rule(name="list")).headers["location"]
    body = {"scope": "ACCOUNT", "scope_id": ACCOUNT_UID}
    assert code(rig.http.put(listed, json=body, headers=any_version), 422) == "VALIDATION_ERROR"
