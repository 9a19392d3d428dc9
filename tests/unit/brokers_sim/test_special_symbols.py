"""The five special symbols do what they say, with and without a plan."""

from __future__ import annotations

import pytest

from tests.helpers.adapters import InProcess
from workstation.domain.orders import OrdType, Side, TimeInForce
from workstation.ports.broker import ExecType, SendOutcome


@pytest.fixture
def venue(tmp_path):
    harness = InProcess(tmp_path)
    yield harness
    harness.close()


def send(venue: InProcess, symbol: str, **fields) -> None:
    venue.broker.submit(
        "o", venue.terms(symbol=symbol, price=fields.pop("price", 10_001), qty=fields.pop("qty", 30), **fields)
    )


def at(venue: InProcess, ms: int) -> int:
    venue.clock.advance_to(venue.clock.mono_ns() + ms * 1_000_000)
    return venue.filled("o")


def test_sim_fill_fills_at_once_at_the_quote(venue):
    send(venue, "SIM-FILL")
    assert at(venue, 50) == 30
    assert {fill.last_px for fill in venue.fills("o")} == {10_001}


def test_sim_fill_fills_at_a_limit_that_the_quote_does_not_reach(venue):
    send(venue, "SIM-FILL", side=Side.SELL, price=10_500)
    at(venue, 50)
    assert {fill.last_px for fill in venue.fills("o")} == {10_500}


def test_sim_partial_fills_in_three_parts_200_ms_apart(venue):
    send(venue, "SIM-PARTIAL", qty=31)
    assert [at(venue, ms) for ms in (100, 200, 200)] == [10, 20, 31]


def test_sim_partial_can_be_cancelled_between_its_parts(venue):
    send(venue, "SIM-PARTIAL")
    at(venue, 100)
    venue.broker.cancel("o", "")
    assert at(venue, 1_000) == 10
    assert venue.kinds("o") == [ExecType.ACCEPTED, ExecType.CANCELLED]


def test_sim_reject_is_refused_by_the_venue(venue):
    send(venue, "SIM-REJECT")
    at(venue, 50)
    assert venue.orders("o")[0].code == "VENUE_REJECT"


def test_sim_slow_acknowledges_and_fills_after_two_seconds(venue):
    send(venue, "SIM-SLOW")
    at(venue, 1_900)
    assert venue.kinds("o") == []
    assert at(venue, 200) == 30
    assert venue.kinds("o") == [ExecType.ACCEPTED]


def test_sim_slow_cancelled_meanwhile_never_fills(venue):
    send(venue, "SIM-SLOW")
    at(venue, 500)
    venue.broker.cancel("o", "")
    assert at(venue, 3_000) == 0
    assert venue.kinds("o") == [ExecType.CANCELLED]


def test_sim_down_is_unknown_until_somebody_asks_and_can_then_be_cancelled(venue):
    send(venue, "SIM-DOWN", time_in_force=TimeInForce.GTC)
    at(venue, 5_000)
    assert [sent.outcome for sent in venue.sends("o")] == [SendOutcome.UNKNOWN]
    assert venue.kinds("o") == []
    (found,) = venue.ask_all("o").open_orders
    venue.broker.cancel("o", found.order_id)
    venue.until("o", ExecType.CANCELLED)


def test_a_stop_on_a_special_symbol_waits(venue):
    venue.broker.submit("o", venue.terms(symbol="SIM-FILL", side=Side.SELL, ord_type=OrdType.STOP, stop_px=9_000))
    assert at(venue, 1_000) == 0
    assert venue.kinds("o") == [ExecType.ACCEPTED]
