"""Metrics of round trips against values worked out by hand, and those of a whole run."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.backtests import bars, plan, scripted
from tests.helpers.market import instrument
from workstation.backtest import trade_metrics
from workstation.backtest.metrics import metrics_of
from workstation.backtest.run import run_backtest
from workstation.domain.numbers import MONEY_ONE


@pytest.fixture(scope="module")
def result():
    """Return a run of two round trips of 10: +2 a share with 1 against it on the way, then -3 a share."""
    rows = [(1000, 1000, 1000, 1000), (1000, 1000, 900, 900), (900, 1200, 900, 1200), (1200, 1200, 1200, 1200)]
    rows += [(1200, 1200, 1000, 1000), (1000, 1000, 900, 900), (900, 900, 900, 900)]
    script = {at: (lambda s: s.buy("ABC", 10)) for at in (0, 3)} | {at: (lambda s: s.flatten("ABC")) for at in (2, 5)}
    return run_backtest(plan(scripted(script), bars(*rows), initial_cash=1_000 * MONEY_ONE))


def test_round_trips_count_after_fees():
    assert trade_metrics.win_rate([9, -5, 0]) == pytest.approx(1 / 3)
    assert trade_metrics.profit_factor([9, -5, 0]) == pytest.approx(9 / 5)


def test_what_has_no_trade_or_no_loss_is_none():
    assert trade_metrics.win_rate([]) is None
    assert trade_metrics.profit_factor([3]) is None


@pytest.mark.parametrize(("gains", "row"), [([], 0), ([1, 2], 0), ([-1, -1, 0, -1], 2), ([1, -1, -1, -1], 3)])
def test_losses_in_a_row_are_ended_by_what_did_not_lose(gains, row):
    assert trade_metrics.losses_in_row(gains) == row


def test_money_of_a_run_comes_in_whole_units_of_its_currency(result):
    found = metrics_of(result)
    assert (found.trades, found.win_rate, found.losses_in_row) == (2, 0.5, 1)
    assert (found.mean_trade, found.mean_win, found.mean_loss) == (-5.0, 20.0, -30.0)
    assert found.profit_factor == pytest.approx(20 / 30)
    assert (found.worst_adverse, found.best_favourable) == (-30.0, 20.0)
    assert found.mean_adverse == pytest.approx((-10 - 30) / 2)
    assert found.turnover == pytest.approx((100 + 120 + 120 + 90) / 1_000)


def test_the_drawdown_of_a_run_is_the_fall_from_its_best_equity(result):
    found = metrics_of(result)
    assert found.drawdown == pytest.approx(30 / 1_020)
    assert found.drawdown_money == pytest.approx(30)


def test_money_of_several_currencies_is_not_added_up(result):
    foreign = msgspec.structs.replace(instrument("DEF"), currency="EUR")
    mixed = msgspec.structs.replace(result, instruments=(*result.instruments, foreign))
    found = metrics_of(mixed)
    assert [found.mean_trade, found.profit_factor, found.worst_adverse, found.turnover] == [None] * 4
    assert found.win_rate == 0.5
