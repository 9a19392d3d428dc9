"""Webhooks in: what a source tells becomes an event once, when its signature is right, and never an order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from workstation.api.options import ApiOptions

IN = "/api/v1/webhooks/in"
SOURCES = f"{IN}/sources"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as rig:
        yield rig


def make(rig: ApiRig, **fields: Any) -> dict[str, Any]:
    answer = rig.http.post(SOURCES, json={"name": "alerts"} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def tell(rig: ApiRig, secret: str | None, body: Any, message_id: str = "msg_1", at_s: int = 0, **headers: str) -> Any:
    """Tell something as a sender does that uses the reference library."""
    content = msgspec.json.encode(body)
    if secret is not None:
        time = datetime.fromtimestamp(START_NS // 10**9 + at_s, UTC)
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(time.timestamp())),
            "webhook-signature": standardwebhooks.Webhook(secret).sign(message_id, time, content.decode()),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
    return rig.http.post(
        IN, params={"source": "alerts"}, content=content, headers={"Content-Type": "application/json", **headers}
    )


def received(rig: ApiRig) -> list[dict[str, Any]]:
    return list(rig.http.get("/api/v1/events?types=webhook.received").json()["events"])


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_what_a_source_tells_becomes_an_event(rig: ApiRig) -> None:
    source = make(rig)
    answer = tell(rig, source["secret"], {"alert": "up", "levels": [1, 2]})
    assert answer.status_code == 202
    assert answer.json()["data"] == {"source": "alerts", "message_id": "msg_1"}
    (event,) = received(rig)
    assert event["data"]["payload"] == {"alert": "up", "levels": [1, 2]}
    assert (event["data"]["name"], event["data"]["message_id"]) == ("alerts", "msg_1")
    assert rig.http.get(f"{SOURCES}/{source['id']}").json()["last_received_at"] is not None
    assert rig.http.get("/api/v1/oms/orders").json()["orders"] == []


def test_the_same_message_again_is_answered_and_ignored(rig: ApiRig) -> None:
    secret = make(rig)["secret"]
    assert tell(rig, secret, 1).status_code == 202
    again = tell(rig, secret, 1)
    assert (again.status_code, again.json()["success"]) == (202, True)
    rig.restart_api()
    assert tell(rig, secret, 1).status_code == 202
    assert len(received(rig)) == 1
    assert tell(rig, secret, 1, "msg_2").status_code == 202
    assert len(received(rig)) == 2


def test_after_a_day_a_message_id_is_new_again(rig: ApiRig) -> None:
    secret = make(rig)["secret"]
    tell(rig, secret, 1)
    rig.ahead[0] = 25 * 3_600 * 10**9
    assert tell(rig, secret, 1, at_s=25 * 3_600).status_code == 202
    assert len(received(rig)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_id": "msg_other"},
    ],
)
def test_a_message_that_is_not_signed_rightly_is_refused(rig: ApiRig, wrong: dict[str, str]) -> None:
    secret = make(rig)["secret"]
    assert problem(tell(rig, secret, 1, **wrong)) == (401, "UNAUTHENTICATED")
    assert problem(tell(rig, None, 1)) == (401, "UNAUTHENTICATED")
    assert received(rig) == []


@pytest.mark.parametrize("at_s", [-301, 301])
def test_a_message_from_another_time_is_refused(rig: ApiRig, at_s: int) -> None:
    secret = make(rig)["secret"]
    assert problem(tell(rig, secret, 1, at_s=at_s)) == (401, "UNAUTHENTICATED")
    assert tell(rig, secret, 1, at_s=at_s - at_s // 301 * 3).status_code == 202


def test_a_source_without_a_secret_needs_no_signature(rig: ApiRig) -> None:
    source = make(rig, with_secret=False)
    assert (source["has_secret"], source["secret"]) == (False, None) if "secret" in source else True
    assert tell(rig, None, ["x"]).status_code == 202
    assert tell(rig, None, ["x"]).status_code == 202
    assert len(received(rig)) == 2, "without an id nothing is a repeat"


def test_a_new_secret_ends_the_old_one_and_is_shown_once(rig: ApiRig) -> None:
    source = make(rig)
    path = f"{SOURCES}/{source['id']}"
    changed = rig.http.patch(path, json={"rotate_secret": True}, headers={"If-Match": "*"})
    new = changed.json()["secret"]
    assert new != source["secret"]
    assert "secret" not in rig.http.get(path).json()
    assert problem(tell(rig, source["secret"], 1)) == (401, "UNAUTHENTICATED")
    assert tell(rig, new, 1).status_code == 202


def test_an_unknown_inactive_or_deleted_source_is_unknown(rig: ApiRig) -> None:
    assert problem(tell(rig, None, 1)) == (404, "NOT_FOUND")
    source = make(rig, with_secret=False)
    path = f"{SOURCES}/{source['id']}"
    rig.http.patch(path, json={"is_active": False}, headers={"If-Match": "*"})
    assert problem(tell(rig, None, 1)) == (404, "NOT_FOUND")
    rig.http.patch(path, json={"is_active": True}, headers={"If-Match": "*"})
    assert tell(rig, None, 1).status_code == 202
    assert rig.http.delete(path).status_code == 204
    assert problem(tell(rig, None, 1)) == (404, "NOT_FOUND")
    assert make(rig)["name"] == "alerts", "its name is free again"


def test_a_name_is_unique_and_a_credential_needs_the_scope(rig: ApiRig) -> None:
    make(rig)
    assert problem(rig.http.post(SOURCES, json={"name": "ALERTS"})) == (409, "DUPLICATE")
    key = rig.http.post("/api/v1/auth/api-keys", json={"name": "k", "scopes": ["webhooks:manage"]}).json()["key"]
    with rig.client(**{"X-API-Key": key}) as client:
        assert problem(client.post(IN, params={"source": "alerts"}, json={})) == (403, "PERMISSION_DENIED")
    assert problem(rig.http.post(IN, json={})) == (422, "VALIDATION_ERROR")


def test_a_hook_larger_than_the_journal_should_hold_is_refused(rig: ApiRig) -> None:
    make(rig, with_secret=False)
    assert problem(tell(rig, None, "x" * 300_000)) == (413, "PAYLOAD_TOO_LARGE")
