"""The simulated venue in one object: exchange, market flow, broker, feed and fault switch on a given clock.

Composition and the beat: every BATCH_NS the flow plays the events that have come due, books match, the feed hands
over. Used by the composition root in this process and by `server` in another. Everything runs on the scheduler's
thread.
"""

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from msgspec.structs import replace

from workstation.brokers.sim.damage import Damage
from workstation.brokers.sim.exchange import DAY_NS, Exchange
from workstation.brokers.sim.faults import FaultSwitch, SimPlan
from workstation.brokers.sim.feed import SimFeed
from workstation.brokers.sim.fees import FeeSchedule, usual_fees
from workstation.brokers.sim.flow import Flow
from workstation.brokers.sim.history import PriceHistory
from workstation.brokers.sim.marks import read_marks, write_marks
from workstation.brokers.sim.memory import Remembered, remember
from workstation.brokers.sim.records import VenueOpened, VenueRecord
from workstation.brokers.sim.request_count import RequestCount
from workstation.brokers.sim.session import SimBroker
from workstation.brokers.sim.specials import SPECIAL_ASK, SPECIAL_BID, SpecialSymbols
from workstation.brokers.sim.universe import SPECIAL_SYMBOLS, VENUE, listings
from workstation.brokers.sim.venue_log import LAID_ASIDE, VenueLog
from workstation.domain.accounts import Account, Environment
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarType, SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.kernel.giving_way import WayGiver, at_once
from workstation.kernel.ids import stable_uid, sub_stream

BATCH_NS = 20_000_000
"""Beat of the synthetic market: 50 batches a second."""

CATCH_UP_MAX_NS = 200_000_000
"""Longest stretch played at once after a stall; the market does not make up for more."""

EVENTS_AT_ONCE_MAX = 500
"""Most events played in one go; what is due beyond that waits for a beat at once, after orders had their turn."""

MARKS_EVERY_NS = 15_000_000_000
"""How often last prices are kept, so that a restarted market goes on near where it was."""

MARGIN_ACCOUNT = "SIM-MARGIN"
CASH_ACCOUNT = "SIM-CASH"


def default_accounts() -> tuple[Account, ...]:
    """Return the accounts that every simulated venue has: one on margin, one paid in full."""
    return tuple(
        Account(
            account=name,
            uid=stable_uid("account", VENUE, name),
            venue=VENUE,
            environment=Environment.SIM,
            currency="USD",
            initial_cash=1_000_000 * MONEY_ONE,
            margin_rate_bps=rate,
            name=title,
        )
        for name, rate, title in (
            (MARGIN_ACCOUNT, 2_500, "Simulated margin account"),
            (CASH_ACCOUNT, 10_000, "Simulated cash account"),
        )
    )


class VenueTime:
    """The venue's clock: ours plus an offset, standing at one instant while an event of a batch is played."""

    def __init__(self, clock: Clock, offset_ns: int) -> None:
        self._clock = clock
        self.offset_ns = offset_ns
        self.instant: int | None = None

    def now_ns(self) -> int:
        """Return venue time, UTC ns."""
        return (self._clock.now_ns() if self.instant is None else self.instant) + self.offset_ns


