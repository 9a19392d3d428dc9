"""What the simulated venue says of itself: requests, its next day, when it is back, what accounts may do."""

from __future__ import annotations

import datetime as dt

from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import CASH_ACCOUNT, MARGIN_ACCOUNT, SimVenue
from workstation.domain.instruments import AssetClass
from workstation.domain.orders import OrderTerms, OrdType, Side
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import QueryAnswer, RequestLimit, SendReport, VenueStanding

EVENING = int(dt.datetime(2026, 11, 27, 21, 30, tzinfo=dt.UTC).timestamp()) * 10**9
HOUR = 3_600 * 10**9
BUY = OrderTerms(symbol="AAPL", account=MARGIN_ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=1)


def venue_at(now_ns: int, **plan: float) -> tuple[SimVenue, VirtualClock]:
    clock = VirtualClock(now_ns)
    venue = SimVenue(clock, clock, 1, SimPlan(ticks_per_s=0, **plan))  # type: ignore[arg-type]  # figures of a plan
    venue.broker.connect(lambda _reports: None)
    venue.start()
    return venue, clock


def test_it_limits_no_requests_until_a_fault_does() -> None:
    venue, _ = venue_at(EVENING)
    assert venue.broker.standing().limits_requests is False
    venue.faults.arm("rate_limit", nth=3)
    left = []
    for number in range(3):
        standing = venue.broker.standing()
        left.append((standing.limits_requests, standing.requests_left))
        venue.broker.submit(f"o{number}", BUY)
    assert left == [(True, 2), (True, 1), (True, 0)]
    assert venue.broker.standing() == VenueStanding(
        limits_requests=False, next_reset=standing.next_reset, reset=standing.reset, rights=standing.rights
    )
    venue.stop()


def test_a_stated_limit_of_requests_is_on_its_card_and_what_is_beyond_is_refused() -> None:
    venue, clock = venue_at(EVENING, request_limit=3, request_span_s=2.0)
    refused: list[str] = []
    venue.broker.connect(
        lambda reports: refused.extend(r.code for r in reports if isinstance(r, SendReport) and r.code)
    )
    assert venue.broker.capabilities.request_limit == RequestLimit(3, 2 * 10**9)
    left = []
    for number in range(5):
        left.append(venue.broker.standing().requests_left)
        venue.broker.submit(f"o{number}", BUY)
    clock.advance(10**9)
    assert left == [3, 2, 1, 0, 0]
    assert refused == ["RATE_LIMITED", "RATE_LIMITED"], "refused unprocessed"
    clock.advance(10**9)
    assert venue.broker.standing().requests_left == 3
    venue.stop()


def test_a_limit_can_be_switched_on_and_off_while_it_runs_and_questions_count_too() -> None:
    venue, clock = venue_at(EVENING)
    answers: list[str] = []
    venue.broker.connect(lambda reports: answers.extend(r.error for r in reports if isinstance(r, QueryAnswer)))
    venue.faults.arm("request_limit", count=1, for_s=10)
    assert venue.broker.capabilities.request_limit == RequestLimit(1, 10 * 10**9)
    for number in range(2):
        venue.broker.ask(number, MARGIN_ACCOUNT, (), 0)
    clock.advance(10**9)
    assert sorted(answers) == ["", "too many requests (429)"]
    venue.faults.disarm("request_limit")
    assert venue.broker.capabilities.request_limit is None
    assert venue.broker.standing().limits_requests is False
    venue.stop()


def test_its_day_ends_at_midnight_of_its_own_clock() -> None:
    midnight = EVENING + HOUR * 5 // 2
    venue, clock = venue_at(midnight - 1)
    assert venue.broker.standing().next_reset == midnight
    clock.advance(1)
    assert venue.broker.standing().next_reset == midnight + 24 * HOUR
    venue.stop()
    fast, _ = venue_at(EVENING, clock_offset_s=1_800.0)
    assert fast.broker.standing().next_reset == EVENING + 2 * HOUR, "told in our time, though its clock is ahead"
    fast.stop()


def test_in_maintenance_it_says_when_it_is_back_and_nothing_of_it_afterwards() -> None:
    venue, clock = venue_at(EVENING)
    clock.advance(10**9)
    assert venue.broker.standing().back_at is None
    venue.faults.arm("maintenance", for_s=60)
    at = clock.now_ns() + 60 * 10**9
    assert venue.broker.standing().back_at == at
    clock.advance(61 * 10**9)
    assert venue.broker.standing().back_at is None
    venue.stop()


def test_accounts_may_do_what_the_exchange_in_fact_allows() -> None:
    venue, _ = venue_at(EVENING)
    rights = venue.broker.standing().rights
    assert rights[MARGIN_ACCOUNT].classes == frozenset(AssetClass)
    assert (rights[MARGIN_ACCOUNT].margin_rate_bps, rights[CASH_ACCOUNT].margin_rate_bps) == (2_500, 10_000)
    assert rights[CASH_ACCOUNT].may_short
    short = OrderTerms(symbol="AAPL", account=CASH_ACCOUNT, side=Side.SELL, ord_type=OrdType.MARKET, order_qty=1)
    venue.exchange.submit("short", short)
    assert venue.exchange.holdings.positions[CASH_ACCOUNT, "AAPL"].qty == -1
    venue.stop()
