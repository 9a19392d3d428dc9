"""What a strategy and a run were given as bounds, judged by what the run has made. Pure functions; words, never acts.

The gate holds each order to the limits of the account; these end or hold the run as a whole.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import RunFigures
from workstation.domain.strategy_rows import PeriodType
from workstation.domain.times import NS_PER_S
from workstation.strategies.loading import config_of

HELD = "held: "
"""How a reason for holding a run begins; a record of it says after a restart that the hours alone hold the run."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def reason_to_end(
    run: StrategyRun, strategy: StrategyDefinition, figures: RunFigures, now_ns: int, timeout_s: int = 0
) -> str:
    """Return which bound ends a run, with its value and its limit, "" while all hold.

    timeout_s: how long a run may take whose strategy's config does not say; 0 for ever.
    """
    reached = reason_by_figures(run, strategy, figures)
    if reached:
        return reached
    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).date().isoformat()
    if run.end_date is not None and today > run.end_date:
        return f"its end date {run.end_date} has passed"
    told = config_of(run.config_snapshot).run_timeout
    longest = timeout_s if told is None else told
    if longest and run.started_at is not None and now_ns - run.started_at >= longest * NS_PER_S:
        return f"run timeout of {longest} s reached"
    return ""


def reason_by_figures(run: StrategyRun, strategy: StrategyDefinition, figures: RunFigures) -> str:
    """Return which bound on losses or positions ends a run, "" while all hold."""
    drops = [limit for limit in (run.max_drawdown, strategy.max_drawdown) if limit is not None]
    tightest = min(drops, key=lambda limit: parse_scaled(limit, 2), default=None)
    if tightest is not None and figures.drop_bps >= parse_scaled(tightest, 2):
        return f"drawdown of {tightest} % reached"
    day, loss = figures.periods.get(PeriodType.DAILY), strategy.max_daily_loss
    if day is not None and loss is not None and day.pnl - figures.pnl >= parse_scaled(loss, MONEY_DECIMALS):
        return f"daily loss of {loss} reached"
    if run.max_positions is not None and figures.positions > run.max_positions:
        return f"{figures.positions} positions open; at most {run.max_positions}"
    return ""


def reason_to_hold(strategy: StrategyDefinition, now_ns: int) -> str:
    """Return why a strategy may not trade now by its own hours, "" when it may; hours that cannot be read say no."""
    try:
        now = datetime.fromtimestamp(now_ns // NS_PER_S, ZoneInfo(strategy.timezone))
        spans = _spans(strategy, DAYS[now.weekday()])
        shut = [span for span in spans if not _holds(span, now.time())]
    except (KeyError, OSError, TypeError, ValueError):
        return f"{HELD}its trading hours cannot be read"
    if spans is CLOSED:
        return f"{HELD}it does not trade on a {now:%A}"
    return f"{HELD}outside its hours, {_words(shut[0])} {strategy.timezone}" if shut else ""


def is_for_hours(reason: str) -> bool:
    """Tell whether a run that was held is held for its strategy's hours alone, by the reason that was recorded."""
    return reason.startswith(HELD)


Span = tuple[time, time]
CLOSED: list[Span] = []
"""Stands for a weekday that the hours leave out."""


def _spans(strategy: StrategyDefinition, day: str) -> list[Span]:
    """Return the spans that all have to hold: the strategy's own, and that of its weekday where it names any."""
    spans: list[Span] = []
    if strategy.start_time is not None or strategy.end_time is not None:
        start, end = strategy.start_time or time.min.isoformat(), strategy.end_time or time.max.isoformat()
        spans.append((time.fromisoformat(start), time.fromisoformat(end)))
    hours: Mapping[str, Any] = {name[:3].lower(): span for name, span in strategy.trading_hours.items()}
    if hours and day not in hours:
        return CLOSED
    if day in hours:
        start, end = hours[day]
        spans.append((time.fromisoformat(start), time.fromisoformat(end)))
    return spans


def _holds(span: Span, now: time) -> bool:
    """Tell whether a time is inside [start, end); a span that ends before it starts goes over midnight."""
    start, end = span
    return start <= now < end if start <= end else now >= start or now < end


def _words(span: Span) -> str:
    return f"{span[0]:%H:%M}–{span[1]:%H:%M}"
