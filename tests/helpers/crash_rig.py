"""Forked runs of the real core over the real database, each killed at a fault point that the parent has drawn.

The parent owns the plan and never runs a core. A child recovers what the last one left, compares itself with the venue,
trades at random and dies by SIGKILL at the n-th pass of its point. The venue is a process of its own, or, as in the
product's default, lives and dies with the child on its own log; its log is the truth in both. Long because parent and
child are two halves of one protocol.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec.structs import replace

from tests.helpers.crash_drives import DEFAULT_ARGS, FAULT, FAULT_ARGS, FAULTS, PAUSE, STORIES, TOLD, WANTED
from tests.helpers.order_history import OrderHistory
from tests.helpers.simulation import EMULATED, TRAILED, UNLIMITED
from tests.helpers.simulation_trader import ACCOUNTS, Trader
from tests.helpers.venue_truth import VenueTruth
from workstation.app.core import Core, CoreParts
from workstation.brokers.sim.control import VenueControl
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.remote import RemoteSimBroker
from workstation.brokers.sim.server import LoopScheduler
from workstation.brokers.sim.universe import listings
from workstation.brokers.sim.venue import SimVenue, default_accounts
from workstation.brokers.sim.wire import Control, Done, Hello, frame
from workstation.domain.accounts import LockState
from workstation.domain.errors import StorageFull
from workstation.domain.events import ArmChanged, LimitChanged
from workstation.domain.market import Aggressor, PhaseChange, Quote, SessionPhase, StreamChange, StreamKind, StreamState
from workstation.domain.market import Trade as Print
from workstation.domain.orders import OrderTerms, OrdStatus, Residence
from workstation.kernel.clock import Clock, Scheduler, SystemClock
from workstation.kernel.fault_points import set_probe
from workstation.kernel.ids import IdSource
from workstation.orders.context import DeskSettings
from workstation.orders.routing import KEPT_HERE
from workstation.ports.broker import Broker, BrokerSink, CapabilityCard, VenueStanding
from workstation.storage import open_store, writer
from workstation.storage.verify import verify

ROOT = Path(__file__).resolve().parents[2]
MS = 1_000_000
MARKETS = {"AAPL": (2_300_000, 2_300_100), "ES": (600_000, 600_025), "EUR/USD": (108_500, 108_505)}
"""Bid and ask that stand at the venue all the while."""

MARKET_SIZE = 10**9
FAST = DeskSettings(
    cancel_wait_ns=20 * MS,
    in_flight_look_ns=25 * MS,
    in_flight_limit_ns=60 * MS,
    absent_span_ns=80 * MS,
    settle_limit_ns=25 * MS,
    reprice_ns=15 * MS,
    exit_unknown_ns=40 * MS,
    compare_ns=150 * MS,
    answer_limit_ns=400 * MS,
)
"""Bounds of the desk on a time scale of milliseconds; the rounds that a proof needs are the product's."""

SNAPSHOT_ONE_IN = 4
AGREE_S = 10.0
CHILD_S = 60
OPS = 14
PAUSES_S = (0, 0.001, 0.004)


@dataclass(frozen=True)
class Plan:
    """What one child shall do. nth: pass of `point` at which it dies. setup: a test's way to put a bug back."""

    seed: int
    point: str
    nth: int
    setup: Callable[[], None] | None = None


@dataclass
class Outcome:
    """What became of a child: where it died, or "" when it reached its end; `failure` when it saw a breach."""

    died_at: str = ""
    failure: str = ""
    orders: int = 0
    fills: int = 0


