"""Every figure of a run against a second computation from its rows, in plain loops; and runs with little to go by."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.helpers.backtests import MINUTE, bars, columns, options, plan, scripted
from workstation.app.backtest import summary, words
from workstation.app.backtest_report import write_report
from workstation.backtest import metrics
from workstation.backtest.columns import BarColumns
from workstation.backtest.fees import MakerTakerFees
from workstation.backtest.figures import FIGURES
from workstation.backtest.metrics import Metrics, metrics_of
from workstation.backtest.report_page import Report
from workstation.backtest.result import BacktestResult
from workstation.backtest.run import run_backtest
from workstation.domain.errors import ValidationError
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side

HOUR = 60 * MINUTE
DAY_NS = 24 * HOUR
CASH = 20_000
BARS = 900


class Run(NamedTuple):
    """A run and what it played."""

    result: BacktestResult
    data: BarColumns


def walk(seed: int) -> BarColumns:
    rng = np.random.default_rng(seed)
    close = 10_000 + np.cumsum(rng.integers(-150, 151, BARS))
    opened = np.r_[10_000, close[:-1]] + rng.integers(-20, 21, BARS)
    high, low = np.maximum(opened, close) + 30, np.minimum(opened, close) - 30
    return columns(opened, high, low, close, interval="1h", step=HOUR)


def turns(seed: int) -> dict[int, Callable[[Any], None]]:
    """Return a script that enters, adds, turns and leaves by chance."""
    rng = np.random.default_rng(seed)

    def act(choice: int, quantity: int) -> Callable[[Any], None]:
        def run(strategy: Any) -> None:
            if choice == 0:
                strategy.flatten("ABC")
            else:
                (strategy.buy if choice == 1 else strategy.sell)("ABC", quantity)

        return run

    places = sorted(rng.choice(BARS - 2, BARS // 6, replace=False).tolist())
    return {at: act(int(rng.integers(0, 3)), int(rng.integers(1, 40))) for at in places}


@pytest.fixture(scope="module", params=[1, 2, 3])
def run(request: pytest.FixtureRequest) -> Run:
    data, costs = walk(request.param), options(fees=MakerTakerFees(maker=100, taker=300))
    strategy = scripted(turns(request.param), wants=(("ABC", "1h"),))
    return Run(run_backtest(plan(strategy, data, options=costs, initial_cash=CASH * MONEY_ONE)), data)


def signed(fill: Any) -> int:
    qty: int = fill.qty if fill.side in (Side.BUY, Side.BUY_TO_COVER) else -fill.qty
    return qty


def test_every_figure_is_shown_with_a_formula_once() -> None:
    assert sorted(figure.name for figure in FIGURES) == sorted(Metrics.__struct_fields__)
    assert all(figure.formula for figure in FIGURES)


def test_the_curve_is_cash_and_position_at_each_close_by_the_fills_alone(run: Run) -> None:
    result, fills, cash, held = run.result, list(run.result.fills), float(CASH), 0
    assert result.curve.ts.tolist() == run.data.ts_close.tolist()
    for ts, close, equity, exposure in zip(
        result.curve.ts.tolist(), run.data.close.tolist(), result.curve.equity, result.curve.exposure, strict=True
    ):
        while fills and fills[0].ts < ts:
            fill = fills.pop(0)
            cash -= signed(fill) * fill.price / 100 + fill.fee / MONEY_ONE
            held += signed(fill)
        assert exposure == pytest.approx(held * close / 100)
        assert equity == pytest.approx(cash + held * close / 100)


def test_ratios_of_days_are_their_formulas(run: Run) -> None:
    found, last = metrics_of(run.result), {}
    for ts, equity in zip(run.result.curve.ts.tolist(), run.result.curve.equity.tolist(), strict=True):
        last[f"{datetime.fromtimestamp((ts - 1) // 10**9, UTC):%Y-%m-%d}"] = equity  # midnight is the day's that ends
    equities = [CASH, *last.values()]
    returns = [after / before - 1 for before, after in pairwise(equities)]
    root = math.sqrt(365)  # this market knows no Saturday's rest
    downside = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns))
    span = int(run.result.curve.ts[-1] - run.result.curve.ts[0]) / DAY_NS
    yearly = (equities[-1] / CASH) ** (365.25 / span) - 1
    assert found.periods_a_year == 365
    assert found.volatility == pytest.approx(stdev(returns) * root)
    assert found.sharpe == pytest.approx(mean(returns) / stdev(returns) * root)
    assert found.sortino == pytest.approx(mean(returns) / downside * root)
    assert found.total_return == pytest.approx(equities[-1] / CASH - 1)
    assert found.yearly_return == pytest.approx(yearly)
    assert found.calmar == pytest.approx(yearly / found.drawdown)


def test_drawdown_and_exposure_are_their_formulas(run: Run) -> None:
    found, curve = metrics_of(run.result), run.result.curve
    rows = list(zip(curve.ts.tolist(), curve.equity.tolist(), strict=True))
    falls = [(max(e for _t, e in rows[: n + 1]) - equity, n) for n, (_ts, equity) in enumerate(rows)]
    peaks = [max(e for _t, e in rows[: n + 1]) for n in range(len(rows))]
    assert found.drawdown_money == pytest.approx(max(fall for fall, _n in falls))
    assert found.drawdown == pytest.approx(max(fall / peaks[n] for fall, n in falls))
    longest = begun = 0
    for n, (fall, _n) in enumerate(falls):
        if fall == 0 or n == len(falls) - 1:
            longest = max(longest, rows[n][0] - rows[begun][0] if n > begun + 1 or fall else 0)
            begun = n
    assert found.drawdown_days == pytest.approx(longest / DAY_NS)
    spans = zip(curve.ts.tolist(), curve.ts.tolist()[1:], curve.exposure.tolist(), strict=False)
    held = sum(after - at for at, after, exposure in spans if exposure)
    assert found.exposure == pytest.approx(held / (rows[-1][0] - rows[0][0]))


def trips(run: Run) -> list[dict[str, float]]:
    """Return the round trips by the fills alone: profit after fees, worst and best profit, and bars."""
    done: list[dict[str, float]] = []
    now: dict[str, float] = {}
    held, cost, fills = 0, 0.0, list(run.result.fills)

    def begin(bar: int) -> None:
        now.clear()
        now.update(made=0.0, fees=0.0, worst=0.0, best=0.0, bar=bar)

    def see(price: float) -> None:
        profit = now["made"] + held * price - cost
        now["worst"], now["best"] = min(now["worst"], profit), max(now["best"], profit)

    for number, close in enumerate((run.data.close / 100).tolist()):
        while fills and fills[0].bar == number:
            fill = fills.pop(0)
            price, qty, fee = fill.price / 100, signed(fill), fill.fee / MONEY_ONE
            closing = min(abs(qty), abs(held)) if held * qty < 0 else 0
            if closing:
                see(price)
                part = cost * closing / abs(held)
                sign = 1 if held > 0 else -1
                now["made"] += sign * closing * price - part
                now["fees"] += fee * closing / abs(qty)
                cost, held = cost - part, held - sign * closing
                if not held:
                    done.append({**now, "net": now["made"] - now["fees"], "bars": number - now["bar"]})
            if opening := abs(qty) - closing:
                if not held:
                    begin(number)
                held += opening if qty > 0 else -opening
                cost += (opening if qty > 0 else -opening) * price
                now["fees"] += fee * opening / abs(qty)
        if held:
            see(close)
    return done


def test_round_trips_are_their_formulas(run: Run) -> None:
    found, own = metrics_of(run.result), trips(run)
    nets = [trip["net"] for trip in own]
    wins, losses = [x for x in nets if x > 0], [x for x in nets if x < 0]
    assert found.trades == len(own) > 10
    assert found.win_rate == pytest.approx(len(wins) / len(nets))
    assert found.profit_factor == pytest.approx(sum(wins) / -sum(losses))
    assert found.mean_trade == pytest.approx(mean(nets))
    assert found.mean_win == pytest.approx(mean(wins))
    assert found.mean_loss == pytest.approx(mean(losses))
    signs = "".join("l" if net < 0 else "w" for net in nets)
    assert found.losses_in_row == max(map(len, signs.split("w")))
    assert found.mean_bars == pytest.approx(mean(trip["bars"] for trip in own))
    assert found.turnover == pytest.approx(sum(fill.qty * fill.price / 100 for fill in run.result.fills) / CASH)
    assert found.mean_adverse == pytest.approx(mean(trip["worst"] for trip in own))
    assert found.worst_adverse == pytest.approx(min(trip["worst"] for trip in own))
    assert found.mean_favourable == pytest.approx(mean(trip["best"] for trip in own))
    assert found.best_favourable == pytest.approx(max(trip["best"] for trip in own))


def test_an_exit_beyond_every_close_is_the_worst_of_its_round_trip() -> None:
    rows = [(10_000,) * 4, (10_000,) * 4, (10_000, 10_000, 9_000, 10_000), (10_000,) * 4]
    script = {0: lambda s: s.buy("ABC", 10, stop_loss=95)}
    (trade,) = run_backtest(plan(scripted(script), bars(*rows))).trades
    assert (trade.mae, trade.mfe, trade.pnl) == (-50.0, 0.0, -50 * MONEY_ONE)


# Little to go by

FLAT = (10_000,) * 4
TOO_LITTLE = {"volatility", "sharpe", "sortino", "calmar"}
OF_TRADES = {
    "win_rate", "profit_factor", "mean_trade", "mean_win", "mean_loss", "mean_bars", "mean_adverse", "worst_adverse",
    "mean_favourable", "best_favourable",
}  # fmt: skip


def nothing(found: Metrics) -> set[str]:
    return {name for name in Metrics.__struct_fields__ if getattr(found, name) is None}


def ruined() -> BacktestResult:
    rows = [FLAT, FLAT, (100,) * 4, (50,) * 4, (40,) * 4, (60,) * 4]
    script = {0: lambda s: s.buy("ABC", 200)}
    data = bars(*rows, interval="1d", step=DAY_NS)
    return run_backtest(plan(scripted(script, wants=(("ABC", "1d"),)), data, initial_cash=10_000 * MONEY_ONE))


def test_a_run_without_a_trade_has_no_figure_of_trades_and_no_ratio() -> None:
    found = metrics_of(run_backtest(plan(scripted({}, wants=()), bars(*[FLAT] * 30, interval="1d", step=DAY_NS))))
    assert nothing(found) == OF_TRADES | {"sharpe", "sortino", "calmar"}
    assert (found.total_return, found.yearly_return, found.volatility) == (0.0, 0.0, 0.0)
    assert (found.drawdown, found.exposure, found.turnover, found.trades, found.losses_in_row) == (0, 0, 0, 0, 0)


def test_a_run_of_one_bar_has_no_year() -> None:
    found = metrics_of(run_backtest(plan(scripted({}), bars(FLAT))))
    assert nothing(found) == OF_TRADES | TOO_LITTLE | {"yearly_return"}


def test_equal_returns_have_no_sharpe_although_their_floats_differ() -> None:
    equity = 100.0 * 1.001 ** np.arange(1, 60)
    daily = equity / np.r_[100.0, equity[:-1]] - 1
    assert len(set(daily.tolist())) > 1
    assert metrics.sharpe(daily, 252) is None
    assert metrics.sortino(daily, 252) is None


def test_an_account_that_is_ruined_has_figures_and_no_growth() -> None:
    found = metrics_of(ruined())
    assert found.total_return < -1
    assert found.yearly_return is None
    assert found.drawdown > 1
    assert all(
        math.isfinite(value) for name in Metrics.__struct_fields__ if (value := getattr(found, name)) is not None
    )


def test_an_account_begins_with_something() -> None:
    with pytest.raises(ValidationError, match="cash"):
        plan(scripted({}), bars(FLAT), initial_cash=0)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_summary_and_report_of_a_run_without_trades_are_made(count: int, tmp_path: Path) -> None:
    result = run_backtest(plan(scripted({}), bars(*[FLAT] * count)))
    assert words(result)
    assert summary(result)["monte_carlo"] is None
    assert all(path.stat().st_size for path in write_report(tmp_path / "out", Report(result=result, prices={})))
    assert write_report(tmp_path / "ruin", Report(result=ruined(), prices={}))
