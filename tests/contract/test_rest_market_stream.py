"""The market-data stream over HTTP: what one subscribes to, conflated, resumed, cut, and ended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from tests.helpers.sse import Frames, opened
from workstation.api import market_feed
from workstation.api.routes import market_stream
from workstation.domain.market import Aggressor, BookSnapshot, Level, Quote, Trade

STREAM = "/api/v1/marketdata/stream"
SUBSCRIPTIONS = "/api/v1/marketdata/subscriptions"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def trade(symbol: str, price: int, at: int = 0) -> Trade:
    return Trade(symbol, price, 5, Aggressor.SELL, "", START_NS + at, START_NS + at)


def quote(symbol: str, bid: int, at: int = 0) -> Quote:
    return Quote(symbol, bid, 10, bid + 2, 20, START_NS + at, START_NS + at)


def follow(rig: ApiRig, *symbols: str, **fields: Any) -> str:
    plain = {"data_types": ["LEVEL_1"], "update_frequency": "REALTIME", "delivery_method": "SSE"}
    answer = rig.http.post(SUBSCRIPTIONS, json={"instrument_symbols": list(symbols)} | plain | fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def news_of(stream: Frames) -> tuple[str, dict[str, Any]]:
    """Return the next event's type and envelope, passing over pings."""
    while True:
        frame = stream.frame()
        if "data" in frame:
            assert "id" not in frame or json.loads(frame["data"])["id"] == frame["id"]
            return frame["event"], json.loads(frame["data"])
        assert frame, "the stream ended"


def prices_of(stream: Frames, count: int) -> list[tuple[str, str, str | None]]:
    """Return symbol, type and price of the next events."""
    found = [news_of(stream) for _ in range(count)]
    return [
        (env["data"]["instrument_symbol"], name.removeprefix("marketdata."), env["data"].get("last_price"))
        for name, env in found
    ]


def streaming(rig: ApiRig, query: str = "", **headers: str) -> AbstractContextManager[Frames]:
    """Open the stream of market data."""
    return opened(rig, f"{STREAM}?{query}", **headers)


def unfollowed(rig: ApiRig) -> None:
    """Wait until the engine follows nothing for streams."""
    deadline = time.monotonic() + 10
    while rig.engine.market.subscriptions.active() and time.monotonic() < deadline:
        rig.engine.do(lambda: None)
    assert rig.engine.market.subscriptions.active() == ()


def test_a_stream_begins_with_what_is_known_and_goes_on_with_news(rig: ApiRig) -> None:
    rig.feed(quote("ABC", 9_999), trade("ABC", 10_000))
    follow(rig, "ABC")
    with streaming(rig) as frames:
        name, envelope = news_of(frames)
        assert name == envelope["type"] == "marketdata.quote"
        assert envelope["specversion"] == "1.0"
        assert (envelope["data"]["bid_price"], envelope["data"]["ask_price"]) == ("99.99", "100.01")
        assert envelope["data"]["metadata"]["freshness"] == "FRESH"
        name, envelope = news_of(frames)
        assert (name, envelope["data"]["last_price"], envelope["data"]["last_size"]) == (
            "marketdata.trade",
            "100.00",
            "5",
        )
        rig.feed(trade("ABC", 10_007, at=1))
        assert prices_of(frames, 1) == [("ABC", "trade", "100.07")]


def test_between_two_looks_the_newest_of_each_symbol_and_type_is_kept(rig: ApiRig) -> None:
    follow(rig, "ABC", "XYZ")
    rig.feed(*[trade("ABC", 10_000 + number, at=number) for number in range(300)], quote("XYZ", 500))
    with streaming(rig) as frames:
        assert sorted(prices_of(frames, 2)) == [("ABC", "trade", "102.99"), ("XYZ", "quote", None)]


def test_a_book_is_told_level_by_level_to_those_who_ask_for_it(rig: ApiRig) -> None:
    follow(rig, "ABC", data_types=["LEVEL_2"])
    with streaming(rig) as frames:
        rig.engine.do(lambda: None)
        rig.feed(BookSnapshot("ABC", (Level(9_999, 10),), (Level(10_001, 20), Level(10_002, 5)), 7, START_NS, START_NS))
        name, envelope = news_of(frames)
        assert (name, envelope["data"]["bids"]) == ("marketdata.depth", [["99.99", "10"]])
        assert envelope["data"]["asks"] == [["100.01", "20"], ["100.02", "5"]]
        assert (envelope["data"]["sequence"], envelope["data"]["is_synced"]) == (7, True)


def test_symbols_and_types_narrow_what_is_told(rig: ApiRig) -> None:
    follow(rig, "ABC", "XYZ")
    rig.feed(quote("ABC", 1), quote("XYZ", 2), trade("ABC", 3), trade("XYZ", 4))
    with streaming(rig, "symbols=xyz&types=marketdata.trade") as frames:
        assert prices_of(frames, 1) == [("XYZ", "trade", "0.04")]
    with streaming(rig, "symbols=ABC&types=marketdata.*") as frames:
        assert sorted(prices_of(frames, 2)) == [("ABC", "quote", "0.03"), ("ABC", "trade", "0.03")]


