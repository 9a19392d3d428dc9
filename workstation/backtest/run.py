"""Runs a backtest: a plan in, a result out. The one door of this package.

Beneath the commands; long work, so it tells of its progress and asks whether it is still wanted.
"""

from typing import Any

import msgspec

from workstation.backtest.booking import order_row
from workstation.backtest.digest import digest_of, funding_digest, hours_digest
from workstation.backtest.engine import Engine
from workstation.backtest.feeds import BarFeed
from workstation.backtest.plan import BacktestPlan, Cancelled, OnProgress
from workstation.backtest.result import BacktestResult
from workstation.backtest.rows import SplitRow


def run_backtest(
    plan: BacktestPlan, progress: OnProgress | None = None, cancelled: Cancelled | None = None
) -> BacktestResult:
    """Play a plan and return what came of it; equal plans give equal results, byte for byte.

    progress: called every few thousand steps, and at the end. cancelled: asked as often; a run that is not wanted any
    more ends where it stands and says so.

    Raises:
        DataFault: recorded data that cannot be, unless gaps are allowed.
        ValidationError: a choice, a source or a parameter that does not fit.
        Exception: whatever the strategy raised: a broken strategy has no result.
    """
    engine = Engine(plan)
    engine.run(progress, cancelled)
    booking = engine.booking
    orders = (*booking.orders, *(order_row(order) for order in booking.state.book.open_orders()))
    curve = engine.curve.curve()
    found: dict[str, Any] = {
        "strategy": plan.name or plan.strategy.__name__,
        "parameters": engine.host.strategy.parameters.model_dump(mode="json"),
        "options": plan.options,
        "seed": plan.seed,
        "program_version": plan.program_version,
        "data_digests": _data_digests(engine),
        "instruments": plan.instruments,
        "currency": plan.currency,
        "initial_cash": plan.initial_cash,
        "final_cash": booking.valuation.cash,
        "net_profit": booking.valuation.equity - plan.initial_cash,
        "fills": tuple(booking.fills),
        "trades": tuple(booking.trades),
        "orders": orders,
        "signals": tuple(engine.inbox.signals),
        "cash_rows": tuple(booking.cash_rows),
        "warnings": _warnings(engine),
        "logs": tuple(engine.inbox.logs),
        "positions": {symbol: qty for symbol in booking.instruments if (qty := booking.qty(symbol))},
        "first_ts": engine.first_ts,
        "last_ts": engine.last_ts,
        "bars": sum(feed.rows for feed in engine.feeds if isinstance(feed, BarFeed)),
        "events": engine.events,
        "path_sensitive_fills": sum(fill.path_sensitive for fill in booking.fills),
        "cancelled": engine.cancelled,
    }
    decided = {**found, "options": msgspec.structs.replace(plan.options, fast=True)}
    if plan.capital:
        decided["capital"] = plan.capital
    splits = tuple(
        row for row in plan.corporate if isinstance(row, SplitRow) and engine.first_ts < row.ts <= engine.last_ts
    )
    return BacktestResult(**found, curve=curve, digest=digest_of(decided, curve), splits=splits, capital=plan.capital)


def _data_digests(engine: Engine) -> dict[str, str]:
    found = {f"{feed.number}: {feed.name}": feed.digest.text() for feed in engine.feeds}
    if engine.plan.funding:
        found["funding"] = funding_digest(engine.plan.funding)
    return found | {f"hours {row.name}": hours_digest(row) for row in engine.plan.hours}


def _warnings(engine: Engine) -> tuple[str, ...]:
    found = list(engine.plan.options.cautions)
    for feed in engine.feeds:
        found += feed.sound.words()
        if isinstance(feed, BarFeed) and feed.matches and feed.lacks_volume:
            found.append(f"{feed.name}: no volume in the data, so orders take any size.")
        if isinstance(feed, BarFeed) and feed.mixed:
            bars = "1 bar holds" if feed.mixed == 1 else f"{feed.mixed} bars hold"
            found.append(f"{feed.name}: {bars} prices of before and after a split; shorter bars would be put together.")
    found += [f"{count} orders were refused: {code}." for code, count in sorted(engine.desk.refused.items())]
    struck = engine.desk.troubles.struck if engine.desk.troubles is not None else {}
    found += [f"{count} {kind}, by the plan of faults." for kind, count in sorted(struck.items())]
    if engine.inbox.dropped:
        found.append(f"{engine.inbox.dropped} log lines or signals did not fit and were left out.")
    if engine.cancelled:
        found.append("The run was ended before its data.")
    return tuple(found)
