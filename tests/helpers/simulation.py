"""A seeded world around the real core: virtual time, a venue in process, a journal in memory, crashes and bad luck.

One seed decides everything. `run` has two phases: trading while faults strike and the program dies, then quiet, in
which book and venue have to come to agree. Nothing of a dead life acts again: its timers, sinks and calls are cut.
Long because one seed's whole story is told in one place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tests.helpers.order_history import OrderHistory
from tests.helpers.simulation_checks import Breach, Checks
from tests.helpers.simulation_journal import GroupJournal
from tests.helpers.simulation_trader import RARE_FAULTS, Trader
from tests.helpers.venue_truth import Difference, VenueTruth
from workstation.app.core import Core, CoreParts
from workstation.brokers.sim.faults import FaultKind, SimPlan
from workstation.brokers.sim.universe import listings
from workstation.brokers.sim.venue import SimVenue
from workstation.domain.accounts import LockState
from workstation.domain.events import ArmChanged, LimitChanged
from workstation.domain.market import StreamKind
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Residence
from workstation.kernel.clock import Timer, VirtualClock
from workstation.kernel.fault_points import set_probe
from workstation.kernel.ids import IdSource, sub_stream
from workstation.orders.fold import CoreState
from workstation.orders.routing import KEPT_HERE
from workstation.ports.broker import BrokerReport, BrokerSink, CapabilityCard, VenueStanding

START_NS = 1_795_000_000 * 10**9
SECOND = 10**9
TRADING_S = 8
SETTLE_S = 75
"""Virtual seconds after the last fault within which everything is settled: a message that never came is found by the
comparison with the venue each minute (`DeskSettings.compare_ns`); a leg that waited for it is then still to be sent."""

TICKS_PER_S = 25
OPTION = next(
    row.instrument.symbol
    for row in listings(datetime.fromtimestamp(START_NS / SECOND, UTC).date())
    if row.instrument.option is not None and row.instrument.option.underlying == "AAPL"
)
SYMBOLS = ("ES", "EUR/USD", "BTC/USD", "AAPL", "USD/JPY", "SIM-PARTIAL", "SIM-SLOW", "SIM-DOWN", "SIM-FILL", OPTION)
"""What is traded; the venue lists nothing else, since other markets only cost time."""

UNLIMITED = ("ORDERS_PER_MINUTE", "ORDER_NOTIONAL", "POSITION_NOTIONAL", "DAILY_LOSS")
VENUE_POINTS = frozenset({"sim.report.before_receive", "sim.log.before_write"})
"""Fault points inside the venue, which outlives the program."""

WALL_JUMPS_S = (-86_400, -3_600, -1, 1, 3_600, 86_400)
TRAILED = frozenset({OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})
EMULATED = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})


class Crashed(BaseException):
    """The program died here."""


class OwnClock:
    """The program's clock: monotonic time is the world's, wall time may have been set wrongly."""

    def __init__(self, world: VirtualClock) -> None:
        self._world = world
        self.offset_ns = 0

    def now_ns(self) -> int:
        return self._world.now_ns() + self.offset_ns

    def mono_ns(self) -> int:
        return self._world.mono_ns()


class Life:
    """One run of the program between two crashes: scheduler, and the gate through which the world reaches it."""

    def __init__(self, world: VirtualClock, on_crash: Callable[[], None]) -> None:
        self.alive = True
        self.depth = 0
        self._world = world
        self._on_crash = on_crash

    def enter(self, call: Callable[[], None]) -> None:
        """Run something of this life; a crash inside ends it."""
        if not self.alive:
            return
        self.depth += 1
        try:
            call()
        except Crashed:
            if self.depth > 1:
                raise
            self.alive = False
            self._on_crash()
        finally:
            self.depth -= 1

    def call_later(self, delay_ns: int, call: Callable[[], None]) -> Timer:
        return self._world.call_later(delay_ns, lambda: self.enter(call))

    def call_soon(self, call: Callable[[], None]) -> None:
        self._world.call_soon(lambda: self.enter(call))


class CheckedBroker:
    """The venue's broker port, with a witness at the door. `card` may offer less than the venue does."""

    def __init__(self, sim: Simulation, life: Life, card: CapabilityCard) -> None:
        self._sim, self._life = sim, life
        self._broker = sim.venue.broker
        self.venue, self.capabilities = self._broker.venue, card

    def standing(self) -> VenueStanding:
        return self._broker.standing()

    def connect(self, sink: BrokerSink) -> None:
        def take(reports: list[BrokerReport]) -> None:
            self._life.enter(lambda: sink(reports))

        self._broker.connect(take)

    def disconnect(self) -> None:
        self._broker.disconnect()

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        sim = self._sim
        sim.checks.on_submit(sim.journal, sim.core.state.book.get(cl_ord_id), cl_ord_id, terms)
        self._broker.submit(cl_ord_id, terms)

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        sim = self._sim
        sim.checks.on_replace(sim.journal, sim.core.state.book.get(cl_ord_id), cl_ord_id, terms)
        self._broker.replace(cl_ord_id, order_id, terms)

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        self._sim.checks.on_cancel(self._sim.core.state.book.get(cl_ord_id), cl_ord_id)
        self._broker.cancel(cl_ord_id, order_id)

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        self._broker.ask(request_id, account, cl_ord_ids, since_ns)


