"""`workstation backtest`: a strategy over stored bars, what came of it, and the fills as CSV.

The same strategy code as live, on the engine of `backtest/`. Every choice is printed with the result, and every choice
that flatters one is named. Progress goes to standard error; Ctrl+C ends the run where it stands.
"""

import argparse
import json
import signal
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from workstation import __version__
from workstation.app.backtest_checks import examined, plain
from workstation.app.backtest_options import options_of, rates_of
from workstation.app.backtest_report import write_report, write_text
from workstation.app.data_hours import adopt_hours, hours_for
from workstation.app.data_sources import StoredMarket
from workstation.app.funding_files import funding_of
from workstation.app.import_stamps import instant
from workstation.app.strategies import CodeFolder
from workstation.app.strategy_fault import run_or_fault
from workstation.backtest.columns import Source
from workstation.backtest.figures import FIGURES, text_of, value_of
from workstation.backtest.metrics import metrics_of
from workstation.backtest.monte_carlo import MonteCarlo, monte_carlo
from workstation.backtest.plan import BacktestPlan, Progress
from workstation.backtest.price_trace import Traces
from workstation.backtest.report_page import Report
from workstation.backtest.report_rows import fills_csv
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.config.paths import find_home
from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled, rescale
from workstation.domain.times import NS_PER_S
from workstation.ports.market_data import MarketHistory
from workstation.storage import open_view
from workstation.strategies.loading import Code


def command(arguments: argparse.Namespace) -> int:
    """Run a backtest and print what came of it; returns 0, or 1 where it looks ahead by a check or its strategy raised.

    Raises:
        UserError: an option, the strategy's parameters or the stored data do not fit.
    """
    root = find_home(arguments.home).root
    view, traces = open_view(arguments.database, root), Traces()
    try:
        adopt_hours(view.history)
        plan = plan_of(arguments, root, view.history)
        plan = msgspec.structs.replace(plan, sources=tuple(traces.watch(source) for source in plan.sources))
        with _interruptible() as unwanted:
            ran = run_or_fault(
                plan.name,
                lambda: (
                    _run(plan, unwanted, quiet=arguments.json),
                    examined(arguments.check, lambda: plan_of(arguments, root, view.history), unwanted),
                ),
            )
    finally:
        view.close()
    if isinstance(ran, list):
        print("workstation:", "\n".join(ran), file=sys.stderr)
        return 1
    result, found = ran
    if arguments.fills:
        write_text(Path(arguments.fills), fills_csv(result))
    if arguments.report:
        write_report(Path(arguments.report), Report(result=result, prices=traces.bars()))
    if arguments.json:
        print(json.dumps(summary(result) | ({"checks": plain(found)} if found else {}), indent=2))
    else:
        print("\n".join((*words(result), *found.words(result.currency))))
    return 1 if found.fails else 0


def plan_of(arguments: argparse.Namespace, root: Path, history: MarketHistory) -> BacktestPlan:
    """Return the plan that the options ask for.

    Raises:
        UserError: an option, a parameter or a symbol that does not fit.
    """
    code = code_of(arguments.strategy, root)
    return plan_with(arguments, code, parameters_of(arguments, code), history)


def parameters_of(arguments: argparse.Namespace, code: Code) -> dict[str, Any]:
    """Return the strategy's parameters as the options give them, its defaults for the rest.

    Raises:
        UserError: one that the strategy does not take.
    """
    return dict(code.fit(dict(map(_parameter, arguments.param))).model_dump())


def code_of(entry_point: str, root: Path, kept: str | None = None, code_hash: str = "") -> Code:
    """Return the code of `module:Class`, a file of the home or an example. kept: its text, where the file has changed.

    Raises:
        UserError: there is none, or it is not the code of that hash.
    """
    loader = CodeFolder(root / "strategies", lambda call: call(), lambda _hash: kept)
    try:
        return loader.read(entry_point, code_hash)
    finally:
        loader.close()


