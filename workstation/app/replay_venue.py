"""The venue of a replay: recorded data, and a paper broker that fills against it.

Loaded only for a run that asks for it. Its account is of environment REPLAY and reaches no other venue.
"""

from collections.abc import Sequence
from pathlib import Path

from workstation.app.replay_history import PlayedEvents
from workstation.app.venues import VenueOptions, VenueStatus
from workstation.brokers.paper.broker import PaperBroker
from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.replay.detect import open_source
from workstation.brokers.replay.feed import ReplayFeed, ReplayState
from workstation.brokers.sim.fees import usual_fees
from workstation.commands.params import ReplayControl, SwitchFault
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarType
from workstation.domain.numbers import MONEY_ONE
from workstation.kernel.clock import Clock, Scheduler
from workstation.kernel.ids import stable_uid
from workstation.marketdata.calendar import Calendars
from workstation.ports.broker import Broker
from workstation.ports.feed import Feed

REPLAY_VENUE = "REPLAY"
REPLAY_ACCOUNT = "REPLAY-1"
REPLAY_CASH = 1_000_000
REPLAY_LATENCY_NS = 5_000_000


class ReplayVenue:
    """Recorded data with a paper broker. Its account is of environment REPLAY and reaches no other venue."""

    environment = Environment.REPLAY

    def __init__(self, path: Path, clock: Clock, scheduler: Scheduler, options: VenueOptions) -> None:
        source = open_source(path)
        self._feed = ReplayFeed(source, clock, scheduler, speed=options.speed)
        self._instruments = source.instruments
        currency = self._instruments[0].currency
        account = Account(
            account=REPLAY_ACCOUNT,
            uid=stable_uid("account", REPLAY_VENUE, REPLAY_ACCOUNT),
            venue=REPLAY_VENUE,
            environment=Environment.REPLAY,
            currency=currency,
            initial_cash=REPLAY_CASH * MONEY_ONE,
            name=f"Paper account of the replay of {path.name}",
        )
        calendars = Calendars()
        self._played = PlayedEvents(self._instruments, calendars)
        self._paper = paper = PaperBroker(
            REPLAY_VENUE,
            f"{clock.now_ns():x}",
            self._instruments,
            (account,),
            now_ns=self._feed.now_ns,
            scheduler=scheduler,
            fees=usual_fees(),
            options=PaperOptions(entry_latency=REPLAY_LATENCY_NS, response_latency=REPLAY_LATENCY_NS),
            session_close=lambda instrument, ts: calendars[instrument.calendar].close_after(ts),
        )
        self.now_ns = self._feed.now_ns
        self._feed.tap(paper.on_market)
        self._feed.tap(self._played.on_market)
        self.broker: Broker = paper
        self.feed: Feed = self._feed

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what the recording holds."""
        return self._instruments

    def accounts(self) -> tuple[Account, ...]:
        """Return the replay's accounts."""
        return tuple(self._paper.exchange.accounts.values())

    def open_account(self, account: Account) -> None:
        """Open one more account, with its initial cash."""
        self._paper.exchange.open_account(account)

    def history(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        """Return bars of what has been played; before the recording there is no data, and none is made up."""
        return self._played.bars(symbol, bar_type, count, before)

    def start(self) -> None:
        """Wait: the recording plays when the core starts the feed."""

    def stop(self) -> None:
        """Stand still."""
        self._feed.stop()

    def status(self) -> VenueStatus:
        """Return how far the recording has played."""
        progress = self._feed.progress()
        done = progress.bytes_done / progress.bytes_total if progress.bytes_total else 1.0
        return VenueStatus(
            replay_progress=1.0 if progress.state is ReplayState.ENDED else done,
            replay_paused=progress.state is not ReplayState.PLAYING,
            replay_speed=progress.speed,
        )

    def switch_fault(self, params: SwitchFault) -> str:
        """Refuse: faults belong to the simulated exchange."""
        raise ValidationError("kind", f"{params.kind} needs the simulated exchange", allowed="start with --feed sim")

    def replay(self, params: ReplayControl) -> str:
        """Pause, resume, step or restart, or change the speed."""
        actions = {
            "pause": self._feed.pause,
            "resume": self._feed.resume,
            "step": self._feed.step,
            "restart": self._feed.restart,
        }
        if params.action == "speed" and params.speed is not None:
            self._feed.set_speed(params.speed)
            return f"Replay at {params.speed:g} times real time."
        if params.action not in actions:
            raise ValidationError("action", f"{params.action!r} is unknown", allowed=", ".join([*actions, "speed"]))
        actions[params.action]()
        return f"Replay: {params.action}."