class CheckedFeed:
    """The venue's feed, entering one life."""

    def __init__(self, sim: Simulation, life: Life) -> None:
        self._feed, self._life = sim.venue.feed, life
        self.name = self._feed.name
        self.instruments = self._feed.instruments
        self.subscribe, self.unsubscribe, self.resync = self._feed.subscribe, self._feed.unsubscribe, self._feed.resync

    def start(self, sink: Callable[[list[Any]], None]) -> None:
        self._feed.start(lambda events: self._life.enter(lambda: sink(events)))

    def stop(self) -> None:
        self._feed.stop()


class Simulation:
    """One seed. `core_type` lets a test put a known bug back."""

    core_type: type[Core] = Core

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._rng = sub_stream(seed, "world")
        self.clock = VirtualClock(START_NS)
        self.own_clock = OwnClock(self.clock)
        self.venue = SimVenue(
            self.clock,
            self.clock,
            seed,
            SimPlan(seed=seed, ticks_per_s=TICKS_PER_S, latency_ms=self._rng.choice((1, 5, 40))),
            symbols=SYMBOLS,
        )
        self.checks = Checks()
        self.history = OrderHistory()
        self.points: Counter[str] = Counter()
        self.trader = Trader(sub_stream(seed, "trader"), IdSource(seed), SYMBOLS, self.history)
        self.checks.overriding = lambda: self.trader.overriding
        self.crashes = 0
        self.replayed = 0
        self._card = self._drawn_card()
        self._crash_after = 0
        self._quiet = False
        self._life = Life(self.clock, self._die)
        self.journal = GroupJournal(self._life, sub_stream(seed, "disk"), self._on_append)
        self.core = self._new_core()

    # Running

    def run(self) -> list[str]:
        """Trade, break, settle; returns every violation, [] when all promises held."""
        set_probe(self._on_point)
        try:
            self.venue.start()
            self._draw_crash()
            self._start()
            self.clock.call_later(SECOND // 2, self._trade)
            self.clock.call_later(SECOND, self._break)
            self.clock.call_later(self._rng.randint(1, TRADING_S) * SECOND, self._restart)
            self.clock.advance(TRADING_S * SECOND)
            self._settle()
            self._last_crash()
        except Breach:
            pass
        finally:
            set_probe(None)
        return self.checks.violations

    def fired(self) -> Counter[FaultKind]:
        """Return how often each fault struck."""
        return self.venue.faults.fired

    def _trade(self) -> None:
        if not self._quiet:
            self.clock.call_later(int(self._rng.expovariate(1 / 60e6)), self._trade)
            self._life.enter(lambda: self.trader.act(self.core))

    def _break(self) -> None:
        if not self._quiet:
            self.clock.call_later(int(self._rng.expovariate(1 / 400e6)), self._break)
            self.trader.break_something(self.venue.faults)
            if self._rng.random() < 0.1:
                self.own_clock.offset_ns = self._rng.choice(WALL_JUMPS_S) * SECOND

    # Life and death

    def _new_core(self) -> Core:
        self.journal.scheduler = self._life
        return self.core_type(
            CoreParts(
                clock=self.own_clock,
                scheduler=self._life,
                ids=IdSource(self.seed * 1_000 + self.journal.epoch),
                journal=self.journal,
                broker=CheckedBroker(self, self._life, self._card),
                feed=CheckedFeed(self, self._life),
                instruments={row.symbol: row for row in self.venue.instruments()},
                accounts=self.venue.accounts(),
                new_instruments=(),
                version="simulation",
                on_fault=self._on_fault,
                market_now=self.clock.now_ns,
            )
        )

    def _start(self) -> None:
        self._life.enter(self._begin)

    def _begin(self) -> None:
        core = self.core
        self.replayed += core.recover(self.journal)
        core.start()
        for symbol in SYMBOLS:
            for stream in (StreamKind.QUOTES, StreamKind.TRADES):
                core.market.subscriptions.acquire(symbol, stream)
        core.market.subscriptions.acquire(SYMBOLS[0], StreamKind.DEPTH)
        if self.journal.epoch == 1:
            now = self.own_clock.now_ns()
            for limit in UNLIMITED:
                change = LimitChanged(
                    limit=limit, scope="TENANT", key="", old="", new="UNLIMITED", actor="test", reason="", ts=now
                )
                core.desk.recorder.record([change])
        armed = ArmChanged(armed=True, environment="SIM", actor="test", reason="", ts=self.own_clock.now_ns())
        core.desk.recorder.record([armed])

    def _restart(self) -> None:
        """End the program in an orderly way, which is a crash too, with a snapshot."""
        self._life.enter(lambda: self.core.save_snapshot(always=True))
        if self._life.alive:
            self._life.alive = False
            self._check_replay()
            self._die()

    def _die(self) -> None:
        """After a crash: the world goes on without the program, and a new life begins a little later."""
        self.crashes += 1
        self._crash_after = 0
        self.clock.call_soon(self._leave)

    def _leave(self) -> None:
        self.venue.broker.disconnect()
        self.venue.feed.stop()
        self.journal.crash()
        self.clock.call_later(int(self._rng.expovariate(1 / 400e6)), self._revive)

    def _revive(self) -> None:
        self._life = Life(self.clock, self._die)
        if not self._quiet:
            self._draw_crash()
        self.core = self._new_core()
        self._start()

    def _draw_crash(self) -> None:
        self._crash_after = self._rng.choice((0, self._rng.randint(1, 150), self._rng.randint(1, 4_000)))

    def _on_point(self, name: str) -> None:
        self.points[name] += 1
        if self._crash_after and name not in VENUE_POINTS and self._life.depth:
            self._crash_after -= 1
            if not self._crash_after:
                if name != "orders.record.before_append":
                    self._check_replay()
                raise Crashed

    def _check_replay(self) -> None:
        """P11: what a replay of the whole journal gives is what is in memory, to the byte."""
        state = CoreState(self.core.instruments)
        for entry in self.journal.entries:
            state.apply(entry.event)
        if state.state_hash() != self.core.state.state_hash():
            self.checks.fail("the journal replays to another state than the one in memory")

    def _on_append(self, entries: Any) -> None:
        self.checks.on_append(self.core, self.journal, entries)

    def _on_fault(self, message: object, error: BaseException) -> None:
        self.checks.fail(f"a handler of {type(message).__name__} failed: {error!r}")

    def _drawn_card(self) -> CapabilityCard:
        """Return the venue's card, in some seeds without types and times that this program then sees to itself."""
        card = self.venue.broker.capabilities
        if self._rng.random() < 0.3:
            card = replace(card, ord_types=card.ord_types - EMULATED)
        if self._rng.random() < 0.15:
            card = replace(card, query_complete=False)
        if sub_stream(self.seed, "times").random() < 0.2:
            card = replace(card, times_in_force=card.times_in_force - KEPT_HERE)
            self.checks.kept_here = KEPT_HERE
        return card

    # Quiet

    def _settle(self) -> None:
        """Let no more faults strike, and wait until nothing is left to settle."""
        self._quiet, self._crash_after = True, 0
        self.venue.faults.disarm()
        for second in range(SETTLE_S):
            self.clock.advance(SECOND)
            if second == 1:
                self._stand_still()
            if second >= 3 and self._life.alive and not self.unsettled():
                return
        for line in self.unsettled():
            self.checks.fail(f"not settled after {SETTLE_S} s: {line}")

    def _stand_still(self) -> None:
        """Stop the market: its beat only repeats quotes now, at a fraction of the cost."""
        self.venue._timers[0].cancel()

        def repeat() -> None:
            self.clock.call_later(SECOND // 2, repeat)
            self.venue.feed.flush()

        repeat()

    def _last_crash(self) -> None:
        """Crash once more in the quiet: recovery changes nothing that counts."""
        self.checks.recount(self.core)
        self._check_replay()
        self._restart()
        for _ in range(SETTLE_S):
            self.clock.advance(SECOND)
            if self._life.alive and not self.unsettled():
                break
        truth = VenueTruth.of_exchange(self.venue.exchange)
        book = {order.cl_ord_id: order for order in self.core.state.book.recent()}
        for line in (*self.unsettled(), *self.history.violations(book, truth)):
            self.checks.fail(f"after the last restart: {line}")
        self._check_replay()

    def unsettled(self) -> list[str]:
        """Return what still differs from the venue and is not shown as differing."""
        state = self.core.state
        truth = VenueTruth.of_exchange(self.venue.exchange)
        broken = self._shown_breaks()
        found = [
            f"{order.cl_ord_id} is {order.status}, unknown {order.unknown}: {order.unknown_cause}"
            for order in state.book.open_orders()
            if not self._rests(order)
        ]
        for account in state.accounts:
            lock = state.controls.locks.state(account)
            if lock is not LockState.UNLOCKED and not any(place[0] == account for place in broken):
                last = state.controls.locks.last(account)
                found.append(f"{account} is {lock}: {last}")
        differences = [*truth.standing(state), *truth.differences(state)]
        return found + [
            difference.text
            for difference in differences
            if difference.place not in broken and not self._told(difference)
        ]

    def _told(self, difference: Difference) -> bool:
        """Tell whether a fill stands here alone because the venue told it twice, or because a person adopted it."""
        twice = self.fired()[FaultKind.SECOND_CHANNEL] > 0 and difference.text.startswith("invented: fill B-")
        taken = difference.place in self.trader.adopted and difference.text.startswith("invented: ")
        return twice or taken

    def _shown_breaks(self) -> set[tuple[str, str]]:
        """Return the places where the venue was made to lie about itself, and the difference is shown as a break."""
        if not self.trader.adopted and not any(self.fired()[kind] for kind in RARE_FAULTS):
            return set()
        state, holdings = self.core.state, self.venue.exchange.holdings
        rows = [row for account in state.accounts for row in state.breaks.of(account) if row.symbol]
        return {  # P12: the break is as large as the difference, whether it locks or a person has signed for it
            (row.account, row.symbol)
            for row in rows
            if row.theirs - row.ours
            == holdings.qty(row.account, row.symbol) - state.ledger.qty(row.account, row.symbol)
        }

    def _rests(self, order: OrderState) -> bool:
        """Tell whether an open order may stay as it is."""
        if order.status is OrdStatus.NEW:
            return order.residence is Residence.PROGRAM or (order.link is not None and order.link.parent != "")
        if order.status is OrdStatus.PENDING_SUBMIT and order.unknown and not self._card.query_complete:
            return order.cl_ord_id not in self.venue.exchange.orders.by_client
        return order.unknown is None and order.status.is_working


def replay_command(seed: int) -> str:
    """Return the command that runs one seed again."""
    return f"WORKSTATION_SIM_SEED={seed} python -m pytest tests/sim/test_seeded_simulation.py -k one_seed"
