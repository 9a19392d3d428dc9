"""The synthetic market looks like a market: spread, depth, volatility, autocorrelation, and every instrument alive."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.market_statistics import START_NS, MarketSample, sample
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import SimVenue
from workstation.domain.market import StreamKind
from workstation.kernel.clock import VirtualClock

MEDIAN_SPREAD_MAX = {"AAPL": 5, "SPY": 5, "ES": 4, "EUR/USD": 4, "ZN": 3, "CL": 4, "KO": 4, "BTC/USD": 40, "TSLA": 12}


@pytest.fixture(scope="module")
def minutes():
    return sample(seconds=90, rate=1_000)


def test_every_market_trades_and_never_stands_empty(minutes):
    for symbol, market in minutes.items():
        assert market.trades > 0, symbol
        assert not np.isnan(market.spreads).any(), symbol


def test_spreads_are_positive_and_plausible_for_their_asset(minutes):
    for symbol, market in minutes.items():
        assert market.spreads.min() >= 1, symbol
    for symbol, most in MEDIAN_SPREAD_MAX.items():
        assert np.median(minutes[symbol].spreads) <= most, symbol


def test_depth_grows_away_from_the_touch(minutes):
    growing = [
        bool(market.depth[1] > market.depth[0] and market.depth[2:4].mean() > market.depth[0])
        for market in minutes.values()
    ]
    assert np.mean(growing) > 0.9


def test_returns_have_fat_tails_cluster_and_hardly_predict_themselves(minutes):
    returns = [market.returns(1) for market in minutes.values()]
    auto = MarketSample.autocorrelation
    assert np.median([market.kurtosis for market in minutes.values()]) > 3
    assert -0.35 < np.median([auto(series, 1) for series in returns]) < 0.1
    assert np.median([auto(np.abs(series), 1) for series in returns]) > 0


@pytest.mark.nightly
def test_an_hour_of_the_default_market_has_the_statistics_of_one():
    hour = sample(seconds=3_600, rate=2_500)
    auto = MarketSample.autocorrelation
    for symbol, market in hour.items():
        returns = market.returns(1)
        assert market.kurtosis > 3, symbol
        assert -0.55 < auto(returns, 1) < 0.25, symbol
        assert auto(np.abs(returns), 1) > 0, symbol
        assert market.depth[2] > market.depth[0], symbol
        assert market.trades > 1_000, symbol


def test_one_seed_gives_one_market_and_another_seed_another():
    runs = [sample(seconds=5, rate=1_000, seed=seed) for seed in (3, 3, 4)]
    same = [np.array_equal(runs[0][symbol].mids, runs[1][symbol].mids) for symbol in runs[0]]
    other = [np.array_equal(runs[0][symbol].mids, runs[2][symbol].mids) for symbol in runs[0]]
    assert all(same)
    assert not all(other)


def test_the_stress_rate_is_reached_by_size_refreshes_and_books_stay_uncrossed():
    clock = VirtualClock(START_NS)
    venue = SimVenue(clock, clock, 1, SimPlan(ticks_per_s=50_000))
    delivered: list[int] = []
    venue.feed.start(lambda events: delivered.append(len(events)))
    for instrument in venue.instruments():
        venue.feed.subscribe(instrument.symbol, StreamKind.QUOTES)
    venue.start()
    clock.advance(400_000_000)
    assert venue.flow.events == pytest.approx(20_000, rel=0.06)
    assert sum(delivered) > 12_000
    assert max(delivered) <= 500
    for matcher in venue.exchange.matchers.values():
        assert matcher.book.bids.best < matcher.book.asks.best
    venue.stop()


def test_options_follow_their_underlying():
    clock = VirtualClock(START_NS)
    venue = SimVenue(clock, clock, 2, SimPlan(ticks_per_s=0))
    calls = [i for i in venue.instruments() if i.option is not None and i.option.right == "CALL"]
    mids = [
        sum(
            (side.best or 0)
            for side in (venue.exchange.matchers[i.symbol].book.bids, venue.exchange.matchers[i.symbol].book.asks)
        )
        / 2
        for i in calls
    ]
    assert mids == sorted(mids, reverse=True)
    at_the_money = next(mid for instrument, mid in zip(calls, mids, strict=True) if instrument.option.strike == 23_000)
    assert 400 < at_the_money < 1_500
    venue.stop()
