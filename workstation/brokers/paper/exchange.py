"""The paper venue's desk: the simulated exchange's accounts, checks and reports over markets that others make.

Turning point of the order walk in paper trading and replay. Ids carry the run, so that two runs never share one. DAY
orders end at the session's close, which a caller supplies in market time.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace as _with

from workstation.brokers.paper.market import PaperMarket
from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.sim.exchange import Exchange
from workstation.brokers.sim.executions import Executions
from workstation.brokers.sim.fees import FeeSchedule
from workstation.brokers.sim.matching import EndReason
from workstation.brokers.sim.orders import VenueOrderBook, VenueOrderState
from workstation.brokers.sim.records import VenueRecord
from workstation.brokers.sim.universe import Listing
from workstation.domain.executions import Execution, Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent, PhaseChange, StreamChange
from workstation.domain.orders import OrderTerms, TimeInForce
from workstation.kernel.clock import Scheduler
from workstation.kernel.ids import stable_uid

SessionClose = Callable[[Instrument, int], int | None]
"""Returns when a DAY order given at a time ends, UTC ns; None: not by itself."""


class RunOrders(VenueOrderBook):
    """The register of orders, with ids of one run."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def open(self, cl_ord_id: str, terms: OrderTerms, ts: int, order_id: str = "") -> VenueOrderState:
        """Register an order under an id of this run, unless the log has given it one."""
        return super().open(cl_ord_id, terms, ts, order_id or f"{self._run}-{len(self.by_id) + 1:07d}")


class RunExecutions(Executions):
    """The venue's executions, with ids of one run and the paper venue's name."""

    def __init__(self, venue: str, run: str, instruments: Mapping[str, Instrument], **parts: Any) -> None:
        super().__init__(instruments, **parts)
        self._venue = venue
        self._run = run

    def make(self, state: VenueOrderState, qty: int, price: int, fee: int, liquidity: Liquidity) -> Execution:
        """Return a fill of an order; nothing is booked yet."""
        made = super().make(state, qty, price, fee, liquidity)
        key = f"{self._run}-{made.exec_id}"
        return _with(made, exec_key=key, exec_id=key, uid=stable_uid(self._venue, key), venue=self._venue)


class PaperExchange(Exchange):
    """Accounts and orders of one paper venue."""

    def __init__(
        self,
        venue: str,
        run: str,
        instruments: Iterable[Instrument],
        *,
        now_ns: Callable[[], int],
        scheduler: Scheduler,
        fees: FeeSchedule,
        options: PaperOptions,
        write: Callable[[VenueRecord], None],
        session_close: SessionClose,
    ) -> None:
        listings = [Listing(instrument=instrument, character=None) for instrument in instruments]
        super().__init__(listings, now_ns=now_ns, scheduler=scheduler, fees=fees, write=write)
        self._session_close = session_close
        self._market_time = scheduler
        self.orders = RunOrders(run)
        self.executions = RunExecutions(venue, run, self.instruments, holdings=self.holdings, now_ns=now_ns)
        self.markets = {
            symbol: PaperMarket(instrument, self, now_ns, options) for symbol, instrument in self.instruments.items()
        }
        self.matchers.update(self.markets)

    def on_event(self, event: MarketEvent) -> None:
        """Take one market event at its time."""
        if type(event) is PhaseChange:
            if event.symbol in self.markets:
                self.set_phase(event.symbol, event.phase)
        elif type(event) is StreamChange and not event.symbol:
            for market in self.markets.values():
                market.on_event(event)
        else:
            found = self.markets.get(event.symbol)
            if found is not None:
                found.on_event(event)

    def accept(self, cl_ord_id: str, terms: OrderTerms, *, silent: bool = False) -> VenueOrderState:
        """Take an order in; a DAY order ends with its session."""
        state = super().accept(cl_ord_id, terms, silent=silent)
        if terms.time_in_force is TimeInForce.DAY:
            now = self.now_ns()
            closes = self._session_close(self.instruments[terms.symbol], now)
            if closes is not None:
                self._market_time.call_later(closes - now, lambda: self._end_of_day(state))
        return state

    def _end_of_day(self, state: VenueOrderState) -> None:
        if state.terms.time_in_force is TimeInForce.DAY:
            self.end(state, EndReason.TIME)
