"""Imported market hours in backtests: no match in a pause, orders that end with the day, and what a digest covers."""

from __future__ import annotations

import msgspec

from tests.helpers.backtests import MINUTE, START, bars, options, plan, scripted
from tests.helpers.market import instrument
from tests.helpers.sweeps import probe_code
from workstation.backtest.run import run_backtest
from workstation.backtest.sweep_job import LoadedJob, job_of
from workstation.domain.orders import OrdStatus, TimeInForce
from workstation.ports.market_data import MarketHours

PAUSED = MarketHours(name="north.future", zone="UTC", week=(((0, 120), (240, 600)),) * 7, source="hours.json")
ROWS = bars(*[(1_000, 1_000, 1_000, 1_000)] * 12)
"""Twelve minutes: the market pauses in the third and the fourth, and closes after the tenth."""

SHOP = instrument("ABC", calendar="north.future")


def played(strategy, hours: MarketHours = PAUSED, **choices):
    return run_backtest(plan(strategy, ROWS, instruments=[SHOP], hours=(hours,), options=options(**choices)))


def minutes(result) -> list[int]:
    return [(fill.ts - START) // MINUTE for fill in result.fills]


def test_an_order_of_the_pause_waits_for_its_end():
    script = {0: lambda acts: acts.buy("ABC", 1, limit=9.00), 1: lambda acts: acts.buy("ABC", 1)}
    strategy = scripted(script)  # the first one rests, so that the session is known when the pause begins
    assert minutes(played(strategy)) == [4]
    assert minutes(played(strategy, sessions=False)) == [2]


def test_a_day_order_outlives_the_pause_and_ends_with_the_session():
    [order] = played(scripted({1: lambda acts: acts.buy("ABC", 1, limit=9.00, tif=TimeInForce.DAY)})).orders
    assert (order.status, (order.updated_at - START) // MINUTE) == (OrdStatus.EXPIRED, 10)


def ends(script) -> list[tuple[OrdStatus, int]]:
    """Return how each order ended and in which minute, in the order in which they were sent."""
    orders = sorted(played(scripted(script)).orders, key=lambda order: order.created_at)
    return [(order.status, (order.updated_at - START) // MINUTE) for order in orders]


def rests(until: int | None = None):
    """Rest a bid far below the market until a minute, None for the day."""
    if until is None:
        return lambda acts: acts.buy("ABC", 1, limit=9.00, tif=TimeInForce.DAY)
    return lambda acts: acts.buy("ABC", 1, limit=9.00, tif=TimeInForce.GTD, expire=START + until * MINUTE)


def test_each_order_of_a_market_ends_at_its_own_time_whichever_came_first():
    """The market keeps the next end alone: one that comes later may end earlier, and behind it stands another."""
    expired = OrdStatus.EXPIRED
    assert ends({0: rests(), 1: rests(until=7), 4: rests(until=6)}) == [(expired, 10), (expired, 7), (expired, 6)]
    assert ends({0: rests(until=6), 1: rests(until=6), 5: rests(until=8)}) == [(expired, 6), (expired, 6), (expired, 8)]


def test_an_order_that_is_cancelled_takes_nobody_elses_end_with_it():
    def cancel(acts):
        acts.cancel(acts.heard[0].id)

    found = ends({0: rests(until=6), 1: rests(until=8), 4: cancel})
    assert [status for status, _minute in found] == [OrdStatus.CANCELLED, OrdStatus.EXPIRED]
    assert found[1][1] == 8


def test_other_hours_are_another_digest_and_another_source_is_none():
    strategy = scripted({})
    result = played(strategy)
    assert list(result.data_digests)[-1] == "hours north.future"
    assert played(strategy, msgspec.structs.replace(PAUSED, source="else.json")).digest == result.digest
    assert played(strategy, msgspec.structs.replace(PAUSED, holidays=("2020-01-02",))).digest != result.digest


def test_the_workers_of_a_sweep_get_the_hours_with_their_job():
    code = probe_code()
    job = job_of(plan(code.strategy, ROWS, instruments=[SHOP], hours=(PAUSED,)), code)
    assert job.data["hours north.future"]
    loaded = LoadedJob(msgspec.json.decode(msgspec.json.encode(job), type=type(job)))
    assert loaded.plan({}, loaded.span, warm=False).hours == (PAUSED,)
