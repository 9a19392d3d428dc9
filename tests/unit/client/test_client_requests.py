"""What a call sends: path, query, body and headers, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from workstation.client.errors import Malformed
from workstation.client.requests import Params, build
from workstation.client.values import Number


class Thing(Params, kw_only=True):
    thing_id: str | UnsetType = UNSET
    if_match: int | str | UnsetType = UNSET
    price: Number | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    types: tuple[str, ...] | UnsetType = UNSET
    is_open: bool | UnsetType = UNSET
    at: datetime | UnsetType = UNSET
    source: str | UnsetType = UNSET
    idempotency_key: str | UnsetType = UNSET


def built(method: str, path: str = "/things", **fields: Any) -> Any:
    return build(method, path, Thing(**fields), msgspec.json.decode, frozenset({"source"}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("1E+2"), "100"), (Decimal("1E-8"), "0.00000001"), (Decimal("100.050"), "100.050"), ("100.05", "100.05")],
)
def test_a_decimal_goes_out_as_plain_text(value: Number, text: str) -> None:
    assert msgspec.json.decode(built("POST", price=value).body) == {"price": text}


def test_what_is_unset_is_absent_and_none_is_null() -> None:
    assert built("PUT", notes=None).body == b'{"notes":null}'
    assert built("PUT").body == b"{}"
    assert built("POST").body is None


def test_a_read_sends_its_fields_in_the_query() -> None:
    request = built("GET", is_open=True, types=("order.*", "a&b"), at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC))
    assert request.target == "/api/v1/things?types=order.%2A&types=a%26b&is_open=true&at=2026-01-31T09%3A30%3A00Z"
    assert request.body is None
    assert request.headers() == {}


def test_a_path_is_filled_and_encoded_whole() -> None:
    assert built("GET", "/things/{thing_id}/rows", thing_id="BTC/USD?").target == "/api/v1/things/BTC%2FUSD%3F/rows"


def test_a_version_becomes_a_strong_tag_and_a_star_stays() -> None:
    assert built("PUT", if_match=7).headers()["If-Match"] == '"v7"'
    assert built("PUT", if_match="*").headers()["If-Match"] == "*"


def test_every_post_has_a_key_of_its_own_or_the_given_one() -> None:
    assert built("POST").idempotency_key != built("POST").idempotency_key
    assert built("POST", idempotency_key="mine").headers()["Idempotency-Key"] == "mine"
    assert built("PUT").idempotency_key is None


def test_a_named_field_of_a_post_goes_into_its_query() -> None:
    request = built("POST", source="alerts", notes="x")
    assert request.target == "/api/v1/things?source=alerts"
    assert request.body == b'{"notes":"x"}'


def test_an_answer_that_is_none_of_the_contract_is_an_error_of_its_own() -> None:
    with pytest.raises(Malformed):
        built("GET").result(200, b"<html>")
