"""The broker adapters that the contract suite runs against, each with the means to move its market and break its link.

An adapter joins by adding its factory to ADAPTERS: the suite is parametrised by that table and knows no venue.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workstation.brokers.sim.control import VenueControl
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.remote import RemoteSimBroker
from workstation.brokers.sim.venue import MARGIN_ACCOUNT, SimVenue
from workstation.brokers.sim.wire import Control, Done, Hello, frame, read_message
from workstation.domain.executions import Execution
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, OrdType, Side
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import (
    Broker,
    BrokerReport,
    CapabilityCard,
    ExecType,
    FillReport,
    OrderReport,
    QueryAnswer,
    SendReport,
    SessionReport,
    VenueStanding,
)

START_NS = 1_795_000_000 * 10**9
ROOT = Path(__file__).resolve().parents[2]
REMOTE_WAIT_S = 20.0


class Harness(ABC):
    """One adapter under test. `symbol` trades on a tick of 100 price units around `bid`/`ask` after `quiet_market`."""

    broker: Broker
    account: str
    symbol: str
    bid = 2_299_900
    ask = 2_300_100
    tick = 100

    def __init__(self) -> None:
        self.reports: list[BrokerReport] = []
        self._asked = 0

    @abstractmethod
    def run_until(self, done: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Let time pass until `done`; fails the test when it never is."""

    @abstractmethod
    def settle(self) -> None:
        """Let everything that is under way arrive."""

    @abstractmethod
    def now_ns(self) -> int:
        """Return venue time."""

    @abstractmethod
    def control(self, action: str, **args: Any) -> None:
        """Act as the market, the operator or bad luck."""

    @abstractmethod
    def restart_venue(self) -> None:
        """End the venue and start it again on its log; the adapter is connected afterwards."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect and leave nothing behind."""

    def heard(self, reports: list[BrokerReport]) -> None:
        """Take reports: the sink of the adapter."""
        self.reports.extend(reports)

    def reconnect(self) -> None:
        """Connect again and wait for the session."""
        seen = len(self.sessions())
        self.broker.connect(self.heard)
        self.run_until(lambda: len(self.sessions()) > seen)

    def market(self, bid: int | None = None, ask: int | None = None, size: int = 1_000) -> None:
        """Replace the market by one level on each side."""
        self.control("set_market", symbol=self.symbol, bid=bid or self.bid, ask=ask or self.ask, size=size)

    def trade(self, sign: int, qty: int, limit: int | None = None) -> None:
        """Let someone else take."""
        self.control("trade", symbol=self.symbol, sign=sign, qty=qty, limit=limit)

    def phase(self, phase: SessionPhase) -> None:
        """Open, close or halt the market."""
        self.control("set_phase", symbol=self.symbol, phase=phase)

    def arm(self, kind: str, **args: Any) -> None:
        """Arm a fault."""
        self.control("arm", kind=kind, **args)

    def terms(
        self, side: Side = Side.BUY, ord_type: OrdType = OrdType.LIMIT, qty: int = 100, **more: Any
    ) -> OrderTerms:
        """Return terms for the quiet market; a LIMIT without a price stands well behind the touch."""
        if ord_type is OrdType.LIMIT and "price" not in more:
            more["price"] = self.bid - 10 * self.tick if side.sign > 0 else self.ask + 10 * self.tick
        more.setdefault("symbol", self.symbol)
        return OrderTerms(account=self.account, side=side, ord_type=ord_type, order_qty=qty, **more)

    def submit(self, cl_ord_id: str, terms: OrderTerms | None = None, **fields: Any) -> None:
        """Submit and wait for the outcome of sending."""
        self.broker.submit(cl_ord_id, terms if terms is not None else self.terms(**fields))
        self.run_until(lambda: bool(self.sends(cl_ord_id)))

    def working(self, cl_ord_id: str, **fields: Any) -> str:
        """Submit and wait for the acknowledgement; returns the venue's id."""
        self.submit(cl_ord_id, **fields)
        return self.until(cl_ord_id, ExecType.ACCEPTED).order_id

    def until(self, cl_ord_id: str, kind: ExecType) -> OrderReport:
        """Wait for a report of one kind and return the newest."""
        self.run_until(lambda: any(r.exec_type is kind for r in self.orders(cl_ord_id)))
        return [r for r in self.orders(cl_ord_id) if r.exec_type is kind][-1]

    def until_filled(self, cl_ord_id: str, qty: int) -> list[Execution]:
        """Wait until `qty` has been filled and return the executions."""
        self.run_until(lambda: self.filled(cl_ord_id) >= qty)
        return self.fills(cl_ord_id)

    def ask_all(self, *cl_ord_ids: str, since_ns: int = 0) -> QueryAnswer:
        """Ask for everything and wait for the answer."""
        self._asked += 1
        asked = self._asked
        self.broker.ask(asked, self.account, cl_ord_ids, since_ns)
        self.run_until(lambda: any(isinstance(r, QueryAnswer) and r.request_id == asked for r in self.reports))
        return next(r for r in self.reports if isinstance(r, QueryAnswer) and r.request_id == asked)

    def orders(self, cl_ord_id: str) -> list[OrderReport]:
        """Return the order reports of one order."""
        return [r for r in self.reports if isinstance(r, OrderReport) and r.cl_ord_id == cl_ord_id]

    def kinds(self, cl_ord_id: str) -> list[ExecType]:
        """Return what was reported about one order, in order."""
        return [r.exec_type for r in self.orders(cl_ord_id)]

    def sends(self, cl_ord_id: str) -> list[SendReport]:
        """Return the outcomes of sending of one order's requests."""
        return [r for r in self.reports if isinstance(r, SendReport) and r.cl_ord_id == cl_ord_id]

    def fills(self, cl_ord_id: str) -> list[Execution]:
        """Return one order's executions as reported."""
        return [r.execution for r in self.reports if isinstance(r, FillReport) and r.execution.cl_ord_id == cl_ord_id]

    def filled(self, cl_ord_id: str) -> int:
        """Return the quantity reported as filled."""
        return sum(fill.last_qty for fill in self.fills(cl_ord_id))

    def sessions(self) -> list[SessionReport]:
        """Return the session's states."""
        return [r for r in self.reports if isinstance(r, SessionReport)]


