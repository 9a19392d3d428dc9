"""Runs of strategies on the wire: what starts and changes one, and how one stands."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from workstation.api.credentials import user_id
from workstation.api.names import Names
from workstation.api.schemas.bulk import BulkError, Key, item_of
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.run_rows import FRACTION_PLACES
from workstation.api.schemas.strategies import RATIO_PLACES, UpTo100, rate_text
from workstation.api.schemas.values import (
    Day,
    DayOut,
    DecimalOut,
    EndTime,
    IdOut,
    Money,
    PositiveMoney,
    Reason,
    Request,
    Resource,
    StartTime,
    TimeOut,
    Uuid,
    fixed_text,
    kept_text,
    money_text,
    ratio_text,
    time_or_none,
)
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even, parse_scaled
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.domain.times import NS_PER_S
from workstation.kernel.ids import stable_uid
from workstation.strategies.run_figures import sharpe, sortino

RunStatusName = Literal["PENDING", "RUNNING", "PAUSED", "COMPLETED", "STOPPED", "ERROR", "CANCELLED"]
RUNS_MAX = 100


class StrategyRunCreate(Request):
    """A run to start now. parameters: over those of the strategy."""

    broker_account_id: Uuid
    initial_capital: PositiveMoney
    start_date: Day
    strategy_definition_id: Uuid | None = None
    end_date: Day | None = None
    max_positions: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    max_position_size: PositiveMoney | None = None
    max_drawdown: UpTo100 | None = None
    parameters: dict[str, Any] | None = None
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None


class StrategyRunUpdate(Request):
    """A partial change; `is_active` false pauses, true resumes."""

    end_date: Day | None = None
    max_position_size: PositiveMoney | None = None
    max_drawdown: UpTo100 | None = None
    is_active: StrictBool = unchanged()
    notes: Reason | None = None
    metadata: dict[str, Any] | None = None


RunItem = Annotated[Any, item_of("StrategyRunCreate")]


class BulkStrategyRunCreate(Request):
    """Runs to start, one after the other."""

    runs: Annotated[list[RunItem], Field(min_length=1, max_length=RUNS_MAX)]
    idempotency_key: Key | None = None


class StrategyRunList(RecordList):
    """Filters of the list of a strategy's runs. min_capital, max_capital: what they began with, bounds included."""

    status: RunStatusName | None = None
    statuses: tuple[RunStatusName, ...] = ()
    broker_account_id: Uuid | None = None
    user_id: Uuid | None = None
    min_capital: Money | None = None
    max_capital: Money | None = None
    start_date: StartTime | None = None
    end_date: EndTime | None = None


class AllRunsList(StrategyRunList):
    """Filters of the list of all runs."""

    strategy_definition_id: Uuid | None = None


class StrategyRunOut(RecordOut):
    """A run. Profit is net of fees; open positions are valued at their marks."""

    strategy_definition_id: IdOut
    status: RunStatusName
    is_active: bool
    started_at: TimeOut | None
    ended_at: TimeOut | None
    duration_seconds: int | None
    total_pnl: DecimalOut
    total_trades: int
    winning_trades: int
    losing_trades: int
    max_drawdown_amount: DecimalOut
    sharpe_ratio: DecimalOut | None
    sortino_ratio: DecimalOut | None
    error_message: str | None
    metadata: dict[str, Any]
    user_id: IdOut
    broker_account_id: IdOut
    run_name: str
    run_number: int
    initial_capital: DecimalOut
    current_capital: DecimalOut
    max_positions: int | None
    max_position_size: DecimalOut | None
    max_drawdown: DecimalOut | None
    start_date: DayOut
    end_date: DayOut | None
    total_return: DecimalOut
    daily_pnl: DecimalOut | None
    daily_return: DecimalOut | None
    current_drawdown: DecimalOut
    max_drawdown_actual: DecimalOut
    win_rate: DecimalOut
    current_positions: int
    total_positions_taken: int
    last_trade_at: TimeOut | None
    notes: str | None


class StrategyRunPage(Resource):
    """A page of runs."""

    runs: list[StrategyRunOut]
    total_count: int | None
    has_next: bool


class BulkStrategyRunResult(Resource):
    """What became of each run, by its place in the request."""

    accepted: list[StrategyRunOut]
    rejected: list[BulkError]


def run_body(run: StrategyRun, names: Names | None) -> dict[str, Any]:
    """Return a run as the wire shows it. names: None where accounts are shown by their derived ids."""
    figures, capital = run.figures, parse_scaled(run.initial_capital, MONEY_DECIMALS)
    day = figures.periods.get("DAILY")
    earned = None if day is None else figures.pnl - day.pnl
    ended = run.ended_at or run.updated_at
    return {
        **record_body(run),
        "strategy_definition_id": run.strategy_id,
        "status": run.status,
        "is_active": run.status is StrategyRunStatus.RUNNING,
        "started_at": time_or_none(run.started_at),
        "ended_at": time_or_none(run.ended_at),
        "duration_seconds": None if run.started_at is None else (ended - run.started_at) // NS_PER_S,
        "total_pnl": money_text(figures.pnl),
        "total_trades": figures.trades,
        "winning_trades": figures.wins,
        "losing_trades": figures.losses,
        "max_drawdown_amount": money_text(figures.fall),
        "sharpe_ratio": ratio_text(sharpe(figures.returns), RATIO_PLACES),
        "sortino_ratio": ratio_text(sortino(figures.returns), RATIO_PLACES),
        "error_message": run.error_message or None,
        "metadata": run.metadata,
        "user_id": user_id(run.user_id),
        "broker_account_id": _account_uid(run.account, names),
        "run_name": run.run_name,
        "run_number": run.run_number,
        "initial_capital": money_text(capital),
        "current_capital": money_text(capital + figures.pnl),
        "max_positions": run.max_positions,
        "max_position_size": kept_text(run.max_position_size),
        "max_drawdown": kept_text(run.max_drawdown),
        "start_date": run.start_date,
        "end_date": run.end_date,
        "total_return": _fraction(figures.pnl, capital),
        "daily_pnl": None if earned is None else money_text(earned),
        "daily_return": None if day is None or earned is None else _fraction(earned, capital + day.pnl),
        "current_drawdown": fixed_text(figures.drop_bps, 2),
        "max_drawdown_actual": fixed_text(figures.fall_bps, 2),
        "win_rate": rate_text(figures.wins, figures.trades),
        "current_positions": figures.positions,
        "total_positions_taken": figures.positions_taken,
        "last_trade_at": time_or_none(figures.last_trade_at),
        "notes": run.notes or None,
    }


def _fraction(part: int, whole: int) -> str:
    return fixed_text(div_half_even(part * 10**FRACTION_PLACES, whole) if whole > 0 else 0, FRACTION_PLACES)


def _account_uid(account: str, names: Names | None) -> str:
    return stable_uid("account", account) if names is None else names.account_uid(account)
