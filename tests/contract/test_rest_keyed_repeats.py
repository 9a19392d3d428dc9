"""Repeats with one key over a restart of the service: commands, test messages and redeliveries happen once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.hook_receiver import HookReceiver
from workstation.api.options import ApiOptions
from workstation.ports.deliveries import DeliveryStatus

COMMANDS = "/api/v1/commands"
OUT = "/api/v1/webhooks/out"


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as made:
        yield made


@pytest.fixture
def rig(tmp_path: Path, receiver: HookReceiver) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True, webhook_hosts=(receiver.host,))) as rig:
        yield rig


def twice(rig: ApiRig, path: str, body: dict[str, Any] | None = None) -> tuple[Any, Any]:
    """Return the answers of one keyed call before and after a restart of the service."""
    key = {"Idempotency-Key": "once"}
    first = rig.http.post(path, json=body, headers=key)
    rig.restart_api()
    return first, rig.http.post(path, json=body, headers=key)


def replayed(first: Any, again: Any, status: int) -> bool:
    assert (first.status_code, again.status_code) == (status, status), (first.text, again.text)
    return bool(again.content == first.content and again.headers["idempotency-replayed"] == "true")


def test_a_command_is_run_once_and_answered_alike(rig: ApiRig) -> None:
    order = rig.place()
    asked = {"parameters": {"cl_ord_id": order["client_order_id"], "reason": "enough"}}
    assert replayed(*twice(rig, f"{COMMANDS}/order.cancel", asked), 200)
    assert rig.engine.calls.count("order.cancel") == 1


def test_a_command_that_touches_no_order_is_run_once_as_well(rig: ApiRig) -> None:
    assert replayed(*twice(rig, f"{COMMANDS}/account.reconcile", {"parameters": {"account": "SIM-1"}}), 202)
    assert rig.engine.calls.count("account.reconcile") == 1


def test_an_order_that_a_command_placed_and_the_gate_refused_is_refused_once(rig: ApiRig) -> None:
    rig.http.post(
        "/api/v1/compliance/rules",
        json={"name": "l", "rule_type": "RESTRICTED_SYMBOL", "config": {"symbols": ["ABC"]}},
    )
    terms = {
        "symbol": "ABC", "account": "SIM-1", "side": "BUY", "ord_type": "LIMIT", "order_qty": 1, "price": 10_000,
    }  # fmt: skip
    assert replayed(*twice(rig, f"{COMMANDS}/order.submit", {"parameters": {"terms": terms}}), 422)
    assert rig.http.get("/api/v1/oms/orders").json()["total_count"] == 1


def test_a_refused_command_leaves_its_key_free(rig: ApiRig) -> None:
    first, again = twice(rig, f"{COMMANDS}/order.cancel", {"parameters": {"cl_ord_id": "nobody"}})
    assert (first.status_code, again.status_code) == (404, 404)
    assert "idempotency-replayed" not in again.headers


def test_a_test_message_is_made_once(rig: ApiRig, receiver: HookReceiver) -> None:
    asked = {"name": "books", "endpoint_url": receiver.url, "event_types": ["risk.kill_switch.on"]}
    hook = rig.http.post(OUT, json=asked).json()
    assert replayed(*twice(rig, f"{OUT}/{hook['id']}/test"), 202)
    assert rig.http.get(f"{OUT}/{hook['id']}/deliveries").json()["total_count"] == 1


def test_a_redelivery_is_asked_for_once(rig: ApiRig, receiver: HookReceiver) -> None:
    asked = {"name": "books", "endpoint_url": receiver.url, "event_types": ["risk.kill_switch.on"], "max_retries": 0}
    receiver.answers.extend([503])
    hook = rig.http.post(OUT, json=asked).json()
    rig.http.post(f"{OUT}/{hook['id']}/test")
    receiver.wait_for(1)
    for _ in range(2_000):
        [made] = rig.reader.deliveries.all
        if made.status is DeliveryStatus.DEAD:
            break
        rig.engine.do(lambda: None)
    assert replayed(*twice(rig, f"{OUT}/{hook['id']}/deliveries/{made.id}/redeliver"), 202)
    assert len(receiver.wait_for(2)) == 2