def plan_with(
    arguments: argparse.Namespace, code: Code, parameters: dict[str, Any], history: MarketHistory
) -> BacktestPlan:
    """Return the plan that the options ask for, of code that was read and with parameters as given.

    Raises:
        UserError: an option or a symbol that does not fit.
    """
    start, end, past = (
        instant(text, None) if text else None for text in (arguments.start, arguments.end, arguments.history)
    )
    if past is not None and (start is None or past > start):
        raise ValidationError("--history", "ends where --start begins", allowed="a time before --start")
    markets = [StoredMarket(history, symbol) for symbol in arguments.symbol]
    sources = [
        source
        for kind in _kinds(arguments.data)
        for market in markets
        for source in _sources(market, kind, arguments, (start if past is None else past, end))
    ]
    return BacktestPlan(
        strategy=code.strategy,
        own=code.own,
        name=code.entry_point,
        parameters=parameters,
        instruments=tuple(market.instrument for market in markets),
        sources=tuple(sources),
        corporate=() if arguments.no_actions else tuple(row for market in markets for row in market.corporate()),
        funding=funding_of(arguments.funding_file, {market.instrument.symbol: market.instrument for market in markets}),
        options=options_of(arguments),
        currency=arguments.currency or markets[0].instrument.currency,
        initial_cash=parse_scaled(arguments.cash, MONEY_DECIMALS, field="--cash"),
        capital=parse_scaled(arguments.capital, MONEY_DECIMALS, field="--capital") if arguments.capital else 0,
        seed=arguments.seed,
        rates=rates_of(arguments.rate),
        hours=hours_for({market.instrument.calendar for market in markets}, history),
        start_ts=0 if past is None or start is None else start,
        program_version=__version__,
    )


KINDS = ("books", "quotes", "trades", "bars")
"""What a run can play, the finest first."""


def _kinds(text: str) -> list[str]:
    asked = {word.strip() for word in text.split(",")}
    if not asked <= set(KINDS):
        raise ValidationError("--data", f"{text!r} names what is none", allowed=", ".join(KINDS))
    return [kind for kind in KINDS if kind in asked]


def _sources(
    market: StoredMarket, kind: str, arguments: argparse.Namespace, span: tuple[int | None, int | None]
) -> list[Source]:
    if kind == "bars":
        adjusted = not (arguments.raw or arguments.no_actions)
        intervals = [text.strip() for text in arguments.interval.split(",")]
        return market.sources(intervals, *span, adjusted=adjusted, alone=_kinds(arguments.data) == ["bars"])
    if kind == "books":
        return [market.books(*span)]
    return [market.quotes(*span)] if kind == "quotes" else [market.trades(*span)]


def summary(result: BacktestResult) -> dict[str, Any]:
    """Return a result as plain values: choices, metrics, digests; lists by their length."""
    return {
        "strategy": result.strategy,
        "parameters": dict(result.parameters),
        "options": msgspec.to_builtins(result.options),
        "seed": result.seed,
        "data": dict(result.data_digests),
        "bars": result.bars,
        "fills": len(result.fills),
        "net_profit": _money(result.net_profit),
        "currency": result.currency,
        "metrics": msgspec.to_builtins(metrics_of(result)),
        "monte_carlo": msgspec.to_builtins(monte_carlo(result)),
        "warnings": list(result.warnings),
        "cancelled": result.cancelled,
        "digest": result.digest,
    }


def words(result: BacktestResult) -> list[str]:
    """Return a result as lines for a person."""
    metrics = metrics_of(result)
    lines = [
        f"{result.strategy}  {result.bars:,} bars, {len(result.fills):,} fills, seed {result.seed}",
        f"{_day(result.first_ts)} to {_day(result.last_ts)}",
        f"net profit {_money(result.net_profit)} {result.currency}, return {metrics.total_return:.2%}",
    ]
    brief = ((figure, value_of(metrics, figure)) for figure in FIGURES if figure.brief)
    lines += [f"  {figure.title:<14}{text_of(value, figure.unit):>14}" for figure, value in brief]
    lines += _luck(monte_carlo(result))
    lines += [f"! {warning}" for warning in result.warnings]
    return [*lines, f"digest {result.digest}"]


def _luck(found: MonteCarlo | None) -> list[str]:
    if found is None:
        return []
    drawn = f"of {found.paths:,} draws of its {found.trades:,} round trips with replacement, 5 % to 95 %:"
    final, fall = found.bootstrap.final, found.bootstrap.drawdown
    return [
        drawn,
        f"  {'final value':<14}{final[0]:>14,.2f}  to  {final[-1]:,.2f}",
        f"  {'drawdown':<14}{fall[0]:>14.2%}  to  {fall[-1]:.2%}",
    ]


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Yield what tells that Ctrl+C was pressed; a run then ends where it stands."""
    unwanted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: unwanted.set())
    try:
        yield unwanted.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _run(plan: BacktestPlan, unwanted: Callable[[], bool], *, quiet: bool) -> BacktestResult:
    shown = not quiet and sys.stderr.isatty()

    def progress(now: Progress) -> None:
        if shown:
            print(f"\r{now.events:,} bars, {_day(now.ts)}", end="", file=sys.stderr, flush=True)

    try:
        return run_backtest(plan, progress, unwanted)
    finally:
        if shown:
            print(file=sys.stderr)


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValidationError("--param", f"{text!r} has no value", allowed="NAME=VALUE")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value


def _money(amount: int) -> str:
    return format_scaled(rescale(amount, MONEY_DECIMALS, 2), 2, keep=2)


def _day(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // NS_PER_S, UTC):%Y-%m-%d}"
