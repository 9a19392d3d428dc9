"""What runs of strategies leave behind, on the wire: log lines, signals and periods."""

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from workstation.api.credentials import tenant_uid
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.records import RecordList, RecordOut
from workstation.api.schemas.strategies import RATIO_PLACES, rate_text
from workstation.api.schemas.values import (
    Day,
    DayOut,
    DecimalOut,
    EndTime,
    IdOut,
    Money,
    QueryFlag,
    Resource,
    StartTime,
    Symbol,
    TimeOut,
    fixed_text,
    money_text,
    price_text,
    quantity_text,
    ratio_text,
    time_or_none,
    time_text,
)
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import div_half_even
from workstation.domain.strategy_rows import RunLog, RunPerformance, StrategyChange, StrategySignal

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
FRACTION_PLACES, PRICE_PLACES = 6, 4


class RunRowList(RecordList):
    """What all lists of a run's rows take."""

    start_date: StartTime | None = None
    end_date: EndTime | None = None


class RunLogList(RunRowList):
    """Filters of a log."""

    level: Level | None = None
    event_type: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class StrategyChangeList(RunRowList):
    """Filters of a strategy's history."""

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
    data: dict[str, Any] | None


class RunLogPage(Resource):
    """A page of a log."""

    logs: list[RunLogOut]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class FieldChangeOut(Resource):
    """One value that changed; a parameter is named `parameters.<name>`."""

    field: str
    old: Any
    new: Any


class StrategyChangeOut(Resource):
    """What one save of a strategy changed."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    strategy_definition_id: IdOut
    row_version: int
    actor: str
    changes: list[FieldChangeOut]


class StrategyChangePage(Resource):
    """A page of a strategy's history."""

    changes: list[StrategyChangeOut]
    total_count: int | None
    has_next: bool
    next_cursor: str | None = None


class SignalOut(Resource):
    """A signal."""

    id: IdOut
    tenant_id: IdOut
    created_at: TimeOut
    strategy_run_id: IdOut
    instrument_id: IdOut
    instrument_symbol: str
    signal_type: Literal["BUY", "SELL", "HOLD"]
    confidence: DecimalOut
    target_price: DecimalOut | None
    stop_loss: DecimalOut | None
    take_profit: DecimalOut | None
    quantity: DecimalOut | None
    signal_reason: str | None
    market_conditions: dict[str, Any]
    is_executed: bool
    order_id: IdOut | None
    execution_price: DecimalOut | None
    execution_quantity: DecimalOut | None
    signal_time: TimeOut
    executed_at: TimeOut | None
    metadata: dict[str, Any]


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
    period_start: DayOut
    period_end: DayOut
    period_return: DecimalOut
    cumulative_return: DecimalOut
    annualized_return: DecimalOut | None
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
    metadata: dict[str, Any]


class PerformancePage(Resource):
    """A page of periods."""

    performances: list[PerformanceOut]
    total_count: int | None
    has_next: bool


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
        "data": row.data or None,
    }


def change_body(row: StrategyChange) -> dict[str, Any]:
    """Return a change as the wire shows it."""
    return {
        "id": row.id,
        "tenant_id": tenant_uid(row.tenant),
        "created_at": time_text(row.created_at),
        "strategy_definition_id": row.run_id,
        "row_version": row.version,
        "actor": row.actor,
        "changes": [{"field": change.field, "old": change.old, "new": change.new} for change in row.changes],
    }


def signal_body(row: StrategySignal, names: Names) -> dict[str, Any]:
    """Return a signal as the wire shows it."""
    instrument, traded = names.instruments[row.symbol], row.executed_qty > 0
    return {
        "id": row.id,
        "tenant_id": tenant_uid(row.tenant),
        "created_at": time_text(row.signal_time),
        "strategy_run_id": row.run_id,
        "instrument_id": instrument_id(row.symbol),
        "instrument_symbol": row.symbol,
        "signal_type": row.signal_type,
        "confidence": fixed_text(row.confidence, 4),
        "target_price": None if row.target_px is None else price_text(instrument, row.target_px),
        "stop_loss": None if row.stop_px is None else price_text(instrument, row.stop_px),
        "take_profit": None if row.take_profit_px is None else price_text(instrument, row.take_profit_px),
        "quantity": None if row.quantity is None else quantity_text(instrument, row.quantity),
        "signal_reason": row.reason or None,
        "market_conditions": row.market_conditions,
        "is_executed": row.executed_at is not None,
        "order_id": names.order_uid(row.cl_ord_id) if row.cl_ord_id else None,
        "execution_price": _average(row, instrument) if traded else None,
        "execution_quantity": quantity_text(instrument, row.executed_qty) if traded else None,
        "signal_time": time_text(row.signal_time),
        "executed_at": time_or_none(row.executed_at),
        "metadata": row.metadata,
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
        "annualized_return": ratio_text(row.annualized, FRACTION_PLACES),
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
        "metadata": {"days": row.days},
    }


def _average(row: StrategySignal, instrument: Instrument) -> str:
    units = row.executed_qty * 10**instrument.price_decimals
    return fixed_text(div_half_even(row.executed_cost * 10**PRICE_PLACES, units), PRICE_PLACES)
