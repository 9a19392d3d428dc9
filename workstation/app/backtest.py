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
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from workstation import __version__
from workstation.app.backtest_checks import examined, plain
from workstation.app.backtest_report import write_report, write_text
from workstation.app.data_sources import StoredMarket
from workstation.app.import_stamps import instant
from workstation.app.strategies import CodeFolder
from workstation.backtest.fees import FeeModel, MakerTakerFees, PerUnitFees, ZeroFees
from workstation.backtest.figures import FIGURES, text_of, value_of
from workstation.backtest.metrics import metrics_of
from workstation.backtest.monte_carlo import MonteCarlo, monte_carlo
from workstation.backtest.options import BacktestOptions, MarketFill, Slippage, SlippageKind
from workstation.backtest.plan import BacktestPlan, Progress
from workstation.backtest.price_trace import Traces
from workstation.backtest.report_page import Report
from workstation.backtest.report_rows import fills_csv
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.config.paths import find_home
from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled, rescale
from workstation.ports.market_data import MarketHistory
from workstation.storage import open_view
from workstation.strategies.loading import Code

NS = 10**9
HUNDREDTHS = 100
"""Fee rates are hundredths of a basis point."""


def command(arguments: argparse.Namespace) -> int:
    """Run a backtest and print what came of it; returns 0, or 1 where a check found that it looks ahead.

    A strategy that raises ends the program with its traceback.

    Raises:
        UserError: an option, the strategy's parameters or the stored data do not fit.
    """
    root = find_home(arguments.home).root
    view, traces = open_view(arguments.database, root), Traces()
    try:
        plan = plan_of(arguments, root, view.history)
        plan = msgspec.structs.replace(plan, sources=tuple(traces.watch(source) for source in plan.sources))
        with _interruptible() as unwanted:
            result = _run(plan, unwanted, quiet=arguments.json)
            found = examined(arguments.check, lambda: plan_of(arguments, root, view.history), unwanted)
    finally:
        view.close()
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
    return plan_with(arguments, code, code.fit(dict(map(_parameter, arguments.param))).model_dump(), history)


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
    start, end = (instant(text, None) if text else None for text in (arguments.start, arguments.end))
    markets = [StoredMarket(history, symbol) for symbol in arguments.symbol]
    slippage = Slippage() if arguments.slippage_ticks is None else _slippage(arguments.slippage_ticks)
    return BacktestPlan(
        strategy=code.strategy,
        name=code.entry_point,
        parameters=parameters,
        instruments=tuple(market.instrument for market in markets),
        sources=tuple(market.bars(arguments.interval, start, end, adjusted=True) for market in markets),
        corporate=tuple(row for market in markets for row in market.corporate()),
        options=BacktestOptions(
            fees=fees_of(arguments.fees),
            market_fill=MarketFill(arguments.fill.upper()),
            bar_share_bps=None if arguments.any_size else BacktestOptions(fees=ZeroFees()).bar_share_bps,
            slippage=slippage,
            close_at_end=arguments.close_at_end,
            allow_gaps=arguments.allow_gaps,
        ),
        currency=markets[0].instrument.currency,
        initial_cash=parse_scaled(arguments.cash, MONEY_DECIMALS),
        seed=arguments.seed,
        program_version=__version__,
    )


def fees_of(text: str) -> FeeModel:
    """Return a fee model: `zero`, `per-unit:0.005` with `:minimum`, or `bps:MAKER:TAKER`.

    Raises:
        ValidationError: none of these.
    """
    name, *amounts = text.split(":")
    try:
        numbers = [Decimal(amount) for amount in amounts]
    except InvalidOperation:
        numbers = []
    if name == "zero" and not amounts:
        return ZeroFees()
    if name == "per-unit" and len(numbers) in (1, 2):
        per_unit, minimum = (parse_scaled(str(number), MONEY_DECIMALS) for number in (*numbers, Decimal(0))[:2])
        return PerUnitFees(per_unit=per_unit, minimum=minimum)
    if name == "bps" and len(numbers) == 2:
        maker, taker = (int(number * HUNDREDTHS) for number in numbers)
        return MakerTakerFees(maker=maker, taker=taker)
    raise ValidationError("--fees", f"{text!r} is no fee model", allowed="zero, per-unit:X[:MIN], bps:MAKER:TAKER")


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


def _slippage(ticks: float) -> Slippage:
    return Slippage(SlippageKind.TICKS, ticks) if ticks else Slippage(SlippageKind.NONE)


def _money(amount: int) -> str:
    return format_scaled(rescale(amount, MONEY_DECIMALS, 2), 2, keep=2)


def _day(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // NS, UTC):%Y-%m-%d}"
