"""Market data by webhook: what a signing source sends is in the market, and what it may not send says why."""

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
from workstation.commands.market_outside import TakeOutside

ROOT = "/api/v1"
HOOK = f"{ROOT}/webhooks/in/marketdata"
SOURCES = f"{ROOT}/webhooks/in/sources"
OWN = {"symbol": "OWN", "name": "Own", "instrument_type": "STOCK", "exchange": "OTHER", "min_tick_size": "0.01",
       "lot_size": "1"}  # fmt: skip
NOW_S = START_NS // 10**9


def at(seconds: float = 0) -> str:
    return datetime.fromtimestamp(NOW_S + seconds, UTC).isoformat()


QUOTE = {"timestamp": at(), "bid_price": "10.01", "bid_size": "300", "ask_price": "10.02", "ask_size": "200"}
TRADE = {"timestamp": at(), "price": "10.02", "size": "5", "side": "BUY"}
BAR = {"interval": "1m", "start_time": at(-600), "end_time": at(-540), "open": "10", "high": "11", "low": "9",
       "close": "10.5", "volume": "70"}  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(pin_token=True)) as made:
        assert made.http.post(f"{ROOT}/instruments", json=OWN).status_code == 201
        yield made


def source(rig: ApiRig, **fields: Any) -> dict[str, Any]:
    answer = rig.http.post(SOURCES, json={"name": "prices", "instruments": ["OWN"]} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def send(rig: ApiRig, secret: str | None, message_id: str = "m1", at_s: int = 0, **body: Any) -> Any:
    content = msgspec.json.encode({"instrument_symbol": "OWN", "sequence": 1} | body)
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        time = datetime.fromtimestamp(NOW_S + at_s, UTC)
        headers |= {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(time.timestamp())),
            "webhook-signature": standardwebhooks.Webhook(secret).sign(message_id, time, content.decode()),
        }
    return rig.http.post(HOOK, params={"source": "prices"}, content=content, headers=headers)


def refusal(answer: Any) -> tuple[int, str, Any]:
    body = answer.json()
    found = body["details"].get("fields", [{}])[0]
    return answer.status_code, body["code"], found.get("issue") or body["details"].get("reason")


def test_quotes_and_trades_are_the_latest_values_and_bars_are_kept(rig: ApiRig) -> None:
    secret = source(rig)["secret"]
    answer = send(rig, secret, quotes=[QUOTE], trades=[TRADE], bars=[BAR])
    assert (answer.status_code, answer.json()["data"]) == (202, {"source": "prices", "message_id": "m1"})
    quote = rig.http.get(f"{ROOT}/marketdata/quotes/OWN").json()
    assert (quote["bid_price"], quote["ask_price"], quote["ask_size"]) == ("10.01", "10.02", "200")
    assert quote["last_price"] == "10.02"
    bars = rig.http.get(f"{ROOT}/marketdata/bars/OWN", params={"interval": "1m"}).json()["data_points"]
    assert [(bar["open"], bar["close"], bar["volume"]) for bar in bars] == [("10.00", "10.50", 70)]
    (event,) = rig.http.get(f"{ROOT}/events?types=webhook.received").json()["events"]
    counts = {"instrument_symbol": "OWN", "sequence": 1, "quotes": 1, "trades": 1, "bars": 1}
    assert event["data"]["payload"] == counts


def test_the_same_message_again_is_ignored_and_another_under_its_id_is_refused(rig: ApiRig) -> None:
    secret = source(rig)["secret"]
    assert send(rig, secret, quotes=[QUOTE]).status_code == 202
    again = send(rig, secret, quotes=[QUOTE])
    assert (again.status_code, again.json()["message"]) == (202, "It came before and is ignored.")
    assert refusal(send(rig, secret, sequence=2, quotes=[QUOTE]))[:2] == (422, "IDEMPOTENCY_MISMATCH")
    rig.restart_api()
    assert send(rig, secret, quotes=[QUOTE]).json()["message"] == "It came before and is ignored."
    assert refusal(send(rig, secret, sequence=2, quotes=[QUOTE]))[:2] == (422, "IDEMPOTENCY_MISMATCH")
    assert len(rig.http.get(f"{ROOT}/events?types=webhook.received").json()["events"]) == 1


