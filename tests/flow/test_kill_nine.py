"""Kill -9 of the running product (T4): orders over REST, death at a moment drawn here, and nothing is lost or doubled.

The exchange is a process of its own with its own log, which is the truth. Each life of the program is killed once it
has answered a number of requests that this process has drawn, with more under way. The last one is left to settle, and
its database is then folded and compared with the exchange's log, order by order and fill by fill. 20 kills here;
`-m nightly` does 200, or what KILL_NINE_RUN names (`seed:kills`), on one home each.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.helpers.order_history import OrderHistory
from tests.helpers.stores import EngineInbox
from tests.helpers.venue_truth import VenueTruth
from workstation.api.token_file import TokenFile
from workstation.brokers.sim.universe import VENUE, listings
from workstation.brokers.sim.venue import MARGIN_ACCOUNT
from workstation.domain.events import LimitChanged, decode_event
from workstation.kernel.clock import SystemClock
from workstation.kernel.ids import IdSource, stable_uid
from workstation.orders.fold import CoreState
from workstation.ports.store import Entry
from workstation.storage import open_store
from workstation.storage.verify import verify

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs a Unix socket")

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
SEED_NIGHTLY, KILLS_NIGHTLY = map(int, os.environ.get("KILL_NINE_RUN", "10:200").split(":"))
CLIENTS = 3
ANSWERS_MAX = 40
READY_S, SETTLE_S, REQUEST_S, POLL_S = 60.0, 60.0, 30.0, 0.05
ORDERS = "/api/v1/oms/orders"
LIMITS = ("ORDERS_PER_MINUTE", "ORDER_NOTIONAL", "POSITION_NOTIONAL", "DAILY_LOSS")
MARKETS = {"AAPL": 230.0, "KO": 70.0, "ES": 6000.0}
INSTRUMENTS = {row.instrument.symbol: row.instrument for row in listings(datetime.now(UTC).date())}


class Exchange:
    """The exchange's process."""

    def __init__(self, folder: Path) -> None:
        self.log, self.address = folder / "exchange.log", folder / "exchange.sock"
        command = [sys.executable, "-m", "workstation.brokers.sim.server", "--socket", str(self.address)]
        command += ["--log", str(self.log), "--ticks-per-s", "100", "--latency-ms", "2"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["event"] == "ready"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Product:
    """One life of the program as a user starts it. program: what Python runs, where it is another than the product."""

    def __init__(self, home: Path, exchange: Exchange, program: tuple[str, str] = ("-m", "workstation")) -> None:
        command = [sys.executable, *program, "--headless", "--home", str(home), "--api-port", "0"]
        command += ["--set", f'sim.exchange="{exchange.address}"', "--set", "sim.ticks_per_s=100"]
        command += ["--set", "api.rate_limit=1000000"]
        self._errors = (home.parent / "product.err").open("ab")
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._end_process()
            raise AssertionError((home.parent / "product.err").read_text()[-2_000:])
        ready = json.loads(line)
        entry = msgspec.json.decode(Path(ready["token_file"]).read_bytes(), type=TokenFile)
        self.http = httpx.Client(
            base_url=entry.url, headers={"Authorization": f"Bearer {entry.token}"}, timeout=REQUEST_S, trust_env=False
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill -9."""
        self.signal(signal.SIGKILL)

    def end(self) -> None:
        """Ask it to end, as a session manager does."""
        self._process.terminate()
        assert self._process.wait(READY_S) == 0
        self.close()

    def close(self) -> None:
        self.http.close()
        self._end_process()

    def _end_process(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


class Clients:
    """Scripts that place, change and cancel orders until the program stops answering."""

    def __init__(self, product: Product, history: OrderHistory, rng: random.Random, ids: IdSource) -> None:
        self._product, self._history, self._rng, self._ids = product, history, rng, ids
        self._lock = threading.Condition()
        self._live: list[str] = []
        self.answers, self.refused = 0, ""
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def await_answers(self, count: int) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: self.answers >= count, READY_S)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(READY_S)

    def _run(self) -> None:
        try:
            for number in itertools.count():
                if number % 4 == 3 and self._live:
                    self._cancel()
                else:
                    self._place()
        except httpx.HTTPError:
            return  # the program is gone: what was under way stays `info`

    def _place(self) -> None:
        with self._lock:
            body, cl_ord_id = self.wish(), self._ids.cl_ord_id()
            self._history.invoke(cl_ord_id)
        answer = self._product.http.post(ORDERS, json={**body, "client_order_id": cl_ord_id})
        with self._lock:
            self.answers += 1
            if answer.status_code == 201:
                self._history.ok(cl_ord_id)
                self._live.append(answer.json()["id"])
            else:
                self._history.fail(cl_ord_id)
                self.refused = answer.text
            self._lock.notify_all()

    def _cancel(self) -> None:
        with self._lock:
            if not self._live:
                return
            order_id = self._live.pop(self._rng.randrange(len(self._live)))
        self._product.http.delete(f"{ORDERS}/{order_id}")

    def wish(self) -> dict[str, Any]:
        """Draw the body of an order."""
        symbol = self._rng.choice(tuple(MARKETS))
        body = {
            "instrument_symbol": symbol,
            "broker_account_id": stable_uid("account", VENUE, MARGIN_ACCOUNT),
            "side": self._rng.choice(("BUY", "SELL")),
            "quantity": str(self._rng.randint(1, 3)),
            "allow_duplicate": True,
        }
        if self._rng.random() < 0.5:
            return {**body, "order_type": "MARKET"}
        away = self._rng.choice((0.985, 0.99, 1.01, 1.015))
        return {**body, "order_type": "LIMIT", "price": str(round(MARKETS[symbol] * away))}


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    opened = Exchange(tmp_path)
    yield opened
    opened.close()


def raise_limits(home: Path) -> None:
    """Write down that this home has no limits of rate and size, as its owner would have said."""
    inbox = EngineInbox()
    store = open_store("", home, instruments=INSTRUMENTS, clock=SystemClock(), post=inbox.post)
    changes = [
        LimitChanged(
            limit=name, scope="TENANT", key="", old="", new="UNLIMITED", actor="test", reason="load", ts=time.time_ns()
        )
        for name in LIMITS
    ]
    store.journal.append([Entry(change) for change in changes])
    store.close()


def settle(product: Product) -> None:
    """Wait until no order is pending or unknown."""
    deadline = time.monotonic() + SETTLE_S
    moving: list[Any] = [None]
    while moving:
        assert time.monotonic() < deadline, moving
        threading.Event().wait(POLL_S)
        orders = every_order(product)
        moving = [
            (order["client_order_id"], order["state"], order["needs_reconcile"])
            for order in orders
            if order["needs_reconcile"] or order["state"].startswith("PENDING")
        ]


def every_order(product: Product) -> list[dict[str, Any]]:
    """Read the whole list, page by page."""
    orders: list[dict[str, Any]] = []
    page: dict[str, Any] = {"has_next": True}
    while page["has_next"]:
        page = product.http.get(ORDERS, params={"limit": 500, "offset": len(orders)}).raise_for_status().json()
        orders += page["orders"]
    return orders


def recovered(home: Path) -> CoreState:
    """Fold what the database holds, as the next start would."""
    inbox = EngineInbox()
    store = open_store("", home, instruments=INSTRUMENTS, clock=SystemClock(), post=inbox.post)
    state = CoreState(INSTRUMENTS)
    snapshot = store.recovery.latest_snapshot()
    if snapshot is not None:
        state.load(snapshot.state)
    for line in store.recovery.replay(0 if snapshot is None else snapshot.seq):
        state.apply(decode_event(line.payload))
    store.close()
    return state


def kill_and_compare(tmp_path: Path, exchange: Exchange, kills: int, seed: int) -> None:
    rng, ids, history, home = random.Random(seed), IdSource(), OrderHistory(), tmp_path / "home"
    raise_limits(home)
    for number in range(kills):
        product = Product(home, exchange)
        clients = Clients(product, history, rng, ids)
        clients.await_answers(rng.randint(1, ANSWERS_MAX))
        product.kill()
        clients.join()
        product.close()
        told = history.counts()
        assert told["ok"] >= number, f"the clients have to trade: {told}"
    compare_after(home, exchange, history)
    assert len(VenueTruth.of_log(exchange.log).orders) > kills
    assert len(VenueTruth.of_log(exchange.log).fills) > kills // 2
    told = history.counts()
    assert told["info"] > 0, "some requests have to be cut by the kills"


def compare_after(home: Path, exchange: Exchange, history: OrderHistory) -> None:
    """Give the program a last life to settle in, and hold its database against the exchange's log."""
    last = Product(home, exchange)
    settle(last)
    last.end()
    state, truth = recovered(home), VenueTruth.of_log(exchange.log)
    book = {order.cl_ord_id: order for order in state.book.recent()}
    differences = [*truth.standing(state), *truth.differences(state)]
    assert not [difference.text for difference in differences]
    assert not history.violations(book, truth)
    state.ledger.check()
    assert verify("", home).intact


def test_twenty_kills_of_the_running_product_lose_and_double_nothing(tmp_path, exchange):
    kill_and_compare(tmp_path, exchange, KILLS, seed=9)


@pytest.mark.nightly
def test_two_hundred_kills_of_the_running_product_lose_and_double_nothing(tmp_path, exchange):
    kill_and_compare(tmp_path, exchange, KILLS_NIGHTLY, seed=SEED_NIGHTLY)
