"""A backtest before it runs: the strategy with its parameters, the markets, the account and every choice.

Handed to `run.run_backtest`. Values and sources only; a plan with the same content gives the same result.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from workstation.backtest.columns import Source
from workstation.backtest.options import BacktestOptions
from workstation.backtest.rows import CorporateRow, FundingRow, SplitRow
from workstation.domain.errors import ValidationError
from workstation.domain.events import LimitChanged
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE
from workstation.marketdata.indicators.catalogue import Indicator
from workstation.ports.market_data import MarketHours
from workstation.strategies.api import Strategy


class BacktestPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    name: of the strategy, for reports. own: the own indicators that it names, by id. sources: chunks of columns, one
    kind of one instrument each. initial_cash: money of `currency`. rates: pair that prices each other currency.
    capital: what the run may hold in positions and working orders, as live; 0 for whatever its account carries.
    funding: recorded payments of perpetual contracts. limits: of the risk gate, which is asked where there are any.
    hours: imported sessions that the instruments name, where they are not those that are built in. start_ts: what lies
    before is history for `on_history`, and no callback comes before it.
    """

    strategy: type[Strategy]
    own: Mapping[str, Indicator] = {}
    parameters: Mapping[str, Any]
    instruments: tuple[Instrument, ...]
    sources: tuple[Source, ...]
    options: BacktestOptions
    name: str = ""
    currency: str = "USD"
    initial_cash: int = 1_000_000 * MONEY_ONE
    capital: int = 0
    seed: int = 1
    rates: Mapping[str, str] = {}
    corporate: tuple[CorporateRow, ...] = ()
    funding: tuple[FundingRow, ...] = ()
    limits: tuple[LimitChanged, ...] = ()
    hours: tuple[MarketHours, ...] = ()
    start_ts: int = 0
    program_version: str = ""

    def __post_init__(self) -> None:
        if len({instrument.symbol for instrument in self.instruments}) != len(self.instruments):
            raise ValidationError("instruments", "one is named twice")
        if self.initial_cash <= 0:
            raise ValidationError("cash", "is none to begin with", allowed="above 0")
        if self.capital < 0:
            raise ValidationError("capital", "is below 0", allowed="above 0, or 0 for none")
        if self.capital and not self.options.check_funds:
            raise ValidationError("capital", "binds nothing where funds are not checked", allowed="one of both")

    def splits_of(self, symbol: str) -> tuple[int, ...]:
        """Return when an instrument's splits take force, UTC ns, rising."""
        return tuple(sorted(row.ts for row in self.corporate if isinstance(row, SplitRow) and row.symbol == symbol))


class Progress(msgspec.Struct, frozen=True):
    """How far a run is: events played, and the market's time, UTC ns."""

    events: int
    ts: int


OnProgress = Callable[[Progress], None]
Cancelled = Callable[[], bool]
