"""Strategies and their runs: define, approve, start, hold and end them; read what runs leave behind."""

from types import NoneType
from typing import Any, Generic

from msgspec import UNSET, UnsetType

from workstation.client.calls import Call, Group, Listing, W
from workstation.client.requests import Params
from workstation.client.strategy_values import (
    BulkRunResult,
    Performance,
    RunLog,
    Signal,
    Strategy,
    StrategyChange,
    StrategyRun,
)
from workstation.client.values import ActionResult, Number, SortedParams, WalkParams, When


class StrategyList(SortedParams, kw_only=True):
    """Filters of the list of strategies."""

    status: str | UnsetType = UNSET
    statuses: tuple[str, ...] | UnsetType = UNSET
    name: str | UnsetType = UNSET
    strategy_type: str | UnsetType = UNSET
    risk_profile: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    is_approved: bool | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    search: str | UnsetType = UNSET


class StrategyId(Params):
    """Names a strategy."""

    strategy_id: str


class StrategyCreate(Params, kw_only=True):
    """A new strategy, a draft. `config["entry_point"]` names its code: `module:Class`."""

    name: str
    strategy_type: str
    instruments: tuple[str, ...]
    rebalance_frequency: str
    description: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    risk_profile: str | UnsetType = UNSET
    max_position_size: Number | UnsetType = UNSET
    max_daily_loss: Number | UnsetType = UNSET
    max_drawdown: Number | UnsetType = UNSET
    trading_hours: dict[str, Any] | UnsetType = UNSET
    stop_loss: Number | UnsetType = UNSET
    take_profit: Number | UnsetType = UNSET
    max_slippage: Number | UnsetType = UNSET
    config: dict[str, Any] | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    auto_start: bool | UnsetType = UNSET
    paper_trading_only: bool | UnsetType = UNSET
    start_time: str | UnsetType = UNSET
    end_time: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class StrategyUpdate(StrategyId, kw_only=True):
    """A partial change: what is absent stays; null clears what may be empty. is_active: false pauses, true resumes.

    if_match: the version that it must still have, or "*" for any.
    """

    if_match: int | str
    name: str | UnsetType = UNSET
    strategy_type: str | UnsetType = UNSET
    instruments: tuple[str, ...] | UnsetType = UNSET
    rebalance_frequency: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    version: str | UnsetType = UNSET
    risk_profile: str | UnsetType = UNSET
    max_position_size: Number | UnsetType | None = UNSET
    max_daily_loss: Number | UnsetType | None = UNSET
    max_drawdown: Number | UnsetType | None = UNSET
    trading_hours: dict[str, Any] | UnsetType = UNSET
    stop_loss: Number | UnsetType | None = UNSET
    take_profit: Number | UnsetType | None = UNSET
    max_slippage: Number | UnsetType | None = UNSET
    config: dict[str, Any] | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    auto_start: bool | UnsetType = UNSET
    paper_trading_only: bool | UnsetType = UNSET
    start_time: str | UnsetType | None = UNSET
    end_time: str | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET


class Approval(StrategyId, kw_only=True):
    """Approval of a strategy for live accounts, as it stands."""

    reason: str | UnsetType = UNSET


class RunList(SortedParams, kw_only=True):
    """Filters of the list of all runs."""

    status: str | UnsetType = UNSET
    statuses: tuple[str, ...] | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    min_capital: Number | UnsetType = UNSET
    max_capital: Number | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET
    strategy_definition_id: str | UnsetType = UNSET


class RunsOfStrategy(SortedParams, kw_only=True):
    """Filters of the list of a strategy's runs."""

    strategy_id: str
    status: str | UnsetType = UNSET
    statuses: tuple[str, ...] | UnsetType = UNSET
    broker_account_id: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    min_capital: Number | UnsetType = UNSET
    max_capital: Number | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class RunStart(StrategyId, kw_only=True):
    """A run to start now. parameters: over those of the strategy."""

    broker_account_id: str
    initial_capital: Number
    start_date: str
    strategy_definition_id: str | UnsetType = UNSET
    end_date: str | UnsetType = UNSET
    max_positions: int | UnsetType = UNSET
    max_position_size: Number | UnsetType = UNSET
    max_drawdown: Number | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET


