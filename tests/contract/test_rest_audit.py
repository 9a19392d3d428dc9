"""The audit over REST: one entry a write, refused ones included, in a chain that a stranger can verify."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.api_rig import ACCOUNT_UID, ApiRig, served
from workstation.api.credentials import LOCAL_USER_ID

AUDIT = "/api/v1/audit"
KEYS = "/api/v1/auth/api-keys"
ORDERS = "/api/v1/oms/orders"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def entries(rig: ApiRig, **params: Any) -> list[dict[str, Any]]:
    return list(rig.http.get(AUDIT, params={"ordering": "sequence"} | params).json()["entries"])


def kinds(rig: ApiRig) -> list[tuple[str, str]]:
    return [(entry["action"], entry["outcome"]) for entry in entries(rig)]


def test_each_write_leaves_one_entry_in_the_transaction_of_its_effect(rig: ApiRig) -> None:
    order = rig.place()
    rig.http.delete(f"{ORDERS}/{order['id']}")
    key = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"]}).json()
    rig.http.put(f"{KEYS}/{key['id']}", json={"name": "robot"}, headers={"If-Match": "*"})
    rig.http.delete(f"{KEYS}/{key['id']}")
    rig.http.post("/api/v1/risk/kill-switch")
    assert kinds(rig) == [
        ("ORDER_PLACE", "SUCCESS"),
        ("ORDER_CANCEL", "SUCCESS"),
        ("CREATE", "SUCCESS"),
        ("UPDATE", "SUCCESS"),
        ("DELETE", "SUCCESS"),
        ("KILL_SWITCH", "SUCCESS"),
    ]
    assert "AuditNoted" not in rig.core.journal.kinds()
    placed, _, made, changed, *_ = entries(rig)
    assert (placed["resource_type"], placed["resource_id"]) == ("order", order["id"])
    assert placed["new_values"]["broker_account_id"] == ACCOUNT_UID
    assert (made["resource_type"], made["resource_id"], made["user_id"]) == ("api_key", key["id"], LOCAL_USER_ID)
    assert (changed["old_values"], changed["new_values"]) == ({"name": "bot"}, {"name": "robot"})
    assert (changed["actor_kind"], changed["ip_address"]) == ("LOCAL", "127.0.0.1")


def test_refused_writes_are_entered_too_and_wrong_shapes_are_not(rig: ApiRig) -> None:
    key = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"]}).json()
    with rig.client(**{"X-API-Key": key["key"]}, **{"X-Request-ID": "req-7"}) as client:
        assert client.post(ORDERS, json=rig.order()).status_code == 403
    assert rig.http.delete(f"{KEYS}/{UNKNOWN}").status_code == 404
    assert rig.http.post(ORDERS, json=rig.order(quantity="-1")).status_code == 422
    assert rig.http.post(ORDERS, json={"no": "order"}).status_code == 422
    assert rig.http.post(ORDERS, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert rig.http.put(f"{KEYS}/{key['id']}", json={"name": "x"}, headers={"If-Match": '"v5"'}).status_code == 412
    refused = [entry for entry in entries(rig) if entry["outcome"] == "REFUSED"]
    assert [(entry["action"], entry["metadata"]["code"]) for entry in refused] == [
        ("ORDER_PLACE", "PERMISSION_DENIED"),
        ("DELETE", "NOT_FOUND"),
        ("UPDATE", "PRECONDITION_FAILED"),
    ]
    assert (refused[0]["actor_kind"], refused[0]["credential_id"]) == ("API_KEY", key["id"])
    assert entries(rig, request_id="req-7") == [refused[0]]
    assert refused[1]["resource_id"] == UNKNOWN


def test_a_replay_a_preview_and_a_read_leave_no_entry(rig: ApiRig) -> None:
    for _ in range(2):
        rig.http.post(ORDERS, json=rig.order(), headers={"Idempotency-Key": "k-1"})
    rig.http.post(f"{ORDERS}/preview", json=rig.order())
    rig.http.get(ORDERS)
    assert kinds(rig) == [("ORDER_PLACE", "SUCCESS")]


def test_no_entry_holds_a_secret(rig: ApiRig) -> None:
    key = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"]}).json()
    rig.http.post(f"{KEYS}/{key['id']}/rotate")
    text = json.dumps(entries(rig))
    assert key["key"] not in text
    assert "[redacted]" in text


def test_a_stranger_can_verify_the_chain_from_the_list_alone(rig: ApiRig) -> None:
    rig.place(notes="grüße")
    rig.http.delete(f"{KEYS}/{UNKNOWN}")
    previous = "0" * 64
    for number, entry in enumerate(entries(rig), start=1):
        own = entry.pop("entry_hash")
        assert (entry["sequence"], entry["prev_hash"]) == (number, previous)
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256((previous + canonical).encode()).hexdigest()
        assert own == previous
    proof = rig.http.get(f"{AUDIT}/verify").json()
    assert proof == {
        "valid": True,
        "entries": 2,
        "first_sequence": 1,
        "last_sequence": 2,
        "first_broken_sequence": None,
        "last_hash": previous,
    }


def test_a_changed_entry_is_named(rig: ApiRig) -> None:
    rig.place()
    rig.place()
    rig.reader.audited[0] = msgspec.structs.replace(rig.reader.audited[0], user_agent="someone else")
    proof = rig.http.get(f"{AUDIT}/verify").json()
    assert (proof["valid"], proof["first_broken_sequence"]) == (False, 1)


def test_the_list_is_filtered_walked_by_cursor_and_read_by_sequence(rig: ApiRig) -> None:
    for _ in range(5):
        rig.place()
    first = rig.http.get(AUDIT, params={"limit": 2, "action": "ORDER_PLACE"}).json()
    assert ([entry["sequence"] for entry in first["entries"]], first["total_count"]) == ([5, 4], 5)
    rig.place()
    params = {"limit": 2, "action": "ORDER_PLACE", "cursor": first["next_cursor"]}
    assert [entry["sequence"] for entry in rig.http.get(AUDIT, params=params).json()["entries"]] == [3, 2]
    assert rig.http.get(AUDIT, params={"resource_type": "limit"}).json()["entries"] == []
    assert rig.http.get(f"{AUDIT}/3").json()["sequence"] == 3
    assert rig.http.get(f"{AUDIT}/3", params={"fields": "sequence"}).json() == {"sequence": 3}
    for path, wanted in ((f"{AUDIT}/99", 404), (f"{AUDIT}/x", 404), (f"{AUDIT}?action=FLY", 422)):
        assert rig.http.get(path).status_code == wanted
    assert rig.http.get(AUDIT, params={"cursor": "x"}).json()["code"] == "INVALID_CURSOR"


def test_the_audit_needs_its_scope(rig: ApiRig) -> None:
    key = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"]}).json()["key"]
    with rig.client(**{"X-API-Key": key}) as client:
        for path in (AUDIT, f"{AUDIT}/1", f"{AUDIT}/verify"):
            assert client.get(path).status_code == 403
