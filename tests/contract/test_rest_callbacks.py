"""Market data by callback: signed, conflated, tried again, given up with a word, never sent where it must not go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import standardwebhooks

from tests.helpers.api_rig import WAIT_S, ApiRig, served
from tests.helpers.core_rig import START_NS
from tests.helpers.hook_receiver import HookReceiver, Message
from workstation.api import callbacks, callers
from workstation.api.options import ApiOptions
from workstation.api.routes import subscriptions
from workstation.api.webhooks_secrets import PREFIX, signature
from workstation.commands.records import ChangeRecord, CreateRecord
from workstation.domain.market import Aggressor, BookSnapshot, Level, Quote, Trade
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import DataType, DeliveryMethod, UpdateFrequency
from workstation.ports.store import RecordQuery

URL = "/api/v1/marketdata/subscriptions"
ANY = {"If-Match": "*"}


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as receiver:
        yield receiver


@pytest.fixture
def rig(tmp_path: Path, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiRig]:
    monkeypatch.setattr(callers, "CALL_GAP_S", 0.0)
    monkeypatch.setattr(callers, "DELAY_S", 0.01)
    monkeypatch.setattr(callers, "FAILURES_MAX", 3)
    monkeypatch.setattr(callers, "GIVE_UP_AGAIN_S", 0.01)
    with served(tmp_path, options=ApiOptions(pin_token=True, webhook_hosts=(receiver.host,))) as rig:
        yield rig


def trade(symbol: str, price: int, at: int = 0) -> Trade:
    return Trade(symbol, price, 5, Aggressor.SELL, "", START_NS + at, START_NS + at)


def quote(symbol: str, bid: int, at: int = 0) -> Quote:
    return Quote(symbol, bid, 10, bid + 2, 20, START_NS + at, START_NS + at)


def wish(receiver: HookReceiver, *symbols: str, **fields: Any) -> dict[str, Any]:
    plain = {"data_types": ["LEVEL_1"], "update_frequency": "REALTIME", "delivery_method": "WEBHOOK"}
    return {"instrument_symbols": list(symbols or ("ABC",)), "callback_url": receiver.url} | plain | fields


def follow(rig: ApiRig, receiver: HookReceiver, *symbols: str, **fields: Any) -> dict[str, Any]:
    answer = rig.http.post(URL, json=wish(receiver, *symbols, **fields))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def change(rig: ApiRig, made: dict[str, Any], status: int = 200, **fields: Any) -> dict[str, Any]:
    answer = rig.http.put(f"{URL}/{made['id']}", json=fields, headers=ANY)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def wait(rig: ApiRig, made: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read a subscription until it fits; each look costs a round trip, so that it never spins."""
    found: dict[str, Any] = {}
    for _ in range(int(WAIT_S * 200)):
        found = rig.http.get(f"{URL}/{made['id']}").json()
        if fits(found):
            return found
        rig.engine.do(lambda: None)
    raise AssertionError(found)


def in_error(rig: ApiRig, made: dict[str, Any]) -> dict[str, Any]:
    return wait(rig, made, lambda found: found["status"] == "ERROR")


def news(message: Message) -> list[tuple[str, str, str | None]]:
    """Return symbol, type and price of what a call brings."""
    return [
        (env["data"]["instrument_symbol"], env["type"].removeprefix("marketdata."), env["data"].get("last_price"))
        for env in msgspec.json.decode(message.body)
    ]


def brings(*wanted: tuple[str, str, str | None]) -> Callable[[list[Message]], bool]:
    """Return whether all of this has come, in whatever calls."""
    return lambda found: set(wanted) <= {row for message in found for row in news(message)}


def test_news_comes_as_a_signed_batch_of_envelopes(rig: ApiRig, receiver: HookReceiver) -> None:
    rig.feed(quote("ABC", 9_999), trade("ABC", 10_000), trade("XYZ", 500))
    made = follow(rig, receiver, "ABC", "XYZ")
    assert made["secret"].startswith(PREFIX)
    wanted = (("ABC", "quote", "100.00"), ("ABC", "trade", "100.00"), ("XYZ", "trade", "5.00"))
    message = receiver.wait(brings(*wanted), "all of it")[0]
    assert message.headers["content-type"] == "application/cloudevents-batch+json"
    for envelope in msgspec.json.decode(message.body):
        assert (envelope["specversion"], envelope["source"]) == ("1.0", "workstation/marketdata")
    # The core's clock stands in the past, where the reference library accepts nothing: signed anew for now as well.
    own, stamp = message.headers["webhook-signature"], int(message.headers["webhook-timestamp"])
    assert own == signature(made["secret"], message.headers["webhook-id"], stamp, message.body)
    now = int(time.time())
    headers = {
        "webhook-id": message.headers["webhook-id"],
        "webhook-timestamp": str(now),
        "webhook-signature": signature(made["secret"], message.headers["webhook-id"], now, message.body),
    }
    assert len(standardwebhooks.Webhook(made["secret"]).verify(message.body, headers)) >= 1
    told = wait(rig, made, lambda found: found["total_updates"] >= 3)
    assert (told["error_count"], told["last_error"], told["status"]) == (0, None, "ACTIVE")
    assert told["last_update"] is not None