class BulkRunStart(Params, kw_only=True):
    """Runs to start, each on its own, as bodies of the wire."""

    runs: tuple[dict[str, Any], ...]
    idempotency_key: str | UnsetType = UNSET


class RunId(Params):
    """Names a run."""

    run_id: str


class RunUpdate(RunId, kw_only=True):
    """A partial change. is_active: false pauses, true resumes; if_match: the version, or "*" for any."""

    if_match: int | str
    end_date: str | UnsetType | None = UNSET
    max_position_size: Number | UnsetType | None = UNSET
    max_drawdown: Number | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class LogList(WalkParams, kw_only=True):
    """Filters of a run's log."""

    run_id: str
    level: str | UnsetType = UNSET
    event_type: str | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class ChangeList(WalkParams, kw_only=True):
    """Filters of a strategy's history."""

    strategy_id: str
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class SignalList(WalkParams, kw_only=True):
    """Filters of a run's signals."""

    run_id: str
    signal_type: str | UnsetType = UNSET
    instrument_symbol: str | UnsetType = UNSET
    is_executed: bool | UnsetType = UNSET
    min_confidence: Number | UnsetType = UNSET
    start_date: When | UnsetType = UNSET
    end_date: When | UnsetType = UNSET


class PerformanceList(SortedParams, kw_only=True):
    """Filters of a run's periods; dates are those of their last days."""

    run_id: str
    period_type: str | UnsetType = UNSET
    min_return: Number | UnsetType = UNSET
    max_return: Number | UnsetType = UNSET
    start_date: str | UnsetType = UNSET
    end_date: str | UnsetType = UNSET


class Strategies(Group[W], Generic[W]):
    """Define strategies."""

    list = Listing("/strategies", StrategyList, "strategies", Strategy)
    get = Call("GET", "/strategies/{strategy_id}", StrategyId, Strategy)
    create = Call("POST", "/strategies", StrategyCreate, Strategy)
    update = Call("PUT", "/strategies/{strategy_id}", StrategyUpdate, Strategy)
    archive = Call("DELETE", "/strategies/{strategy_id}", StrategyId, NoneType)
    approve = Call("POST", "/strategies/{strategy_id}/approve", Approval, ActionResult)
    changes = Listing("/strategies/{strategy_id}/changes", ChangeList, "changes", StrategyChange)


class StrategyRuns(Group[W], Generic[W]):
    """Start, hold and end runs."""

    list = Listing("/strategies/runs", RunList, "runs", StrategyRun)
    of_strategy = Listing("/strategies/{strategy_id}/runs", RunsOfStrategy, "runs", StrategyRun)
    get = Call("GET", "/strategies/runs/{run_id}", RunId, StrategyRun)
    start = Call("POST", "/strategies/{strategy_id}/runs", RunStart, StrategyRun)
    start_many = Call("POST", "/strategies/runs/bulk", BulkRunStart, BulkRunResult)
    update = Call("PUT", "/strategies/runs/{run_id}", RunUpdate, StrategyRun)
    pause = Call("POST", "/strategies/runs/{run_id}/pause", RunId, StrategyRun)
    resume = Call("POST", "/strategies/runs/{run_id}/resume", RunId, StrategyRun)
    stop = Call("POST", "/strategies/runs/{run_id}/stop", RunId, StrategyRun)
    end = Call("DELETE", "/strategies/runs/{run_id}", RunId, StrategyRun)
    logs = Listing("/strategies/runs/{run_id}/logs", LogList, "logs", RunLog)
    signals = Listing("/strategies/runs/{run_id}/signals", SignalList, "signals", Signal)
    performance = Listing("/strategies/runs/{run_id}/performance", PerformanceList, "performances", Performance)
