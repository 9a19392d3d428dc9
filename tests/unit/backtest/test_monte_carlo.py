"""Trades drawn anew: bands against what can be known beforehand, the same for a seed, within a bound."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import bars, plan, scripted
from tests.helpers.market import instrument
from workstation.backtest import monte_carlo as mc
from workstation.backtest.result import BacktestResult, TradeRow
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side

START = 10_000
EMPTY = run_backtest(plan(scripted({}), bars(*[(10_000, 10_000, 10_000, 10_000)] * 2), initial_cash=START * MONEY_ONE))


def traded(*gains: int, fees: int = 0, **changed: object) -> BacktestResult:
    rows = tuple(
        TradeRow(
            symbol="ABC", side=Side.BUY, qty=1, entry_ts=n, entry_px=1.0, exit_ts=n + 1, exit_px=1.0,
            pnl=gain * MONEY_ONE, fees=fees * MONEY_ONE, mae=0.0, mfe=0.0, bars=1,
        )
        for n, gain in enumerate(gains)
    )  # fmt: skip
    return msgspec.structs.replace(EMPTY, trades=rows, **changed)


def drawn(*gains: int, **parts: object) -> mc.MonteCarlo:
    found = mc.monte_carlo(traded(*gains, **parts))
    assert found is not None
    return found


def test_equal_trades_leave_no_room_for_luck():
    found = drawn(*[30] * 20, fees=10)
    assert found.bootstrap == found.shuffle
    assert found.bootstrap.final == (START + 400.0,) * 5
    assert found.bootstrap.drawdown == (0.0,) * 5
    assert found.bootstrap.below_start == 0.0
    assert (found.trades, found.paths, found.start) == (20, mc.PATHS, START)


def test_trades_that_all_lose_fall_all_the_way_in_any_order():
    found = drawn(*[-100] * 20)
    assert found.shuffle.drawdown == pytest.approx((0.2,) * 5)
    assert found.bootstrap.below_start == 1.0


def test_a_shuffle_ends_where_the_run_did_and_a_bootstrap_around_it():
    gains = [120, -80, 60, -40, 10] * 10
    found = drawn(*gains)
    assert found.shuffle.final == pytest.approx((START + sum(gains),) * 5)
    low, *_, high = found.bootstrap.final
    assert low < START + sum(gains) < high
    # mean and deviation of a sum of 50 independent draws: 700 and about 500
    assert found.bootstrap.final[2] == pytest.approx(START + sum(gains), abs=100)
    assert high - low == pytest.approx(2 * 1.645 * 70.6 * 50**0.5, rel=0.15)


def test_a_shuffle_is_every_trade_once_and_in_all_places_alike():
    places = mc._shuffled(mc.sub_stream(3, "shuffle"), 4)(8_000)
    assert (sorted(places[0].tolist()), places.shape) == ([0, 1, 2, 3], (8_000, 4))
    firsts = [(places[:, 0] == place).mean() for place in range(4)]
    assert firsts == pytest.approx([0.25] * 4, abs=0.03)


def test_draws_reach_every_trade_and_none_beyond():
    places = mc._drawn(mc.sub_stream(3, "bootstrap"), 7)(3_000)
    assert set(places.ravel().tolist()) == set(range(7))
    assert [(places == place).mean() for place in range(7)] == pytest.approx([1 / 7] * 7, abs=0.02)


def test_a_seed_gives_its_bands_again_and_another_one_others():
    gains = [120, -80, 60, -40, 10] * 4
    assert drawn(*gains) == drawn(*gains)
    assert drawn(*gains).bootstrap != drawn(*gains, seed=2).bootstrap


def test_few_trades_or_several_currencies_have_no_bands():
    assert mc.monte_carlo(traded(*[5] * (mc.TRADES_MIN - 1))) is None
    euro = msgspec.structs.replace(instrument("XYZ"), currency="EUR")
    assert mc.monte_carlo(traded(*[5] * 20, instruments=(*EMPTY.instruments, euro))) is None


def test_very_many_trades_have_fewer_paths(monkeypatch):
    monkeypatch.setattr(mc, "DRAWS_MAX", 5_000)
    assert drawn(*[5, -4] * 10).paths == 250
    assert drawn(*[5, -4] * 100).paths == mc.PATHS_MIN


def test_batches_change_nothing(monkeypatch):
    gains = [120, -80, 60, -40, 10] * 4
    whole = drawn(*gains)
    monkeypatch.setattr(mc, "_BATCH", 70)
    assert drawn(*gains) == whole


@settings(max_examples=25, deadline=None)
@given(gains=st.lists(st.integers(-900, 900), min_size=10, max_size=30), seed=st.integers(0, 99))
def test_bands_rise_and_stay_within_what_can_be(gains: list[int], seed: int):
    found = drawn(*gains, seed=seed)
    for bands in (found.bootstrap, found.shuffle):
        assert list(bands.final) == sorted(bands.final)
        assert list(bands.drawdown) == sorted(bands.drawdown)
        assert bands.drawdown[0] >= 0
        assert 0 <= bands.below_start <= 1
        assert START + len(gains) * min(gains) - 1e-6 <= bands.final[0]
        assert bands.final[-1] <= START + len(gains) * max(gains) + 1e-6
