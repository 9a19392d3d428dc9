"""Strategies on the wire: what a person keeps of an idea."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from workstation.api.credentials import user_id
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    DecimalOut,
    IdOut,
    Part,
    PositiveGain,
    PositiveMoney,
    PositivePercent,
    QueryFlag,
    Reason,
    Request,
    Resource,
    SearchText,
    Symbol,
    TimeOut,
    Uuid,
    fixed_text,
    kept_text,
    money_text,
    no_controls,
    ratio_text,
    time_or_none,
)
from workstation.domain.numbers import parse_scaled
from workstation.domain.records import StrategyDefinition
from workstation.domain.records.strategies import StrategyStatus
from workstation.domain.texts import composed
from workstation.strategies.run_figures import pooled_sharpe

StrategyType = Literal[
    "MEAN_REVERSION", "MOMENTUM", "ARBITRAGE", "PAIRS_TRADING", "GRID_TRADING", "SCALPING", "SWING_TRADING",
    "OPTIONS_STRATEGY", "QUANTITATIVE", "CUSTOM",
]  # fmt: skip
StatusName = Literal["DRAFT", "ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"]
RiskProfile = Literal["CONSERVATIVE", "MODERATE", "AGGRESSIVE"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50), AfterValidator(no_controls)]
TagWord = Annotated[str, StringConstraints(max_length=50), AfterValidator(no_controls), AfterValidator(composed)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=50)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]
INSTRUMENTS_MAX, TAGS_MAX = 500, 50
RATIO_PLACES = 4
ALL = 10_000
"""A hundred percent, in hundredths."""


def _part(text: str) -> str:
    if not 0 <= parse_scaled(text, 2) <= ALL:
        raise ValueError("must be a percentage of at most 100")
    return text


UpTo100 = Annotated[PositivePercent, AfterValidator(_part)]
Slippage = Annotated[Part, AfterValidator(_part)]


class StrategyCreate(Request):
    """A new strategy, a draft. `config.entry_point` names its code: `module:Class`.

    paper_trading_only: absent for what the setting `strategies.paper_only` says.
    """

    name: Name
    strategy_type: StrategyType
    instruments: Annotated[list[Symbol], Field(max_length=INSTRUMENTS_MAX)]
    rebalance_frequency: Short
    description: Reason | None = None
    version: Short = "1.0.0"
    risk_profile: RiskProfile = "MODERATE"
    max_position_size: PositiveMoney | None = None
    max_daily_loss: PositiveMoney | None = None
    max_drawdown: UpTo100 | None = None
    trading_hours: dict[str, Any] = Field(default_factory=dict)
    stop_loss: UpTo100 | None = None
    take_profit: PositiveGain | None = None
    max_slippage: Slippage | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    auto_start: StrictBool = False
    paper_trading_only: StrictBool = unchanged()
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    timezone: Zone = "UTC"
    tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] | None = None
    metadata: dict[str, Any] | None = None


class StrategyUpdate(Request):
    """A partial change: what is absent stays; null clears what may be empty. `is_active` pauses and resumes."""

    name: Name = unchanged()
    strategy_type: StrategyType = unchanged()
    instruments: Annotated[list[Symbol], Field(max_length=INSTRUMENTS_MAX)] = unchanged()
    rebalance_frequency: Short = unchanged()
    description: Reason | None = None
    version: Short = unchanged()
    risk_profile: RiskProfile = unchanged()
    max_position_size: PositiveMoney | None = None
    max_daily_loss: PositiveMoney | None = None
    max_drawdown: UpTo100 | None = None
    trading_hours: dict[str, Any] = unchanged()
    stop_loss: UpTo100 | None = None
    take_profit: PositiveGain | None = None
    max_slippage: Slippage | None = None
    config: dict[str, Any] = unchanged()
    parameters: dict[str, Any] = unchanged()
    auto_start: StrictBool = unchanged()
    paper_trading_only: StrictBool = unchanged()
    start_time: ClockTime | None = None
    end_time: ClockTime | None = None
    timezone: Zone = unchanged()
    tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] | None = None
    metadata: dict[str, Any] | None = None
    is_active: StrictBool = unchanged()


class ApproveRequest(Request):
    """Approval of a strategy as it stands."""

    reason: Reason | None = None


class StrategyList(RecordList):
    """Filters of the list of strategies."""

    status: StatusName | None = None
    statuses: tuple[StatusName, ...] = ()
    name: SearchText | None = None
    strategy_type: StrategyType | None = None
    risk_profile: RiskProfile | None = None
    user_id: Uuid | None = None
    is_approved: QueryFlag | None = None
    tags: tuple[TagWord, ...] = ()
    search: SearchText | None = None


class Strategy(RecordOut):
    """A strategy."""

    name: str
    description: str | None
    strategy_type: StrategyType
    version: str
    status: StatusName
    config: dict[str, Any]
    parameters: dict[str, Any]
    max_position_size: DecimalOut | None
    max_daily_loss: DecimalOut | None
    max_drawdown: DecimalOut | None
    is_active: bool
    auto_start: bool
    paper_trading_only: bool
    start_time: str | None
    end_time: str | None
    timezone: str
    total_pnl: DecimalOut
    total_trades: int
    win_rate: DecimalOut
    tags: list[str]
    metadata: dict[str, Any]
    user_id: IdOut
    risk_profile: RiskProfile
    instruments: list[str]
    trading_hours: dict[str, Any]
    rebalance_frequency: str
    stop_loss: DecimalOut | None
    take_profit: DecimalOut | None
    max_slippage: DecimalOut | None
    is_approved: bool
    approved_at: TimeOut | None
    approved_by: IdOut | None
    total_runs: int
    successful_runs: int
    sharpe_ratio: DecimalOut | None
    max_drawdown_actual: DecimalOut


class StrategyPage(Resource):
    """A page of strategies."""

    strategies: list[Strategy]
    total_count: int | None
    has_next: bool


_AS_KEPT = (
    "name", "strategy_type", "version", "status", "config", "parameters",
    "auto_start", "paper_trading_only", "start_time", "end_time", "timezone",
    "total_trades", "metadata", "risk_profile", "trading_hours", "rebalance_frequency",
    "is_approved", "total_runs", "successful_runs",
)  # fmt: skip
_AMOUNTS = ("max_position_size", "max_daily_loss", "max_drawdown", "stop_loss", "take_profit", "max_slippage")


def strategy_body(record: StrategyDefinition) -> dict[str, Any]:
    """Return a strategy as the wire shows it."""
    return {
        **record_body(record),
        **{name: getattr(record, name) for name in _AS_KEPT},
        **{name: kept_text(getattr(record, name)) for name in _AMOUNTS},
        "description": record.description or None,
        "is_active": record.status is StrategyStatus.ACTIVE,
        "total_pnl": money_text(record.total_pnl),
        "win_rate": rate_text(record.wins, record.total_trades),
        "sharpe_ratio": ratio_text(pooled_sharpe(record.returns), RATIO_PLACES),
        "max_drawdown_actual": fixed_text(record.fall_bps, 2),
        "tags": list(record.tags),
        "instruments": list(record.instruments),
        "user_id": user_id(record.user_id),
        "approved_at": time_or_none(record.approved_at),
        "approved_by": None if record.approved_by is None else user_id(record.approved_by),
    }


def rate_text(part: int, whole: int) -> str:
    """Return a share in percent, two digits after the point; 0.00 of nothing."""
    return fixed_text(part * 10_000 // whole if whole else 0, 2)
