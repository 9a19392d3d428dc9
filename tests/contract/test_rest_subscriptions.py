"""Subscriptions to market data over HTTP: one by one, in bulk, by quota; with their events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.options import ApiOptions

URL = "/api/v1/marketdata/subscriptions"
MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(subscriptions_max=3)) as rig:
        yield rig


def call(rig: ApiRig, method: str, path: str = "", status: int = 200, **more: Any) -> httpx.Response:
    answer = rig.http.request(method, f"{URL}{path}", **more)
    assert answer.status_code == status, answer.text
    return answer


def wish(*symbols: str, **fields: Any) -> dict[str, Any]:
    plain = {"data_types": ["LEVEL_1"], "update_frequency": "REALTIME", "delivery_method": "SSE"}
    return {"instrument_symbols": list(symbols or ("ABC",)), **plain} | fields


def follow(rig: ApiRig, *symbols: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = call(rig, "POST", status=201, json=wish(*symbols, **fields)).json()
    return made


class TestMaking:
    def test_a_subscription_comes_back_as_it_was_asked_for(self, rig: ApiRig) -> None:
        asked = wish(
            "ABC",
            "XYZ",
            data_types=["LEVEL_1", "LEVEL_2"],
            price_threshold="0.05",
            volume_threshold=10,
            notes="n",
            metadata={"a": 1},
        )
        answer = call(rig, "POST", status=201, json=asked)
        made = answer.json()
        assert {name: made[name] for name in asked} == asked
        assert (made["status"], made["is_active"], made["total_updates"], made["last_update"]) == (
            "ACTIVE",
            True,
            0,
            None,
        )
        assert answer.headers["location"] == f"{URL}/{made['id']}"
        assert call(rig, "GET", f"/{made['id']}").json() == made

    @pytest.mark.parametrize(
        "wrong",
        [
            {"instrument_symbols": []},
            {"instrument_symbols": ["ABC", "ABC"]},
            {"instrument_symbols": ["S"] * 101},
            {"data_types": []},
            {"data_types": ["GOSSIP"]},
            {"update_frequency": "2S"},
            {"delivery_method": "PIGEON"},
            {"delivery_method": "WEBHOOK"},
            {"callback_url": "https://example.com/"},
            {"price_threshold": "-1"},
            {"volume_threshold": -1},
            {"unknown": 1},
        ],
    )
    def test_what_cannot_be_followed_is_refused(self, rig: ApiRig, wrong: dict[str, Any]) -> None:
        assert call(rig, "POST", status=422, json=wish(**wrong)).json()["code"] == "VALIDATION_ERROR"

    def test_every_unknown_symbol_is_named(self, rig: ApiRig) -> None:
        refusal = call(rig, "POST", status=422, json=wish("ABC", "NOPE", "NADA")).json()
        assert refusal["details"]["unknown_symbols"] == ["NOPE", "NADA"]

    def test_a_forbidden_callback_is_no_target(self, rig: ApiRig) -> None:
        refusal = call(
            rig, "POST", status=422, json=wish(delivery_method="WEBHOOK", callback_url="http://169.254.169.254/")
        )
        assert refusal.json()["code"] == "TARGET_FORBIDDEN"

    def test_a_pair_is_followed_once(self, rig: ApiRig) -> None:
        made = follow(rig, "ABC", "XYZ")
        refusal = call(rig, "POST", status=409, json=wish("XYZ", data_types=["LEVEL_2", "LEVEL_1"])).json()
        assert (refusal["code"], refusal["details"]["id"]) == ("DUPLICATE", made["id"])
        follow(rig, "XYZ", data_types=["LEVEL_2"])

    def test_the_quota_counts_active_ones(self, rig: ApiRig) -> None:
        made = [follow(rig, data_types=[kind]) for kind in ("LEVEL_1", "LEVEL_2", "NEWS")]
        refusal = call(rig, "POST", status=429, json=wish("XYZ")).json()
        assert (refusal["code"], refusal["details"]) == ("QUOTA_EXCEEDED", {"limit": 3, "current": 3})
        paused = f"/{made[0]['id']}"
        call(rig, "PUT", paused, json={"is_active": False}, headers={"If-Match": "*"})
        follow(rig, "XYZ")
        assert (
            call(rig, "PUT", paused, 429, json={"is_active": True}, headers={"If-Match": "*"}).json()["code"]
            == "QUOTA_EXCEEDED"
        )

    def test_what_the_feed_has_no_room_for_is_refused_and_leaves_the_rest_as_it_was(
        self, rig: ApiRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = follow(rig, "ABC")
        monkeypatch.setattr(rig.engine.market.subscriptions, "_most", 1)
        refusal = call(rig, "POST", status=422, json=wish("XYZ")).json()
        [fault] = refusal["details"]["fields"]
        assert (fault["field"], fault["allowed"]) == (
            "instrument_symbols",
            ["what the feed has room for, 2000 streams at once"],
        )
        call(rig, "PUT", f"/{made['id']}", json={"notes": "n"}, headers={"If-Match": "*"})
        assert call(rig, "GET").json()["total_count"] == 1
        follow(rig, "XYZ", data_types=["NEWS"])

    def test_a_repeat_with_the_same_key_makes_one(self, rig: ApiRig) -> None:
        first, again = (call(rig, "POST", status=201, json=wish(), headers={"Idempotency-Key": "k"}) for _ in range(2))
        assert again.content == first.content
        assert call(rig, "GET").json()["total_count"] == 1


class TestChanging:
    def test_pausing_and_resuming_are_told_by_name(self, rig: ApiRig) -> None:
        path = f"/{follow(rig)['id']}"
        paused = call(rig, "PUT", path, json={"is_active": False}, headers={"If-Match": '"v1"'})
        assert (paused.json()["status"], paused.headers["etag"]) == ("PAUSED", '"v2"')
        resumed = call(rig, "PATCH", path, json={"is_active": True}, headers={"If-Match": '"v2"'})
        assert resumed.json()["is_active"] is True
        call(rig, "PUT", path, json={"notes": "x"}, headers={"If-Match": "*"})
        call(rig, "DELETE", path, 204)
        events = rig.http.get("/api/v1/events", params={"types": "marketdata.*", "ordering": "sequence"}).json()[
            "events"
        ]
        verbs = [event["type"].removeprefix("marketdata.subscription.") for event in events]
        assert verbs == ["created", "paused", "resumed", "changed", "cancelled"]
        assert events[1]["data"]["changed"] == ["status"]

    def test_a_change_is_checked_like_a_new_one(self, rig: ApiRig) -> None:
        follow(rig, "XYZ")
        path = f"/{follow(rig, 'ABC')['id']}"
        for change, status in (
            ({"instrument_symbols": ["NOPE"]}, 422),
            ({"instrument_symbols": ["XYZ"]}, 409),
            ({"delivery_method": "WEBHOOK"}, 422),
            ({"instrument_symbols": None}, 422),
            ({"status": "CANCELLED"}, 422),
        ):
            call(rig, "PUT", path, status, json=change, headers={"If-Match": "*"})
        changed = call(
            rig, "PUT", path, json={"data_types": ["LEVEL_2"], "price_threshold": None}, headers={"If-Match": "*"}
        )
        assert changed.json()["data_types"] == ["LEVEL_2"]

    def test_a_change_needs_its_version(self, rig: ApiRig) -> None:
        path = f"/{follow(rig)['id']}"
        call(rig, "PUT", path, 428, json={"notes": "x"})
        call(rig, "PUT", path, 412, json={"notes": "x"}, headers={"If-Match": '"v9"'})

    def test_a_deleted_one_is_gone_and_its_pair_free(self, rig: ApiRig) -> None:
        path = f"/{follow(rig)['id']}"
        call(rig, "DELETE", path, 204)
        assert call(rig, "GET", path, 404).json()["code"] == "NOT_FOUND"
        call(rig, "DELETE", path, 404)
        follow(rig)

    def test_an_unknown_id_is_not_found_and_a_malformed_one_refused(self, rig: ApiRig) -> None:
        for method in ("GET", "DELETE"):
            call(rig, method, f"/{MISSING}", 404)
            call(rig, method, "/nope", 422)
        call(rig, "PUT", f"/{MISSING}", 404, json={"notes": "x"}, headers={"If-Match": "*"})


class TestListing:
    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({}, 3),
            ({"instrument_symbol": "xyz"}, 2),
            ({"data_type": "LEVEL_2"}, 1),
            ({"delivery_method": "POLLING"}, 1),
            ({"is_active": "true"}, 3),
            ({"is_active": "false"}, 0),
            ({"user_id": MISSING}, 0),
            ({"limit": "2"}, 2),
            ({"offset": "2"}, 1),
        ],
    )
    def test_filters_choose_subscriptions(self, rig: ApiRig, query: dict[str, str], count: int) -> None:
        follow(rig, "ABC")
        follow(rig, "XYZ", delivery_method="POLLING")
        follow(rig, "ABC", "XYZ", data_types=["LEVEL_2"])
        assert len(call(rig, "GET", params=query).json()["subscriptions"]) == count

    def test_chosen_fields_and_orderings_are_checked(self, rig: ApiRig) -> None:
        made = follow(rig)
        assert call(rig, "GET", params={"fields": "id"}).json()["subscriptions"] == [{"id": made["id"]}]
        for wrong in ({"fields": "nope"}, {"ordering": "status"}, {"search": "a"}, {"data_type": "nope"}):
            call(rig, "GET", status=422, params=wrong)


class TestBulk:
    def test_each_item_is_judged_on_its_own_in_order(self, rig: ApiRig) -> None:
        items = [wish("ABC"), wish("NOPE"), wish("ABC"), wish("XYZ"), {"nonsense": 1}]
        answer = call(rig, "POST", "/bulk", json={"subscriptions": items}, headers={"Idempotency-Key": "b"})
        made = answer.json()
        assert [row["instrument_symbols"] for row in made["accepted"]] == [["ABC"], ["XYZ"]]
        faults = [(row["index"], row["code"]) for row in made["rejected"]]
        assert faults == [(1, "VALIDATION_ERROR"), (2, "DUPLICATE"), (4, "VALIDATION_ERROR")]
        assert made["rejected"][0]["data"] == items[1]

    def test_all_accepted_is_created_and_a_repeat_is_the_same(self, rig: ApiRig) -> None:
        body = {"subscriptions": [wish("ABC"), wish("XYZ")], "idempotency_key": "b"}
        first, again = (call(rig, "POST", "/bulk", 201, json=body) for _ in range(2))
        assert again.content == first.content
        assert call(rig, "GET").json()["total_count"] == 2

    def test_the_quota_ends_in_the_middle(self, rig: ApiRig) -> None:
        items = [wish("ABC", data_types=[kind]) for kind in ("LEVEL_1", "LEVEL_2", "NEWS", "SNAPSHOT")]
        made = call(rig, "POST", "/bulk", json={"subscriptions": items}, headers={"Idempotency-Key": "b"}).json()
        assert [(row["index"], row["code"]) for row in made["rejected"]] == [(3, "QUOTA_EXCEEDED")]

    def test_the_envelope_is_checked_as_a_whole(self, rig: ApiRig) -> None:
        assert (
            call(rig, "POST", "/bulk", 400, json={"subscriptions": [wish()]}).json()["code"]
            == "IDEMPOTENCY_KEY_REQUIRED"
        )
        for wrong in ([], [wish()] * 101):
            call(rig, "POST", "/bulk", 422, json={"subscriptions": wrong}, headers={"Idempotency-Key": "b"})
