"""Many orders in one call, and previews with the token that proves them seen. A real server, a real desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.options import ApiOptions
from workstation.kernel.ids import stable_uid

ORDERS = "/api/v1/oms/orders"
BULK = f"{ORDERS}/bulk"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(venue_wait=0.05, pin_token=True)) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def keyed(rig: ApiRig, path: str, body: dict[str, Any], key: str = "k") -> Any:
    return rig.http.post(path, json=body, headers={"Idempotency-Key": key})


def test_all_accepted_is_created_in_the_order_of_the_call(rig: ApiRig) -> None:
    asked = [rig.order(quantity=str(number + 1)) for number in range(5)]
    answer = keyed(rig, BULK, {"orders": asked})
    assert answer.status_code == 201
    assert answer.json()["rejected"] == []
    assert [order["quantity"] for order in answer.json()["accepted"]] == ["1", "2", "3", "4", "5"]
    assert rig.engine.calls == ["order.submit"] * 5
    assert rig.http.get(ORDERS).json()["total_count"] == 5


def test_each_item_is_judged_on_its_own(rig: ApiRig) -> None:
    items = [
        rig.order(client_order_id="one"),
        rig.order(price="1.001"),
        rig.order(client_order_id="one"),
        rig.order(instrument_symbol="NOPE"),
        "no order",
        rig.order(quantity="7"),
    ]
    answer = keyed(rig, BULK, {"orders": items})
    assert answer.status_code == 200
    body = answer.json()
    assert [order["quantity"] for order in body["accepted"]] == ["100", "7"]
    assert [(line["index"], line["code"]) for line in body["rejected"]] == [
        (1, "VALIDATION_ERROR"),
        (2, "DUPLICATE"),
        (3, "NOT_FOUND"),
        (4, "VALIDATION_ERROR"),
    ]
    assert [line["data"] for line in body["rejected"]] == [items[index] for index in (1, 2, 3, 4)]
    assert set(body["rejected"][0]["error"]) == {"code", "message", "type", "details"}


def test_under_a_kill_switch_each_item_is_rejected_with_that_code(rig: ApiRig) -> None:
    assert rig.http.post("/api/v1/risk/kill-switch", json={}).status_code == 200
    answer = keyed(rig, BULK, {"orders": [rig.order(), rig.order()]})
    assert answer.status_code == 200
    assert [line["code"] for line in answer.json()["rejected"]] == ["KILL_SWITCH_ACTIVE"] * 2


def test_a_used_client_order_id_names_the_first_order(rig: ApiRig) -> None:
    first = rig.place(client_order_id="mine")
    line = keyed(rig, BULK, {"orders": [rig.order(client_order_id="mine")]}).json()["rejected"][0]
    assert (line["code"], line["order_id"]) == ("DUPLICATE", first["id"])


@pytest.mark.parametrize("orders", [[], [{}] * 101, "x", None])
def test_an_envelope_that_is_wrong_fails_whole(rig: ApiRig, orders: Any) -> None:
    assert code(keyed(rig, BULK, {"orders": orders}), 422) == "VALIDATION_ERROR"


def test_a_key_is_needed_in_the_header_or_the_body_and_both_must_agree(rig: ApiRig) -> None:
    body = {"orders": [rig.order()]}
    assert code(rig.http.post(BULK, json=body), 400) == "IDEMPOTENCY_KEY_REQUIRED"
    assert code(keyed(rig, BULK, body | {"idempotency_key": "other"}), 422) == "VALIDATION_ERROR"
    assert code(rig.http.post(BULK, json=body | {"idempotency_key": 5}), 422) == "VALIDATION_ERROR"
    first = rig.http.post(BULK, json=body | {"idempotency_key": "k"})
    again = keyed(rig, BULK, body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert code(keyed(rig, BULK, {"orders": [rig.order(quantity="3")]}), 422) == "IDEMPOTENCY_MISMATCH"
    assert rig.engine.calls == ["order.submit"]


def test_a_repeat_after_a_restart_places_nothing_twice(rig: ApiRig) -> None:
    body = {"orders": [rig.order(quantity="1"), rig.order(quantity="2"), rig.order(price="1.001")]}
    first = keyed(rig, BULK, body)
    rig.restart_api()
    again = keyed(rig, BULK, body)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert rig.engine.calls == ["order.submit"] * 2
    assert rig.http.get(ORDERS).json()["total_count"] == 2


def test_an_item_whose_answer_is_not_kept_is_found_by_its_id_and_placed_once(rig: ApiRig) -> None:
    body = {"orders": [rig.order(quantity="1"), rig.order(quantity="2")]}
    first = keyed(rig, BULK, body)
    for place in [place for place in rig.reader.keyed() if place[2].endswith(("bulk", "#1"))]:
        rig.reader.forget(place)
    rig.restart_api()
    again = keyed(rig, BULK, body).json()
    assert again["accepted"] == first.json()["accepted"][:1]
    assert [line["code"] for line in again["rejected"]] == ["DUPLICATE"]
    assert again["rejected"][0]["order_id"] == first.json()["accepted"][1]["id"]
    assert rig.http.get(ORDERS).json()["total_count"] == 2


def test_orders_are_cancelled_each_on_its_own(rig: ApiRig) -> None:
    live, other, filled = (rig.place(quantity=quantity) for quantity in ("1", "2", "3"))
    rig.fill(filled, 3)
    ids = [live["id"], filled["id"], live["id"], UNKNOWN, other["id"]]
    answer = keyed(rig, f"{BULK}/cancel", {"order_ids": ids, "reason": "enough"})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == [live["id"], other["id"]]
    assert [(line["index"], line["code"], line["data"]) for line in answer.json()["rejected"]] == [
        (1, "STATE_CONFLICT", {"order_id": filled["id"]}),
        (2, "DUPLICATE", {"order_id": live["id"]}),
        (3, "NOT_FOUND", {"order_id": UNKNOWN}),
    ]
    ended = answer.json()["rejected"][0]["error"]
    assert ended["message"] == "Not cancelled: the order is FILLED, which is final."
    assert ended["details"]["state"] == "FILLED"
    assert {"NEW", "SUBMITTED", "PENDING_REPLACE"} < set(ended["details"]["allowed"])
    assert not {"FILLED", "CANCELLED"} & set(ended["details"]["allowed"])
    assert rig.http.get(ORDERS, params={"status": "CANCELLED"}).json()["total_count"] == 2
    assert code(keyed(rig, f"{BULK}/cancel", {"order_ids": ["abc"]}, key="n"), 422) == "VALIDATION_ERROR"
    assert code(rig.http.post(f"{BULK}/cancel", json={"order_ids": ids}), 400) == "IDEMPOTENCY_KEY_REQUIRED"


def test_a_preview_names_value_margin_and_what_to_know(rig: ApiRig) -> None:
    body = rig.http.post(f"{ORDERS}/preview", json=rig.order(price="102.00")).json()
    assert (body["valid"], body["estimated_value"]) == (True, "10200.0000")
    assert float(body["buying_power_effect"]) < 0
    assert "MARKETABLE_LIMIT" in [warning["code"] for warning in body["warnings"]]
    assert body["confirm_token"]
    refused = rig.http.post(f"{ORDERS}/preview", json=rig.order(order_type="PEGGED"))
    assert code(refused, 422) == "UNSUPPORTED_ORDER"
    assert code(rig.http.post(f"{ORDERS}/preview", json=rig.order(broker_account_id=UNKNOWN)), 404) == "NOT_FOUND"


def test_where_previews_must_be_seen_an_order_needs_its_own_fresh_token(tmp_path: Path) -> None:
    now = [0]
    with served(tmp_path, options=ApiOptions(confirm_warnings=True), clock=now) as rig:
        assert code(rig.http.post(ORDERS, json=rig.order()), 409) == "CONFIRMATION_REQUIRED"
        token = rig.http.post(f"{ORDERS}/preview", json=rig.order()).json()["confirm_token"]
        other = rig.http.post(ORDERS, json=rig.order(quantity="5", confirm_token=token))
        assert code(other, 409) == "CONFIRMATION_REQUIRED"
        assert rig.http.post(ORDERS, json=rig.order(confirm_token=token)).status_code == 201
        now[0] = 61 * 1_000_000_000
        assert code(rig.http.post(ORDERS, json=rig.order(confirm_token=token)), 409) == "CONFIRMATION_REQUIRED"
        assert rig.http.get(ORDERS, params={"broker_account_id": ACCOUNT_UID}).json()["total_count"] == 1
