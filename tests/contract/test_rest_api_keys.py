"""API keys over REST: made once, narrow, one's own, and ended at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from workstation.api.credentials import hash_of
from workstation.api.options import ApiOptions
from workstation.api.schemas.values import time_text

KEYS = "/api/v1/auth/api-keys"
LATER = time_text(START_NS + 3_600 * 10**9)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as made:
        yield made


def make(rig: ApiRig, **fields: Any) -> dict[str, Any]:
    answer = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view", "apikeys:manage"]} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def status(rig: ApiRig, key: str, path: str = "/api/v1/oms/orders", header: str = "X-API-Key") -> int:
    value = f"Bearer {key}" if header == "Authorization" else key
    with rig.client(**{header: value}) as client:
        return int(client.get(path).status_code)


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def test_a_key_is_shown_once_and_only_its_hash_is_kept(rig: ApiRig) -> None:
    answer = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"], "max_order_notional": "2500.5"})
    body = answer.json()
    key = body.pop("key")
    assert answer.headers["location"] == f"{KEYS}/{body['id']}"
    assert answer.headers["etag"] == '"v1"'
    assert key.startswith(f"oms_{body['key_prefix']}")
    assert len(key) == 68
    assert (body["rate_limit"], body["is_active"], body["max_order_notional"]) == (600, True, "2500.50")
    read = rig.http.get(answer.headers["location"])
    assert read.json() == body
    written = b"".join(line.payload for line in rig.core.journal.replay(0))
    assert key.encode() not in written
    assert hash_of(key).encode() in written


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_a_key_authenticates_by_either_header_within_its_scopes(rig: ApiRig, header: str) -> None:
    key = make(rig)["key"]
    assert status(rig, key, header=header) == 200
    with rig.client(**{"X-API-Key": key}) as client:
        refused = client.get("/api/v1/oms/positions")
    assert problem(refused) == (403, "PERMISSION_DENIED")
    assert refused.json()["details"] == {"required": ["positions:view"]}


def test_a_key_outlives_a_restart_and_a_deleted_one_ends_at_once(rig: ApiRig) -> None:
    made = make(rig)
    rig.restart_api()
    assert status(rig, made["key"]) == 200
    assert rig.http.delete(f"{KEYS}/{made['id']}").status_code == 204
    assert status(rig, made["key"]) == 401
    assert problem(rig.http.get(f"{KEYS}/{made['id']}")) == (404, "NOT_FOUND")
    assert rig.http.get(KEYS).json()["api_keys"] == []
    rig.restart_api()
    assert status(rig, made["key"]) == 401


def test_an_inactive_an_expired_and_a_rotated_key_are_refused(rig: ApiRig) -> None:
    made = make(rig, expires_at=LATER)
    path = f"{KEYS}/{made['id']}"
    off = rig.http.put(path, json={"is_active": False}, headers={"If-Match": '"v1"'})
    assert (off.status_code, off.json()["is_active"], off.headers["etag"]) == (200, False, '"v2"')
    assert status(rig, made["key"]) == 401
    on = rig.http.patch(path, json={"is_active": True}, headers={"If-Match": '"v2"'})
    assert (on.status_code, status(rig, made["key"])) == (200, 200)
    rotated = rig.http.post(f"{path}/rotate")
    assert rotated.status_code == 201
    assert (status(rig, made["key"]), status(rig, rotated.json()["key"])) == (401, 200)
    rig.ahead[0] = 3_600 * 10**9
    assert status(rig, rotated.json()["key"]) == 401


def test_a_key_gives_no_more_than_its_maker_has_and_only_shrinks(rig: ApiRig) -> None:
    made = make(rig)
    with rig.client(**{"X-API-Key": made["key"]}) as client:
        more = client.post(KEYS, json={"name": "more", "scopes": ["orders:place"]})
        assert problem(more) == (403, "PERMISSION_DENIED")
        assert more.json()["details"] == {"required": ["orders:place"]}
    grown = rig.http.put(
        f"{KEYS}/{made['id']}", json={"scopes": ["orders:view", "orders:place"]}, headers={"If-Match": "*"}
    )
    assert problem(grown) == (422, "VALIDATION_ERROR")
    shrunk = rig.http.put(f"{KEYS}/{made['id']}", json={"scopes": ["orders:view"]}, headers={"If-Match": "*"})
    assert shrunk.json()["scopes"] == ["orders:view"]
    assert status(rig, made["key"], KEYS) == 403


def test_a_keys_own_rate_holds_it_back_alone(rig: ApiRig) -> None:
    key = make(rig, rate_limit=2)["key"]
    with rig.client(**{"X-API-Key": key}) as client:
        answers = [client.get("/api/v1/oms/orders") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert rig.http.get("/api/v1/oms/orders").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": []},
        {"scopes": ["orders:fly"]},
        {"scopes": ["orders:view", "orders:view"]},
        {"name": " "},
        {"name": None},
        {"rate_limit": 0},
        {"rate_limit": 100_001},
        {"expires_at": time_text(START_NS)},
        {"max_order_notional": "0.00"},
        {"max_order_notional": "1.001"},
        {"key": "oms_1"},
    ],
)
def test_a_key_of_a_wrong_shape_is_refused(rig: ApiRig, fields: dict[str, Any]) -> None:
    answer = rig.http.post(KEYS, json={"name": "bot", "scopes": ["orders:view"]} | fields)
    assert problem(answer) == (422, "VALIDATION_ERROR")


def test_changes_need_the_newest_version_and_null_only_lifts_the_expiry(rig: ApiRig) -> None:
    made = make(rig, expires_at=LATER)
    path = f"{KEYS}/{made['id']}"
    assert problem(rig.http.put(path, json={"name": "x"})) == (428, "PRECONDITION_REQUIRED")
    assert problem(rig.http.put(path, json={"name": "x"}, headers={"If-Match": '"v9"'})) == (412, "PRECONDITION_FAILED")
    assert problem(rig.http.put(path, json={"name": "x"}, headers={"If-Match": 'W/"v1"'}))[0] == 412
    assert problem(rig.http.put(path, json={"name": None}, headers={"If-Match": "*"})) == (422, "VALIDATION_ERROR")
    lifted = rig.http.put(path, json={"expires_at": None}, headers={"If-Match": '"v1"'})
    assert (lifted.json()["expires_at"], lifted.json()["name"]) == (None, "bot")
    same = rig.http.put(path, json={"expires_at": None}, headers={"If-Match": '"v2"'})
    assert same.headers["etag"] == '"v2"'
    assert problem(rig.http.delete(path, headers={"If-Match": '"v1"'})) == (412, "PRECONDITION_FAILED")
    for answer in (
        rig.http.put(f"{KEYS}/{'0' * 8}-0000-4000-8000-{'0' * 12}", json={}, headers={"If-Match": "*"}),
        rig.http.delete(f"{KEYS}/{'0' * 8}-0000-4000-8000-{'0' * 12}"),
    ):
        assert problem(answer) == (404, "NOT_FOUND")


def test_a_repeated_creation_makes_no_second_key_and_shows_no_secret(rig: ApiRig) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {"name": "bot", "scopes": ["orders:view"]}
    first = rig.http.post(KEYS, json=body, headers=headers)
    for _ in range(2):
        again = rig.http.post(KEYS, json=body, headers=headers)
        assert problem(again) == (409, "DUPLICATE")
        assert again.json()["details"] == {"id": first.json()["id"]}
        assert again.headers["location"] == f"{KEYS}/{first.json()['id']}"
        assert again.headers["idempotency-replayed"] == "true"
        rig.restart_api()
    assert rig.http.get(KEYS).json()["total_count"] == 1
    other = rig.http.post(KEYS, json=body | {"name": "other"}, headers=headers)
    assert problem(other) == (422, "IDEMPOTENCY_MISMATCH")


def test_lists_are_sorted_searched_paged_and_sparse(rig: ApiRig) -> None:
    for name in ("beta", "alpha", "gamma"):
        make(rig, name=name)
    listed = rig.http.get(KEYS, params={"ordering": "name", "limit": 2, "fields": "name"}).json()
    assert listed == {"api_keys": [{"name": "alpha"}, {"name": "beta"}], "total_count": 3, "has_next": True}
    found = rig.http.get(KEYS, params={"search": "AMM", "with_count": "false"}).json()
    assert ([key["name"] for key in found["api_keys"]], found["total_count"]) == (["gamma"], None)
    assert rig.http.get(KEYS, params={"is_active": "false"}).json()["total_count"] == 0
    assert rig.http.get(KEYS, params={"offset": 5}).json() == {"api_keys": [], "total_count": 3, "has_next": False}
    for params in ({"ordering": "key_hash"}, {"fields": "key_hash"}, {"cursor": "x"}, {"limit": "0"}):
        assert problem(rig.http.get(KEYS, params=params)) == (422, "VALIDATION_ERROR")


def test_an_unchanged_key_is_not_sent_again(rig: ApiRig) -> None:
    made = make(rig)
    path = f"{KEYS}/{made['id']}"
    tag = rig.http.get(path).headers["etag"]
    assert rig.http.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert rig.http.head(path).status_code == 200
    assert "etag" not in rig.http.get(path, params={"fields": "name"}).headers


def test_the_list_needs_its_scope(rig: ApiRig) -> None:
    key = make(rig, scopes=["orders:view"])["key"]
    assert status(rig, key, KEYS) == 403


def test_a_keys_life_is_told_to_its_owner_alone(rig: ApiRig) -> None:
    made = make(rig, scopes=["orders:view", "events:view"])
    rig.http.put(f"{KEYS}/{made['id']}", json={"name": "robot"}, headers={"If-Match": "*"})
    rig.http.delete(f"{KEYS}/{made['id']}")
    other = make(rig, name="watcher", scopes=["events:view"])
    events = rig.http.get("/api/v1/events", params={"types": "auth.*", "ordering": "sequence"}).json()["events"]
    assert [event["type"].rpartition(".")[2] for event in events] == ["created", "changed", "deleted", "created"]
    assert events[1]["data"]["changed"] == ["name"]
    assert "key_hash" not in events[0]["data"]
    with rig.client(**{"X-API-Key": other["key"]}) as client:
        assert client.get("/api/v1/events", params={"types": "auth.*"}).json()["events"] == []


def test_a_stream_ends_with_its_credential(rig: ApiRig) -> None:
    made = make(rig, scopes=["events:view"])
    with rig.client(**{"X-API-Key": made["key"]}) as client, client.stream("GET", "/api/v1/events/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        rig.http.delete(f"{KEYS}/{made['id']}")
        assert [line for line in lines if line.startswith("event: auth")] == []


def test_an_order_above_its_keys_cap_is_refused_and_stored(rig: ApiRig) -> None:
    made = make(rig, scopes=["orders:place", "orders:view"], max_order_notional="10000.00")
    with rig.client(**{"X-API-Key": made["key"]}) as client:
        over = client.post("/api/v1/oms/orders", json=rig.order(quantity="101", price="100.00"))
        assert problem(over) == (422, "RISK_LIMIT_BREACH")
        assert over.json()["details"]["limit_type"] == "CREDENTIAL_CAP"
        assert over.json()["details"]["limit"] == "10000.00"
        assert client.get(over.headers["location"]).json()["state"] == "RISK_REJECTED"
        assert client.post("/api/v1/oms/orders", json=rig.order(quantity="100", price="100.00")).status_code == 201
    assert rig.place(quantity="101")["state"] != "RISK_REJECTED"
