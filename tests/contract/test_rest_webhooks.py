"""Webhooks out: told once it is committed, signed, tried again, given up, and never sent where they must not go."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks

from tests.helpers.api_rig import WAIT_S, ApiRig, served
from tests.helpers.hook_receiver import HookReceiver, Message
from workstation.api import standing, webhooks_sender
from workstation.api.event_types import EVENT_TYPES
from workstation.api.options import ApiOptions
from workstation.api.webhooks_outbox import Outbox
from workstation.domain.records import Webhook

OUT = "/api/v1/webhooks/out"


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as receiver:
        yield receiver


@pytest.fixture
def rig(tmp_path: Path, receiver: HookReceiver) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True, webhook_hosts=(receiver.host,))) as rig:
        yield rig


def make(rig: ApiRig, receiver: HookReceiver, **fields: Any) -> dict[str, Any]:
    asked = {"name": "books", "endpoint_url": receiver.url, "event_types": ["order.*"], "retry_delay_s": 1}
    answer = rig.http.post(OUT, json=asked | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def read(rig: ApiRig, path: str) -> dict[str, Any]:
    answer = rig.http.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def wait(rig: ApiRig, path: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read a resource until it fits; each look costs a round trip, so that it never spins."""
    found: dict[str, Any] = {}
    for _ in range(int(WAIT_S * 200)):
        found = read(rig, path)
        if fits(found):
            return found
        rig.reader.ping_write(0)
        rig.engine.do(lambda: None)
    raise AssertionError(found)


def settled(rig: ApiRig, hook: dict[str, Any], status: str, count: int = 1) -> list[dict[str, Any]]:
    """Return a webhook's deliveries once so many have a status."""
    path = f"{OUT}/{hook['id']}/deliveries?status={status}"
    return list(wait(rig, path, lambda found: len(found["deliveries"]) >= count)["deliveries"])


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def event(message: Message) -> dict[str, Any]:
    return dict(msgspec.json.decode(message.body))


def test_an_order_is_told_step_by_step_signed_and_as_the_event_list_has_it(rig: ApiRig, receiver: HookReceiver) -> None:
    hook = make(rig, receiver)
    assert hook["secret"].startswith("whsec_")
    placed = rig.place()
    told = [event(message) for message in receiver.wait_for(3)]
    assert {row["type"] for row in told} >= {"order.created", "order.pending_submit", "order.submitted"}
    assert {row["data"]["id"] for row in told} == {placed["id"]}
    listed = {row["id"]: row for row in read(rig, "/api/v1/events?types=order.*")["events"]}
    for row in told:
        assert row["type"] == listed[row["id"]]["type"]
    for message in receiver.messages:
        standardwebhooks.Webhook(hook["secret"]).verify(message.body, _real_time(message, hook["secret"]))


def _real_time(message: Message, secret: str) -> dict[str, str]:
    """Return a message's headers signed anew for now, after checking that its own signature fits its own time.

    The core's clock stands in the past, where the reference library accepts nothing.
    """
    import time

    from workstation.api.webhooks_secrets import signed_headers

    headers = message.headers
    own = signed_headers([secret], headers["webhook-id"], int(headers["webhook-timestamp"]), message.body)
    assert headers["webhook-signature"] == own["webhook-signature"]
    return signed_headers([secret], headers["webhook-id"], int(time.time()), message.body)


def test_a_secret_is_shown_once_and_kept_sealed(rig: ApiRig, receiver: HookReceiver) -> None:
    hook = make(rig, receiver)
    secret = hook.pop("secret")
    assert read(rig, f"{OUT}/{hook['id']}") == hook
    written = b"".join(line.payload for line in rig.core.journal.replay(0))
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert secret.encode() not in written
    assert base64.b64encode(raw) not in written


