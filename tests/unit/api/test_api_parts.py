"""Parts of the REST interface by themselves: rates, cursors, keys, texts of numbers and times, the token file."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.api.credentials import TENANT_ID, tenant_uid
from workstation.api.cursors import Cursors
from workstation.api.errors import KINDS, ApiError
from workstation.api.idempotency import ANSWERS_KEPT_MAX, Answer, Idempotency, fingerprint_of, key_of
from workstation.api.market_feed import MarketFrame
from workstation.api.outcomes import plain_figure, refused
from workstation.api.rates import Window
from workstation.api.schemas.grid import TEXTS_MAX, Grid
from workstation.api.schemas.values import average_text, money_text, quantity_text, scaled_text, time_text
from workstation.api.scopes import ALL, PRESETS, ROLES
from workstation.api.token_file import TokenFile, lasting_secret, remove_token_file, write_token_file
from workstation.commands.outcomes import _CODES, _OWN_CODES, Refusal
from workstation.commands.registry import CommandResult
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE

S = 1_000_000_000


def test_a_window_slides_and_never_lets_more_through_than_it_says() -> None:
    window = Window("default", 2)
    assert [window.take(0), window.take(30 * S), window.take(31 * S)] == [True, True, False]
    assert window.wait_s(31 * S) == 29
    assert dict(window.headers(31 * S))[b"ratelimit"] == b'"default";r=0;t=29'
    assert window.take(60 * S)
    assert not window.take(61 * S)
    assert window.take(90 * S)


@given(st.integers(0, 2**62), st.text("abcdef-0123456789", max_size=36))
def test_a_cursor_opens_where_it_was_made_and_nowhere_else(time: int, uid: str) -> None:
    cursors = Cursors("secret")
    made = cursors.seal((time, uid), "/orders", {"side": "BUY", "limit": 1})
    assert cursors.open(made, "/orders", {"side": "BUY", "limit": 500}) == (time, uid)
    for elsewhere in (("/executions", {"side": "BUY"}), ("/orders", {"side": "SELL"}), ("/orders", {})):
        with pytest.raises(ApiError):
            cursors.open(made, *elsewhere)
    with pytest.raises(ApiError):
        Cursors("other").open(made, "/orders", {"side": "BUY"})


@pytest.mark.parametrize("broken", ["", "a", "A" * 200, "ä", "====", "AA.AA"])
def test_a_broken_cursor_is_refused(broken: str) -> None:
    with pytest.raises(ApiError) as found:
        Cursors("secret").open(broken, "/orders", {})
    assert found.value.code == "INVALID_CURSOR"


def test_a_key_is_one_visible_text_with_or_without_quotes() -> None:
    name = b"idempotency-key"
    assert key_of([(name, b'"a-1"')]) == key_of([(name, b"a-1")]) == "a-1"
    assert key_of([]) is None
    for wrong in ([(name, b"a b")], [(name, b"")], [(name, b"x" * 256)], [(name, b"a"), (name, b"b")]):
        with pytest.raises(ApiError):
            key_of(wrong)


def test_the_order_of_members_does_not_make_another_request() -> None:
    assert fingerprint_of("POST", "/o", {"a": 1, "b": 2}) == fingerprint_of("POST", "/o", {"b": 2, "a": 1})
    assert fingerprint_of("POST", "/o", {"a": 1}) != fingerprint_of("POST", "/o", {"a": "1"})
    assert fingerprint_of("POST", "/o", {"a": 1}) != fingerprint_of("POST", "/p", {"a": 1})
    assert fingerprint_of("POST", "/o", {"a": 1, "idempotency_key": "k"}) == fingerprint_of("POST", "/o", {"a": 1})


def test_answers_in_memory_are_bounded_and_expire() -> None:
    now = [0]
    kept = Idempotency(1.0, lambda: now[0])
    for number in range(ANSWERS_KEPT_MAX + 1):
        kept.begin(("c", "POST", "/o", str(number)), "f").finish(Answer(201, b"{}"))
    assert kept.remembered(kept.begin(("c", "POST", "/o", "0"), "f")) is None
    last = kept.begin(("c", "POST", "/o", str(ANSWERS_KEPT_MAX)), "f")
    assert kept.remembered(last) is not None
    now[0] = 3_600 * S
    assert kept.remembered(last) is None


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_760_000_000_123_456_789, "2025-10-09T08:53:20.123456Z"),
        (S - 1, "1970-01-01T00:00:00.999999Z"),
    ],
)
def test_times_are_utc_with_microseconds(ns: int, text: str) -> None:
    assert time_text(ns) == text


def test_numbers_are_rounded_once_half_to_even_at_their_scale() -> None:
    assert average_text(2, 2, 3) == "0.00666667"
    assert average_text(-5, 0, 2) == "-2.50000000"
    assert money_text(MONEY_ONE * 5 // 1_000) == "0.00"
    assert money_text(MONEY_ONE * 15 // 1_000) == "0.02"
    assert scaled_text(12_345, 3, 2) == "12.34"
    assert scaled_text(-1, 2, 4) == "-0.0100"


@pytest.mark.parametrize(
    ("qty", "text"), [(150_000_000, "1.500"), (1, "0.00000001"), (0, "0.000"), (-200_000_000, "-2.000")]
)
def test_a_quantity_has_the_digits_of_its_lot_and_more_where_it_needs_them(qty: int, text: str) -> None:
    coin = Instrument(
        symbol="COIN",
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        price_decimals=2,
        qty_decimals=8,
        ticks=(TickBand(0, 1),),
        lot=100_000,
    )
    assert quantity_text(coin, qty) == text


def test_roles_hold_known_scopes_and_only_owner_and_admin_may_override() -> None:
    assert all(scopes <= ALL for scopes in (*ROLES.values(), *PRESETS.values()))
    assert {name for name, scopes in ROLES.items() if "risk:override" in scopes} == {"OWNER", "ADMIN"}
    assert not PRESETS["read-only"] & {"audit:view", "users:view", "orders:place"}


def test_every_code_of_a_command_is_a_problem_of_its_own() -> None:
    for code in {*_CODES.values(), *_OWN_CODES.values(), "DESKTOP_ONLY", "NOT_FOUND", "BAD_REQUEST"}:
        assert refused(CommandResult(ok=False, code=code, text="no", data=Refusal())).code == code
        assert code in KINDS


def test_a_conflict_over_a_version_is_a_failed_precondition() -> None:
    data = Refusal(state="ROUTED", allowed=("5",))
    assert refused(CommandResult(ok=False, code="STATE_CONFLICT", text="", data=data)).code == "PRECONDITION_FAILED"


def test_secrets_on_disk_are_private_and_last(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret"
    first = lasting_secret(path)
    assert lasting_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_text("broken")
    assert lasting_secret(path) != "broken"


def test_only_our_own_token_file_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "api-token.json"
    remove_token_file(path, "a")
    write_token_file(path, TokenFile(schema=1, url="u", port=1, token="a", pid=1, started_at="t"))
    remove_token_file(path, "b")
    assert path.exists()
    remove_token_file(path, "a")
    assert not path.exists()
    path.write_text("not json")
    remove_token_file(path, "a")
    assert path.exists()


@pytest.mark.parametrize(
    ("text", "figure"),
    [("100,000.00 USD", "100000.00"), ("5.00 %", "5.00"), ("-1,234", "-1234"), ("1000t", "1000"), ("UNLIMITED", None)],
)
def test_a_rules_figure_is_a_plain_decimal_on_the_wire(text: str, figure: str | None) -> None:
    assert plain_figure(text) == figure
    assert plain_figure("") is None


def test_a_grids_texts_are_those_of_its_figures_however_many_are_asked() -> None:
    instrument = Instrument(
        symbol="COIN",
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        price_decimals=4,
        qty_decimals=8,
        ticks=(TickBand(0, 1),),
    )
    grid = Grid(instrument)
    for figure in (0, 1, 12_345, *range(TEXTS_MAX), 12_345):
        assert grid.price(figure) == instrument.price_text(figure)
    assert grid.quantity(150_000_000) == quantity_text(instrument, 150_000_000)
    assert grid.value(123_456_789_012) == scaled_text(123_456_789_012, 12, 4)


def test_a_quote_is_its_readers_tenants_in_the_envelope_and_in_the_data() -> None:
    envelope = {"tenantid": None, "data": {"tenant_id": TENANT_ID, "metadata": {"a": 1}}}
    frame = MarketFrame(1, "quote", "ABC", envelope)
    for tenant, with_metadata in (("acme", True), ("acme", False), ("beta", True)):
        shown = msgspec.json.decode(frame.body(tenant, with_metadata=with_metadata))
        assert (shown["tenantid"], shown["data"]["tenant_id"]) == (tenant_uid(tenant),) * 2
        assert ("metadata" in shown["data"]) == with_metadata
    trade = MarketFrame(2, "trade", "ABC", {"tenantid": None, "data": {"last_price": "100.00"}})
    assert msgspec.json.decode(trade.body("acme", with_metadata=True))["data"] == {"last_price": "100.00"}