class SimVenue:
    """A simulated exchange with its two ports. Nothing moves before `start`; `log_path` keeps its memory.

    symbols: what is listed beside the special symbols, None for everything; an option needs its underlying.
    give_way: runs each batch, at once or when there is room for it.
    """

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        seed: int,
        plan: SimPlan | None = None,
        log_path: Path | None = None,
        *,
        fees: FeeSchedule | None = None,
        symbols: Collection[str] | None = None,
        give_way: WayGiver = at_once,
    ) -> None:
        self.plan = plan if plan is not None else SimPlan(seed=seed)
        self.seed = seed
        self._clock = clock
        self._scheduler = scheduler
        self._give_way = give_way
        self._time = VenueTime(clock, int(self.plan.clock_offset_s * 1e9))
        memory = remember(log_path)
        opened_day = memory.day or dt.datetime.fromtimestamp(clock.now_ns() / 1e9, dt.UTC).date()
        self._listings = tuple(
            entry
            for entry in listings(opened_day)
            if symbols is None or entry.instrument.symbol in (*symbols, *SPECIAL_SYMBOLS)
        )
        self._marks_path = log_path.with_suffix(".marks.json") if log_path is not None else None
        self._starts = self._opening_prices()
        self._log = VenueLog(log_path, clock, memory.sound_to) if log_path is not None else None
        self.exchange = Exchange(
            self._listings,
            now_ns=self._time.now_ns,
            scheduler=scheduler,
            fees=fees if fees is not None else usual_fees(),
            write=self._write,
        )
        self.exchange.room = self._room
        self.flow = Flow(self._listings, self.exchange.matchers, self._starts, seed)
        self._flow_symbols = self.flow.symbols
        self.flow.fill_books(clock.now_ns())
        SpecialSymbols(self.exchange, scheduler)
        self.faults = FaultSwitch(scheduler)
        self.broker = self._session(fees)
        self.feed = SimFeed(self.exchange.matchers, clock, scheduler, self._time.now_ns)
        self._history = PriceHistory(self._listings, self._starts, seed, clock.now_ns())
        self.feed.tape = self._history.record
        self.exchange.on_customer_trade = self._customer_traded
        Damage(
            self.exchange,
            self.broker,
            self.feed,
            time=self._time,
            scheduler=scheduler,
            faults=self.faults,
            reprice=self._reprice,
        )
        self._recall(memory, opened_day)
        self._timers: list[Timer] = []
        self._running = False
        self._played_to = 0

    def _reprice(self, symbol: str, factor: float) -> None:
        self.flow.fair_values.scale(symbol, factor)
        self._history.split(symbol, factor, self._time.now_ns())

    def _session(self, fees: FeeSchedule | None) -> SimBroker:
        """Return the session with the exchange, whose card says the fees that were asked for."""
        broker = SimBroker(
            self.exchange,
            self._clock,
            self._scheduler,
            self.faults,
            latency_ns=int(self.plan.latency_ms * 1e6),
            rng=sub_stream(self.seed, "sim.link"),
            requests=RequestCount(self._clock, self.faults, self.plan),
        )
        if fees is not None:
            broker.card = replace(broker.card, fees=fees.terms)
        return broker

    def instruments(self) -> tuple[Instrument, ...]:
        """Return everything listed."""
        return tuple(entry.instrument for entry in self._listings)

    def accounts(self) -> tuple[Account, ...]:
        """Return every account at the venue."""
        return tuple(self.exchange.accounts.values())

    def open_account(self, account: Account) -> None:
        """Open one more account; opening it again changes nothing."""
        self.exchange.open_account(account)

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> tuple[Bar, ...]:
        """Return up to `count` bars up to now, oldest first, the last perhaps partial; none for tick and volume bars.

        before: those that ended by then, UTC ns. Safe on any thread; hundreds of days or longer bars are better asked
        for off the engine's.
        """
        return self._history.bars(symbol, bar_type, count, self._clock.now_ns(), before)

    def start(self) -> None:
        """Let the market run and the plan begin."""
        if self._running:
            return
        self._running = True
        self._played_to = self._clock.mono_ns()
        self.faults.follow(self.plan)
        self._timers = [self._scheduler.call_later(BATCH_NS, self._beat)]
        self._schedule_day_roll()
        self._schedule_marks()

    def stop(self) -> None:
        """Stand still: session down, feed ended, log closed. Orders stay in the log."""
        self._running = False
        for timer in self._timers:
            timer.cancel()
        self.broker.disconnect()
        self.feed.stop()
        self._keep_marks()
        if self._log is not None:
            self._log.close()
            self._log = None

    def set_phase(self, symbol: str, phase: SessionPhase, reason: str = "") -> None:
        """Open, close or halt one market."""
        self.exchange.set_phase(symbol, phase)
        self.feed.phase_changed(symbol, phase, reason)

    def _beat(self) -> None:
        self._give_way(self._play_due)

    def _play_due(self) -> None:
        if not self._running:
            return
        now = self._clock.mono_ns()
        due = min(now - self._played_to, CATCH_UP_MAX_NS)
        stretch = min(due, EVENTS_AT_ONCE_MAX * 10**9 // max(self.plan.ticks_per_s, 1))
        self._played_to = now - due + stretch
        self._timers[0] = self._scheduler.call_later(BATCH_NS if stretch == due else 0, self._beat)
        if stretch > 0:
            self._play(stretch, self._clock.now_ns() - due + stretch)
        self.feed.flush()

    def _play(self, stretch_ns: int, end: int) -> None:
        """Play a stretch that ends at `end`, UTC ns."""
        events = self.flow.plan(stretch_ns / 1e9, self.plan.ticks_per_s)
        begin, step = end - stretch_ns, stretch_ns // max(len(events), 1)
        flow, observe, symbols, time = self.flow.step, self.feed.observe, self._flow_symbols, self._time
        for number, (position, full) in enumerate(events, 1):
            time.instant = begin + number * step
            flow(position, time.instant, full=full)
            observe(symbols[position], time.instant + time.offset_ns)
        time.instant = None

    def _customer_traded(self, symbol: str, sign: int, qty: int) -> None:
        market = self.flow.market(symbol)
        if market is not None:
            market.lean(sign, qty)

    def _write(self, record: VenueRecord) -> None:
        if self._log is not None:
            self._log.append(record)

    def _room(self) -> int:
        return self._log.room() if self._log is not None else LAID_ASIDE

    def _opening_prices(self) -> dict[str, int]:
        """Return where each market opens: where it was last, else the listed start. Options have no such price."""
        kept = read_marks(self._marks_path)
        starts = {}
        for entry in self._listings:
            symbol = entry.instrument.symbol
            if entry.character is None:
                starts[symbol] = (SPECIAL_BID + SPECIAL_ASK) // 2
            elif entry.instrument.option is None:
                starts[symbol] = kept.get(symbol) or entry.instrument.price_from(entry.character.start)
        return starts

    def _recall(self, memory: Remembered, opened_day: dt.date) -> None:
        if memory.day is None:
            self._write(VenueOpened(seed=self.seed, day=opened_day.isoformat(), ts=self._clock.now_ns()))
        memory.restore(self.exchange)
        for account in default_accounts():
            self.exchange.open_account(account)

    def _schedule_day_roll(self) -> None:
        delay = DAY_NS - self._time.now_ns() % DAY_NS
        self._timers.append(self._scheduler.call_later(delay, self._roll_day))

    def _roll_day(self) -> None:
        if self._running:
            self.exchange.roll_day()
            self._timers = self._timers[:1]
            self._schedule_day_roll()
            self._schedule_marks()

    def _schedule_marks(self) -> None:
        if self._marks_path is not None:
            self._timers.append(self._scheduler.call_later(MARKS_EVERY_NS, self._keep_marks_on))

    def _keep_marks_on(self) -> None:
        if self._running:
            self._keep_marks()
            self._timers = self._timers[:2]
            self._schedule_marks()

    def _keep_marks(self) -> None:
        if self._marks_path is not None:
            fair = self.flow.fair_values
            prices = {
                symbol: round(fair.prices[fair.index(symbol)])
                for symbol in self._starts
                if symbol in self._flow_symbols
            }
            write_marks(self._marks_path, prices)
