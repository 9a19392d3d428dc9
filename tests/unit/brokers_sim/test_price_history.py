"""Bars before the start are plausible, repeatable, and end where the market opens."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.helpers.market_statistics import START_NS
from workstation.brokers.sim.fair_values import option_value, option_values
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import SimVenue
from workstation.domain.instruments import OptionRight, OptionTerms
from workstation.domain.market import BarKind, BarType
from workstation.kernel.clock import VirtualClock

MINUTE = BarType(BarKind.MINUTE, 1)


@pytest.fixture(scope="module")
def venue():
    clock = VirtualClock(START_NS + 17 * 10**9)
    venue = SimVenue(clock, clock, 9, SimPlan(ticks_per_s=0))
    yield venue
    venue.stop()


@pytest.mark.parametrize(
    "kind", [BarKind.SECOND, BarKind.MINUTE, BarKind.HOUR, BarKind.DAY, BarKind.WEEK, BarKind.MONTH]
)
@pytest.mark.parametrize("step", [1, 5])
def test_bars_are_ordered_consistent_and_end_at_the_opening_price(venue, kind, step):
    bars = venue.history("ES", BarType(kind, step), 6)
    instrument = next(i for i in venue.instruments() if i.symbol == "ES")
    assert len(bars) == 6
    assert bars[-1].close == instrument.price_from("5950.00")
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert all(instrument.on_tick(price) for price in (bar.open, bar.high, bar.low, bar.close))
        assert bar.volume > 0
    for earlier, later in itertools.pairwise(bars):
        assert earlier.ts_close == later.ts_open
        assert earlier.close == later.open
    assert all(not bar.partial for bar in bars[:-1])


def test_more_bars_show_the_same_path(venue):
    assert venue.history("AAPL", MINUTE, 500)[-100:] == venue.history("AAPL", MINUTE, 100)


def test_coarse_bars_are_the_sum_of_fine_ones(venue):
    hour = venue.history("AAPL", BarType(BarKind.HOUR, 1), 2)[0]
    fine = [bar for bar in venue.history("AAPL", MINUTE, 200) if hour.ts_open <= bar.ts_open < hour.ts_close]
    assert (hour.open, hour.close) == (fine[0].open, fine[-1].close)
    assert (hour.high, hour.low) == (max(bar.high for bar in fine), min(bar.low for bar in fine))
    assert hour.volume == sum(bar.volume for bar in fine)


def test_every_instrument_has_a_past(venue):
    for instrument in venue.instruments():
        assert len(venue.history(instrument.symbol, MINUTE, 30)) == 30, instrument.symbol


def test_tick_bars_and_unknown_symbols_have_none(venue):
    assert venue.history("AAPL", BarType(BarKind.TICK, 100), 10) == ()
    assert venue.history("NO-SUCH", MINUTE, 10) == ()


def test_what_trades_after_the_start_joins_the_past():
    clock = VirtualClock(START_NS)
    venue = SimVenue(clock, clock, 9, SimPlan(ticks_per_s=100))
    before = venue.history("AAPL", MINUTE, 1)[-1]
    venue.start()
    clock.advance(150 * 10**9)
    bars = venue.history("AAPL", MINUTE, 5)
    assert bars[0] == before
    assert [bar.ts_open - before.ts_open for bar in bars] == [n * 60 * 10**9 for n in range(5)]
    assert bars[-1].partial
    venue.stop()


@pytest.mark.parametrize("right", list(OptionRight))
def test_options_priced_in_columns_agree_with_the_formula(right):
    terms = OptionTerms(underlying="X", right=right, strike=2_200_000, expiry="2027-01-15")
    spots = np.array([[1_700_000.0, 2_199_999.0], [2_200_000.0, 2_900_000.0], [2_300_000.0, 2_100_000.0]])
    years = np.array([0.5, 1e-4, -0.1])
    values = option_values(terms, spots, years, 0.27)
    for row, span in enumerate(years.tolist()):
        expected = [option_value(terms, spot, span, 0.27) for spot in spots[row].tolist()]
        assert values[row].tolist() == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    ("symbol", "kind", "step", "count"),
    [
        ("AAPL", BarKind.SECOND, 5, 2_000),
        ("AAPL", BarKind.MINUTE, 1, 9_000),
        ("ES", BarKind.MINUTE, 15, 1_500),
        ("AAPL", BarKind.HOUR, 1, 900),
        ("AAPL", BarKind.DAY, 1, 60),
        ("AAPL", BarKind.WEEK, 1, 40),
        ("AAPL", BarKind.MONTH, 1, 12),
    ],
)
def test_pages_of_the_past_are_the_path_that_is_read_at_once(symbol, kind, step, count):
    bar_type = BarType(kind, step)
    clock = VirtualClock(START_NS + 17 * 10**9)
    venue = SimVenue(clock, clock, 9, SimPlan(ticks_per_s=0))
    paged = list(venue.history(symbol, bar_type, count // 5))
    while len(paged) < count:
        page = venue.history(symbol, bar_type, count // 4, paged[0].ts_open)
        assert page[-1].ts_close == paged[0].ts_open
        assert not any(bar.partial for bar in page)
        paged = [*page, *paged]
    whole = venue.history(symbol, bar_type, count)
    venue.stop()
    assert paged[-count:] == list(whole)


def test_pages_end_where_the_path_begins(venue):
    days = BarType(BarKind.DAY, 1)
    first = venue.history("AAPL", days, 10_000)[1]
    assert venue.history("AAPL", days, 10, first.ts_open)
    assert venue.history("AAPL", days, 10, first.ts_open - 86_400 * 10**9) == ()
    assert venue.history("AAPL", MINUTE, 10, 0) == ()


def test_a_page_of_all_there_is_begins_with_a_bar_that_is_whole(venue):
    months, days = BarType(BarKind.MONTH, 1), venue.history("AAPL", BarType(BarKind.DAY, 1), 10_000)
    first = venue.history("AAPL", months, 10_000, START_NS)[0]
    assert first.ts_open >= days[0].ts_open
    assert first.volume == sum(bar.volume for bar in days if first.ts_open <= bar.ts_open < first.ts_close)


def test_a_page_before_a_live_bar_holds_the_live_ones_before_it(venue):
    now = venue.history("AAPL", MINUTE, 3)
    assert venue.history("AAPL", MINUTE, 2, now[-1].ts_open) == now[:-1]
