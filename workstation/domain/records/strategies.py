"""Strategies and their runs as records: what a person keeps of an idea, and what became of each time that it ran.

Money, percentages and fractions are plain decimal text, as people give them; what a run earns is integer money of
MONEY_DECIMALS in the currency of its account, and ratios are floats. Log lines, signals and periods are rows of their
own: they grow without end, these do not.
"""

from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled, rescale
from workstation.domain.records.credentials import LivePermit
from workstation.domain.records.pnl import NET_DECIMALS
from workstation.domain.records.record import Record

ORDERS_PER_SECOND = 20
"""What a run may send in a second unless its strategy's config says otherwise."""


class StrategyStatus(StrEnum):
    """Life of a strategy. STOPPED came by a kill switch or a latch: only a person lets it run again."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    ARCHIVED = "ARCHIVED"


class StrategyRunStatus(StrEnum):
    """Life of a run as it is kept."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"

    @property
    def is_active(self) -> bool:
        """True while the run may still go on."""
        return self in {StrategyRunStatus.PENDING, StrategyRunStatus.RUNNING, StrategyRunStatus.PAUSED}


class DailyReturns(msgspec.Struct, frozen=True, kw_only=True):
    """Returns of days, pooled: how many, their mean, and the sum of their squared distances from it. Fractions."""

    days: int = 0
    mean: float = 0.0
    squares: float = 0.0


class StrategyDefinition(Record, frozen=True, kw_only=True, tag="strategy"):
    """A strategy. config: `entry_point` (`module:Class`), `on_stop`, `on_restart` and what else its maker notes.

    approval is for live accounts and goes with parameters and version: a change of either withdraws it. approved_code:
    SHA-256 of the file that was approved. live_permit: a person's leave to add risk on live accounts with that code.
    total_pnl: integer money. wins: closed trades that earned. returns, fall_bps:
    of all runs that have ended, the largest fall in hundredths of a percent.
    """

    name: str
    strategy_type: str
    user_id: str
    rebalance_frequency: str
    description: str = ""
    version: str = "1.0.0"
    status: StrategyStatus = StrategyStatus.DRAFT
    risk_profile: str = "MODERATE"
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    instruments: tuple[str, ...] = ()
    trading_hours: dict[str, Any] = msgspec.field(default_factory=dict)
    start_time: str | None = None
    end_time: str | None = None
    timezone: str = "UTC"
    max_position_size: str | None = None
    max_daily_loss: str | None = None
    max_drawdown: str | None = None
    stop_loss: str | None = None
    take_profit: str | None = None
    max_slippage: str | None = None
    auto_start: bool = False
    paper_trading_only: bool = True
    is_approved: bool = False
    approved_at: int | None = None
    approved_by: str | None = None
    approval_reason: str = ""
    approved_code: str = ""
    live_permit: LivePermit | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    total_runs: int = 0
    successful_runs: int = 0
    total_pnl: int = 0
    total_trades: int = 0
    wins: int = 0
    returns: DailyReturns = DailyReturns()
    fall_bps: int = 0

    @property
    def tag_words(self) -> str:
        """Tags between ends of lines, for lists that are filtered by them."""
        return "\n".join(("", *self.tags, "")) if self.tags else ""

    @property
    def pnl_order(self) -> int:
        """Profit on NET_DECIMALS, for lists that sort by it."""
        return rescale(self.total_pnl, MONEY_DECIMALS, NET_DECIMALS)


class RunPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A day, week or month that is under way: where the run stood at its start. start: YYYY-MM-DD.

    fall_bps: largest fall since then in hundredths of a percent; days: closed days of the run before it.
    """

    start: str
    pnl: int
    trades: int
    wins: int
    losses: int
    days: int
    fall_bps: int = 0


class RunFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has made. pnl, peak: integer money, net of fees; fall: largest drop from a peak, as money.

    fall_bps, drop_bps: largest and present fall in hundredths of a percent of the peak. realised: by symbol, gross.
    returns: of closed days, fractions, the newest last; days: how many there were. periods: by period type.
    """

    pnl: int = 0
    peak: int = 0
    fall: int = 0
    fall_bps: int = 0
    drop_bps: int = 0
    trades: int = 0
    wins: int = 0
    losses: int = 0
    realised: dict[str, int] = msgspec.field(default_factory=dict)
    positions: int = 0
    positions_taken: int = 0
    last_trade_at: int | None = None
    returns: tuple[float, ...] = ()
    days: int = 0
    periods: dict[str, RunPeriod] = msgspec.field(default_factory=dict)


class StrategyRun(Record, frozen=True, kw_only=True, tag="strategy_run"):
    """One run of a strategy on an account. account: as the core names it; code_hash: SHA-256 of the file that ran.

    policy: what its end does to its orders and position, a `Policy`; "" in runs from before it was kept.
    generation: how often it was started again after the program had ended; kept_state: what the strategy wants back.
    """

    strategy_id: str
    account: str
    user_id: str
    run_name: str
    run_number: int
    initial_capital: str
    start_date: str
    end_date: str | None = None
    status: StrategyRunStatus = StrategyRunStatus.PENDING
    max_positions: int | None = None
    max_position_size: str | None = None
    max_drawdown: str | None = None
    notes: str = ""
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    config_snapshot: dict[str, Any] = msgspec.field(default_factory=dict)
    parameters_snapshot: dict[str, Any] = msgspec.field(default_factory=dict)
    version: str = ""
    code_hash: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    error_message: str = ""
    error_traceback: str = ""
    figures: RunFigures = RunFigures()
    policy: str = ""
    generation: int = 0
    kept_state: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def pnl_order(self) -> int:
        """Profit on NET_DECIMALS, for lists that sort by it."""
        return rescale(self.figures.pnl, MONEY_DECIMALS, NET_DECIMALS)

    @property
    def capital_order(self) -> int:
        """Capital on NET_DECIMALS, for lists that are bounded by it."""
        return parse_scaled(self.initial_capital, NET_DECIMALS)