class InProcess(Harness):
    """The simulated venue in this process, on virtual time."""

    account = MARGIN_ACCOUNT
    symbol = "AAPL"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._log = folder / "sim_venue.log"
        self.clock = VirtualClock(START_NS)
        self._start()

    def _start(self) -> None:
        self.venue = SimVenue(self.clock, self.clock, 7, SimPlan(ticks_per_s=0), self._log)
        self._control = VenueControl(self.venue)
        self.broker = self.venue.broker
        self.broker.connect(self.heard)
        self.venue.start()
        self.settle()

    def run_until(self, done: Callable[[], bool], timeout_s: float = 10.0) -> None:
        for _ in range(int(timeout_s * 1_000)):
            if done():
                return
            self.clock.advance(1_000_000)
        assert done(), f"not within {timeout_s} s; reports: {self.reports[-8:]}"

    def settle(self) -> None:
        self.clock.advance(50_000_000)

    def now_ns(self) -> int:
        return self.clock.now_ns()

    def control(self, action: str, **args: Any) -> None:
        if action == "arm":
            self._control.arm(args.pop("kind"), **args)
        else:
            getattr(self._control, action)(**args)
        self.settle()

    def restart_venue(self) -> None:
        self.venue.stop()
        self._start()

    def close(self) -> None:
        self.venue.stop()


class OnLoop:
    """A broker whose calls run inside an event loop, so that a test may make them from outside of it."""

    def __init__(self, broker: RemoteSimBroker, loop: asyncio.AbstractEventLoop) -> None:
        self._broker = broker
        self._loop = loop
        self.venue = broker.venue

    @property
    def capabilities(self) -> CapabilityCard:
        return self._broker.capabilities

    def standing(self) -> VenueStanding:
        return self._broker.standing()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._broker, name)

        async def call(*args: Any) -> None:
            method(*args)

        return lambda *args: self._loop.run_until_complete(call(*args))


class Remote(Harness):
    """The simulated venue in a process of its own, over a Unix socket, on real time."""

    account = MARGIN_ACCOUNT
    symbol = "AAPL"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()
        self._launch()
        self.broker = OnLoop(RemoteSimBroker(str(folder / "venue.sock")), self._loop)
        self.broker.connect(self.heard)
        self.run_until(lambda: bool(self.sessions()))

    def _launch(self) -> None:
        command = [sys.executable, "-m", "workstation.brokers.sim.server", "--socket", str(self._folder / "venue.sock")]
        command += ["--log", str(self._folder / "venue.log"), "--seed", "7", "--ticks-per-s", "0", "--latency-ms", "1"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline())["event"] == "ready"
        self._control_link = self._on_loop(self._open_control())

    async def _open_control(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(str(self._folder / "venue.sock"))
        writer.write(frame(Hello(role="control")))
        return reader, writer

    def heard(self, reports: list[BrokerReport]) -> None:
        super().heard(reports)
        self._news.set()

    def _on_loop(self, call: Any) -> Any:
        return self._loop.run_until_complete(call)

    def run_until(self, done: Callable[[], bool], timeout_s: float = REMOTE_WAIT_S) -> None:
        async def wait() -> None:
            while not done():
                self._news.clear()
                await self._news.wait()

        try:
            self._on_loop(asyncio.wait_for(wait(), max(timeout_s, REMOTE_WAIT_S)))
        except TimeoutError:
            raise AssertionError(f"not in time; reports: {self.reports[-8:]}") from None

    def settle(self) -> None:
        self.ask_all()

    def now_ns(self) -> int:
        return self.ask_all().ts_event

    def control(self, action: str, **args: Any) -> None:
        async def act() -> None:
            reader, writer = self._control_link
            writer.write(frame(Control(action=action, args=args)))
            answer = await read_message(reader)
            assert isinstance(answer, Done)
            assert not answer.error, answer.error

        self._on_loop(act())

    def _stop_venue(self, *, kill: bool) -> None:
        self._control_link[1].close()
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def restart_venue(self) -> None:
        seen = len(self.sessions())
        self._stop_venue(kill=True)
        self._launch()
        self.run_until(lambda: len(self.sessions()) >= seen + 2)

    def close(self) -> None:
        self.broker.disconnect()

        async def leave() -> None:
            self._control_link[1].close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            await asyncio.gather(*tasks, return_exceptions=True)

        self._on_loop(leave())
        self._stop_venue(kill=False)
        self._loop.close()


ADAPTERS: dict[str, Callable[[Path], Harness]] = {
    "sim": InProcess,
    "sim-remote": Remote,
}
"""Every adapter that must pass the contract; the value makes a harness in an empty folder."""