def test_books_are_brought_level_by_level_and_metadata_left_out(rig: ApiRig, receiver: HookReceiver) -> None:
    rig.feed(BookSnapshot("ABC", (Level(9_999, 10),), (Level(10_001, 20),), 7, START_NS, START_NS))
    follow(rig, receiver, data_types=["LEVEL_2"], include_metadata=False)
    [envelope] = msgspec.json.decode(receiver.wait_for(1)[0].body)
    assert (envelope["type"], envelope["data"]["bids"]) == ("marketdata.depth", [["99.99", "10"]])
    assert "metadata" not in envelope["data"]


def test_while_a_call_is_under_way_the_newest_alone_waits(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.held.clear()
    made = follow(rig, receiver)
    rig.feed(trade("ABC", 10_000))
    receiver.wait_for(1)
    for number in range(1, 50):
        rig.feed(trade("ABC", 10_000 + number, at=number))

    async def knows_the_newest() -> bool:
        frames = rig.server._services.market_feed.newer(0)
        return any(frame.envelope["data"].get("last_price") == "100.49" for frame in frames)

    for _ in range(int(WAIT_S * 200)):
        if asyncio.run_coroutine_threadsafe(knows_the_newest(), rig.server._loop).result(WAIT_S):
            break
        rig.engine.do(lambda: None)
    assert len(receiver.messages) == 1
    receiver.held.set()
    assert news(receiver.wait_for(2)[1]) == [("ABC", "trade", "100.49")]
    assert wait(rig, made, lambda found: found["total_updates"] == 2)["error_count"] == 0


def test_a_failed_call_is_made_again_under_its_id_until_there_is_something_newer(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    receiver.answers.extend([500, 503])
    rig.feed(trade("ABC", 10_000))
    made = follow(rig, receiver)
    first, second, third = receiver.wait_for(3)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    assert first.body == second.body == third.body
    told = wait(rig, made, lambda found: found["total_updates"] == 1)
    assert (told["error_count"], told["last_error"], told["status"]) == (2, None, "ACTIVE")
    rig.feed(trade("ABC", 10_001, at=1))
    assert receiver.wait_for(4)[3].headers["webhook-id"] != first.headers["webhook-id"]


def test_after_failures_in_a_row_it_is_in_error_stays_so_and_goes_on_when_it_is_resumed(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    receiver.answers.extend([500, 500, 418])
    rig.feed(trade("ABC", 10_000))
    made = follow(rig, receiver)
    lost = in_error(rig, made)
    assert (lost["is_active"], lost["error_count"]) == (False, 3)
    assert lost["last_error"] == "3 calls failed in a row, the last one: the endpoint answered 418"
    assert change(rig, made, 409, is_active=False)["code"] == "STATE_CONFLICT"
    assert change(rig, made, notes="seen")["status"] == "ERROR"
    rig.feed(trade("ABC", 10_001, at=1))
    assert len(receiver.messages) == 3
    back = change(rig, made, is_active=True)
    assert (back["status"], "secret" in back) == ("ACTIVE", False)
    assert ("ABC", "trade", "100.01") in news(receiver.wait_for(4)[3])
    assert wait(rig, made, lambda found: found["total_updates"] > 0)["last_error"] is None
    told = rig.http.get("/api/v1/events", params={"types": "marketdata.*", "ordering": "sequence"}).json()["events"]
    verbs = [event["type"].removeprefix("marketdata.subscription.") for event in told]
    assert verbs == ["created", "error", "changed", "resumed"]
    assert told[1]["data"]["last_error"] == lost["last_error"]


def test_a_save_in_between_forgets_no_failure(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.answers.extend([500] * 9)
    rig.feed(trade("ABC", 10_000))
    receiver.held.clear()
    made = follow(rig, receiver)
    receiver.wait_for(1)
    change(rig, made, notes="a")
    receiver.held.set()
    assert in_error(rig, made)["error_count"] == 3


def test_an_endpoint_that_is_gone_ends_it_at_once(rig: ApiRig, receiver: HookReceiver) -> None:
    receiver.answers.extend([410])
    rig.feed(trade("ABC", 10_000))
    assert in_error(rig, follow(rig, receiver))["last_error"] == callers.GONE


def test_another_address_is_judged_and_used(rig: ApiRig, receiver: HookReceiver) -> None:
    made = follow(rig, receiver)
    for wrong in ("http://169.254.169.254/x", f"http://127.0.0.1:{rig.port}/x", "http://127.0.0.1:1/x"):
        refusal = change(rig, made, 422, callback_url=wrong)
        assert (refusal["code"], refusal["details"]["fields"][0]["field"]) == ("TARGET_FORBIDDEN", "callback_url")
        assert rig.http.post(URL, json=wish(receiver, "XYZ", callback_url=wrong)).json()["code"] == "TARGET_FORBIDDEN"
    changed = change(rig, made, callback_url=receiver.url + "2")
    assert "secret" not in changed
    rig.feed(trade("ABC", 10_000))
    assert receiver.wait_for(1)[0].path == "/hook2"


def test_pausing_and_deleting_end_the_calls(rig: ApiRig, receiver: HookReceiver) -> None:
    made, other = follow(rig, receiver), follow(rig, receiver, "XYZ")
    rig.feed(trade("ABC", 10_000), trade("XYZ", 500))
    receiver.wait(brings(("ABC", "trade", "100.00"), ("XYZ", "trade", "5.00")), "both")
    change(rig, made, is_active=False)
    rig.feed(trade("ABC", 10_001, at=1), trade("XYZ", 501, at=1))
    receiver.wait(brings(("XYZ", "trade", "5.01")), "the other")
    assert rig.http.delete(f"{URL}/{other['id']}").status_code == 204
    change(rig, made, is_active=True)
    rig.feed(trade("XYZ", 502, at=2), trade("ABC", 10_002, at=2))
    found = receiver.wait(brings(("ABC", "trade", "100.02")), "resumed")
    prices = {row for message in found for row in news(message)}
    assert not prices & {("ABC", "trade", "100.01"), ("XYZ", "trade", "5.02")}
    assert rig.server._services.callbacks.count == 1


def test_a_new_secret_signs_beside_the_old_one_and_another_way_forgets_both(
    rig: ApiRig, receiver: HookReceiver
) -> None:
    made = follow(rig, receiver)
    rotated = change(rig, made, rotate_secret=True)["secret"]
    assert rotated != made["secret"]
    rig.feed(trade("ABC", 10_000))
    message = receiver.wait_for(1)[0]
    stamp, name = int(message.headers["webhook-timestamp"]), message.headers["webhook-id"]
    wanted = [signature(secret, name, stamp, message.body) for secret in (rotated, made["secret"])]
    assert message.headers["webhook-signature"].split() == wanted
    change(rig, made, delivery_method="SSE", callback_url=None)
    assert change(rig, made, 422, rotate_secret=True)["code"] == "VALIDATION_ERROR"
    assert change(rig, made, delivery_method="WEBHOOK", callback_url=receiver.url)["secret"] not in (
        rotated,
        made["secret"],
    )


def test_a_secret_is_shown_once_sealed_and_never_to_a_repeat(rig: ApiRig, receiver: HookReceiver) -> None:
    key = {"Idempotency-Key": "once"}
    made = rig.http.post(URL, json=wish(receiver), headers=key)
    again = rig.http.post(URL, json=wish(receiver), headers=key)
    assert (made.status_code, again.status_code, again.json()["code"]) == (201, 409, "DUPLICATE")
    assert again.json()["details"]["id"] == made.json()["id"]
    many = {"subscriptions": [wish(receiver, "XYZ"), wish(receiver, data_types=["LEVEL_2"], delivery_method="SSE")]}
    bulk = [rig.http.post(f"{URL}/bulk", json=many, headers=key) for _ in range(2)]
    shown = [answer.json()["accepted"] for answer in bulk]
    assert [len(rows) for rows in shown] == [1, 1]
    assert shown[1] == [{name: value for name, value in shown[0][0].items() if name != "secret"}]
    written = b"".join(line.payload for line in rig.core.journal.replay(0)) + b"".join(
        str(row).encode() for row in rig.reader.records(MarketSubscription, RecordQuery(tenant="local")).rows
    )
    for secret in (made.json()["secret"], shown[0][0]["secret"]):
        assert secret.removeprefix(PREFIX).encode() not in written
        for path in (URL, "/api/v1/events", "/api/v1/audit/logs"):
            assert secret.removeprefix(PREFIX) not in rig.http.get(path).text
    assert rig.http.get(f"{URL}/{made.json()['id']}").json().get("secret") is None


def test_after_a_restart_the_calls_go_on_with_what_is_newest(rig: ApiRig, receiver: HookReceiver) -> None:
    made = follow(rig, receiver)
    paused = follow(rig, receiver, "XYZ")
    change(rig, paused, is_active=False)
    rig.feed(trade("ABC", 10_000), trade("XYZ", 500))
    receiver.wait_for(1)
    rig.restart_api()
    rig.feed(trade("ABC", 10_001, at=1))
    message = receiver.wait(brings(("ABC", "trade", "100.01")), "after the restart")[-1]
    stamp = int(message.headers["webhook-timestamp"])
    own = signature(made["secret"], message.headers["webhook-id"], stamp, message.body)
    assert message.headers["webhook-signature"] == own
    assert {row[0] for found in receiver.messages for row in news(found)} == {"ABC"}


def test_one_that_was_kept_without_a_secret_tells_its_owner(rig: ApiRig, receiver: HookReceiver) -> None:
    made = follow(rig, receiver)
    strip = ChangeRecord(id=made["id"], changes={"secret": ""})
    done: list[Any] = []
    rig.engine.call("market_subscription.update", strip, Origin(kind=OriginKind.REST), done.append)
    rig.feed(trade("ABC", 10_000))
    assert in_error(rig, made)["last_error"] == callers.UNSIGNED
    back = change(rig, made, is_active=True)
    assert back["secret"].startswith(PREFIX)
    assert receiver.wait_for(1)


def test_what_is_called_back_is_not_streamed_as_well(rig: ApiRig, receiver: HookReceiver) -> None:
    follow(rig, receiver)
    answer = rig.http.get("/api/v1/marketdata/stream", params={"symbols": "ABC"})
    assert (answer.status_code, answer.json()["details"]["symbols"]) == (422, ["ABC"])


def test_callbacks_are_counted_for_a_user_and_for_all(
    rig: ApiRig, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CALLBACKS_PER_USER_MAX", 1)
    follow(rig, receiver)
    refusal = rig.http.post(URL, json=wish(receiver, "XYZ"))
    assert (refusal.status_code, refusal.json()["details"]) == (429, {"limit": 1, "current": 1})
    made = rig.http.post(URL, json=wish(receiver, "XYZ", delivery_method="SSE", callback_url=None)).json()
    assert change(rig, made, 429, delivery_method="WEBHOOK", callback_url=receiver.url)["code"] == "QUOTA_EXCEEDED"
    monkeypatch.setattr(subscriptions, "CALLBACKS_PER_USER_MAX", 9)
    monkeypatch.setattr(callbacks, "CALLBACKS_MAX", 1)
    over = change(rig, made, delivery_method="WEBHOOK", callback_url=receiver.url)
    assert in_error(rig, over)["last_error"] == "1 callbacks are called already"


def test_an_unexpected_fault_is_logged_and_gives_it_up(
    rig: ApiRig, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("planted")

    monkeypatch.setattr(callers, "stable_uid", broken)
    rig.feed(trade("ABC", 10_000))
    assert in_error(rig, follow(rig, receiver))["last_error"] == "it failed inside this program: RuntimeError"
    assert [(line["event"], line["error"]) for line in logged] == [("callback_failed", "RuntimeError('planted')")]


def test_a_subscription_of_a_user_who_is_gone_is_called_no_more(rig: ApiRig, receiver: HookReceiver) -> None:
    draft = MarketSubscription(
        user_id="00000000-0000-4000-8000-00000000dead",
        instrument_symbols=("ABC",),
        data_types=(DataType.LEVEL_1,),
        update_frequency=UpdateFrequency.REALTIME,
        delivery_method=DeliveryMethod.WEBHOOK,
        callback_url=receiver.url,
        secret="kept",
    )
    done: list[Any] = []
    rig.engine.call("market_subscription.create", CreateRecord(record=draft), Origin(kind=OriginKind.REST), done.append)
    rig.feed(trade("ABC", 10_000))
    listed = lambda: rig.http.get(URL).json()["subscriptions"][0]  # noqa: E731 -- a word for a look
    assert in_error(rig, listed())["last_error"] == callers.NO_RIGHT
    assert receiver.messages == []