class ControlLink:
    """The venue's back door, blocking."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(frame(Hello(role="control")))

    def act(self, action: str, **args: Any) -> None:
        self._socket.sendall(frame(Control(action=action, args=args)))
        length = int.from_bytes(self._read(4), "big")
        done = msgspec.json.decode(self._read(length), type=Done)
        assert not done.error, done.error

    def close(self) -> None:
        self._socket.close()

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._socket.recv(count - len(data)) or _gone()
        return data


def _gone() -> NoReturn:
    raise ConnectionError("the venue closed the link")


class JitterFeed:
    """Prices around the venue's standing market, moving a few ticks every few milliseconds, so that exits follow."""

    name = "JITTER"

    def __init__(self, scheduler: Scheduler, clock: Clock, rng: random.Random, ticks: dict[str, int]) -> None:
        self._scheduler, self._clock, self._rng, self._ticks = scheduler, clock, rng, ticks

    def start(self, sink: Callable[[list[Any]], None]) -> None:
        now = self._clock.now_ns()
        sink([StreamChange(None, StreamState.UP, now)])
        sink([PhaseChange(symbol, SessionPhase.OPEN, now, now) for symbol in MARKETS])
        self._move(sink)

    def stop(self) -> None:
        """End with the process."""

    def instruments(self) -> tuple[Any, ...]:
        return ()

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """All markets are sent anyway."""

    unsubscribe = subscribe

    def resync(self, symbol: str) -> None:
        """No depth here."""

    def _move(self, sink: Callable[[list[Any]], None]) -> None:
        now, events = self._clock.now_ns(), []
        for symbol, (bid, ask) in MARKETS.items():
            shift = self._rng.randint(-12, 12) * self._ticks[symbol]
            events.append(Quote(symbol, bid + shift, 100, ask + shift, 100, now, now))
            events.append(Print(symbol, bid + shift, 10, Aggressor.SELL, f"T{now}", now, now))
        sink(events)
        self._scheduler.call_later(8 * MS, lambda: self._move(sink))


class WitnessedBroker:
    """A broker whose sends are written down, by a call that survives the process, before they go out."""

    def __init__(self, broker: Broker, witness: Callable[[str], None], card: CapabilityCard) -> None:
        self._broker, self._witness = broker, witness
        self.venue, self.capabilities = broker.venue, card

    def standing(self) -> VenueStanding:
        return self._broker.standing()

    def connect(self, sink: BrokerSink) -> None:
        self._broker.connect(sink)

    def disconnect(self) -> None:
        self._broker.disconnect()

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        self._witness(f"sent {cl_ord_id}")
        self._broker.submit(cl_ord_id, terms)

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        self._broker.replace(cl_ord_id, order_id, terms)

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        self._broker.cancel(cl_ord_id, order_id)

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        self._broker.ask(request_id, account, cl_ord_ids, since_ns)


class WrittenHistory(OrderHistory):
    """A history that outlives its process: each line is in the file before the operation goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        for line in path.read_text().splitlines():
            verb, _, cl_ord_id = line.partition(" ")
            if verb == "sent":
                self.sent[cl_ord_id] += 1
            else:
                getattr(OrderHistory, verb)(self, cl_ord_id)

    def write(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())

    def invoke(self, cl_ord_id: str) -> None:
        self.write(f"invoke {cl_ord_id}")
        super().invoke(cl_ord_id)

    def ok(self, cl_ord_id: str) -> None:
        self.write(f"ok {cl_ord_id}")
        super().ok(cl_ord_id)

    def fail(self, cl_ord_id: str) -> None:
        self.write(f"fail {cl_ord_id}")
        super().fail(cl_ord_id)

    def retried(self, cl_ord_id: str) -> None:
        self.write(f"retried {cl_ord_id}")
        super().retried(cl_ord_id)


@dataclass
class CrashRig:
    """One home folder and one venue over many children. `remote`: the venue is a process of its own."""

    remote: bool
    core_type: type[Core] = Core
    agree_s: float = AGREE_S
    crashes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        shared = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="crash-", dir=shared if shared.is_dir() else None))
        self.log = self.folder / "venue.log"
        self.socket = self.folder / "venue.sock"
        self._venue: subprocess.Popen[bytes] | None = None
        self._warm()
        if self.remote:
            self._launch()
        self.instruments = {row.instrument.symbol: row.instrument for row in listings(datetime.now(UTC).date())}

    def _warm(self) -> None:
        """Open and close a database once, so that children inherit every library loaded."""
        open_store("", self.folder / "warm", instruments={}, clock=SystemClock(), post=lambda _call: None).close()

    def _launch(self) -> None:
        command = [sys.executable, "-m", "workstation.brokers.sim.server", "--socket", str(self.socket)]
        command += ["--log", str(self.log), "--ticks-per-s", "0", "--latency-ms", "1"]
        self._venue = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._venue.stdout is not None
        assert json.loads(self._venue.stdout.readline())["event"] == "ready"
        link = ControlLink(self.socket)
        for symbol, (bid, ask) in MARKETS.items():
            link.act("set_market", symbol=symbol, bid=bid, ask=ask, size=MARKET_SIZE)
        link.close()

    def run(self, plan: Plan) -> Outcome:
        """Fork one child and wait for its end."""
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            _child(self, plan, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read().decode()
        _, status = os.waitpid(pid, 0)
        outcome = Outcome()
        for line in told.splitlines():
            what, _, rest = line.partition(" ")
            if what == "at":
                outcome.died_at = rest
            elif what == "failure":
                outcome.failure = json.loads(rest)
            elif what == "reached":
                outcome.orders, outcome.fills = map(int, rest.split())
        if outcome.died_at:
            assert os.WIFSIGNALED(status)
            assert os.WTERMSIG(status) == signal.SIGKILL
            self.crashes[outcome.died_at] += 1
        elif not outcome.failure and "ended" not in told:
            outcome.failure = f"the child ended by itself: {status}, {told!r}"
        return outcome

    def damage(self) -> list[str]:
        """Verify the whole chain of the journal, as `workstation journal verify` does."""
        report = verify("", self.folder / "home")
        assert report.lines == report.newest_seq
        return [] if report.intact else [report.damage]

    def close(self) -> None:
        if self._venue is not None:
            self._venue.kill()
            self._venue.wait()
            assert self._venue.stdout is not None
            self._venue.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _child(rig: CrashRig, plan: Plan, writing: int) -> NoReturn:
    """Be the child: never returns into the parent's test."""
    signal.alarm(CHILD_S)
    gc.disable()
    try:
        run = ChildRun(rig, plan, writing)
        asyncio.new_event_loop().run_until_complete(run.main())
        os.write(writing, b"ended\n")
    except BaseException:
        os.write(writing, f"failure {json.dumps(traceback.format_exc()[-3000:])}\n".encode())
    finally:
        os._exit(0)


