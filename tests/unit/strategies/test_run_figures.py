"""What a run has made, by hand: trades, falls from the peak, days that close, and the ratios of their returns."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records.strategies import DailyReturns, RunFigures
from workstation.domain.strategy_rows import PeriodType
from workstation.strategies.run_figures import (
    RETURNS_MAX,
    annualized,
    day_returns,
    first_day,
    last_day,
    marked,
    pooled,
    pooled_sharpe,
    sharpe,
    sortino,
    traded,
    volatility,
)

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 30)
CAPITAL = 1_000 * MONEY_ONE
DAYS = st.lists(st.floats(-0.5, 0.5), max_size=10)


def at(figures: RunFigures, pnl: int, day: date = FRIDAY, positions: int = 0) -> RunFigures:
    return marked(figures, pnl * MONEY_ONE, positions, CAPITAL, day)


def test_an_execution_that_realises_something_is_a_trade_won_or_lost() -> None:
    figures = traded(RunFigures(), "ABC", 0, opened=True, ts=1)
    assert (figures.trades, figures.positions_taken, figures.last_trade_at) == (0, 1, 1)
    figures = traded(figures, "ABC", 5, opened=False, ts=2)
    figures = traded(figures, "XYZ", -3, opened=False, ts=3)
    figures = traded(figures, "ABC", 4, opened=False, ts=4)  # one less than before: a loss
    assert (figures.trades, figures.wins, figures.losses) == (3, 1, 2)
    assert figures.realised == {"ABC": 4, "XYZ": -3}


def test_the_fall_is_measured_from_the_peak_as_a_share_of_what_the_run_was_worth_there() -> None:
    figures = at(at(at(RunFigures(), 250), 125), 200)
    assert (figures.peak, figures.fall) == (250 * MONEY_ONE, 125 * MONEY_ONE)
    assert (figures.fall_bps, figures.drop_bps) == (1_000, 400)  # 125 and 50 of 1,250
    assert at(figures, 260).drop_bps == 0


def test_a_run_that_was_never_above_its_start_falls_from_its_capital() -> None:
    assert at(RunFigures(), -100).drop_bps == 1_000


def test_without_anything_to_lose_the_fall_is_whole() -> None:
    assert marked(RunFigures(), -1, 0, 0, FRIDAY).drop_bps == 10_000


def test_a_day_that_has_gone_leaves_its_return_and_periods_begin_anew_each_at_its_own_time() -> None:
    friday = at(at(RunFigures(), 0), 100)
    saturday = at(at(friday, 100, SATURDAY), 45, SATURDAY)
    assert saturday.returns == (0.1,)
    assert saturday.periods[PeriodType.DAILY].pnl == 100 * MONEY_ONE
    assert saturday.periods[PeriodType.WEEKLY].pnl == 0
    monday = at(saturday, 45, MONDAY)
    assert monday.returns == (0.1, pytest.approx(-55 / 1_100))
    assert {kind: period.start for kind, period in monday.periods.items()} == {
        "DAILY": "2026-11-30", "WEEKLY": "2026-11-30", "MONTHLY": "2026-11-01",
    }  # fmt: skip
    assert monday.periods[PeriodType.MONTHLY].fall_bps == 500  # 55 of 1,100
    assert monday.periods[PeriodType.DAILY].fall_bps == 500  # it stands below its peak as it begins
    assert monday.days == 2


def test_returns_are_kept_for_a_bounded_number_of_days() -> None:
    figures = RunFigures(returns=(0.5,) * RETURNS_MAX, days=RETURNS_MAX)
    later = at(at(figures, 0), 0, SATURDAY)
    assert (len(later.returns), later.returns[-1], later.days) == (RETURNS_MAX, 0.0, RETURNS_MAX + 1)


@pytest.mark.parametrize(
    ("kind", "today", "first", "last"),
    [
        (PeriodType.DAILY, FRIDAY, FRIDAY, FRIDAY),
        (PeriodType.WEEKLY, FRIDAY, date(2026, 11, 23), date(2026, 11, 29)),
        (PeriodType.WEEKLY, MONDAY, MONDAY, date(2026, 12, 6)),
        (PeriodType.MONTHLY, FRIDAY, date(2026, 11, 1), MONDAY),
        (PeriodType.MONTHLY, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (PeriodType.MONTHLY, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_periods_begin_and_end_on_their_days(kind: PeriodType, today: date, first: date, last: date) -> None:
    assert (first_day(kind, today), last_day(kind, first)) == (first, last)


def test_ratios_by_hand() -> None:
    returns = (0.01, -0.01, 0.03)  # mean 0.01, deviation 0.02, below zero the root of 0.0001 / 3
    assert volatility(returns) == pytest.approx(0.02)
    assert sharpe(returns) == pytest.approx(0.5 * math.sqrt(252))
    assert sortino(returns) == pytest.approx(math.sqrt(3) * math.sqrt(252))


@pytest.mark.parametrize("returns", [(), (0.01,), (0.01, 0.01)])
def test_ratios_of_too_little_are_none(returns: tuple[float, ...]) -> None:
    assert sharpe(returns) is None
    assert sortino(returns) is None


@given(DAYS, DAYS)
def test_pooled_returns_give_the_ratio_of_all_days_together(first: list[float], second: list[float]) -> None:
    both = pooled(pooled(DailyReturns(), first), second)
    expected = sharpe([*first, *second])
    if expected is None or abs(expected) > 1_000:  # the deviation is all rounding
        return
    assert pooled_sharpe(both) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("made", "days", "year"),
    [
        (0.0, 5, 0.0),
        (0.1, 252, 0.1),
        (0.21, 504, 0.1),
        (-0.5, 126, -0.75),
        (-1.0, 1, None),
        (0.1, 1, None),
        (0.1, 0, None),
    ],
)
def test_a_return_is_told_as_of_a_year_unless_nobody_could_read_it(made: float, days: int, year: float | None) -> None:
    assert annualized(made, days) == (None if year is None else pytest.approx(year))


def test_the_day_under_way_counts_once_the_run_is_over() -> None:
    figures = marked(RunFigures(), 0, 0, 1_000, date(2026, 1, 5))
    figures = marked(figures, 100, 0, 1_000, date(2026, 1, 5))
    figures = marked(figures, 155, 0, 1_000, date(2026, 1, 6))
    assert day_returns(figures, 1_000) == pytest.approx((0.1, 0.05))
    assert day_returns(RunFigures(), 1_000) == ()


@given(st.lists(st.integers(-2_000, 2_000), min_size=1, max_size=40))
def test_falls_never_shrink_and_the_peak_is_the_highest_mark(marks: list[int]) -> None:
    figures, falls = RunFigures(), [0]
    for mark in marks:
        figures = at(figures, mark)
        assert figures.fall_bps >= falls[-1]
        assert figures.drop_bps <= figures.fall_bps
        falls.append(figures.fall_bps)
    assert figures.peak == max(0, *marks) * MONEY_ONE
    assert (figures.drop_bps == 0) == (marks[-1] >= max(0, *marks))
