"""Bounds of a run as a whole: each ends or holds it in words that name the value and the limit."""

from datetime import UTC, datetime

import msgspec
import pytest

from workstation.domain.numbers import MONEY_ONE
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures, RunPeriod
from workstation.strategies.run_limits import reason_to_end, reason_to_hold

FRIDAY = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)


def ns(at: datetime) -> int:
    return int(at.timestamp()) * 10**9


def strategy(**fields) -> StrategyDefinition:
    made = StrategyDefinition(id="s", name="s", strategy_type="CUSTOM", user_id="local", rebalance_frequency="")
    return msgspec.structs.replace(made, **fields)


def run(**fields) -> StrategyRun:
    made = StrategyRun(
        id="r", strategy_id="s", account="SIM", user_id="local", run_name="s 1", run_number=1,
        initial_capital="1000.00", start_date="2026-11-01",
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def made(pnl: int, *, day: int = 0, drop_bps: int = 0, positions: int = 0) -> RunFigures:
    return RunFigures(
        pnl=pnl * MONEY_ONE, drop_bps=drop_bps, positions=positions,
        periods={"DAILY": RunPeriod(start="2026-11-27", pnl=day * MONEY_ONE, trades=0, wins=0, losses=0, days=0)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of_run", "of_strategy", "figures", "words"),
    [
        ({"max_drawdown": "10.00"}, {}, made(0, drop_bps=999), ""),
        ({"max_drawdown": "10.00"}, {}, made(0, drop_bps=1_000), "drawdown of 10.00 % reached"),
        ({"max_drawdown": "10.00"}, {"max_drawdown": "5.00"}, made(0, drop_bps=500), "drawdown of 5.00 % reached"),
        ({}, {"max_daily_loss": "50.00"}, made(-29, day=20), ""),
        ({}, {"max_daily_loss": "50.00"}, made(-30, day=20), "daily loss of 50.00 reached"),
        ({"max_positions": 2}, {}, made(0, positions=2), ""),
        ({"max_positions": 2}, {}, made(0, positions=3), "3 positions open; at most 2"),
        ({"end_date": "2026-11-27"}, {}, made(0), ""),
        ({"end_date": "2026-11-26"}, {}, made(0), "its end date 2026-11-26 has passed"),
    ],
)
def test_a_bound_that_is_reached_ends_the_run(of_run, of_strategy, figures, words):
    assert reason_to_end(run(**of_run), strategy(**of_strategy), figures, ns(FRIDAY)) == words


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({}, ""),
        ({"start_time": "14:30:00", "end_time": "21:00:00"}, ""),
        ({"start_time": "14:31", "end_time": "21:00"}, "held: outside its hours, 14:31–21:00 UTC"),
        ({"end_time": "14:30"}, "held: outside its hours, 00:00–14:30 UTC"),
        ({"start_time": "09:30", "end_time": "16:00", "timezone": "America/New_York"}, ""),
        (
            {"start_time": "09:31", "timezone": "America/New_York"},
            "held: outside its hours, 09:31–23:59 America/New_York",
        ),
        ({"start_time": "22:00", "end_time": "15:00"}, ""),
        ({"trading_hours": {"friday": ["09:00", "15:00"]}}, ""),
        ({"trading_hours": {"fri": ["09:00", "12:00"]}}, "held: outside its hours, 09:00–12:00 UTC"),
        ({"trading_hours": {"monday": ["09:00", "15:00"]}}, "held: it does not trade on a Friday"),
        ({"trading_hours": {"friday": "always"}}, "held: its trading hours cannot be read"),
        ({"start_time": "soon"}, "held: its trading hours cannot be read"),
        ({"timezone": "Mars/Olympus"}, "held: its trading hours cannot be read"),
    ],
)
def test_outside_its_hours_a_run_is_held_in_words(hours, words):
    assert reason_to_hold(strategy(**hours), ns(FRIDAY)) == words
