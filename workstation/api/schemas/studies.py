"""Backtests on the wire: what the answers of their commands hold, as plain values.

Times are RFC 3339, money and ratios decimals as text; `options` are those of the command line, by name.
"""

from typing import Any

from workstation.api.schemas.values import money_text, ratio_text, time_or_none, time_text
from workstation.commands.backtests import BacktestName
from workstation.ports.backtests import Backtest, BacktestBoard, BacktestTrips, Trip
from workstation.ports.sweeps import Figures

_RATIOS = ("total_return", "sharpe", "sortino", "calmar", "profit_factor", "drawdown")
_PLACES = 6


def study_body(data: object) -> dict[str, Any] | None:
    """Return what a command of backtests answered, None for what is none of theirs."""
    if isinstance(data, BacktestName):
        return {"backtest_id": data.backtest_id}
    if isinstance(data, BacktestTrips):
        return {"backtest_id": data.backtest_id, "trips": [_trip(trip) for trip in data.trips]}
    if isinstance(data, BacktestBoard):
        return {
            "running": data.running or None,
            "played": data.played,
            "played_to": time_or_none(data.at),
            "backtests": [_backtest(row) for row in data.backtests],
        }
    return None


def _backtest(row: Backtest) -> dict[str, Any]:
    return {
        "id": row.id,
        "entry_point": row.entry_point,
        "code_hash": row.code_hash,
        "parameters": row.parameters,
        "options": row.market,
        "status": row.status.value,
        "error": row.error or None,
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
        "first_at": time_or_none(row.first_ts),
        "last_at": time_or_none(row.last_ts),
        "bars": row.bars,
        "currency": row.currency,
        "initial_cash": ratio_text(row.initial, 2),
        "figures": None if row.figures is None else _figures(row.figures),
        "warnings": list(row.warnings),
        "curve": [[time_text(point.ts), ratio_text(point.equity, 2)] for point in row.curve],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    ratios = {name: ratio_text(getattr(figures, name), _PLACES) for name in _RATIOS}
    counts = {"net_profit": money_text(figures.net_profit), "fills": figures.fills, "round_trips": figures.trades}
    return {**ratios, **counts, "days": figures.days, "digest": figures.digest}


def _trip(trip: Trip) -> dict[str, Any]:
    return {
        "number": trip.number,
        "symbol": trip.symbol,
        "side": trip.side.value,
        "quantity": trip.qty,
        "entered_at": time_text(trip.entry_ts),
        "entry_price": ratio_text(trip.entry_px, _PLACES),
        "left_at": time_text(trip.exit_ts),
        "exit_price": ratio_text(trip.exit_px, _PLACES),
        "profit": money_text(trip.pnl),
        "fees": money_text(trip.fees),
        "worst_profit": ratio_text(trip.mae, 2),
        "best_profit": ratio_text(trip.mfe, 2),
        "bars": trip.bars,
    }
