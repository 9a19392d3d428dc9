"""Runs of strategies on the wire, and what they leave behind: log lines, signals and periods."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from workstation.api.credentials import tenant_uid, user_id
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.bulk import BulkError, Item, Key
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.strategies import UpTo100, rate_text
from workstation.api.schemas.values import (
    DecimalOut,
    EndTime,
    IdOut,
    Money,
    PositiveMoney,
    QueryFlag,
    Reason,
    Request,
    Resource,
    StartTime,
    Symbol,
    TimeOut,
    Uuid,
    fixed_text,
    money_text,
    price_text,
    quantity_text,
    scaled_text,
    time_or_none,
    time_text,
)
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_DECIMALS, div_half_even, parse_scaled
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.domain.strategy_rows import RunLog, RunPerformance, StrategySignal
from workstation.kernel.ids import stable_uid
from workstation.strategies.run_figures import sharpe, sortino

RunStatusName = Literal["PENDING", "RUNNING", "PAUSED", "COMPLETED", "STOPPED", "ERROR", "CANCELLED"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
RUNS_MAX = 100
NS = 1_000_000_000
FRACTION_PLACES, RATIO_PLACES, PRICE_PLACES = 6, 4, 4


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


class BulkStrategyRunCreate(Request):
    """Runs to start, one after the other."""

    runs: Annotated[list[Item], Field(min_length=1, max_length=RUNS_MAX)]
    idempotency_key: Key | None = None


class StrategyRunList(RecordList):
    """Filters of the list of a strategy's runs."""

    status: RunStatusName | None = None
    statuses: tuple[RunStatusName, ...] = ()
    broker_account_id: Uuid | None = None
    user_id: Uuid | None = None
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
    error_message: str
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
    start_date: str
    end_date: str | None
    total_return: DecimalOut
    daily_pnl: DecimalOut | None
    daily_return: DecimalOut | None
    current_drawdown: DecimalOut
    max_drawdown_actual: DecimalOut
    win_rate: DecimalOut
    current_positions: int
    total_positions_taken: int
    last_trade_at: TimeOut | None
    notes: str


class StrategyRunPage(Resource):
    """A page of runs."""

    runs: list[StrategyRunOut]
    total_count: int | None
    has_next: bool


class BulkStrategyRunResult(Resource):
    """What became of each run, by its place in the request."""

    accepted: list[StrategyRunOut]
    rejected: list[BulkError]


class RunRowList(RecordList):
    """What all lists of a run's rows take."""

    start_date: StartTime | None = None
    end_date: EndTime | None = None


class RunLogList(RunRowList):
    """Filters of a log."""

    level: Level | None = None
    event_type: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class SignalList(RunRowList):
    """Filters of a list of signals."""

    signal_type: Literal["BUY", "SELL", "HOLD"] | None = None
    instrument_symbol: Symbol | None = None
    is_executed: QueryFlag | None = None
    min_confidence: Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class PerformanceList(RecordList):
    """Filters of a list of periods; dates are those of their last days."""

    period_type: Literal["DAILY", "WEEKLY", "MONTHLY"] | None = None
    min_return: Money | None = None
    max_return: Money | None = None
    start_date: Day | None = None
    end_date: Day | None = None


