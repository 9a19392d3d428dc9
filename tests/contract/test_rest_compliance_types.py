"""The types of compliance rules over REST: what each refuses, what it lets through, and which config is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served

RULES = "/api/v1/compliance/rules"
ORDERS = "/api/v1/oms/orders"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def made(rig: ApiRig, rule_type: str, config: dict[str, Any], **fields: Any) -> Any:
    return rig.http.post(RULES, json={"name": rule_type.lower(), "rule_type": rule_type, "config": config} | fields)


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ("qty > 50", True),
        ("qty > 500", False),
        ("buy and flat", True),
        ("sell", False),
        ("notional > 1000", True),
        ("price > ask + 1000t", False),
        ("price > equity", None),
    ],
)
def test_a_condition_refuses_what_meets_it(rig: ApiRig, when: str, refused: bool | None) -> None:
    answer = made(rig, "CUSTOM", {"when": when})
    if refused is None:
        assert code(answer, 422) == "VALIDATION_ERROR"
        return
    assert answer.status_code == 201, answer.text
    assert answer.json()["config"] == {"when": when}
    placed = rig.http.post(ORDERS, json=rig.order())
    assert placed.status_code == (422 if refused else 201), placed.text
    if refused:
        assert (placed.json()["code"], when in placed.json()["detail"]) == ("COMPLIANCE_BLOCKED", True)


def test_a_condition_that_does_not_read_is_refused_with_its_column(rig: ApiRig) -> None:
    answer = made(rig, "CUSTOM", {"when": "qty > and"})
    assert code(answer, 422) == "VALIDATION_ERROR"
    field = answer.json()["details"]["fields"][0]
    assert (field["field"], "column 7" in field["message"]) == ("when", True)
    assert code(made(rig, "CUSTOM", {"when": "cursor > bid"}), 422) == "VALIDATION_ERROR"
    assert rig.http.get(RULES).json()["total_count"] == 0


def test_conditions_of_two_rules_both_hold_until_each_goes(rig: ApiRig) -> None:
    first = made(rig, "CUSTOM", {"when": "qty > 50"})
    other = made(rig, "CUSTOM", {"when": "notional > 1000"}, name="other")
    kept = {"qty > 50": first.json()["id"], "notional > 1000": other.json()["id"]}
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    met = next(text for text in kept if text in refused.json()["detail"])
    assert refused.json()["details"]["rule_id"] == kept[met]
    assert rig.http.delete(first.headers["location"]).status_code == 204
    refused = rig.http.post(ORDERS, json=rig.order()).json()
    assert ("notional" in refused["detail"], refused["details"]["rule_id"]) == (True, kept["notional > 1000"])


def test_a_condition_of_one_account_binds_that_account(rig: ApiRig) -> None:
    answer = made(rig, "CUSTOM", {"when": "buy"}, scope="ACCOUNT", scope_id=ACCOUNT_UID)
    assert answer.status_code == 201
    assert code(rig.http.post(ORDERS, json=rig.order()), 422) == "COMPLIANCE_BLOCKED"


@pytest.mark.parametrize(
    ("rule_type", "config"),
    [
        ("MARKET_HOURS", {"action": "REFUSE"}),
        ("WASH_TRADE", {"window_s": 60}),
        ("ACCOUNT_PERMISSION", {}),
    ],
)
def test_an_open_market_a_lone_account_and_shares_pass(rig: ApiRig, rule_type: str, config: dict[str, Any]) -> None:
    answer = made(rig, rule_type, config)
    assert (answer.status_code, answer.json()["config"]) == (201, config)
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    assert rig.http.get(RULES, params={"rule_type": rule_type}).json()["total_count"] == 1


@pytest.mark.parametrize(
    ("rule_type", "config"),
    [
        ("MARKET_HOURS", {"action": "WAIT"}),
        ("MARKET_HOURS", {}),
        ("WASH_TRADE", {"window_s": 0}),
        ("WASH_TRADE", {"window_s": "60"}),
        ("ACCOUNT_PERMISSION", {"any": 1}),
        ("CUSTOM", {}),
        ("CUSTOM", {"when": "bid"}),
    ],
)
def test_a_config_of_another_form_is_refused(rig: ApiRig, rule_type: str, config: dict[str, Any]) -> None:
    assert code(made(rig, rule_type, config), 422) == "VALIDATION_ERROR"


def test_of_several_rules_of_wash_trades_the_one_whose_window_refuses_is_named(rig: ApiRig) -> None:
    short = made(rig, "WASH_TRADE", {"window_s": 60}, name="short").json()["id"]
    far = {"name": "long", "scope": "ACCOUNT", "scope_id": ACCOUNT_UID}
    long = made(rig, "WASH_TRADE", {"window_s": 3_600}, **far).json()["id"]
    elsewhere, now = [("ABC", -1, "SIM-2")], rig.core.clock.now_ns()
    traded = rig.core.state.controls.traded
    rig.engine.do(lambda: traded.load([(*place, now - 600 * 1_000_000_000) for place in elsewhere]))
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    assert ("in the last 3600 s" in refused.json()["detail"], refused.json()["details"]["rule_id"]) == (True, long)
    assert rig.http.delete(f"{RULES}/{long}").status_code == 204
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    rig.engine.do(lambda: traded.load([(*place, now) for place in elsewhere]))
    refused = rig.http.post(ORDERS, json=rig.order())
    assert ("in the last 60 s" in refused.json()["detail"], refused.json()["details"]["rule_id"]) == (True, short)


def test_of_several_rules_of_hours_the_one_that_refuses_is_named(rig: ApiRig) -> None:
    wide = {"action": "REFUSE", "blackouts": [{"start": "2001-01-01T00:00:00Z", "end": "2001-01-02T00:00:00Z"}]}
    now = {"action": "REFUSE", "blackouts": [{"start": "2001-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}]}
    assert made(rig, "MARKET_HOURS", wide, name="wide").status_code == 201
    kept = made(rig, "MARKET_HOURS", now, name="own", scope="ACCOUNT", scope_id=ACCOUNT_UID).json()["id"]
    refused = rig.http.post(ORDERS, json=rig.order())
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    assert ("in a blackout" in refused.json()["detail"], refused.json()["details"]["rule_id"]) == (True, kept)
