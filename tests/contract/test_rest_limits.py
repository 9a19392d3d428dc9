"""Risk limits over REST: built-in rows, changes with a reason that the gate goes by at once, and how risk stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.commands.limits import expire_limits
from workstation.domain.accounts import Environment
from workstation.kernel.ids import stable_uid

LIMITS = "/api/v1/risk/limits"
ORDERS = "/api/v1/oms/orders"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def limit(rig: ApiRig, limit_type: str) -> dict[str, Any]:
    return dict(rig.http.get(LIMITS, params={"limit_type": limit_type, "scope": "TENANT"}).json()["limits"][0])


def change(rig: ApiRig, limit_id: str, **body: Any) -> Any:
    return rig.http.put(f"{LIMITS}/{limit_id}", json=body, headers={"If-Match": "*"})


def for_account(**body: Any) -> dict[str, Any]:
    return {
        "limit_type": "ORDER_NOTIONAL",
        "limit_value": "5000",
        "scope": "ACCOUNT",
        "broker_account_id": ACCOUNT_UID,
        "reason": "cautious",
    } | body


def test_the_built_in_limits_are_rows_and_those_without_a_value_are_off(rig: ApiRig) -> None:
    body = rig.http.get(LIMITS).json()
    assert (body["total_count"], body["has_next"]) == (9, False)
    assert all(row["is_builtin"] for row in body["limits"])
    assert limit(rig, "ORDER_QUANTITY")["limit_value"] is None
    assert limit(rig, "ORDER_QUANTITY")["is_active"] is False
    loss = limit(rig, "DAILY_LOSS")
    assert (loss["limit_value"], loss["period"], loss["scope"]) == ("50000.0000", "DAY", "TENANT")
    names = [row["limit_type"] for row in rig.http.get(LIMITS, params={"ordering": "limit_type"}).json()["limits"]]
    assert names == sorted(names)
    assert rig.http.get(LIMITS, params={"is_active": "false"}).json()["total_count"] == 4


def test_a_change_needs_a_reason_and_the_version_and_binds_at_once(rig: ApiRig) -> None:
    known = limit(rig, "ORDER_NOTIONAL")
    path = f"{LIMITS}/{known['id']}"
    tag = rig.http.get(path).headers["etag"]
    assert code(rig.http.put(path, json={"limit_value": "5000"}, headers={"If-Match": "*"}), 422) == "VALIDATION_ERROR"
    body = {"limit_value": "5000", "reason": "cautious"}
    assert code(rig.http.put(path, json=body), 428) == "PRECONDITION_REQUIRED"
    changed = rig.http.put(path, json=body, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["id"], changed.json()["limit_value"]) == (known["id"], "5000.0000")
    assert code(rig.http.put(path, json=body, headers={"If-Match": tag}), 412) == "PRECONDITION_FAILED"
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["limit_id"] == known["id"]
    off = change(rig, known["id"], is_active=False, reason="on my head")
    assert off.json()["is_active"] is False
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    assert rig.http.get(LIMITS).json()["total_count"] == 9


def test_deleting_a_built_in_limit_restores_its_default(rig: ApiRig) -> None:
    known = limit(rig, "ORDER_NOTIONAL")
    change(rig, known["id"], limit_value="5000", reason="cautious")
    assert code(rig.http.delete(f"{LIMITS}/{known['id']}"), 422) == "VALIDATION_ERROR"
    assert rig.http.delete(f"{LIMITS}/{known['id']}", params={"reason": "calm"}).status_code == 204
    restored = limit(rig, "ORDER_NOTIONAL")
    assert (restored["limit_value"], restored["reason"]) == ("100000.0000", "calm")
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


def test_a_limit_of_an_account_is_added_once_binds_and_is_removed_with_a_reason(rig: ApiRig) -> None:
    made = rig.http.post(LIMITS, json=for_account())
    assert made.status_code == 201
    assert (made.json()["broker_account_id"], made.json()["is_builtin"]) == (ACCOUNT_UID, False)
    again = rig.http.post(LIMITS, json=for_account(limit_value="1"))
    assert code(again, 409) == "DUPLICATE"
    assert again.json()["details"]["id"] == made.json()["id"]
    assert code(rig.http.post(ORDERS, json=rig.order()), 422) == "RISK_LIMIT_BREACH"
    read = rig.http.get(made.headers["location"])
    assert (read.json(), read.headers["etag"]) == (made.json(), made.headers["etag"])
    listed = rig.http.get(LIMITS, params={"broker_account_id": ACCOUNT_UID}).json()["limits"]
    assert listed == [made.json()]
    removed = rig.http.request("DELETE", made.headers["location"], json={"reason": "no need"})
    assert removed.status_code == 204
    assert code(rig.http.get(made.headers["location"]), 404) == "NOT_FOUND"
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"limit_value": "0"}, 422),
        ({"limit_value": "-5"}, 422),
        ({"reason": " "}, 422),
        ({"scope": "INSTRUMENT"}, 422),
        ({"limit_type": "OPEN_ORDERS", "limit_value": "1.5"}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422),
        ({"broker_account_id": UNKNOWN}, 404),
        ({"scope": "INSTRUMENT", "broker_account_id": None, "instrument_symbol": "NOPE"}, 404),
    ],
)
def test_a_limit_that_cannot_be_is_refused(rig: ApiRig, changes: dict[str, Any], status: int) -> None:
    code(rig.http.post(LIMITS, json=for_account(**changes)), status)


def test_the_tenants_own_limits_are_built_in(rig: ApiRig) -> None:
    answer = rig.http.post(LIMITS, json=for_account(scope="TENANT", broker_account_id=None))
    assert code(answer, 409) == "DUPLICATE"
    assert answer.json()["details"]["id"] == limit(rig, "ORDER_NOTIONAL")["id"]


def test_a_temporary_value_ends_and_the_one_before_returns(rig: ApiRig) -> None:
    known = limit(rig, "ORDER_NOTIONAL")
    until = "2025-10-09T12:00:00Z"
    raised = change(rig, known["id"], limit_value="5000", expires_at=until, reason="for an hour")
    assert raised.json()["previous_value"] == "100000.0000"
    assert code(rig.http.post(ORDERS, json=rig.order()), 422) == "RISK_LIMIT_BREACH"
    rig.engine.do(lambda: rig.core.clock.advance(6 * 3_600 * 1_000_000_000))
    rig.engine.do(lambda: expire_limits(rig.engine.context))
    back = limit(rig, "ORDER_NOTIONAL")
    assert (back["limit_value"], back["expires_at"], back["previous_value"]) == ("100000.0000", None, None)
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


def test_the_status_shows_what_is_used_and_what_is_left(rig: ApiRig) -> None:
    change(rig, limit(rig, "OPEN_ORDERS")["id"], limit_value="3", reason="few")
    for name, value in (("ORDERS_PER_MINUTE", "60"), ("POSITION_NOTIONAL", "1000000")):
        change(rig, limit(rig, name)["id"], limit_value=value, reason="as usual")
    rig.place()
    rig.fill(rig.place(quantity="50"), 50, 10_000)
    rig.engine.do(lambda: rig.engine.pnl.mark("ABC", 10_000, rig.core.now))
    body = rig.http.get("/api/v1/risk/status").json()
    by_type = {row["limit_type"]: row for row in body["limits"]}
    assert (by_type["OPEN_ORDERS"]["used"], by_type["OPEN_ORDERS"]["headroom"]) == ("1.0000", "2.0000")
    assert by_type["ORDERS_PER_MINUTE"]["used"] == "2.0000"
    assert (by_type["POSITION_NOTIONAL"]["used"], by_type["POSITION_NOTIONAL"]["breached"]) == ("5000.0000", False)
    assert by_type["OPEN_ORDERS"]["limit_id"] == limit(rig, "OPEN_ORDERS")["id"]
    assert (body["arm_state"], body["trading_locked"], body["live_permits"]) == ("SIM", [], [])
    rig.engine.do(rig.core.lock)
    rig.http.post("/api/v1/risk/kill-switch", json={})
    body = rig.http.get("/api/v1/risk/status").json()
    assert [row["broker_account_id"] for row in body["trading_locked"]] == [ACCOUNT_UID]
    assert [row["is_on"] for row in body["kill_switches"]] == [True]


def test_a_limit_below_what_is_held_is_kept_shown_as_breached_and_holds_up_what_adds_alone(rig: ApiRig) -> None:
    rig.fill(rig.place(quantity="50"), 50, 10_000)
    rig.engine.do(lambda: rig.engine.pnl.mark("ABC", 10_000, rig.core.now))
    for name, value in (("POSITION_QUANTITY", "20"), ("POSITION_NOTIONAL", "2000")):
        changed = change(rig, limit(rig, name)["id"], limit_value=value, reason="too large")
        assert (changed.status_code, limit(rig, name)["limit_value"]) == (200, f"{value}.0000")
    rows = {row["limit_type"]: row for row in rig.http.get("/api/v1/risk/status").json()["limits"]}
    for name, used in (("POSITION_QUANTITY", "50.0000"), ("POSITION_NOTIONAL", "5000.0000")):
        row = rows[name]
        assert (row["used"], row["headroom"], row["breached"]) == (used, "0.0000", True)
    assert code(rig.http.post(ORDERS, json=rig.order(quantity="1")), 422) == "RISK_LIMIT_BREACH"
    assert rig.http.post(ORDERS, json=rig.order(side="SELL", quantity="5")).status_code == 201


def test_with_a_live_account_in_scope_limits_are_tightened_here_and_loosened_in_the_desktop(tmp_path: Path) -> None:
    with served(tmp_path, environment=Environment.LIVE) as rig:
        known = limit(rig, "ORDER_NOTIONAL")["id"]
        assert change(rig, known, limit_value="5000", reason="cautious").status_code == 200
        assert code(change(rig, known, limit_value="6000", reason="bold"), 403) == "DESKTOP_ONLY"
        assert code(change(rig, known, is_active=False, reason="bold"), 403) == "DESKTOP_ONLY"
        answer = rig.http.delete(f"{LIMITS}/{known}", params={"reason": "bold"})
        assert code(answer, 403) == "DESKTOP_ONLY"


def test_a_limit_set_by_name_is_the_row_that_is_shown(rig: ApiRig) -> None:
    body = {"parameters": {"limit": "ORDER_NOTIONAL", "value": "7000", "reason": "by name", "scope": "TENANT"}}
    assert rig.http.post("/api/v1/commands/risk.limit", json=body).status_code == 200
    row = limit(rig, "ORDER_NOTIONAL")
    assert (row["limit_value"], row["reason"]) == ("7000.0000", "by name")


def test_a_refusal_is_told_as_one_also_where_the_journal_is_done_at_once(rig: ApiRig) -> None:
    change(rig, limit(rig, "ORDER_NOTIONAL")["id"], limit_value="5000", reason="cautious")
    rig.core.journal.instant = True
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert rig.http.get(refused.headers["location"]).json()["state"] == "RISK_REJECTED"
    assert rig.http.post(ORDERS, json=rig.order(quantity="1")).status_code == 201