def test_a_message_that_does_not_count_on_is_refused_after_a_restart_too(rig: ApiRig) -> None:
    secret = source(rig)["secret"]
    assert send(rig, secret, "m1", sequence=5, quotes=[QUOTE]).status_code == 202
    for restarted in (False, True):
        if restarted:
            rig.restart_api()
        answer = send(rig, secret, f"late{restarted}", sequence=5, quotes=[QUOTE | {"bid_price": "9.00"}])
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE_CONFLICT")
        assert answer.json()["details"] == {"state": "5", "allowed": ["sequence above 5"]}
    assert send(rig, secret, "m2", sequence=6, quotes=[QUOTE]).status_code == 202
    assert rig.http.get(f"{ROOT}/marketdata/quotes/OWN").json()["bid_price"] == "10.01"


def test_unsigned_stale_and_wrongly_signed_messages_say_which_they_are(rig: ApiRig) -> None:
    secret = source(rig)["secret"]
    assert refusal(send(rig, None, quotes=[QUOTE])) == (401, "UNAUTHENTICATED", "UNSIGNED")
    assert refusal(send(rig, secret, at_s=-301, quotes=[QUOTE])) == (401, "UNAUTHENTICATED", "STALE")
    wrong = "whsec_" + "A" * 43 + "="
    assert refusal(send(rig, wrong, quotes=[QUOTE])) == (401, "UNAUTHENTICATED", "WRONG_SIGNATURE")
    assert rig.http.get(f"{ROOT}/marketdata/quotes/OWN").status_code == 404


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        ({"instrument_symbol": "ABC", "quotes": [QUOTE]}, "not_enabled"),
        ({"quotes": [QUOTE | {"timestamp": at(-301)}]}, "stale"),
        ({"trades": [TRADE | {"timestamp": at(301)}]}, "stale"),
        ({"quotes": [QUOTE, QUOTE | {"timestamp": at(-1)}]}, "out_of_order"),
        ({"quotes": [QUOTE | {"bid_price": "10.0000001"}]}, "precision"),
        ({}, "value_error"),
        ({"quotes": [QUOTE], "sequence": 0}, "greater_than_equal"),
    ],
)
def test_what_a_message_may_not_hold_is_refused_by_name(rig: ApiRig, body: dict[str, Any], issue: str) -> None:
    secret = source(rig)["secret"]
    assert refusal(send(rig, secret, **body)) == (422, "VALIDATION_ERROR", issue)
    assert rig.http.get(f"{ROOT}/marketdata/quotes/OWN").status_code == 404


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"quotes": [QUOTE | {"bid_price": "10.015"}]}, "off the grid"),
        ({"trades": [TRADE | {"size": "0"}]}, "size 0"),
        ({"quotes": [QUOTE | {"bid_price": None}]}, "size without a price"),
        ({"bars": [BAR | {"high": "9.5"}]}, "outside low and high"),
    ],
)
def test_a_message_that_cannot_be_true_is_refused_whole(rig: ApiRig, body: dict[str, Any], why: str) -> None:
    secret = source(rig)["secret"]
    answer = send(rig, secret, **{"trades": [TRADE]} | body)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR")
    assert why in answer.json()["detail"]
    assert rig.http.get(f"{ROOT}/marketdata/quotes/OWN").status_code == 404
    assert send(rig, secret, "m2", quotes=[QUOTE]).status_code == 202, "its number was not used up"


def test_a_source_prices_only_what_the_venue_does_not_and_only_when_it_signs(rig: ApiRig) -> None:
    def made(**fields: Any) -> tuple[int, str]:
        answer = rig.http.post(SOURCES, json={"name": "other"} | fields)
        return answer.status_code, answer.json()["code"]

    assert made(instruments=["ABC"]) == (409, "IN_USE")
    assert made(instruments=["NOBODY"]) == (422, "VALIDATION_ERROR")
    assert made(instruments=["OWN"], with_secret=False) == (422, "VALIDATION_ERROR")
    silent = source(rig, instruments=[], with_secret=False)
    assert refusal(send(rig, None, quotes=[QUOTE]))[:2] == (403, "PERMISSION_DENIED")
    path, any_version = f"{SOURCES}/{silent['id']}", {"If-Match": "*"}
    assert rig.http.patch(path, json={"instruments": ["OWN"]}, headers=any_version).status_code == 422
    signing = rig.http.patch(path, json={"instruments": ["OWN"], "rotate_secret": True}, headers=any_version)
    assert (signing.status_code, signing.json()["instruments"]) == (200, ["OWN"])
    assert send(rig, signing.json()["secret"], quotes=[QUOTE]).status_code == 202
    assert rig.http.patch(path, json={"instruments": ["ABC"]}, headers=any_version).status_code == 409


def test_its_command_is_not_offered_to_scripts(rig: ApiRig) -> None:
    answer = rig.http.post(f"{ROOT}/commands/market.take", json={"parameters": {}})
    assert answer.status_code == 404
    assert rig.engine.commands.get("market.take").params is TakeOutside
