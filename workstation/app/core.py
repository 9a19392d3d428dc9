"""The core put together: state, market data, gate, desk and P&L on given doors. One place decides what is real.

The product gives it the machine's clock, the engine's loop and a database; a simulation gives it a virtual clock and a
journal in memory. Everything runs on one thread, and nothing here knows a screen.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from workstation.domain.accounts import Account
from workstation.domain.events import AccountOpened, EngineStarted, TradingDayRolled, decode_event
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.market import MarketEvent
from workstation.kernel.bus import Bus, FaultHandler
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.kernel.ids import IdSource
from workstation.marketdata.bars import BAR_DELAY_NS
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.freshness import FreshnessLimits
from workstation.marketdata.service import MarketData
from workstation.orders.context import DeskSettings
from workstation.orders.desk import Desk
from workstation.orders.fold import CoreState
from workstation.orders.risk_view import CoreRiskView
from workstation.orders.seen import eyes
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.pnl import MarkKind, Pnl
from workstation.portfolio.worth import Marks, Worth
from workstation.ports.broker import Broker, BrokerReport
from workstation.ports.feed import Feed
from workstation.ports.store import Journal, Recovery
from workstation.risk.gate import RiskGate
from workstation.viewmodels.reconciled import VenueCash

BREACH_LOOK_NS = 1_000_000_000
BAR_CLOSE_NS = 200_000_000
SNAPSHOT_EVENTS, SNAPSHOT_EVENTS_MAX = 10_000, 30_000
"""Events after which the state is stored at the next look that finds nothing new, and at any look: an order given just
then would stand behind it."""


class CoreParts(msgspec.Struct, frozen=True, kw_only=True):
    """The doors and values that a core is built on. market_now: the feed's time, recorded time in a replay; UTC ns.

    new_instruments: those that the database does not know yet, or knows otherwise.
    """

    clock: Clock
    scheduler: Scheduler
    ids: IdSource
    journal: Journal
    broker: Broker
    feed: Feed
    instruments: MutableMapping[str, Instrument]
    accounts: tuple[Account, ...]
    new_instruments: tuple[Instrument, ...]
    version: str
    on_fault: FaultHandler
    market_now: Callable[[], int]
    freshness: FreshnessLimits | None = None
    desk: DeskSettings | None = None


class Core:
    """A running core. `recover` first, then `start`."""

    def __init__(self, parts: CoreParts) -> None:
        self.parts = parts
        self.clock, self.scheduler, self.journal = parts.clock, parts.scheduler, parts.journal
        self.instruments, self.feed, self.broker = parts.instruments, parts.feed, parts.broker
        self.bus = Bus(parts.on_fault)
        self.state = CoreState(parts.instruments)
        self.venue_cash = VenueCash(self.state.ledger.cash)
        calendars = Calendars()
        self.market = MarketData(
            parts.clock,
            parts.instruments,
            calendars=calendars,
            on_fault=parts.on_fault,
            limits=parts.freshness,
            resync=parts.feed.resync,
            subscribe=parts.feed.subscribe,
            unsubscribe=parts.feed.unsubscribe,
        )
        self.pnl = Pnl(self.state.ledger, parts.instruments, MarkKind.MID)
        self.funds = Accounts(self.state.ledger, self.pnl)
        self.marks = Marks(self.pnl, currency_pairs(parts.instruments), parts.instruments)
        self.market.listen(self.marks.on_batch)
        self.worth = Worth(self.funds, self.pnl)
        view = CoreRiskView(self.state, self.market.cache, self.worth)
        self.gate = RiskGate(view, self.state.controls, self.state.exposure)
        self.desk = Desk(
            state=self.state,
            gate=self.gate,
            journal=parts.journal,
            brokers={parts.broker.venue: parts.broker},
            prices=self.market.cache,
            clock=parts.clock,
            scheduler=parts.scheduler,
            ids=parts.ids,
            bus=self.bus,
            settings=parts.desk,
            calendars=calendars,
            see=eyes(view, self.state.exposure, self.market),
        )
        self._timers: dict[str, Timer] = {}
        self._snapshot_seq = self._looked_seq = 0

    def recover(self, recovery: Recovery) -> int:
        """Fold the newest snapshot and the tail after it; returns how many lines were replayed.

        Raises:
            StorageDamaged: naming the first broken row.
        """
        snapshot = recovery.latest_snapshot()
        if snapshot is not None:
            self.state.load(snapshot.state)
            self._snapshot_seq = snapshot.seq
        replayed = 0
        for line in recovery.replay(self._snapshot_seq):
            self.state.apply(decode_event(line.payload))
            replayed += 1
        return replayed

    def start(self) -> None:
        """Open the run in the journal, bring feed and venue up; accounts unlock when they agree with the venue."""
        now = self.clock.now_ns()
        record = self.desk.recorder.record
        started = EngineStarted(epoch=self.journal.epoch, version=self.parts.version, ts=now)
        record([started], rows=self.parts.new_instruments)
        for account in self.parts.accounts:
            if account.account not in self.state.accounts:
                record([AccountOpened(account=account, ts=now)])
        self._roll_days()
        self.market.listen(self.desk_prices)
        self.feed.start(self.market.on_feed)
        self.desk.start()
        self.broker.connect(self._on_reports)
        self._repeat("breaches", BREACH_LOOK_NS, self._look_for_breaches)
        self._repeat("bars", BAR_CLOSE_NS, lambda: self.market.close_bars(self.parts.market_now() - BAR_DELAY_NS))

    def _on_reports(self, reports: Sequence[BrokerReport]) -> None:
        """Book what the venue reports; the cash that it names is noted beside ours at that moment."""
        for report in reports:
            self.desk.on_reports((report,))
            self.venue_cash.take(report)

    def watch(self) -> None:
        """Bring the feed alone up, for a run that only looks: nothing is recorded and no venue is asked."""
        for account in self.parts.accounts:
            if account.account not in self.state.accounts:
                self.state.apply(AccountOpened(account=account, ts=self.clock.now_ns()))
        self.feed.start(self.market.on_feed)
        self._repeat("bars", BAR_CLOSE_NS, lambda: self.market.close_bars(self.parts.market_now() - BAR_DELAY_NS))

    def stop(self) -> None:
        """End timers, feed and session; nothing is cancelled. The next start is a recovery like any other."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.desk.settle_trails()
        self.desk.stop()
        self.broker.disconnect()
        self.feed.stop()

    def save_snapshot(self, *, always: bool = False) -> None:
        """Store the state when enough has happened since the last time, so that the next start is short."""
        last, looked = self.journal.last_seq, self._looked_seq
        enough = SNAPSHOT_EVENTS if last == looked else SNAPSHOT_EVENTS_MAX
        self._looked_seq = last
        if always or last - self._snapshot_seq >= enough:
            self._snapshot_seq = last
            state = self.state.state()
            self.journal.save_snapshot(state, sha256(state).digest())

    def desk_prices(self, events: list[MarketEvent]) -> None:
        """Let orders that this program watches hear of prices."""
        self.desk.on_market(events)

    def _look_for_breaches(self) -> None:
        for account in self.state.accounts:
            breach = self.gate.breach(account, self.clock.now_ns())
            if breach is not None:
                self.desk.recorder.record([breach], actor="risk")
        self._roll_days()
        self.save_snapshot()

    def _roll_days(self) -> None:
        now = self.clock.now_ns()
        day = _utc_day(now)
        for account in tuple(self.state.accounts):
            if self.state.ledger.purse(account).day.day != day:
                self.desk.recorder.record([TradingDayRolled(account=account, day=day, ts=now)])

    def _repeat(self, name: str, every_ns: int, call: Callable[[], None]) -> None:
        def run() -> None:
            self._timers[name] = self.scheduler.call_later(every_ns, run)
            call()

        self._timers[name] = self.scheduler.call_later(every_ns, run)


def currency_pairs(instruments: Mapping[str, Instrument]) -> dict[str, tuple[str, str, Instrument]]:
    """Return the currency pairs among instruments: symbol to (currency, base, instrument)."""
    pairs = {}
    for symbol, instrument in instruments.items():
        if instrument.asset_class is AssetClass.FOREX:
            currency = symbol.replace("/", "").replace(".", "")[:3]
            pairs[symbol] = (currency, instrument.currency, instrument)
    return pairs


def _utc_day(now_ns: int) -> str:
    return datetime.fromtimestamp(now_ns / 1e9, UTC).date().isoformat()
