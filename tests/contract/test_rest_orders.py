"""Orders over REST: every success, every refusal, and keys that make a repeat harmless. A real server, a real desk.

Long because one resource has one contract, and its rows are read side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.options import ApiOptions
from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.ids import stable_uid
from workstation.viewmodels.frames import PositionSnap

ORDERS = "/api/v1/oms/orders"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(venue_wait=0.05)) as made:
        yield made


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check a problem's form and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = dict(answer.json())
    assert body["code"] == code
    assert body["status"] == body["error"]["code"] == status
    assert body["details"] == body["error"]["details"]
    assert body["trace_id"]
    return body


def test_an_order_is_placed_read_and_listed_with_the_same_body(rig: ApiRig) -> None:
    made = rig.http.post(ORDERS, json=rig.order(notes="hello", metadata={"a": [1, {"b": None}]}))
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == f"{ORDERS}/{body['id']}"
    assert (body["quantity"], body["price"], body["total_value"]) == ("100", "100.00", "10000.0000")
    assert body["metadata"] == {"a": [1, {"b": None}]}
    read = rig.http.get(made.headers["location"])
    assert read.json()["notes"] == "hello"
    assert read.headers["etag"] == f'"v{read.json()["row_version"]}"'
    by_client_id = rig.http.get(f"{ORDERS}/by-client-id/{body['client_order_id']}")
    assert by_client_id.json() == read.json()
    listed = rig.http.get(ORDERS).json()
    assert listed == {"orders": [read.json()], "total_count": 1, "has_next": False, "next_cursor": None}


def test_an_unchanged_order_is_not_sent_again(rig: ApiRig) -> None:
    body = rig.place()
    tag = rig.http.get(f"{ORDERS}/{body['id']}").headers["etag"]
    again = rig.http.get(f"{ORDERS}/{body['id']}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    weakly = rig.http.get(f"{ORDERS}/{body['id']}", headers={"If-None-Match": f'"v0", W/{tag}'})
    assert weakly.status_code == 304
    head = rig.http.head(f"{ORDERS}/{body['id']}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


def test_chosen_fields_are_the_only_ones_and_carry_no_etag(rig: ApiRig) -> None:
    body = rig.place()
    read = rig.http.get(f"{ORDERS}/{body['id']}?fields=id,state")
    assert set(read.json()) == {"id", "state"}
    assert "etag" not in read.headers
    problem(rig.http.get(f"{ORDERS}?fields=id,colour"), 422, "VALIDATION_ERROR")


def test_times_in_force_that_the_core_does_not_name_come_back_as_sent(rig: ApiRig) -> None:
    assert rig.place(time_in_force="LOC")["time_in_force"] == "LOC"
    moc = rig.place(order_type="MARKET", price=None, time_in_force="MOC")
    assert moc["time_in_force"] == "MOC"
    assert moc["metadata"] == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "-5"}, "quantity"),
        ({"quantity": "1.5"}, "quantity"),
        ({"quantity": "٣"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"price": "100.005"}, "price"),
        ({"price": ""}, "price"),
        ({"price": None}, "$"),
        ({"stop_price": "99.00"}, "$"),
        ({"side": "buy"}, "side"),
        ({"time_in_force": "GTD"}, "$"),
        ({"time_in_force": "MOC"}, "$"),
        ({"time_in_force": "GTD", "expire_at": "2020-01-01T00:00:00Z"}, "expire_at"),
        ({"time_in_force": "GTD", "expire_at": "2030-01-01T00:00:00"}, "expire_at"),
        ({"client_order_id": "a b"}, "client_order_id"),
        ({"broker_account_id": "SIM-1"}, "broker_account_id"),
        ({"instrument_symbol": "A\u0007"}, "instrument_symbol"),
        ({"colour": "red"}, "colour"),
        ({"notes": "x" * 2_001}, "notes"),
        ({"leg_role": "OCO"}, "$"),
        ({"metadata": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}}, "$"),
        ({"metadata": {"a": "x" * 17_000}}, "$"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(rig: ApiRig, changes: dict[str, Any], field: str) -> None:
    body = problem(rig.http.post(ORDERS, json=rig.order(**changes)), 422, "VALIDATION_ERROR")
    fault = body["details"]["fields"][0]
    assert fault["field"] == field
    assert set(fault) <= {"field", "location", "issue", "message", "allowed", "step"}
    assert rig.engine.calls == []


def test_a_wrong_enum_names_what_is_allowed_and_a_wrong_grid_its_step(rig: ApiRig) -> None:
    body = problem(rig.http.post(ORDERS, json=rig.order(side="UP")), 422, "VALIDATION_ERROR")
    assert body["details"]["fields"][0]["allowed"] == ["BUY", "SELL", "BUY_TO_COVER", "SELL_SHORT"]
    body = problem(rig.http.post(ORDERS, json=rig.order(price="100.005")), 422, "VALIDATION_ERROR")
    assert body["details"]["fields"][0]["step"] == "0.01"


def test_unknown_things_are_not_found_and_malformed_ids_are_invalid(rig: ApiRig) -> None:
    for changes in (
        {"broker_account_id": UNKNOWN},
        {"instrument_symbol": "NOPE"},
        {"strategy_run_id": UNKNOWN},
        {"parent_order_id": UNKNOWN, "leg_role": "OCO"},
    ):
        problem(rig.http.post(ORDERS, json=rig.order(**changes)), 404, "NOT_FOUND")
    for method, tail in (("GET", ""), ("DELETE", ""), ("GET", "/executions"), ("GET", "/history"), ("POST", "/cancel")):
        problem(rig.http.request(method, f"{ORDERS}/{UNKNOWN}{tail}"), 404, "NOT_FOUND")
        problem(rig.http.request(method, f"{ORDERS}/abc{tail}"), 422, "VALIDATION_ERROR")
    problem(rig.http.get(f"{ORDERS}/by-client-id/nobody"), 404, "NOT_FOUND")


def test_an_unknown_account_names_those_that_are(rig: ApiRig) -> None:
    body = problem(rig.http.post(ORDERS, json=rig.order(broker_account_id=UNKNOWN)), 404, "NOT_FOUND")
    assert body["details"]["known"] == [{"account": "SIM-1", "id": ACCOUNT_UID, "environment": "SIM"}]


def test_an_order_type_that_no_venue_takes_names_those_that_are(rig: ApiRig) -> None:
    body = problem(rig.http.post(ORDERS, json=rig.order(order_type="PEGGED")), 422, "UNSUPPORTED_ORDER")
    assert "LIMIT" in body["details"]["supported"]


def limit(rig: ApiRig, name: str, value: str) -> None:
    changed = LimitChanged(limit=name, scope="TENANT", key="", old="", new=value, actor="t", reason="", ts=rig.core.now)
    rig.engine.do(lambda: rig.core.record(changed))


def test_a_risk_refusal_stores_the_order_and_names_limit_and_headroom(rig: ApiRig) -> None:
    limit(rig, "ORDER_NOTIONAL", "5000")
    answer = rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "r"})
    body = problem(answer, 422, "RISK_LIMIT_BREACH")
    assert body["details"]["limit_type"] == "ORDER_NOTIONAL"
    assert body["details"]["limit"] == "5000.00"
    assert body["details"]["headroom"]
    stored = rig.http.get(answer.headers["location"]).json()
    assert (stored["id"], stored["state"]) == (body["details"]["order_id"], "RISK_REJECTED")
    assert stored["risk_check_passed"] is False
    again = rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "r"})
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    assert rig.http.get(ORDERS).json()["total_count"] == 1


def test_a_script_may_say_that_a_duplicate_is_meant(rig: ApiRig) -> None:
    rig.place()
    body = problem(rig.http.post(ORDERS, json=rig.order(allow_duplicate=False)), 422, "RISK_LIMIT_BREACH")
    assert body["details"]["limit_type"] == "DUPLICATE_ORDER"


def test_a_locked_account_and_a_kill_switch_refuse_before_an_order_exists(rig: ApiRig) -> None:
    rig.engine.do(rig.core.lock)
    problem(rig.http.post(ORDERS, json=rig.order()), 409, "TRADING_LOCKED")
    rig.engine.do(rig.core.unlock)
    assert rig.http.post("/api/v1/risk/kill-switch", json={}).status_code == 200
    problem(rig.http.post(ORDERS, json=rig.order()), 409, "KILL_SWITCH_ACTIVE")
    assert rig.http.get(ORDERS).json()["total_count"] == 0


def test_of_several_obstacles_the_one_that_the_contract_names_first_refuses(rig: ApiRig) -> None:
    """Each step removes the obstacle that spoke: instrument, type, lock, kill switch, compliance, risk."""
    core = rig.core
    known = core.state.instruments["XYZ"]
    card, core.broker.capabilities = core.broker.capabilities, replace(core.broker.capabilities, ord_types=frozenset())
    core.state.instruments["XYZ"] = replace(known, tradable=False)
    rig.engine.do(core.lock)
    assert rig.http.post("/api/v1/risk/kill-switch", json={}).status_code == 200
    listed = {"name": "list", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["XYZ"]}}
    rule = rig.http.post("/api/v1/compliance/rules", json=listed).headers["location"]
    limit(rig, "ORDER_NOTIONAL", "5000")
    core.prices.quote("XYZ", 9_990, 10_010)
    order = rig.order(instrument_symbol="XYZ")

    def refused(status: int, code: str) -> None:
        problem(rig.http.post(ORDERS, json=order), status, code)

    refused(422, "INSTRUMENT_NOT_TRADABLE")
    core.state.instruments["XYZ"] = known
    refused(422, "UNSUPPORTED_ORDER")
    core.broker.capabilities = card
    refused(409, "TRADING_LOCKED")
    rig.engine.do(core.unlock)
    refused(409, "KILL_SWITCH_ACTIVE")
    assert rig.http.post("/api/v1/risk/kill-switch/release", json={"reason": "calm"}).status_code == 200
    core.prices.quote("XYZ", 9_990, 10_010, fresh=False)
    refused(422, "COMPLIANCE_BLOCKED")
    core.prices.quote("XYZ", 9_990, 10_010)
    assert rig.http.delete(rule).status_code == 204
    refused(422, "RISK_LIMIT_BREACH")
    limit(rig, "ORDER_NOTIONAL", "UNLIMITED")
    core.worth.money = 0
    refused(422, "INSUFFICIENT_FUNDS")


def test_a_used_client_order_id_points_to_the_first_order(rig: ApiRig) -> None:
    first = rig.place(client_order_id="mine-1")
    answer = rig.http.post(ORDERS, json=rig.order(client_order_id="mine-1", quantity="5"))
    assert problem(answer, 409, "DUPLICATE")["details"]["order_id"] == first["id"]
    assert answer.headers["location"] == f"{ORDERS}/{first['id']}"


def test_a_cancel_is_done_at_once_or_accepted_while_the_venue_is_silent(rig: ApiRig) -> None:
    done = rig.http.delete(f"{ORDERS}/{rig.place()['id']}")
    assert (done.status_code, done.json()["state"]) == (200, "CANCELLED")
    again = rig.http.delete(f"{ORDERS}/{done.json()['id']}")
    assert (again.status_code, again.headers["etag"]) == (200, done.headers["etag"])
    waiting = rig.place()
    rig.core.broker.auto = False
    for _ in range(2):
        answer = rig.http.post(f"{ORDERS}/{waiting['id']}/cancel", json={"reason": "enough"})
        assert (answer.status_code, answer.json()["state"]) == (202, "PENDING_CANCEL")
    assert rig.http.post(f"{ORDERS}/{waiting['id']}/cancel").status_code == 202


def test_a_filled_order_can_be_neither_cancelled_nor_changed(rig: ApiRig) -> None:
    body = rig.place()
    rig.fill(body, 100)
    assert problem(rig.http.delete(f"{ORDERS}/{body['id']}"), 409, "STATE_CONFLICT")["details"]["state"] == "FILLED"
    answer = rig.http.put(f"{ORDERS}/{body['id']}", json={"notes": "late"}, headers={"If-Match": "*"})
    problem(answer, 409, "STATE_CONFLICT")


def test_a_change_needs_the_current_etag_and_takes_effect(rig: ApiRig) -> None:
    order = rig.http.get(f"{ORDERS}/{rig.place()['id']}")
    path, tag = f"{ORDERS}/{order.json()['id']}", order.headers["etag"]
    problem(rig.http.put(path, json={"price": "99.00"}), 428, "PRECONDITION_REQUIRED")
    problem(rig.http.put(path, json={"price": "99.00"}, headers={"If-Match": '"v1"'}), 412, "PRECONDITION_FAILED")
    problem(rig.http.put(path, json={"price": "99.00"}, headers={"If-Match": f"W/{tag}"}), 412, "PRECONDITION_FAILED")
    changed = rig.http.put(path, json={"price": "99.00", "quantity": "50"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["price"], changed.json()["quantity"]) == (200, "99.00", "50")
    problem(rig.http.patch(path, json={"price": "98.00"}, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")
    modified = rig.http.post(f"{path}/modify", json={"price": "98.00"})
    assert (modified.status_code, modified.json()["price"]) == (200, "98.00")
    noted = rig.http.patch(path, json={"notes": "n", "metadata": {"k": 1}}, headers={"If-Match": "*"})
    assert (noted.status_code, noted.json()["notes"], noted.json()["metadata"]) == (200, "n", {"k": 1})
    cleared = rig.http.patch(path, json={"notes": None}, headers={"If-Match": "*"})
    assert (cleared.json()["notes"], cleared.json()["metadata"]) == (None, {"k": 1})


def test_a_change_in_flight_shows_old_terms_and_what_is_asked(rig: ApiRig) -> None:
    body = rig.place()
    rig.core.broker.auto = False
    answer = rig.http.put(f"{ORDERS}/{body['id']}", json={"price": "99.00"}, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["state"]) == (202, "PENDING_REPLACE")
    assert (answer.json()["price"], answer.json()["pending_changes"]) == ("100.00", {"price": "99.00"})
    refused = rig.http.put(f"{ORDERS}/{body['id']}", json={"price": "98.00"}, headers={"If-Match": "*"})
    assert problem(refused, 409, "STATE_CONFLICT")["details"]["allowed"]


@pytest.mark.parametrize("changes", [{"price": None}, {"side": "SELL"}, {"price": "1.001"}, {"quantity": "0"}])
def test_a_change_of_what_cannot_change_is_invalid(rig: ApiRig, changes: dict[str, Any]) -> None:
    body = rig.place()
    answer = rig.http.put(f"{ORDERS}/{body['id']}", json=changes, headers={"If-Match": "*"})
    problem(answer, 422, "VALIDATION_ERROR")


def test_of_two_writers_with_one_etag_exactly_one_wins(rig: ApiRig) -> None:
    order = rig.http.get(f"{ORDERS}/{rig.place()['id']}")
    path, tag = f"{ORDERS}/{order.json()['id']}", order.headers["etag"]

    def write(note: str) -> int:
        with rig.client(Authorization=f"Bearer {rig.token}") as client:
            return client.put(path, json={"notes": note}, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(write, "abcd"))
    assert statuses == [200, 412, 412, 412]


def test_a_repeat_with_its_key_has_one_effect_and_one_answer(rig: ApiRig) -> None:
    headers = {"Idempotency-Key": '"once"'}
    first = rig.http.post(ORDERS, json=rig.order(), headers=headers)
    second = rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "once"})
    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    assert second.headers["idempotency-replayed"] == "true"
    for name in ("location", "etag"):
        assert second.headers[name] == first.headers[name]
    assert rig.engine.calls == ["order.submit"]
    other = rig.http.post(ORDERS, json=rig.order(quantity="7"), headers=headers)
    problem(other, 422, "IDEMPOTENCY_MISMATCH")
    problem(rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "a b"}), 400, "BAD_REQUEST")


def test_a_corrected_body_may_use_the_key_again(rig: ApiRig) -> None:
    headers = {"Idempotency-Key": "k"}
    problem(rig.http.post(ORDERS, json=rig.order(price="1.001"), headers=headers), 422, "VALIDATION_ERROR")
    assert rig.http.post(ORDERS, json=rig.order(), headers=headers).status_code == 201


def test_a_repeat_while_the_first_runs_is_told_to_wait(rig: ApiRig) -> None:
    rig.engine.held.clear()
    headers = {"Idempotency-Key": "race"}

    def place() -> int:
        with rig.client(Authorization=f"Bearer {rig.token}") as client:
            return client.post(ORDERS, json=rig.order(), headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        racing = [pool.submit(place) for _ in range(6)]
        early = [future.result() for _, future in zip(range(5), as_completed(racing), strict=False)]
        rig.engine.held.set()
        statuses = sorted(future.result() for future in racing)
    assert early == [409] * 5
    assert statuses == [201, 409, 409, 409, 409, 409]
    assert rig.http.get(ORDERS).json()["total_count"] == 1


def test_an_answer_that_came_too_late_is_what_a_retry_gets(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(engine_timeout=0.05)) as rig:
        rig.engine.held.clear()
        headers = {"Idempotency-Key": "late"}
        body = problem(rig.http.post(ORDERS, json=rig.order(), headers=headers), 503, "ENGINE_TIMEOUT")
        assert body["details"] == {"outcome": "unknown"}
        problem(rig.http.post(ORDERS, json=rig.order(), headers=headers), 409, "IDEMPOTENT_REPLAY")
        rig.engine.held.set()
        rig.engine.do(lambda: None)
        again = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        while again.status_code == 409:
            again = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        assert rig.http.get(ORDERS).json()["total_count"] == 1


def test_a_key_outlives_a_restart(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as rig:
        headers = {"Idempotency-Key": "lasting"}
        first = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        rig.restart_api()
        again = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["location"] == first.headers["location"]
        problem(rig.http.post(ORDERS, json=rig.order(quantity="1"), headers=headers), 422, "IDEMPOTENCY_MISMATCH")


def test_a_keyed_refusal_is_repeated_after_a_restart_with_its_limit_and_headroom(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as rig:
        limit(rig, "ORDER_NOTIONAL", "5000")
        headers = {"Idempotency-Key": "refused"}
        first = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        assert problem(first, 422, "RISK_LIMIT_BREACH")["details"]["headroom"]
        rig.restart_api()
        again = rig.http.post(ORDERS, json=rig.order(), headers=headers)
        assert (again.status_code, again.content) == (422, first.content)
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        assert rig.http.get(ORDERS).json()["total_count"] == 1


def test_keyed_changes_cancels_and_kills_are_repeated_after_a_restart_as_first_answered(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(pin_token=True, venue_wait=1.0)) as rig:
        order, other = rig.place(), rig.place(quantity="7")
        path, kills = f"{ORDERS}/{order['id']}", "/api/v1/risk/kill-switch"
        calls: list[tuple[str, dict[str, Any]]] = [
            (f"{path}/modify", {"price": "99.00", "notes": "both"}),
            (f"{path}/cancel", {}),
            (kills, {"reason": "stop"}),
            (f"{kills}/release", {"reason": "calm"}),
        ]
        first = [rig.http.post(where, json=body, headers={"Idempotency-Key": "k"}) for where, body in calls]
        assert [answer.status_code for answer in first] == [200] * 4
        assert (first[0].json()["price"], first[0].json()["notes"]) == ("99.00", "both")
        assert first[1].json()["state"] == "CANCELLED"
        assert first[2].json()["data"]["cancels_unconfirmed"] == [other["id"]]
        assert first[3].json()["data"]["is_on"] is False
        rig.restart_api()
        rig.engine.calls.clear()
        for (where, body), answer in zip(calls, first, strict=True):
            again = rig.http.post(where, json=body, headers={"Idempotency-Key": "k"})
            assert (again.status_code, again.content) == (answer.status_code, answer.content)
            assert again.headers["idempotency-replayed"] == "true"
        assert rig.engine.calls == []


def test_a_keyed_cancel_answered_before_the_venues_word_is_repeated_as_answered(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(pin_token=True, venue_wait=0.01)) as rig:
        order = rig.place()
        rig.core.broker.auto = False
        first = rig.http.post(f"{ORDERS}/{order['id']}/cancel", headers={"Idempotency-Key": "k"})
        assert (first.status_code, first.json()["state"]) == (202, "PENDING_CANCEL")
        rig.engine.do(lambda: rig.core.broker.cancelled(order["client_order_id"]))
        assert rig.http.get(f"{ORDERS}/{order['id']}").json()["state"] == "CANCELLED"
        rig.restart_api()
        again = rig.http.post(f"{ORDERS}/{order['id']}/cancel", headers={"Idempotency-Key": "k"})
        assert (again.status_code, again.content) == (202, first.content)


def test_an_engine_that_is_behind_does_nothing_and_says_so(rig: ApiRig) -> None:
    rig.engine.full = True
    answer = rig.http.post(ORDERS, json=rig.order())
    problem(answer, 503, "NOT_READY")
    assert answer.headers["retry-after"] == "1"


def test_a_preview_stores_nothing_and_says_what_each_rule_answers(rig: ApiRig) -> None:
    body = rig.http.post(f"{ORDERS}/preview", json=rig.order()).json()
    assert (body["valid"], body["estimated_value"]) == (True, "10000.0000")
    figures = [entry[name] for entry in body["risk"]["limits"] for name in ("limit", "used", "headroom")]
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", figure) for figure in figures if figure is not None), figures
    limit(rig, "ORDER_NOTIONAL", "5000")
    body = rig.http.post(f"{ORDERS}/preview", json=rig.order()).json()
    assert body["valid"] is False
    breached = [entry["limit_type"] for entry in body["risk"]["limits"] if not entry["passed"]]
    assert breached == ["ORDER_NOTIONAL"]
    assert rig.http.get(ORDERS).json()["total_count"] == 0


def test_executions_history_and_position_follow_a_fill(rig: ApiRig) -> None:
    body = rig.place()
    rig.fill(body, 40, 9_999)
    rig.engine.do(lambda: rig.core.clock.advance(1_000))
    rig.fill(body, 60, 10_000)
    order = rig.http.get(f"{ORDERS}/{body['id']}").json()
    assert (order["state"], order["average_price"], order["remaining_quantity"]) == ("FILLED", "99.99600000", "0")
    rows = rig.http.get(f"{ORDERS}/{body['id']}/executions").json()
    assert [row["quantity"] for row in rows["executions"]] == ["40", "60"]
    assert rows["executions"][0]["order_id"] == body["id"]
    one = rig.http.get(f"/api/v1/oms/executions/{rows['executions'][0]['id']}")
    assert one.json() == rows["executions"][0]
    listed = rig.http.get("/api/v1/oms/executions", params={"order_id": body["id"], "limit": 1}).json()
    assert (listed["total_count"], listed["has_next"]) == (2, True)
    following = rig.http.get(
        "/api/v1/oms/executions", params={"order_id": body["id"], "limit": 1, "cursor": listed["next_cursor"]}
    ).json()
    assert following["executions"] != listed["executions"]
    history = rig.http.get(f"{ORDERS}/{body['id']}/history").json()["transitions"]
    assert history[0]["to_state"] == "NEW"
    assert [row["to_state"] for row in history][-2:] == ["PARTIALLY_FILLED", "FILLED"]
    assert [row["sequence"] for row in history] == list(range(1, len(history) + 1))
    position = rig.http.get("/api/v1/oms/positions").json()["positions"][0]
    assert (position["quantity"], position["average_cost"], position["is_long"]) == ("100", "99.99600000", True)
    assert (position["market_price"], position["unrealized_pnl"]) == (None, None)
    read = rig.http.get(f"/api/v1/oms/positions/{position['id']}")
    assert read.json() == position
    problem(rig.http.get(f"/api/v1/oms/positions/{UNKNOWN}"), 404, "NOT_FOUND")
    problem(rig.http.get(f"/api/v1/oms/executions/{UNKNOWN}"), 404, "NOT_FOUND")


def test_lists_filter_sort_page_and_walk_by_cursor(rig: ApiRig) -> None:
    made = []
    for number in range(5):
        made.append(rig.place(quantity=str(number + 1), instrument_symbol="ABC" if number % 2 else "XYZ"))
        rig.engine.do(lambda: rig.core.clock.advance(1_000))
    get = lambda **query: rig.http.get(ORDERS, params=query).json()  # noqa: E731 -- one line, five uses
    assert [row["quantity"] for row in get()["orders"]] == ["5", "4", "3", "2", "1"]
    assert [row["quantity"] for row in get(ordering="quantity", limit=2)["orders"]] == ["1", "2"]
    assert get(instrument_symbol="abc")["total_count"] == 2
    assert get(broker_account_id=UNKNOWN)["orders"] == []
    assert get(broker_account_id=ACCOUNT_UID, is_open="true", side="BUY")["total_count"] == 5
    assert get(statuses=["FILLED", "CANCELLED"])["total_count"] == 0
    assert get(offset=99)["orders"] == []
    assert get(with_count="false")["total_count"] is None
    assert get(search=made[0]["client_order_id"][-8:])["total_count"] == 1
    assert get(search="%")["total_count"] == 0
    seen, page = [], get(limit=2)
    while True:
        seen += [row["id"] for row in page["orders"]]
        if not page["has_next"]:
            break
        rig.place(quantity="9")
        page = get(limit=2, cursor=page["next_cursor"])
    assert seen == [row["id"] for row in reversed(made)]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "VALIDATION_ERROR"),
        ("limit=501", 422, "VALIDATION_ERROR"),
        ("limit=1&limit=2", 422, "VALIDATION_ERROR"),
        ("limit=%20" + "1", 422, "VALIDATION_ERROR"),
        ("limit=1_0", 422, "VALIDATION_ERROR"),
        ("offset=1000001", 422, "VALIDATION_ERROR"),
        ("colour=red", 422, "VALIDATION_ERROR"),
        ("ordering=colour", 422, "VALIDATION_ERROR"),
        ("is_open=yes", 422, "VALIDATION_ERROR"),
        ("status=DONE", 422, "VALIDATION_ERROR"),
        ("start_date=2026-01-02&end_date=2026-01-01", 422, "VALIDATION_ERROR"),
        ("start_date=2026-02-30", 422, "VALIDATION_ERROR"),
        ("start_date=2026-01-01T00:00:00", 422, "VALIDATION_ERROR"),
        ("search=%00", 422, "VALIDATION_ERROR"),
        ("search=%FF", 422, "VALIDATION_ERROR"),
        ("cursor=abc", 400, "INVALID_CURSOR"),
        ("cursor=abc&offset=1", 422, "VALIDATION_ERROR"),
        ("cursor=%C3%A4", 400, "INVALID_CURSOR"),
    ],
)
def test_a_query_that_is_not_exactly_right_is_refused(rig: ApiRig, query: str, status: int, code: str) -> None:
    problem(rig.http.get(f"{ORDERS}?{query}"), status, code)


def test_a_cursor_belongs_to_its_filters(rig: ApiRig) -> None:
    for number in range(3):
        rig.place(quantity=str(number + 1))
    cursor = rig.http.get(ORDERS, params={"limit": 1}).json()["next_cursor"]
    problem(rig.http.get(ORDERS, params={"cursor": cursor, "side": "BUY"}), 400, "INVALID_CURSOR")
    problem(rig.http.get("/api/v1/oms/executions", params={"cursor": cursor}), 400, "INVALID_CURSOR")
    assert rig.http.get(ORDERS, params={"limit": 2, "cursor": cursor}).status_code == 200


def test_a_leg_waits_under_its_parent(rig: ApiRig) -> None:
    parent = rig.place(quantity="10")
    leg = rig.place(side="SELL", quantity="10", price="110.00", parent_order_id=parent["id"], leg_role="TAKE_PROFIT")
    assert (leg["state"], leg["parent_order_id"], leg["leg_role"]) == ("NEW", parent["id"], "TAKE_PROFIT")
    nested = rig.http.get(f"{ORDERS}/{parent['id']}", params={"nested": "true"}).json()
    assert [row["id"] for row in nested["legs"]] == [leg["id"]]
    other = rig.place(instrument_symbol="XYZ")
    (second, first) = rig.http.get(ORDERS, params={"nested": "true"}).json()["orders"]
    assert (second["id"], second["legs"], first["id"]) == (other["id"], [], parent["id"])
    assert [row["id"] for row in first["legs"]] == [leg["id"]]
    alone = rig.http.get(ORDERS, params={"nested": "true", "side": "SELL"}).json()["orders"]
    assert [row["id"] for row in alone] == [leg["id"]]


def test_of_two_legs_attached_to_a_plain_order_the_one_that_fills_ends_the_other(rig: ApiRig) -> None:
    parent = rig.place(quantity="10")
    body = {"side": "SELL", "quantity": "10", "parent_order_id": parent["id"]}
    target = rig.place(**body, price="110.00", leg_role="TAKE_PROFIT")
    stop = rig.place(**body, order_type="STOP", price=None, stop_price="90.00", leg_role="STOP_LOSS")
    rig.fill(parent, 10)
    rig.fill(target, 10, 11_000)
    states = [rig.http.get(f"{ORDERS}/{row['id']}").json()["state"] for row in (target, stop)]
    assert states == ["FILLED", "CANCELLED"]


def test_a_full_leg_waits_until_its_parent_has_filled_whole(rig: ApiRig) -> None:
    parent = rig.place(quantity="10")
    body = {"side": "SELL", "quantity": "10", "price": "110.00", "parent_order_id": parent["id"]}
    grows = rig.place(**body, leg_role="TAKE_PROFIT")
    waits = rig.place(**(body | {"price": "111.00"}), leg_role="TAKE_PROFIT", leg_full=True)
    assert (grows["leg_full"], waits["leg_full"]) == (False, True)
    rig.fill(parent, 4)
    states = [rig.http.get(f"{ORDERS}/{row['id']}").json()["state"] for row in (grows, waits)]
    assert states == ["SUBMITTED", "NEW"]
    refused = rig.http.post(ORDERS, json=rig.order(leg_full=True))
    problem(refused, 422, "VALIDATION_ERROR")


def test_a_position_shows_the_newest_mark_of_the_engine(rig: ApiRig) -> None:
    rig.fill(rig.place(), 100)
    row = rig.core.state.ledger.position("SIM-1", "ABC")
    assert row is not None
    path = f"/api/v1/oms/positions/{rig.http.get('/api/v1/oms/positions').json()['positions'][0]['id']}"
    unmarked = {"If-None-Match": rig.http.get(path).headers["etag"]}
    assert rig.http.get(path, headers=unmarked).status_code == 304
    rig.rows.mark(
        PositionSnap(
            position=row, mark=10_100, mark_kind="mid", mark_age_ms=1, unrealised=100 * MONEY_ONE, protection="none"
        )
    )
    body = rig.http.get("/api/v1/oms/positions", params={"ordering": "-market_value"}).json()["positions"][0]
    assert (body["market_price"], body["market_value"], body["unrealized_pnl"]) == ("101.00", "10100.00", "100.00")
    assert rig.http.get(path, headers=unmarked).status_code == 200, "what it is worth has changed"
