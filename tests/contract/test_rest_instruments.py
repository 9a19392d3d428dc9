"""Instruments over HTTP: what the venue lists and what users keep, live in the core with the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from workstation.domain.market import Aggressor, Trade


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as rig:
        yield rig


def call(rig: ApiRig, method: str, path: str = "", status: int = 200, **more: Any) -> httpx.Response:
    answer = rig.http.request(method, f"/api/v1/instruments{path}", **more)
    assert answer.status_code == status, answer.text
    return answer


def body(**fields: Any) -> dict[str, Any]:
    return {
        "symbol": "NEW",
        "name": "New Inc.",
        "instrument_type": "STOCK",
        "exchange": "NYSE",
        "lot_size": "1",
    } | fields


def keep(rig: ApiRig, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = call(rig, "POST", status=201, json=body(**fields)).json()
    return made


class TestKeeping:
    def test_a_kept_instrument_comes_back_with_its_decimals_as_texts(self, rig: ApiRig) -> None:
        answer = call(
            rig,
            "POST",
            status=201,
            json=body(
                multiplier="1.5",
                min_tick_size="0.0125",
                min_order_size="0.5",
                max_order_size=1000,
                sector="Tech",
                metadata={"a": [1]},
            ),
        )
        made = answer.json()
        assert answer.headers["location"] == f"/api/v1/instruments/{made['id']}"
        assert (made["multiplier"], made["min_tick_size"]) == ("1.5000", "0.012500")
        assert (made["min_order_size"], made["max_order_size"], made["lot_size"]) == ("0.5", "1000", "1")
        assert (made["sector"], made["industry"], made["metadata"]) == ("Tech", None, {"a": [1]})
        assert (made["last_price"], made["bid_price"], made["volume"]) == (None, None, None)
        read = call(rig, "GET", f"/{made['id']}")
        assert read.json() == made
        assert read.headers["etag"] == answer.headers["etag"] == '"v1"'

    def test_it_can_be_traded_at_once(self, rig: ApiRig) -> None:
        keep(rig)
        rig.core.prices.quote("NEW", 100_000_000, 100_020_000)
        order = rig.place(instrument_symbol="NEW", price="100.02", quantity="3")
        assert (order["price"], order["quantity"]) == ("100.02", "3")

    def test_an_option_needs_its_terms_and_other_types_refuse_them(self, rig: ApiRig) -> None:
        terms = {"strike_price": "220", "expiration_date": "2026-12-18", "option_type": "CALL"}
        made = keep(rig, symbol="NEW 261218C220", instrument_type="OPTION", **terms)
        assert (made["strike_price"], made["expiration_date"], made["option_type"]) == ("220.00", "2026-12-18", "CALL")
        for absent in terms:
            call(rig, "POST", status=422, json=body(symbol="X", instrument_type="OPTION", **(terms | {absent: None})))
        call(rig, "POST", status=422, json=body(symbol="X", option_type="PUT"))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"min_tick_size": "0"},
            {"multiplier": "-1"},
            {"lot_size": "0.000000001"},
            {"min_order_size": "5", "max_order_size": "4"},
            {"currency": "usd"},
            {"exchange": "MARS"},
            {"instrument_type": "SPACESHIP"},
            {"symbol": ""},
            {"symbol": "S" * 33},
            {"symbol": " NEW"},
            {"name": "  "},
            {"expiration_date": "2026-02-30"},
            {"unknown": 1},
            {"strike_price": 1.5},
        ],
    )
    def test_what_no_instrument_can_be_is_refused(self, rig: ApiRig, wrong: dict[str, Any]) -> None:
        assert call(rig, "POST", status=422, json=body(**wrong)).json()["code"] == "VALIDATION_ERROR"

    @pytest.mark.parametrize("symbol", ["ABC", "abc", "NEW", "new"])
    def test_a_symbol_stands_for_one_instrument(self, rig: ApiRig, symbol: str) -> None:
        keep(rig)
        refusal = call(rig, "POST", status=409, json=body(symbol=symbol))
        assert refusal.json()["code"] == "DUPLICATE"
        assert call(rig, "GET", f"/{refusal.json()['details']['id']}").json()["symbol"] == symbol.upper()

    def test_a_repeat_with_the_same_key_is_the_same_answer(self, rig: ApiRig) -> None:
        headers = {"Idempotency-Key": "k1"}
        first = call(rig, "POST", status=201, json=body(), headers=headers)
        again = call(rig, "POST", status=201, json=body(), headers=headers)
        assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


class TestChanging:
    def test_a_listed_instrument_can_be_taken_from_trade(self, rig: ApiRig) -> None:
        listed = call(rig, "GET", "/by-symbol/ABC")
        assert listed.headers["etag"] == '"v0"'
        path, match = f"/{listed.json()['id']}", {"If-Match": '"v0"'}
        changed = call(rig, "PUT", path, json={"is_tradable": False}, headers=match)
        assert (changed.json()["is_tradable"], changed.headers["etag"]) == (False, '"v1"')
        refusal = rig.http.post("/api/v1/oms/orders", json=rig.order())
        assert (refusal.status_code, refusal.json()["code"]) == (422, "INSTRUMENT_NOT_TRADABLE")
        call(rig, "PATCH", path, json={"is_tradable": True}, headers={"If-Match": '"v1"'})
        rig.place()

    def test_a_finer_step_is_in_force_with_the_answer(self, rig: ApiRig) -> None:
        made = keep(rig, min_tick_size="0.5")
        rig.core.prices.quote("NEW", 100_000_000, 100_500_000)
        off_grid = rig.order(instrument_symbol="NEW", price="100.25")
        assert rig.http.post("/api/v1/oms/orders", json=off_grid).status_code == 422
        call(rig, "PUT", f"/{made['id']}", json={"min_tick_size": "0.25"}, headers={"If-Match": '"v1"'})
        rig.place(instrument_symbol="NEW", price="100.25")

    def test_a_change_needs_the_version_that_was_read(self, rig: ApiRig) -> None:
        path = f"/{keep(rig)['id']}"
        assert call(rig, "PUT", path, 428, json={"name": "A"}).json()["code"] == "PRECONDITION_REQUIRED"
        assert (
            call(rig, "PUT", path, 412, json={"name": "A"}, headers={"If-Match": '"v7"'}).json()["code"]
            == "PRECONDITION_FAILED"
        )
        assert call(rig, "PUT", path, json={"name": "A"}, headers={"If-Match": "*"}).json()["name"] == "A"
        listed = f"/{call(rig, 'GET', '/by-symbol/ABC').json()['id']}"
        call(rig, "PUT", listed, 412, json={"name": "A"}, headers={"If-Match": '"v1"'})

    def test_what_another_contract_would_be_is_refused(self, rig: ApiRig) -> None:
        made = keep(rig)
        for change in (
            {"currency": "EUR"},
            {"multiplier": "2"},
            {"option_type": "CALL"},
            {"min_order_size": "9", "max_order_size": "3"},
        ):
            call(rig, "PUT", f"/{made['id']}", 422, json=change, headers={"If-Match": "*"})
        assert call(rig, "GET", f"/{made['id']}").headers["etag"] == '"v1"'

    def test_null_clears_what_may_be_empty_and_nothing_else(self, rig: ApiRig) -> None:
        made = keep(rig, sector="Tech", max_order_size="10")
        cleared = call(
            rig, "PUT", f"/{made['id']}", json={"sector": None, "max_order_size": None}, headers={"If-Match": "*"}
        ).json()
        assert (cleared["sector"], cleared["max_order_size"]) == (None, None)
        call(rig, "PUT", f"/{made['id']}", 422, json={"name": None}, headers={"If-Match": "*"})
        call(rig, "PUT", f"/{made['id']}", 422, json={"symbol": "OTHER"}, headers={"If-Match": "*"})


class TestDeleting:
    def test_a_deleted_instrument_is_gone_and_its_symbol_free(self, rig: ApiRig) -> None:
        made = keep(rig)
        call(rig, "DELETE", f"/{made['id']}", 204)
        assert call(rig, "GET", f"/{made['id']}", 404).json()["code"] == "NOT_FOUND"
        assert call(rig, "GET", "/by-symbol/NEW", 404).json()["code"] == "NOT_FOUND"
        assert "NEW" not in [row["symbol"] for row in call(rig, "GET").json()["instruments"]]
        assert keep(rig)["id"] == made["id"]

    def test_one_with_an_open_order_or_a_position_stays(self, rig: ApiRig) -> None:
        made = keep(rig)
        rig.core.prices.quote("NEW", 100_000_000, 100_020_000)
        order = rig.place(instrument_symbol="NEW", quantity="3")
        assert call(rig, "DELETE", f"/{made['id']}", 409).json()["code"] == "IN_USE"
        rig.fill(order, 3 * 10**8, 100_000_000)
        assert call(rig, "DELETE", f"/{made['id']}", 409).json()["code"] == "IN_USE"

    def test_what_the_venue_lists_cannot_be_deleted(self, rig: ApiRig) -> None:
        path = f"/{call(rig, 'GET', '/by-symbol/ABC').json()['id']}"
        assert call(rig, "DELETE", path, 409).json()["code"] == "IN_USE"
        call(rig, "PUT", path, json={"name": "Changed"}, headers={"If-Match": "*"})
        assert call(rig, "DELETE", path, 409).json()["code"] == "IN_USE"


class TestReading:
    def test_the_list_holds_both_kinds_with_their_prices(self, rig: ApiRig) -> None:
        keep(rig)
        rig.feed(Trade("ABC", 10_001, 5, Aggressor.BUY, "", START_NS, START_NS))
        listed = call(rig, "GET").json()
        assert [(row["symbol"], row["last_price"]) for row in listed["instruments"]] == [
            ("ABC", "100.01"),
            ("NEW", None),
            ("XYZ", None),
        ]
        assert (listed["total_count"], listed["has_next"]) == (3, False)
        assert call(rig, "GET", "/by-symbol/ABC").json()["volume"] == 5

    @pytest.mark.parametrize(
        ("query", "symbols"),
        [
            ({"symbol": "new"}, ["NEW"]),
            ({"exchange": "NYSE"}, ["NEW"]),
            ({"instrument_type": "ETF"}, []),
            ({"currency": "USD", "limit": "2"}, ["ABC", "NEW"]),
            ({"is_active": "false"}, []),
            ({"is_tradable": "true", "offset": "2"}, ["XYZ"]),
            ({"search": "inc"}, ["NEW"]),
            ({"search": "%"}, []),
            ({"ordering": "-symbol"}, ["XYZ", "NEW", "ABC"]),
            ({"ordering": "-last_price,symbol"}, ["ABC", "NEW", "XYZ"]),
        ],
    )
    def test_filters_and_orderings_choose_instruments(
        self, rig: ApiRig, query: dict[str, str], symbols: list[str]
    ) -> None:
        keep(rig)
        rig.feed(Trade("ABC", 10_001, 5, Aggressor.BUY, "", START_NS, START_NS))
        assert [row["symbol"] for row in call(rig, "GET", params=query).json()["instruments"]] == symbols

    def test_a_symbol_with_a_slash_is_found_in_a_path(self, rig: ApiRig) -> None:
        made = keep(rig, symbol="EUR/USD", instrument_type="FOREX", exchange="IB_FOREX")
        assert call(rig, "GET", "/by-symbol/EUR%2FUSD").json()["id"] == made["id"]

    def test_a_caller_who_has_it_is_told_so(self, rig: ApiRig) -> None:
        made = keep(rig)
        answer = call(rig, "GET", f"/{made['id']}", 304, headers={"If-None-Match": '"v1"'})
        assert answer.content == b""
        assert call(rig, "GET", f"/{made['id']}?fields=symbol").json() == {"symbol": "NEW"}

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/nope", 422),
            ("/00000000-0000-4000-8000-000000000000", 404),
            ("/by-symbol/NOPE", 404),
            ("?ordering=strike_price", 422),
            ("?fields=nope", 422),
            ("?is_active=1", 422),
        ],
    )
    def test_what_is_not_there_is_refused(self, rig: ApiRig, path: str, status: int) -> None:
        call(rig, "GET", path, status)


def test_instruments_that_were_kept_are_there_after_a_restart(rig: ApiRig) -> None:
    keep(rig, min_tick_size="0.5")
    call(
        rig,
        "PUT",
        f"/{call(rig, 'GET', '/by-symbol/ABC').json()['id']}",
        json={"is_tradable": False},
        headers={"If-Match": "*"},
    )
    again = rig.core.restart()
    assert again.state.instruments["NEW"] == rig.core.state.instruments["NEW"]
    assert not again.state.instruments["ABC"].tradable