def test_a_stream_resumes_behind_the_id_that_was_seen(rig: ApiRig) -> None:
    follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        seen = news_of(frames)[1]["id"]
        rig.feed(quote("ABC", 9_999, at=1))
        assert news_of(frames)[0] == "marketdata.quote"
    with streaming(rig, **{"Last-Event-ID": seen}) as frames:
        assert news_of(frames)[0] == "marketdata.quote"
        rig.feed(trade("ABC", 10_001, at=2))
        assert prices_of(frames, 1) == [("ABC", "trade", "100.01")]


@pytest.mark.parametrize("lost", ["0.5", "ffffffff.1"])
def test_an_id_of_another_run_is_reset_and_then_live(rig: ApiRig, lost: str) -> None:
    follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig, f"since_id={lost}") as frames:
        frame = frames.frame()
        assert (frame["event"], json.loads(frame["data"])["reason"]) == ("reset", "out_of_range")
        assert prices_of(frames, 1) == [("ABC", "trade", "100.00")]


def test_a_subscription_acts_on_an_open_stream(rig: ApiRig) -> None:
    paused = follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000), trade("XYZ", 500))
    with streaming(rig) as frames:
        assert prices_of(frames, 1) == [("ABC", "trade", "100.00")]
        follow(rig, "XYZ")
        assert prices_of(frames, 1) == [("XYZ", "trade", "5.00")]
        answer = rig.http.put(f"{SUBSCRIPTIONS}/{paused}", json={"is_active": False}, headers={"If-Match": "*"})
        assert answer.status_code == 200
        rig.feed(trade("ABC", 10_001, at=1))
        rig.feed(trade("XYZ", 501, at=1))
        assert prices_of(frames, 1) == [("XYZ", "trade", "5.01")]


def test_what_was_told_is_counted_on_the_subscription(rig: ApiRig) -> None:
    made = follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        news_of(frames)
        told = rig.http.get(f"{SUBSCRIPTIONS}/{made}").json()
        assert told["total_updates"] == 1
        assert told["last_update"] is not None


def test_metadata_is_left_out_where_it_is_not_wanted(rig: ApiRig) -> None:
    follow(rig, "ABC", include_metadata=False)
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        assert "metadata" not in news_of(frames)[1]["data"]


def test_a_symbol_without_an_active_subscription_is_refused_by_name(rig: ApiRig) -> None:
    follow(rig, "ABC")
    answer = rig.http.get(STREAM, params={"symbols": "ABC,XYZ,NOPE"})
    assert (answer.status_code, answer.json()["details"]["symbols"]) == (422, ["XYZ", "NOPE"])


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("since_id=nonsense", {}, "INVALID_EVENT_ID"),
        ("", {"Last-Event-ID": "-1"}, "INVALID_EVENT_ID"),
        ("types=NOT A TYPE", {}, "VALIDATION_ERROR"),
        ("unknown=1", {}, "VALIDATION_ERROR"),
        ("symbols=", {}, "VALIDATION_ERROR"),
    ],
)
def test_a_wrong_stream_is_refused(rig: ApiRig, query: str, headers: dict[str, str], code: str) -> None:
    assert rig.http.get(f"{STREAM}?{query}", headers=headers).json()["code"] == code


def test_streams_are_counted_for_a_credential(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "STREAMS_PER_CREDENTIAL_MAX", 1)
    with streaming(rig):
        refusal = rig.http.get(STREAM)
        assert (refusal.status_code, refusal.json()["details"]) == (429, {"limit": 1, "current": 1})


def test_one_who_lags_too_far_is_cut_with_a_word(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "PENDING_MAX", 1)
    follow(rig, "ABC", "XYZ", update_frequency="5M")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        assert prices_of(frames, 1) == [("ABC", "trade", "100.00")]
        rig.feed(trade("ABC", 10_001, at=1), quote("ABC", 5), quote("XYZ", 6), trade("XYZ", 7))
        rig.feed(trade("ABC", 10_001, at=2), quote("ABC", 5, at=2), quote("XYZ", 6, at=2), trade("XYZ", 7, at=2))
        name, about = news_of(frames)
        while name != "reset":
            name, about = news_of(frames)
        assert about["reason"] == "slow_consumer"
        assert frames.frame() == {}


def test_a_quiet_stream_pings(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_stream, "PING_S", 0.01)
    with streaming(rig) as frames:
        assert frames.frame() == {"": "ping"}


def test_the_service_ends_its_streams(rig: ApiRig) -> None:
    follow(rig, "ABC")
    with streaming(rig) as frames:
        rig.server.stop()
        while frame := frames.frame():
            assert "data" not in frame


def test_the_engine_is_left_alone_when_nobody_listens_any_more(rig: ApiRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_feed, "LINGER_S", 0.1)
    follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        news_of(frames)
    unfollowed(rig)


def test_a_stream_that_comes_back_begins_with_the_newest_and_not_with_what_was_kept(rig: ApiRig) -> None:
    follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        assert prices_of(frames, 1) == [("ABC", "trade", "100.00")]
    unfollowed(rig)
    rig.feed(trade("ABC", 10_100, at=1))
    with streaming(rig) as frames:
        assert prices_of(frames, 1) == [("ABC", "trade", "101.00")]


def test_the_service_lets_go_of_the_market_as_it_ends(rig: ApiRig) -> None:
    follow(rig, "ABC")
    rig.feed(trade("ABC", 10_000))
    with streaming(rig) as frames:
        news_of(frames)
        assert rig.engine.market.subscriptions.active() != ()
        rig.server.stop()
    assert rig.engine.market.subscriptions.active() == ()
