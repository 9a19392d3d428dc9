"""What is read of strategies and their runs: definitions, runs, changes, logs, signals and performance."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from workstation.client.bulk import BulkError
from workstation.client.values import Value


class Strategy(Value, frozen=True, kw_only=True):
    """A strategy. win_rate, max_drawdown, max_drawdown_actual, stop_loss, take_profit, max_slippage: percent."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    name: str
    description: str | None
    strategy_type: str
    version: str
    status: str
    config: dict[str, Any]
    parameters: dict[str, Any]
    max_position_size: Decimal | None
    max_daily_loss: Decimal | None
    max_drawdown: Decimal | None
    is_active: bool
    auto_start: bool
    paper_trading_only: bool
    start_time: str | None
    end_time: str | None
    timezone: str
    total_pnl: Decimal
    total_trades: int
    win_rate: Decimal
    tags: tuple[str, ...]
    metadata: dict[str, Any]
    user_id: str
    risk_profile: str
    instruments: tuple[str, ...]
    trading_hours: dict[str, Any]
    rebalance_frequency: str
    stop_loss: Decimal | None
    take_profit: Decimal | None
    max_slippage: Decimal | None
    is_approved: bool
    approved_at: datetime | None
    approved_by: str | None
    total_runs: int
    successful_runs: int
    sharpe_ratio: Decimal | None
    max_drawdown_actual: Decimal


class StrategyRun(Value, frozen=True, kw_only=True):
    """A run. Profit is net of fees; returns are fractions, falls and win_rate percent."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    strategy_definition_id: str
    status: str
    is_active: bool
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    total_pnl: Decimal
    total_trades: int
    winning_trades: int
    losing_trades: int
    max_drawdown_amount: Decimal
    sharpe_ratio: Decimal | None
    sortino_ratio: Decimal | None
    error_message: str | None
    metadata: dict[str, Any]
    user_id: str
    broker_account_id: str
    run_name: str
    run_number: int
    initial_capital: Decimal
    current_capital: Decimal
    max_positions: int | None
    max_position_size: Decimal | None
    max_drawdown: Decimal | None
    start_date: str
    end_date: str | None
    total_return: Decimal
    daily_pnl: Decimal | None
    daily_return: Decimal | None
    current_drawdown: Decimal
    max_drawdown_actual: Decimal
    win_rate: Decimal
    current_positions: int
    total_positions_taken: int
    last_trade_at: datetime | None
    notes: str | None


class RunLog(Value, frozen=True, kw_only=True):
    """A line of a run's log."""

    id: str
    tenant_id: str
    created_at: datetime
    strategy_run_id: str
    level: str
    event_type: str | None
    message: str
    data: dict[str, Any] | None


class FieldChange(Value, frozen=True, kw_only=True):
    """One value that changed; a parameter is named `parameters.<name>`."""

    field: str
    old: Any
    new: Any


class StrategyChange(Value, frozen=True, kw_only=True):
    """What one save of a strategy changed. actor: the door and the person, as the journal writes them."""

    id: str
    tenant_id: str
    created_at: datetime
    strategy_definition_id: str
    row_version: int
    actor: str
    changes: tuple[FieldChange, ...]


class Signal(Value, frozen=True, kw_only=True):
    """A signal. confidence: 0 to 1."""

    id: str
    tenant_id: str
    created_at: datetime
    strategy_run_id: str
    instrument_id: str
    instrument_symbol: str
    signal_type: str
    confidence: Decimal
    target_price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    quantity: Decimal | None
    signal_reason: str | None
    market_conditions: dict[str, Any]
    is_executed: bool
    order_id: str | None
    execution_price: Decimal | None
    execution_quantity: Decimal | None
    signal_time: datetime
    executed_at: datetime | None
    metadata: dict[str, Any]


class Performance(Value, frozen=True, kw_only=True):
    """A day, week or month of a run. Returns are fractions, max_drawdown and win_rate percent."""

    id: str
    tenant_id: str
    created_at: datetime
    updated_at: datetime
    strategy_run_id: str
    period_type: str
    period_start: str
    period_end: str
    period_return: Decimal
    cumulative_return: Decimal
    annualized_return: Decimal | None
    period_volatility: Decimal | None
    sharpe_ratio: Decimal | None
    sortino_ratio: Decimal | None
    max_drawdown: Decimal | None
    total_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: Decimal
    starting_capital: Decimal
    ending_capital: Decimal
    period_pnl: Decimal
    metadata: dict[str, Any]


class BulkRunResult(Value, frozen=True, kw_only=True):
    """What became of each run."""

    accepted: tuple[StrategyRun, ...]
    rejected: tuple[BulkError, ...]
