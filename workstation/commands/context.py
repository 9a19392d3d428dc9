"""What engine commands work with, handed over once by the composition root. Engine thread only."""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from workstation.commands.market_params import FetchBars
from workstation.commands.params import BarsRequest, ReplayControl, SwitchFault, Watch
from workstation.domain.accounts import Environment
from workstation.domain.market import BarType
from workstation.kernel.clock import Clock
from workstation.kernel.ids import IdSource
from workstation.marketdata.inquiry import MarketInquiry
from workstation.marketdata.outside import OutsideMarket
from workstation.orders.desk import Desk
from workstation.orders.fold import CoreState
from workstation.portfolio.pnl import Pnl
from workstation.ports.scripts import Scripts
from workstation.ports.store import Journal
from workstation.ports.stories import Stories
from workstation.strategies.run_desk import RunDesk


class Screens(Protocol):
    """The screens' side of market data."""

    def watch(self, wish: Watch) -> object:
        """Take one screen's wish for streams; returns what there was no room for."""

    def when_read(
        self, wanted: Iterable[tuple[str, BarType, int]], then: Callable[[], None], *, at_leisure: bool = False
    ) -> None:
        """Call `then` once the past of so many bars of series is at hand, which `watch` and `bars` begin with.

        at_leisure: no screen waits for it, so that orders never do.
        """

    def bars(self, request: BarsRequest) -> object:
        """Return a bar series for a chart."""

    def resubscribe(self) -> int:
        """Ask the feed again for every stream that is open; returns how many there are."""


class PastBars(Protocol):
    """The venue's bars from before now, on their way into the market store."""

    def fetch(self, wanted: FetchBars, done: Callable[[bool], None]) -> None:
        """Have bars stored; `done` is called once, on the engine's thread, True when they are."""


class VenueControls(Protocol):
    """What a person may do to a simulated or replayed venue; a live one offers none of it."""

    def switch_fault(self, params: SwitchFault) -> str:
        """Arm or disarm a fault; returns one sentence."""

    def replay(self, params: ReplayControl) -> str:
        """Steer a replay; returns one sentence."""


class EngineContext(msgspec.Struct, frozen=True):
    """The engine as commands see it."""

    desk: Desk
    state: CoreState
    journal: Journal
    ids: IdSource
    clock: Clock
    environment: Environment
    screens: Screens
    venue: VenueControls
    inquiry: MarketInquiry
    past_bars: PastBars
    outside: OutsideMarket
    pnl: Pnl
    stories: Stories
    scripts: Scripts
    strategies: RunDesk
