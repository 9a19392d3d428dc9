"""How a hand order fares, and another run, beside strategies that misbehave. Behind `workstation bench strategies`.

One process is the desk with its hand. This one writes the strategies, starts them over REST, and starts the next as
soon as one has been ended, so that one of its kind is at work all the while. Each kind's figures are the hand's
latencies without and with it, taken in turns, and the timer calls a second that a healthy run got meanwhile. Nearly all
of it is waiting, for a hand between its orders and for what was ended to be gone: about a minute as it stands.
"""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation.app.bench_hand import SYMBOL, DeskProcess, compared
from workstation.client import Address, Client
from workstation.client.errors import Conflict

HAND_ORDERS = 20
ROUNDS = 2
TIMER_S = 0.02
LOOK_S = 0.02
SETTLED_S = 2.5
"""After a kind was ended for good: its process and its thread are gone by then, and what runs said is written."""

PAGE = 500

FILE = "bench.py"
SOURCE = f'''
from workstation.strategies.api import Strategy


class Healthy(Strategy):
    """Writes a line at each timer call."""

    def on_start(self):
        self.every({TIMER_S})

    def on_timer(self, name):
        self.log("called", event="CALL")


class Timed(Strategy):
    def on_start(self):
        self.every({TIMER_S})


class Loop(Timed):
    """Never returns."""

    def on_timer(self, name):
        while True:
            pass


class Raise(Timed):
    """Fails."""

    def on_timer(self, name):
        raise ValueError("no idea")


class Flood(Timed):
    """Sends 10,000 orders a second."""

    def on_timer(self, name):
        for _ in range(200):
            self.buy("{SYMBOL}", 1, limit=1)


class Chatter(Timed):
    """Says more than anybody reads, in callbacks that return in time."""

    def on_timer(self, name):
        for number in range(2_000):
            self.log("so much to say")
            self.show(number=number)


class Eat(Timed):
    """Takes memory until there is none."""

    def on_timer(self, name):
        eaten = []
        while True:
            eaten.append(bytearray(4 * 1024 * 1024))
'''
KINDS: dict[str, dict[str, Any]] = {
    "Loop": {},
    "Raise": {},
    "Flood": {"orders_per_second": 100},
    "Chatter": {},
    "Eat": {"isolated": True, "memory_mb": 512},
}


Tell = Callable[[str], None]


def run(
    orders: int = HAND_ORDERS,
    kinds: tuple[str, ...] = tuple(KINDS),
    *,
    rounds: int = ROUNDS,
    tell: Tell = lambda _words: None,
) -> dict[str, float]:
    """Return by kind the latencies in ms, quiet and beside it, their ratios, and how the healthy run fared.

    orders: placed in each of so many rounds, quiet as well as beside each kind. tell: hears what is measured now.
    """
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "strategies"
        folder.mkdir()
        (folder / FILE).write_text(SOURCE)
        with DeskProcess(home) as desk:
            bench = Bench(Address(f"http://127.0.0.1:{desk.door['port']}", desk.door["token"]), desk.door["account"])
            healthy = bench.start("Healthy", {})
            tell("the desk warms up")
            desk.place(orders)
            for place, kind in enumerate(kinds, 1):
                tell(f"beside {kind}, {place} of {len(kinds)}")
                found = _beside(bench, desk, kind, healthy, orders=orders, rounds=rounds)
                figures |= {f"{kind.lower()}_{name}": value for name, value in found.items()}
            bench.client.close()
    return figures


class Bench:
    """Defines, starts and ends runs over REST."""

    def __init__(self, address: Address, account: str) -> None:
        self.client, self._account = Client(address=address), account
        self._numbers = itertools.count(1)

    def start(self, kind: str, config: dict[str, Any]) -> str:
        """Start a run of a new strategy, since one that was latched waits for a person; returns the run's id."""
        strategy = self.client.strategies.create(
            name=f"{kind} {next(self._numbers)}",
            strategy_type="CUSTOM",
            instruments=(SYMBOL,),
            rebalance_frequency="NONE",
            config={"entry_point": f"bench:{kind}", **config},
        )
        run = self.client.strategy_runs.start(
            strategy_id=strategy.id,
            broker_account_id=self._account,
            initial_capital="1000000000.00",
            start_date=f"{strategy.created_at:%Y-%m-%d}",
        )
        return run.id

    def is_active(self, run_id: str) -> bool:
        """Tell whether a run is at work."""
        return self.client.strategy_runs.get(run_id=run_id).is_active

    def end(self, run_id: str) -> None:
        """End a run that may have ended by itself."""
        try:
            self.client.strategy_runs.stop(run_id=run_id)
        except Conflict:
            return

    def calls(self, run_id: str, began: datetime, ended: datetime) -> int:
        """Return how often the healthy run was called between two times."""
        found = self.client.strategy_runs.logs(
            run_id=run_id, event_type="CALL", start_date=began, end_date=ended, limit=PAGE
        )
        return sum(1 for _ in found)


class Crowd:
    """Keeps one run of a kind at work from a thread of its own: the next begins once one has ended."""

    def __init__(self, bench: Bench, kind: str) -> None:
        self._bench, self._kind = bench, kind
        self.started = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, and return once the first is at work."""
        self._ending.clear()
        first = self._begun()
        self._thread = threading.Thread(target=self._keep, args=(first,), name="crowd", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the one at work and begin none any more."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        time.sleep(SETTLED_S)

    def _keep(self, run_id: str) -> None:
        while not self._ending.wait(LOOK_S):
            if not self._bench.is_active(run_id):
                run_id = self._begun()
        self._bench.end(run_id)

    def _begun(self) -> str:
        self.started += 1
        return self._bench.start(self._kind, KINDS[self._kind])


def _beside(bench: Bench, desk: DeskProcess, kind: str, healthy: str, *, orders: int, rounds: int) -> dict[str, float]:
    took_ms: dict[str, list[float]] = {"quiet": [], "beside": []}
    times: dict[str, list[tuple[datetime, datetime]]] = {"quiet": [], "beside": []}
    crowd = Crowd(bench, kind)
    for _ in range(rounds):
        for when in took_ms:
            if when == "beside":
                crowd.start()
            began = datetime.now(UTC)
            took_ms[when] += desk.place(orders)
            times[when].append((began, datetime.now(UTC)))
            if when == "beside":
                crowd.stop()
    rates = {
        when: sum(bench.calls(healthy, *span) for span in spans)
        / sum((end - start).total_seconds() for start, end in spans)
        for when, spans in times.items()
    }
    figures = compared(took_ms["quiet"], took_ms["beside"], "beside")
    return figures | {"started": crowd.started, "healthy_share": rates["beside"] / rates["quiet"]}