def test_an_endpoint_that_fails_is_tried_again_under_the_same_id(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.answers.extend([500])
    hook = make(rig, receiver, event_types=["order.created"])
    rig.place()
    first = receiver.wait_for(1)[0]
    retrying = settled(rig, hook, "RETRYING")[0]
    assert (retrying["attempt_count"], retrying["response_status"]) == (1, 500)
    assert read(rig, f"{OUT}/{hook['id']}")["failure_count"] == 1
    rig.ahead[0] += 5 * 10**9
    second = receiver.wait_for(2)[1]
    assert second.headers["webhook-id"] == first.headers["webhook-id"] == retrying["message_id"]
    assert second.body == first.body
    done = settled(rig, hook, "DELIVERED")[0]
    assert (done["attempt_count"], done["next_attempt_at"]) == (2, None)
    health = read(rig, f"{OUT}/{hook['id']}")
    assert (health["failure_count"], health["last_success_at"]) == (0, done["delivered_at"])


def test_after_its_last_retry_a_delivery_is_dead_said_so_and_can_be_sent_again(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    receiver.answers.extend([503])
    hook = make(rig, receiver, event_types=["order.created"], max_retries=0)
    rig.place()
    dead = settled(rig, hook, "DEAD")[0]
    assert dead["next_attempt_at"] is None
    path = f"{OUT}/{hook['id']}/deliveries/{dead['id']}"
    again = rig.http.post(f"{path}/redeliver")
    assert again.status_code == 202
    assert (again.json()["status"], again.json()["message_id"]) == ("PENDING", dead["message_id"])
    settled(rig, hook, "DELIVERED")
    assert len({message.headers["webhook-id"] for message in receiver.wait_for(2)}) == 1
    assert problem(rig.http.post(f"{path}/redeliver")) == (409, "STATE_CONFLICT")
    events = wait(rig, "/api/v1/events?types=webhook.*", lambda found: bool(found["events"]))["events"]
    assert [row["type"] for row in events] == ["webhook.delivery.dead"]
    assert events[0]["data"]["id"] == hook["id"]


def test_an_endpoint_that_is_gone_is_switched_off_at_once(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.answers.extend([410])
    hook = make(rig, receiver, event_types=["order.created"])
    rig.place()
    off = wait(rig, f"{OUT}/{hook['id']}", lambda found: not found["is_active"])
    assert "410" in off["disabled_reason"]
    assert settled(rig, hook, "DEAD")[0]["attempt_count"] == 1
    tag = {"If-Match": "*"}
    back = rig.http.patch(f"{OUT}/{hook['id']}", json={"is_active": True}, headers=tag).json()
    assert (back["is_active"], back["disabled_reason"]) == (True, None)


def test_redirects_are_not_followed_and_little_of_an_answer_is_kept(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.answers.extend([302])
    receiver.answer_headers = {"Location": f"http://127.0.0.1:{rig.port}/api/v1/health", "Set-Cookie": "a=b"}
    receiver.answer_body = b"x" * 10_000
    hook = make(rig, receiver, event_types=["order.created"], max_retries=0)
    rig.place()
    dead = settled(rig, hook, "DEAD")[0]
    assert dead["response_status"] == 302
    assert len(dead["response_body"]) == 4_096
    assert "set-cookie" not in dead["response_headers"]
    assert len(receiver.messages) == 1


def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(rig: ApiRig, receiver: HookReceiver) -> None:
    hook = make(rig, receiver)
    rotated = rig.http.post(f"{OUT}/{hook['id']}/rotate-secret")
    assert rotated.status_code == 201
    new = rotated.json()["secret"]
    assert new != hook["secret"]

    def signatures() -> list[str]:
        before = len(receiver.messages)
        assert rig.http.post(f"{OUT}/{hook['id']}/test").status_code == 202
        message = receiver.wait_for(before + 1)[-1]
        for secret in (new, hook["secret"])[: len(message.headers["webhook-signature"].split())]:
            _, given = secret, message.headers["webhook-signature"].split()
            from workstation.api.webhooks_secrets import signature

            stamp = int(message.headers["webhook-timestamp"])
            assert signature(secret, message.headers["webhook-id"], stamp, message.body) in given
        return message.headers["webhook-signature"].split()

    assert len(signatures()) == 2
    rig.ahead[0] += 25 * 3_600 * 10**9
    assert len(signatures()) == 1


def test_a_webhook_hears_of_nothing_from_before_it_was_made(rig: ApiRig, receiver: HookReceiver) -> None:
    rig.place()
    rig.core.clock.advance(10**6)
    hook = make(rig, receiver, event_types=["order.created"])
    second = rig.place()
    told = [event(message)["data"]["id"] for message in receiver.wait_for(1)]
    assert told == [second["id"]]
    assert [row["event_type"] for row in settled(rig, hook, "DELIVERED")] == ["order.created"]


def test_what_its_maker_may_not_see_a_webhook_is_not_told(rig: ApiRig, receiver: HookReceiver) -> None:
    scopes = ["webhooks:manage", "webhooks:view", "positions:view"]
    key = rig.http.post("/api/v1/auth/api-keys", json={"name": "narrow", "scopes": scopes}).json()["key"]
    with rig.client(**{"X-API-Key": key}) as narrow:
        asked = {"name": "n", "endpoint_url": receiver.url}
        assert narrow.post(OUT, json=asked).status_code == 201
    rig.fill(rig.place(), 10)
    assert {event(message)["type"] for message in receiver.wait_for(1)} == {"position.updated"}


def test_what_was_committed_and_not_told_is_told_after_a_restart_under_one_id(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    receiver.held.clear()
    make(rig, receiver, event_types=["order.created"])
    placed = rig.place()
    first = receiver.wait_for(1)[0]
    rig.restart_api()
    receiver.held.set()
    second = receiver.wait_for(2)[1]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert event(second)["data"]["id"] == placed["id"]


def test_while_nothing_can_be_stored_nothing_is_lost_and_nothing_is_sent_twice(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    make(rig, receiver, event_types=["order.created"])
    rig.reader.deliveries.writable = False
    placed = rig.place()
    rig.reader.deliveries.writable = True
    assert event(receiver.wait_for(1)[0])["data"]["id"] == placed["id"]


def test_a_sender_that_fails_inside_says_so_and_goes_on(
    rig: ApiRig, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(standing, "PAUSE_S_MAX", 0.01)
    faults = [RuntimeError("planted"), KeyError("planted as well")]
    advance = Outbox.advance

    def broken(outbox: Outbox) -> int:
        if faults:
            raise faults.pop(0)
        return advance(outbox)

    monkeypatch.setattr(Outbox, "advance", broken)
    hook = make(rig, receiver, event_types=["order.created"])
    placed = rig.place()
    assert event(receiver.wait_for(1)[0])["data"]["id"] == placed["id"]
    wait(rig, f"{OUT}/{hook['id']}", lambda _: len(logged) == 2)  # a look begun before the patch may have told it
    assert [(line["event"], line["task"]) for line in logged] == [("task_failed", "webhooks")] * 2


def test_a_delivery_that_fails_inside_is_said_and_left_alone(
    rig: ApiRig, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def broken(delivery: Any, *_: Any) -> Any:
        raise RuntimeError(delivery.event_type)

    monkeypatch.setattr(webhooks_sender, "outcome", broken)
    first = make(rig, receiver, event_types=["order.created"])
    rig.place()
    wait(rig, f"{OUT}/{first['id']}", lambda _: bool(logged))
    monkeypatch.undo()
    assert [(line["event"], line["error"]) for line in logged] == [("delivery_failed", "RuntimeError('order.created')")]
    second = make(rig, receiver, event_types=["order.submitted"])
    rig.place()
    settled(rig, second, "DELIVERED")
    assert settled(rig, first, "DELIVERED")[0]["attempt_count"] == 1
    assert len([message for message in receiver.messages if event(message)["type"] == "order.created"]) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/hook",
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://2130706433/hook",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[64:ff9b::a9fe:a9fe]/hook",
        "https://169.254.169.254/latest",
        "https://10.1.2.3/hook",
        "https://0.0.0.0/hook",
        "https://224.0.0.1/hook",
        "https://user:word@example.com/hook",
        "ftp://example.com/hook",
        "https:///hook",
        "nonsense",
    ],
)
def test_a_forbidden_target_is_refused_when_it_is_named(rig: ApiRig, receiver: HookReceiver, url: str) -> None:
    answer = rig.http.post(OUT, json={"name": "bad", "endpoint_url": url})
    assert problem(answer) == (422, "TARGET_FORBIDDEN")
    assert answer.json()["details"]["fields"][0]["field"] == "endpoint_url"
    hook = make(rig, receiver)
    change = rig.http.put(f"{OUT}/{hook['id']}", json={"endpoint_url": url}, headers={"If-Match": "*"})
    assert problem(change) == (422, "TARGET_FORBIDDEN")


def test_the_programs_own_port_is_forbidden_even_where_it_is_allowed(tmp_path: Path) -> None:
    with served(
        tmp_path, options=ApiOptions(webhook_hosts=tuple(f"127.0.0.1:{port}" for port in range(65_536)))
    ) as rig:
        answer = rig.http.post(OUT, json={"name": "bad", "endpoint_url": f"http://127.0.0.1:{rig.port}/x"})
        assert problem(answer) == (422, "TARGET_FORBIDDEN")


def test_webhooks_are_listed_filtered_changed_and_deleted(rig: ApiRig, receiver: HookReceiver) -> None:
    first = make(rig, receiver, name="alpha")
    second = make(rig, receiver, name="beta", event_types=["risk.*"], is_active=False)
    names = lambda query: [row["name"] for row in read(rig, f"{OUT}?{query}")["webhooks"]]  # noqa: E731 -- a word for a look
    assert names("ordering=name") == ["alpha", "beta"]
    assert names("is_active=false") == ["beta"]
    assert names("event_type=order.*") == ["alpha"]
    assert names("search=alp") == ["alpha"]
    changed = rig.http.patch(f"{OUT}/{first['id']}", json={"max_retries": 9}, headers={"If-Match": '"v1"'})
    assert (changed.status_code, changed.json()["max_retries"]) == (200, 9)
    assert problem(rig.http.patch(f"{OUT}/{first['id']}", json={"max_retries": 9})) == (428, "PRECONDITION_REQUIRED")
    assert rig.http.delete(f"{OUT}/{second['id']}").status_code == 204
    assert problem(rig.http.get(f"{OUT}/{second['id']}")) == (404, "NOT_FOUND")
    assert problem(rig.http.get(f"{OUT}/{first['id']}/deliveries/{second['id']}")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"max_retries": 11}, {"timeout_s": 31}, {"retry_delay_s": 0}, {"event_types": ["Order"]}, {"x": 1}],
)
def test_a_wrong_field_is_named(rig: ApiRig, receiver: HookReceiver, wrong: dict[str, Any]) -> None:
    asked = {"name": "books", "endpoint_url": receiver.url} | wrong
    assert problem(rig.http.post(OUT, json=asked)) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("unknown", ["order.fill", "orders.*"])
def test_events_that_cannot_come_are_refused_with_those_that_can(
    rig: ApiRig, receiver: HookReceiver, unknown: str
) -> None:
    hook, changes = make(rig, receiver), {"event_types": ["risk.*", unknown]}
    refusals = (
        rig.http.post(OUT, json={"name": "odd", "endpoint_url": receiver.url} | changes),
        rig.http.patch(f"{OUT}/{hook['id']}", json=changes, headers={"If-Match": "*"}),
    )
    for refusal in refusals:
        assert problem(refusal) == (422, "VALIDATION_ERROR")
        (wrong,) = refusal.json()["details"]["fields"]
        assert (wrong["field"], wrong["location"], wrong["allowed"]) == ("event_types", "body", list(EVENT_TYPES))
        assert wrong["message"].startswith(f"{unknown!r} is no type of event; there are account.updated, ")
    assert rig.http.get(OUT).json()["total_count"] == 1


def test_a_repeat_with_the_same_key_never_shows_the_secret_again(rig: ApiRig, receiver: HookReceiver) -> None:
    asked, key = {"name": "books", "endpoint_url": receiver.url}, {"Idempotency-Key": "once"}
    made = rig.http.post(OUT, json=asked, headers=key)
    again = rig.http.post(OUT, json=asked, headers=key)
    assert problem(again) == (409, "DUPLICATE")
    assert made.json()["secret"] not in again.text
    assert len(list(rig.reader.records(Webhook, _all()).rows)) == 1


def _all() -> Any:
    from workstation.ports.store import RecordQuery

    return RecordQuery(tenant="local")