class ChildRun:
    """One life of the program in a forked child."""

    def __init__(self, rig: CrashRig, plan: Plan, writing: int) -> None:
        self._rig, self._plan, self._writing = rig, plan, writing
        self._rng = random.Random(plan.seed)
        self._passes = 0
        self._faults: list[str] = []

    async def main(self) -> None:
        """Recover, agree, verify, trade, agree, verify. Death may come anywhere."""
        plan, rig = self._plan, self._rig
        set_probe(self._on_point)
        if plan.setup is not None:
            plan.setup()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_fault)
        scheduler, clock = LoopScheduler(loop), SystemClock()
        self._history = WrittenHistory(rig.folder / "history")
        broker = self._open_venue(scheduler, clock)
        store = open_store(
            "", rig.folder / "home", instruments=rig.instruments, clock=clock, post=loop.call_soon_threadsafe
        )
        if "reserve" in plan.point:
            self._fill_disk()
        ticks = {symbol: rig.instruments[symbol].ticks[-1].tick for symbol in MARKETS}
        self.core = rig.core_type(
            CoreParts(
                clock=clock,
                scheduler=scheduler,
                ids=IdSource(),
                journal=store.journal,
                broker=broker,
                feed=JitterFeed(scheduler, clock, self._rng, ticks),
                instruments=rig.instruments,
                accounts=default_accounts(),
                new_instruments=(),
                version="crash",
                on_fault=lambda message, error: self._faults.append(f"{type(message).__name__}: {error!r}"),
                market_now=clock.now_ns,
                desk=FAST,
            )
        )
        self.core.recover(store.recovery)
        self.core.start()
        self._prepare(store.journal.epoch)
        await self._agree()
        if plan.seed % SNAPSHOT_ONE_IN == 0:
            self.core.save_snapshot(always=True)
        await self._trade()
        await self._agree()
        truth = VenueTruth.of_log(rig.log)
        os.write(self._writing, f"reached {len(truth.orders)} {len(truth.fills)}\n".encode())

    def _open_venue(self, scheduler: LoopScheduler, clock: Clock) -> Broker:
        if self._rig.remote:
            self._link = ControlLink(self._rig.socket)
            self._arm = lambda kind, **args: self._link.act("arm", kind=kind, **args)
            return self._witnessed(RemoteSimBroker(str(self._rig.socket)))
        venue = SimVenue(clock, scheduler, 1, SimPlan(ticks_per_s=0, latency_ms=1.0), self._rig.log)
        control = VenueControl(venue)
        for symbol, (bid, ask) in MARKETS.items():
            control.set_market(symbol, bid, ask, MARKET_SIZE)
        self._arm = venue.faults.arm
        venue.start()
        return self._witnessed(venue.broker)

    def _witnessed(self, broker: Broker) -> WitnessedBroker:
        """Return the broker with a card that may offer less than the venue does, so that the program sees to it."""
        card, point = broker.capabilities, self._plan.point
        if point == "orders.emulation.before_move":
            card = replace(card, ord_types=card.ord_types - TRAILED)
        elif "emulation" in point or self._rng.random() < 0.15:
            card = replace(card, ord_types=card.ord_types - EMULATED)
        if "time_limit" in point:
            card = replace(card, times_in_force=card.times_in_force - KEPT_HERE)
        return WitnessedBroker(broker, self._history.write, card)

    def _fill_disk(self) -> None:
        """Let every fourth group meet a full disk."""
        store_group, count = writer.store_group, iter(range(1 << 30))

        def sometimes(*args: Any) -> None:
            if next(count) % 4 == 3:
                raise StorageFull("disk full")
            store_group(*args)

        writer.store_group = sometimes  # this process ends with the test

    def _prepare(self, epoch: int) -> None:
        now, record = self.core.clock.now_ns(), self.core.desk.recorder.record
        if epoch <= 5:
            for limit in UNLIMITED:
                record(
                    [
                        LimitChanged(
                            limit=limit, scope="TENANT", key="", old="", new="UNLIMITED", actor="t", reason="", ts=now
                        )
                    ]
                )
        record([ArmChanged(armed=True, environment="SIM", actor="t", reason="", ts=now)])

    async def _trade(self) -> None:
        """Do a few random things, with whatever the drawn point needs to be passed."""
        trader, point = Trader(self._rng, IdSource(), tuple(MARKETS), self._history), self._plan.point
        wanted = WANTED.get(point.rsplit(".", 1)[0], ())
        for number in range(OPS):
            if point in FAULTS and number % 4 == 1:
                self._strike(FAULTS[point])
            if "snapshot" in point and number % 5 == 2:
                self.core.save_snapshot(always=True)
            if wanted and number % 2:
                trader.do(self._rng.choice(wanted), self.core)
            else:
                trader.act(self.core)
            await asyncio.sleep(self._rng.choice(PAUSES_S))
        for _ in range(STORIES if point in TOLD else 0):
            await self._tell(trader, TOLD[point])
        trader.do("release", self.core)

    async def _tell(self, trader: Trader, story: tuple[str, ...]) -> None:
        for step in story:
            if step == PAUSE:
                await asyncio.sleep(max(PAUSES_S))
            elif step.startswith(FAULT):
                self._strike(step.removeprefix(FAULT))
            else:
                trader.do(step, self.core)

    def _strike(self, kind: str) -> None:
        self._arm(kind, **FAULT_ARGS.get(kind, DEFAULT_ARGS))

    async def _agree(self) -> None:
        """Wait until book and venue agree; then nothing may be lost, doubled or invented."""
        deadline = self.core.clock.mono_ns() + int(self._rig.agree_s * 1e9)
        problems = ["not looked"]
        while problems:
            if self.core.clock.mono_ns() > deadline:
                raise AssertionError("no agreement: " + "; ".join(dict.fromkeys([*problems, *self._compared()][:8])))
            await asyncio.sleep(0.004)
            problems = self._moving() or self._compared()
        self.core.state.ledger.check()
        assert not self._faults, self._faults
        twice = [cl_ord_id for cl_ord_id, count in self._history.sent.items() if count > 1]
        assert not twice, f"sent twice: {twice}"

    def _moving(self) -> list[str]:
        state = self.core.state
        moving = [
            f"{order.cl_ord_id} is {order.status}, {order.unknown} {order.unknown_cause}"
            for order in state.book.open_orders()
            if not (order.unknown is None and order.status.is_working)
            and not (order.status is OrdStatus.NEW and (order.residence is Residence.PROGRAM or order.link))
        ]
        moving += [
            f"{name} is {state.controls.locks.state(name)}"
            for name in ACCOUNTS
            if state.controls.locks.state(name) is not LockState.UNLOCKED
        ]
        return moving

    def _compared(self) -> list[str]:
        truth, state = VenueTruth.of_log(self._rig.log), self.core.state
        book = {order.cl_ord_id: order for order in state.book.recent()}
        differences = [*truth.standing(state), *truth.differences(state)]
        return [difference.text for difference in differences] + self._history.violations(book, truth)

    def _on_point(self, name: str) -> None:
        if name == self._plan.point:
            self._passes += 1
            if self._passes == self._plan.nth:
                os.write(self._writing, f"at {name}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    def _on_loop_fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._faults.append(str(context.get("exception") or context.get("message")))
