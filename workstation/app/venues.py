"""Which venue a run trades at: the simulated exchange, or recorded data with a paper broker. One place decides.

A venue here is a feed, a broker, its instruments and accounts, and what a person may do to it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from workstation.brokers.sim.faults import FaultSwitch, SimPlan, read_plan
from workstation.brokers.sim.remote import RemoteSimBroker
from workstation.brokers.sim.venue import SimVenue
from workstation.commands.params import ReplayControl, SwitchFault
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import UserError, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarType
from workstation.kernel.clock import Clock, Scheduler
from workstation.kernel.giving_way import WayGiver, at_once
from workstation.ports.broker import Broker
from workstation.ports.feed import Feed


class VenueStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the status bar says of a venue beyond its link."""

    faults: tuple[str, ...] = ()
    replay_progress: float | None = None
    replay_paused: bool = False
    replay_speed: float | None = None


class Venue(Protocol):
    """A venue as the composition root sees it; a `commands.context.VenueControls` too."""

    environment: Environment
    broker: Broker
    feed: Feed

    def now_ns(self) -> int:
        """Return market time, UTC ns: recorded time in a replay."""

    def instruments(self) -> tuple[Instrument, ...]:
        """Return everything that can be traded."""

    def accounts(self) -> tuple[Account, ...]:
        """Return every account."""

    def open_account(self, account: Account) -> None:
        """Open one more account; opening it again changes nothing."""

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        """Return bars from before now, oldest first; a last partial one may still form. From any thread.

        before: only those that opened before a moment, UTC ns.
        """

    def start(self) -> None:
        """Let it run."""

    def stop(self) -> None:
        """Let it stand still."""

    def status(self) -> VenueStatus:
        """Return its state for the status bar."""

    def switch_fault(self, params: SwitchFault) -> str:
        """Arm or disarm a fault; returns one sentence."""

    def replay(self, params: ReplayControl) -> str:
        """Steer a replay; returns one sentence."""


class SimulatedVenue:
    """The built-in exchange."""

    environment = Environment.SIM

    def __init__(self, clock: Clock, scheduler: Scheduler, options: "VenueOptions") -> None:
        plan = read_plan(_plan_text(options.plan)) if options.plan else SimPlan(seed=options.seed)
        if options.ticks_per_s is not None:
            plan = msgspec.structs.replace(plan, ticks_per_s=options.ticks_per_s)
        self.now_ns = clock.now_ns
        self._venue = SimVenue(clock, scheduler, plan.seed, plan, options.log, give_way=options.give_way)
        self.broker: Broker = self._venue.broker
        self.feed: Feed = self._venue.feed
        self.faults: FaultSwitch = self._venue.faults

    def instruments(self) -> tuple[Instrument, ...]:
        """Return everything listed."""
        return self._venue.instruments()

    def accounts(self) -> tuple[Account, ...]:
        """Return every account."""
        return self._venue.accounts()

    def open_account(self, account: Account) -> None:
        """Open one more account, with its initial cash."""
        self._venue.open_account(account)

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        """Return bars up to now, or before a moment."""
        return self._venue.history(symbol, bar_type, count, before)

    def start(self) -> None:
        """Let the market run."""
        self._venue.start()

    def stop(self) -> None:
        """Stop the market; resting orders stay in the venue's log."""
        self._venue.stop()

    def status(self) -> VenueStatus:
        """Return the faults that are armed."""
        return VenueStatus(faults=tuple(fault.kind for fault in self.faults.active()))

    def switch_fault(self, params: SwitchFault) -> str:
        """Arm a fault, or disarm it; without a kind all of them."""
        if not params.on:
            self.faults.disarm(params.kind)
            return f"Simulator fault {params.kind} is off." if params.kind else "All simulator faults are off."
        self.faults.arm(params.kind, **params.arguments)
        return f"Simulator fault {params.kind} is armed."

    def replay(self, params: ReplayControl) -> str:
        """Refuse: a simulated market is not recorded."""
        raise ValidationError("action", f"{params.action} needs a replay", allowed="start with --feed replay:FILE")


class RemoteSimulatedVenue(SimulatedVenue):
    """The built-in market for prices; orders go to an exchange in a process of its own, which outlives this one."""

    def __init__(self, clock: Clock, scheduler: Scheduler, options: "VenueOptions") -> None:
        super().__init__(clock, scheduler, msgspec.structs.replace(options, log=None))
        self.broker = RemoteSimBroker(options.exchange)

    def switch_fault(self, params: SwitchFault) -> str:
        """Refuse: what goes wrong at that exchange is said in its own plan."""
        raise ValidationError(
            "kind", f"{params.kind} belongs to an exchange elsewhere", allowed="a plan for its server"
        )


def _plan_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"simulator plan {path}: {error.strerror}") from error


class VenueOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice of a venue needs to know of a run.

    plan: path of a simulator plan, "" for none. log: where the simulator keeps its memory, None to keep none.
    exchange: address of an exchange in a process of its own, "" for the one in this process.
    give_way: runs what the built-in market does, at once or when the screen has its frame.
    """

    speed: float
    plan: str
    seed: int
    ticks_per_s: int | None
    log: Path | None
    exchange: str = ""
    give_way: WayGiver = at_once


VenueBuilder = Callable[[str, Clock, Scheduler, VenueOptions], Venue]


def build_venue(feed: str, clock: Clock, scheduler: Scheduler, options: VenueOptions) -> Venue:
    """Return the venue that `--feed` names.

    Raises:
        UserError: an unknown source, or a file that cannot be replayed.
    """
    if feed == "sim":
        venue = RemoteSimulatedVenue if options.exchange else SimulatedVenue
        return venue(clock, scheduler, options)
    kind, _, file = feed.partition(":")
    if kind == "replay" and file:
        from workstation.app.replay_venue import ReplayVenue  # noqa: PLC0415  a run at the exchange does without

        return ReplayVenue(Path(file), clock, scheduler, options)
    raise UserError(f"--feed {feed}: expected sim or replay:FILE")
