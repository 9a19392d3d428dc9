"""What runs of strategies leave behind without end: log lines, signals, periods, and the code that ran. Rows, no state.

They travel beside the journal line that tells of them and are read back from tables of their own.
"""

from enum import StrEnum
from typing import Any

import msgspec


class PeriodType(StrEnum):
    """Length of a period of a run."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class RunLog(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run's log. created_at: UTC ns; event_type: what kind of line, "" for none; data: plain values."""

    id: str
    tenant: str
    run_id: str
    level: str
    message: str
    created_at: int
    event_type: str = ""
    data: dict[str, Any] = {}


class StrategySignal(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion of a run's. Prices and quantity are integers on the instrument's scales; signal_time: UTC ns.

    confidence: ten-thousandths, 0 to 10,000. cl_ord_id: the order that followed, "" for none.
    executed_qty, executed_cost: what it has traded, as `OrderState` counts; executed_at: UTC ns, None before a fill.
    market_conditions, metadata: plain values, as the strategy told them.
    """

    id: str
    tenant: str
    run_id: str
    symbol: str
    signal_type: str
    confidence: int
    signal_time: int
    reason: str = ""
    target_px: int | None = None
    stop_px: int | None = None
    take_profit_px: int | None = None
    quantity: int | None = None
    cl_ord_id: str = ""
    executed_qty: int = 0
    executed_cost: int = 0
    executed_at: int | None = None
    market_conditions: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class RunPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """One period of a run, as of its last change. Days: YYYY-MM-DD; capital and pnl: integer money, net of fees.

    returns: fractions, `annualized` None where none can be said; fall_bps: largest fall in hundredths of a percent.
    days: of the run in the period, the one under way included.
    """

    id: str
    tenant: str
    run_id: str
    period_type: PeriodType
    period_start: str
    period_end: str
    starting_capital: int
    ending_capital: int
    pnl: int
    period_return: float
    cumulative_return: float
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    fall_bps: int
    trades: int
    wins: int
    losses: int
    created_at: int
    updated_at: int
    annualized: float | None = None
    days: int = 0


class CodeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a strategy as it ran, own indicators included. code_hash: SHA-256 of it, hex."""

    code_hash: str
    entry_point: str
    source: str
    created_at: int


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One plain value of a definition, before and after, None for none. field: `parameters.fast` where nested."""

    field: str
    old: Any
    new: Any


class StrategyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one save of a strategy changed, by whom and when. version: of its record after it; created_at: UTC ns.

    run_id: the strategy's id, under the name by which rows of runs are found.
    """

    id: str
    tenant: str
    run_id: str
    version: int
    actor: str
    created_at: int
    changes: tuple[FieldChange, ...]


RunRow = RunLog | StrategySignal | RunPerformance | CodeSnapshot | StrategyChange
