"""Metrics of a backtest's round trips and fills, each with its formula. Pure; beside `metrics.py`, which gathers them.

Profit of a trade is after its fees. Money comes in whole units of the instruments' currency; a run over several
currencies has no sum of it. A metric that has too little to go by is None, never 0.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from workstation.backtest.result import BacktestResult, TradeRow
from workstation.domain.numbers import MONEY_ONE
from workstation.portfolio.contracts import Contract


def all_of(result: BacktestResult) -> dict[str, Any]:
    """Return every metric of this module by its name in `metrics.Metrics`."""
    trades = result.trades
    gains = [net(trade) for trade in trades]
    adds_up = len({instrument.currency for instrument in result.instruments}) <= 1
    money = gains if adds_up else []
    moved = trades if adds_up else ()
    return {
        "turnover": turnover(result) if adds_up else None,
        "trades": len(trades),
        "win_rate": win_rate(gains),
        "profit_factor": profit_factor(money),
        "mean_trade": _mean(gain / MONEY_ONE for gain in money),
        "mean_win": _mean(gain / MONEY_ONE for gain in money if gain > 0),
        "mean_loss": _mean(gain / MONEY_ONE for gain in money if gain < 0),
        "losses_in_row": losses_in_row(gains),
        "mean_bars": _mean(trade.bars for trade in trades),
        "mean_adverse": _mean(trade.mae for trade in moved),
        "worst_adverse": min((trade.mae for trade in moved), default=None),
        "mean_favourable": _mean(trade.mfe for trade in moved),
        "best_favourable": max((trade.mfe for trade in moved), default=None),
    }


def net(trade: TradeRow) -> int:
    """Return the profit of a round trip after fees, money."""
    return trade.pnl - trade.fees


def win_rate(gains: Sequence[int]) -> float | None:
    """Return round trips that earned / all round trips."""
    return sum(gain > 0 for gain in gains) / len(gains) if gains else None


def profit_factor(gains: Sequence[int]) -> float | None:
    """Return sum of gains / sum of losses; None without a loss."""
    losses = -sum(gain for gain in gains if gain < 0)
    return sum(gain for gain in gains if gain > 0) / losses if losses else None


def losses_in_row(gains: Sequence[int]) -> int:
    """Return the largest number of round trips in a row that lost."""
    return max((len(list(run)) for lost, run in groupby(gain < 0 for gain in gains) if lost), default=0)


def turnover(result: BacktestResult) -> float | None:
    """Return the traded value of all fills / initial cash; None without cash."""
    by_symbol = {instrument.symbol: Contract(instrument) for instrument in result.instruments}
    traded = sum(abs(by_symbol[fill.symbol].worth(fill.price, fill.qty)) for fill in result.fills)
    return traded / result.initial_cash if result.initial_cash else None


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
