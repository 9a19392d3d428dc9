"""Market data over HTTP: latest values, bars, ticks and feed quality, each answer and each refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import SECOND, START_NS, instrument
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import Aggressor, Bar, BarKind, BarType, Quote, Trade
from workstation.ports.market_store import FeedQuality

MINUTE = 60 * SECOND
MINUTE_BARS = BarType(BarKind.MINUTE, 1)
NOON = START_NS - START_NS % (86_400 * SECOND)
EURO = Instrument(
    symbol="EUR/USD",
    asset_class=AssetClass.FOREX,
    currency="USD",
    price_decimals=5,
    qty_decimals=2,
    ticks=(TickBand(0, 1),),
)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    """Serve what knows of two instruments, ten bars, five ticks and three feed qualities."""
    with served(tmp_path) as rig:
        for table in (rig.core.state.instruments, rig.session.instruments):
            known: Any = table
            known["EUR/USD"] = EURO
        rig.feed(
            quote("ABC", 9_999, 10_002),
            trade("ABC", 10_001, 5),
            trade("ABC", 10_050, 7),
            trade("ABC", 9_950, 8),
            quote("EUR/USD", 108_765, 108_766, sizes=(150, 250)),
        )
        market = rig.reader.market
        market.venue += [bar("ABC", number) for number in range(10)] + [bar("EUR/USD", 0, size=1_250)]
        market.put_ticks(
            [trade("ABC", 10_000 + n, 1 + n, at=n) for n in range(3)] + [quote("EUR/USD", 108_765, 108_766, at=3)],
            "SIM",
        )
        for number in range(3):
            market.put_quality(quality(number))
        yield rig


@pytest.fixture(autouse=True)
def _no_fault(rig: ApiRig) -> Iterator[None]:
    yield
    assert rig.core.faults == []


def quote(symbol: str, bid: int | None, ask: int | None, *, sizes: tuple[int, int] = (100, 200), at: int = 0) -> Quote:
    return Quote(symbol, bid, sizes[0], ask, sizes[1], START_NS - 1_000 + at, START_NS + at)


def trade(symbol: str, price: int, size: int, at: int = 0) -> Trade:
    return Trade(symbol, price, size, Aggressor.BUY, f"t{at}", START_NS - 1_000 + at, START_NS + at)


def bar(symbol: str, number: int, size: int = 100) -> Bar:
    at = NOON + number * MINUTE
    return Bar(symbol, MINUTE_BARS, 10_000 + number, 10_010, 9_990, 10_005, size, 3, at, at + MINUTE)


def quality(number: int) -> FeedQuality:
    return FeedQuality(
        snapshot_time=NOON + number * 300 * SECOND,
        data_source="SIM",
        total_instruments=2 + number,
        active_instruments=1,
        price_updates=5,
        volume_updates=3,
        delayed_data_count=0,
        error_count=0,
        average_latency_ns=1_500_500,
        max_latency_ns=None,
    )


def get(rig: ApiRig, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    answer = rig.http.get(f"/api/v1/marketdata{path}", params=query)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    if status >= 400:
        assert body["status"] == status
    return body


class TestLatestValues:
    def test_a_quote_shows_every_price_exactly_with_its_freshness(self, rig: ApiRig) -> None:
        body = get(rig, "/quotes/ABC")
        assert (body["bid_price"], body["ask_price"], body["mid_price"]) == ("99.99", "100.02", "100.005")
        assert (body["open_price"], body["high_price"], body["low_price"]) == ("100.01", "100.50", "99.50")
        assert (body["last_price"], body["volume"], body["close_price"]) == ("99.50", 20, None)
        assert (body["bid_size"], body["ask_size"]) == ("100", "200")
        assert (body["data_source"], body["is_delayed"]) == ("SIM", False)
        assert body["metadata"]["freshness"] == "FRESH"
        assert body["timestamp"] < body["last_updated"]

    def test_a_symbol_with_a_slash_is_percent_encoded_in_the_path(self, rig: ApiRig) -> None:
        body = get(rig, "/quotes/EUR%2FUSD")
        assert body["instrument_symbol"] == "EUR/USD"
        assert (body["bid_price"], body["mid_price"], body["bid_size"]) == ("1.08765", "1.087655", "1.50")

    def test_the_last_price_needs_a_trade(self, rig: ApiRig) -> None:
        assert get(rig, "/last/ABC")["last_price"] == "99.50"
        assert get(rig, "/last/EUR%2FUSD", 404)["code"] == "NOT_FOUND"

    @pytest.mark.parametrize(
        "path", ["/quotes/NOPE", "/quotes/XYZ", "/quotes/", "/quotes/ABC/", "/last/NOPE", "/quotes/abc"]
    )
    def test_what_nothing_is_known_of_is_not_found(self, rig: ApiRig, path: str) -> None:
        assert get(rig, path, 404)["code"] == "NOT_FOUND"

    def test_the_list_holds_what_is_known_in_order_of_symbol(self, rig: ApiRig) -> None:
        body = get(rig, "")
        assert [row["instrument_symbol"] for row in body["market_data"]] == ["ABC", "EUR/USD"]
        assert (body["total_count"], body["has_next"]) == (2, False)

    @pytest.mark.parametrize(
        ("query", "symbols"),
        [
            ({"instrument_symbol": "eur/usd"}, ["EUR/USD"]),
            ({"instrument_symbol": "NOPE"}, []),
            ({"min_price": "99.50"}, ["ABC"]),
            ({"max_price": "99.49"}, []),
            ({"data_source": "SIM", "is_delayed": "false"}, ["ABC", "EUR/USD"]),
            ({"is_delayed": "true"}, []),
            ({"data_source": "other"}, []),
            ({"ordering": "-last_price"}, ["ABC", "EUR/USD"]),
            ({"ordering": "-instrument_symbol", "limit": "1"}, ["EUR/USD"]),
            ({"ordering": "volume,timestamp", "offset": "1"}, ["ABC"]),
            ({"offset": "7"}, []),
        ],
    )
    def test_filters_orderings_and_pages_choose(self, rig: ApiRig, query: dict[str, str], symbols: list[str]) -> None:
        assert [row["instrument_symbol"] for row in get(rig, "", **query)["market_data"]] == symbols

    def test_chosen_fields_alone_are_shown(self, rig: ApiRig) -> None:
        assert get(rig, "/quotes/ABC", fields="last_price,volume") == {"last_price": "99.50", "volume": 20}
        assert get(rig, "", fields="instrument_symbol", limit=1)["market_data"] == [{"instrument_symbol": "ABC"}]

    @pytest.mark.parametrize(
        "query",
        [
            {"fields": "nope"},
            {"ordering": "nope"},
            {"limit": "0"},
            {"min_price": "1e3"},
            {"search": "A"},
            {"is_delayed": "1"},
        ],
    )
    def test_what_the_list_does_not_take_is_refused(self, rig: ApiRig, query: dict[str, str]) -> None:
        assert get(rig, "", 422, **query)["code"] == "VALIDATION_ERROR"


STRETCH = {
    "instrument_symbol": "ABC",
    "interval": "1m",
    "start_date": "2025-10-09T00:00:00Z",
    "end_date": "2025-10-09T00:08:00Z",
}


class TestBars:
    def test_a_stretch_is_ascending_and_walked_by_its_cursor(self, rig: ApiRig) -> None:
        first = get(rig, "/historical", **STRETCH, limit=5)
        assert (first["total_points"], first["has_next"], first["data_source"]) == (8, True, "SIM")
        second = get(rig, "/historical", **STRETCH, limit=5, cursor=first["next_cursor"])
        assert (second["has_next"], second["next_cursor"]) == (False, None)
        opens = [point["open"] for page in (first, second) for point in page["data_points"]]
        assert opens == [f"100.{number:02}" for number in range(8)]
        assert first["data_points"][0] == {
            "start_time": "2025-10-09T00:00:00.000000Z",
            "end_time": "2025-10-09T00:01:00.000000Z",
            "open": "100.00",
            "high": "100.10",
            "low": "99.90",
            "close": "100.05",
            "volume": 100,
            "volume_exact": "100",
            "open_interest": None,
        }

    def test_the_newest_bars_need_an_interval_alone(self, rig: ApiRig) -> None:
        body = get(rig, "/bars/ABC", interval="1m", limit=2)
        assert [point["open"] for point in body["data_points"]] == ["100.08", "100.09"]
        assert (body["total_points"], body["has_next"], body["start_date"]) == (10, False, None)

    def test_bars_from_a_time_on_are_walked_too(self, rig: ApiRig) -> None:
        first = get(rig, "/bars/ABC", interval="1m", start_date="2025-10-09T00:03:00Z", limit=4)
        second = get(
            rig, "/bars/ABC", interval="1m", start_date="2025-10-09T00:03:00Z", limit=4, cursor=first["next_cursor"]
        )
        opens = [point["open"] for page in (first, second) for point in page["data_points"]]
        assert opens == [f"100.{number:02}" for number in range(3, 10)]

    def test_a_fraction_of_a_unit_is_kept_beside_the_whole_units(self, rig: ApiRig) -> None:
        [point] = get(rig, "/bars/EUR%2FUSD", interval="1m")["data_points"]
        assert (point["open"], point["volume"], point["volume_exact"]) == ("0.10000", 12, "12.5")

    def test_only_the_first_page_asks_the_venue(self, rig: ApiRig) -> None:
        asked = len(rig.reader.market.fetched)
        first = get(rig, "/historical", **STRETCH, limit=5)
        get(rig, "/historical", **STRETCH, limit=5, cursor=first["next_cursor"])
        assert len(rig.reader.market.fetched) == asked + 1

    def test_what_is_kept_is_served_when_the_store_takes_no_more(self, rig: ApiRig) -> None:
        get(rig, "/historical", **STRETCH)
        rig.reader.market.takes = False
        try:
            assert get(rig, "/historical", **STRETCH)["total_points"] == 8
        finally:
            rig.reader.market.takes = True

    def test_data_of_another_type_or_source_is_empty(self, rig: ApiRig) -> None:
        for other in ({"data_type": "GREEKS"}, {"data_source": "other"}):
            body = get(rig, "/historical", **STRETCH, **other)
            assert (body["data_points"], body["total_points"], body["has_next"]) == ([], 0, False)

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"instrument_symbol": "NOPE"}, 404, "NOT_FOUND"),
            ({"interval": "2m"}, 422, "VALIDATION_ERROR"),
            ({"start_date": "2025-10-09T00:08:00Z"}, 422, "VALIDATION_ERROR"),
            ({"start_date": "2025-10-09T00:00:00"}, 422, "VALIDATION_ERROR"),
            ({"limit": "10001"}, 422, "VALIDATION_ERROR"),
            ({"cursor": "AAAA"}, 400, "INVALID_CURSOR"),
            ({"offset": "1"}, 422, "VALIDATION_ERROR"),
        ],
    )
    def test_a_wrong_stretch_is_refused(self, rig: ApiRig, change: dict[str, str], status: int, code: str) -> None:
        assert get(rig, "/historical", status, **(STRETCH | change))["code"] == code

    def test_an_unknown_interval_names_the_known_ones(self, rig: ApiRig) -> None:
        body = get(rig, "/historical", 422, **(STRETCH | {"interval": "2m"}))
        assert body["details"]["fields"][0]["allowed"] == ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo"]

    def test_a_cursor_of_another_stretch_is_refused(self, rig: ApiRig) -> None:
        cursor = get(rig, "/historical", **STRETCH, limit=1)["next_cursor"]
        other = STRETCH | {"end_date": "2025-10-09T00:07:00Z"}
        assert get(rig, "/historical", 400, **other, cursor=cursor)["code"] == "INVALID_CURSOR"

    @pytest.mark.parametrize("path", ["/bars/XYZ", "/bars/NOPE"])
    def test_an_instrument_without_bars_is_not_found(self, rig: ApiRig, path: str) -> None:
        assert get(rig, path, 404, interval="1m")["code"] == "NOT_FOUND"

    def test_bars_without_an_interval_are_refused(self, rig: ApiRig) -> None:
        assert get(rig, "/bars/ABC", 422)["code"] == "VALIDATION_ERROR"


class TestTicks:
    def test_the_newest_tick_comes_first_and_a_quote_is_two(self, rig: ApiRig) -> None:
        body = get(rig, "/ticks")
        kinds = [(row["instrument_symbol"], row["tick_type"], row["price"]) for row in body["ticks"]]
        assert kinds == [
            ("EUR/USD", "ASK", "1.08766"),
            ("EUR/USD", "BID", "1.08765"),
            ("ABC", "TRADE", "100.02"),
            ("ABC", "TRADE", "100.01"),
            ("ABC", "TRADE", "100.00"),
        ]
        assert (body["total_count"], body["has_next"], body["next_cursor"]) == (5, False, None)
        ask = body["ticks"][0]
        assert (ask["size"], ask["bid_price"], ask["ask_price"], ask["last_price"]) == ("2", "1.08765", "1.08766", None)
        assert (ask["currency"], ask["data_source"], ask["is_delayed"]) == ("USD", "SIM", False)

    @pytest.mark.parametrize("ordering", ["-timestamp", "timestamp"])
    def test_a_cursor_walks_every_tick_once(self, rig: ApiRig, ordering: str) -> None:
        whole = [row["id"] for row in get(rig, "/ticks", ordering=ordering)["ticks"]]
        walked: list[str] = []
        query: dict[str, Any] = {"ordering": ordering, "limit": 2}
        while True:
            page = get(rig, "/ticks", **query)
            walked += [row["id"] for row in page["ticks"]]
            if not page["has_next"]:
                break
            query["cursor"] = page["next_cursor"]
        assert walked == whole
        assert len(set(whole)) == 5

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"instrument_symbol": "abc"}, 3),
            ({"tick_type": "BID"}, 1),
            ({"tick_type": "NEWS"}, 0),
            ({"min_price": "100.01"}, 2),
            ({"max_price": "1.08765"}, 1),
            ({"data_source": "other"}, 0),
            ({"end_date": "2025-10-08"}, 0),
            ({"start_date": "2025-10-09", "end_date": "2025-10-09"}, 5),
        ],
    )
    def test_filters_choose_and_are_counted(self, rig: ApiRig, query: dict[str, str], count: int) -> None:
        body = get(rig, "/ticks", **query)
        assert (len(body["ticks"]), body["total_count"]) == (count, count)
        assert get(rig, "/ticks", **query, with_count="false")["total_count"] is None

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ({"cursor": "AAAA"}, 400),
            ({"tick_type": "nope"}, 422),
            ({"ordering": "price"}, 422),
            ({"start_date": "2025-10-10", "end_date": "2025-10-09"}, 422),
            ({"limit": "501"}, 422),
        ],
    )
    def test_what_the_list_of_ticks_does_not_take_is_refused(
        self, rig: ApiRig, query: dict[str, str], status: int
    ) -> None:
        get(rig, "/ticks", status, **query)


class TestFeedQuality:
    def test_the_newest_snapshot_comes_first(self, rig: ApiRig) -> None:
        body = get(rig, "/snapshots", limit=2)
        assert [row["total_instruments"] for row in body["snapshots"]] == [4, 3]
        assert (body["total_count"], body["has_next"]) == (3, True)
        first = body["snapshots"][0]
        assert (first["average_latency_ms"], first["max_latency_ms"]) == ("1.500", None)
        assert (first["price_updates"], first["snapshot_time"]) == (5, "2025-10-09T00:10:00.000000Z")

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"data_source": "other"}, 0),
            ({"min_instruments": "3"}, 2),
            ({"max_instruments": "2"}, 1),
            ({"start_date": "2025-10-09T00:05:00Z"}, 2),
            ({"end_date": "2025-10-09T00:05:00Z"}, 1),
            ({"ordering": "snapshot_time", "offset": "2"}, 1),
        ],
    )
    def test_filters_choose_snapshots(self, rig: ApiRig, query: dict[str, str], count: int) -> None:
        assert len(get(rig, "/snapshots", **query)["snapshots"]) == count

    def test_a_wrong_filter_of_snapshots_is_refused(self, rig: ApiRig) -> None:
        get(rig, "/snapshots", 422, cursor="AAAA")
        get(rig, "/snapshots", 422, min_instruments="-1")


@pytest.mark.parametrize("path", ["", "/quotes/ABC", "/last/ABC", "/bars/ABC", "/historical", "/ticks", "/snapshots"])
def test_market_data_is_for_reading_with_a_token(rig: ApiRig, path: str) -> None:
    with rig.client() as stranger:
        assert stranger.get(f"/api/v1/marketdata{path}").status_code == 401
    answer = rig.http.post(f"/api/v1/marketdata{path}", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_rig_shares_an_instrument_with_the_core(rig: ApiRig) -> None:
    assert rig.core.state.instruments["ABC"] == instrument("ABC")