class RunLogOut(Resource):
    """A line of a log."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    strategy_run_id: IdOut
    level: Level
    event_type: str | None
    message: str


class RunLogPage(Resource):
    """A page of a log."""

    logs: list[RunLogOut]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class SignalOut(Resource):
    """A signal."""

    id: IdOut
    tenant_id: IdOut
    strategy_run_id: IdOut
    instrument_id: IdOut
    instrument_symbol: str
    signal_type: Literal["BUY", "SELL", "HOLD"]
    confidence: DecimalOut
    target_price: DecimalOut | None
    stop_loss: DecimalOut | None
    quantity: DecimalOut | None
    signal_reason: str
    is_executed: bool
    order_id: IdOut | None
    execution_price: DecimalOut | None
    execution_quantity: DecimalOut | None
    signal_time: TimeOut
    executed_at: TimeOut | None


class SignalPage(Resource):
    """A page of signals."""

    signals: list[SignalOut]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class PerformanceOut(RecordOut):
    """A period of a run; the newest of each type is still under way."""

    strategy_run_id: IdOut
    period_type: Literal["DAILY", "WEEKLY", "MONTHLY"]
    period_start: str
    period_end: str
    period_return: DecimalOut
    cumulative_return: DecimalOut
    period_volatility: DecimalOut | None
    sharpe_ratio: DecimalOut | None
    sortino_ratio: DecimalOut | None
    max_drawdown: DecimalOut | None
    total_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: DecimalOut
    starting_capital: DecimalOut
    ending_capital: DecimalOut
    period_pnl: DecimalOut


class PerformancePage(Resource):
    """A page of periods."""

    performances: list[PerformanceOut]
    total_count: int | None
    has_next: bool


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
        "duration_seconds": None if run.started_at is None else (ended - run.started_at) // NS,
        "total_pnl": money_text(figures.pnl),
        "total_trades": figures.trades,
        "winning_trades": figures.wins,
        "losing_trades": figures.losses,
        "max_drawdown_amount": money_text(figures.fall),
        "sharpe_ratio": ratio_text(sharpe(figures.returns), RATIO_PLACES),
        "sortino_ratio": ratio_text(sortino(figures.returns), RATIO_PLACES),
        "error_message": run.error_message,
        "metadata": run.metadata,
        "user_id": user_id(run.user_id),
        "broker_account_id": _account_uid(run.account, names),
        "run_name": run.run_name,
        "run_number": run.run_number,
        "initial_capital": money_text(capital),
        "current_capital": money_text(capital + figures.pnl),
        "max_positions": run.max_positions,
        "max_position_size": run.max_position_size,
        "max_drawdown": run.max_drawdown,
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
        "notes": run.notes,
    }


def log_body(row: RunLog) -> dict[str, Any]:
    """Return a line as the wire shows it."""
    return {
        "id": row.id,
        "tenant_id": tenant_uid(row.tenant),
        "created_at": time_text(row.created_at),
        "strategy_run_id": row.run_id,
        "level": row.level,
        "event_type": row.event_type or None,
        "message": row.message,
    }


def signal_body(row: StrategySignal, names: Names) -> dict[str, Any]:
    """Return a signal as the wire shows it."""
    instrument, traded = names.instruments[row.symbol], row.executed_qty > 0
    return {
        "id": row.id,
        "tenant_id": tenant_uid(row.tenant),
        "strategy_run_id": row.run_id,
        "instrument_id": instrument_id(row.symbol),
        "instrument_symbol": row.symbol,
        "signal_type": row.signal_type,
        "confidence": fixed_text(row.confidence, 4),
        "target_price": None if row.target_px is None else price_text(instrument, row.target_px),
        "stop_loss": None if row.stop_px is None else price_text(instrument, row.stop_px),
        "quantity": None if row.quantity is None else quantity_text(instrument, row.quantity),
        "signal_reason": row.reason,
        "is_executed": row.executed_at is not None,
        "order_id": names.order_uid(row.cl_ord_id) if row.cl_ord_id else None,
        "execution_price": _average(row, instrument) if traded else None,
        "execution_quantity": quantity_text(instrument, row.executed_qty) if traded else None,
        "signal_time": time_text(row.signal_time),
        "executed_at": time_or_none(row.executed_at),
    }


def performance_body(row: RunPerformance) -> dict[str, Any]:
    """Return a period as the wire shows it."""
    return {
        "id": row.id,
        "tenant_id": tenant_uid(row.tenant),
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
        "strategy_run_id": row.run_id,
        "period_type": row.period_type,
        "period_start": row.period_start,
        "period_end": row.period_end,
        "period_return": ratio_text(row.period_return, FRACTION_PLACES),
        "cumulative_return": ratio_text(row.cumulative_return, FRACTION_PLACES),
        "period_volatility": ratio_text(row.volatility, FRACTION_PLACES),
        "sharpe_ratio": ratio_text(row.sharpe, RATIO_PLACES),
        "sortino_ratio": ratio_text(row.sortino, RATIO_PLACES),
        "max_drawdown": fixed_text(row.fall_bps, 2),
        "total_trades": row.trades,
        "winning_trades": row.wins,
        "losing_trades": row.losses,
        "win_rate": rate_text(row.wins, row.trades),
        "starting_capital": money_text(row.starting_capital),
        "ending_capital": money_text(row.ending_capital),
        "period_pnl": money_text(row.pnl),
    }


def ratio_text(value: float | None, places: int) -> str | None:
    """Return a ratio with exactly `places` digits after the point."""
    return None if value is None else scaled_text(round(value * 10**places), places, places)


def _average(row: StrategySignal, instrument: Instrument) -> str:
    units = row.executed_qty * 10**instrument.price_decimals
    return fixed_text(div_half_even(row.executed_cost * 10**PRICE_PLACES, units), PRICE_PLACES)


def _fraction(part: int, whole: int) -> str:
    return fixed_text(div_half_even(part * 10**FRACTION_PLACES, whole) if whole > 0 else 0, FRACTION_PLACES)


def _account_uid(account: str, names: Names | None) -> str:
    return stable_uid("account", account) if names is None else names.account_uid(account)
