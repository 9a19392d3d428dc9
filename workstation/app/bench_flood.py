"""How a hand order fares while a script floods the REST door. Behind `workstation bench flood`.

One process runs the whole program and a hand that places an order now and again: from the call that a key makes until
the order is durable and on its way. This process floods its door at FLOOD_HZ with what a runaway script sends: lists,
wrong tokens, orders over the limit, on kept connections without waiting for answers, and on new ones; and in turn it
storms the door with new connections as fast as it is let, and asks nothing. The figures are the hand's latencies
without either and with each, taken in turns so that all see the same machine.
"""

import contextlib
import json
import re
import selectors
import socket
import tempfile
import threading
import time
from abc import abstractmethod
from collections import Counter, deque
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from workstation.app.bench_hand import SYMBOL, WAIT_S, DeskProcess, compared

FLOOD_HZ = 5_000
SLICE_S = 0.005
CONNECTIONS = 48
NEW_EVERY = 50
"""Every so-many-th request comes on a connection of its own."""

STORM_KEPT = 20
"""Connections of the storm that are open at once."""

HAND_ORDERS = 100
ROUNDS = 4
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def run(orders: int = HAND_ORDERS) -> dict[str, Any]:
    """Return latencies of hand orders in ms, quiet, under the flood and in the storm, their ratios, and the rates.

    orders: placed in each of ROUNDS rounds, each way.
    """
    with tempfile.TemporaryDirectory() as home, DeskProcess(home) as desk:
        desk.place(orders)
        quiet: list[float] = []
        flooded: list[float] = []
        stormed: list[float] = []
        flood = Flood(desk.door["port"], desk.door["token"], desk.door["account"])
        storm = Storm(desk.door["port"])
        for _ in range(ROUNDS):
            quiet += desk.place(orders)
            flood.start()
            flooded += desk.place(orders)
            flood.stop()
            storm.start()
            stormed += desk.place(orders)
            storm.stop()
    in_storm = compared(quiet, stormed, "storm")
    ratios = {f"storm_{name}": value for name, value in in_storm.items() if name.startswith("ratio")}
    latencies = {name: value for name, value in in_storm.items() if name.startswith("storm")}
    return compared(quiet, flooded, "flood") | flood.rates() | latencies | ratios | storm.rates()


class Load:
    """What presses on the service from a thread of its own, again and again."""

    name = ""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._lasted_s = 0.0

    def start(self) -> None:
        """Begin, or begin again."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what has no answer yet is dropped with its connection."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Press until it shall end."""


class Flood(Load):
    """Requests at FLOOD_HZ from a thread of its own, in the form that a script which reads no answer sends them."""

    name = "flood"

    def __init__(self, port: int, token: str, account: str) -> None:
        super().__init__()
        self._port = port
        self._requests = cycle(_requests(port, token, account))
        self._counts: Counter[str] = Counter()
        self._selector = selectors.DefaultSelector()

    def rates(self) -> dict[str, float]:
        """Return requests a second that were offered, held back by their socket, and answered, by status."""
        return {f"{name}_per_s": count / self._lasted_s for name, count in sorted(self._counts.items())}

    def _run(self) -> None:
        kept = [self._connection() for _ in range(CONNECTIONS)]
        turns = cycle(range(CONNECTIONS))
        sent, began = 0, time.monotonic()
        while not self._ending.is_set():
            due = int((time.monotonic() - began) * FLOOD_HZ)
            for number in range(sent, due):
                turn = next(turns)
                if number % NEW_EVERY == 0:
                    self._forget(kept[turn])
                    kept[turn] = self._connection()
                kept[turn] = self._send(kept[turn], next(self._requests))
            sent = due
            for key, _ in self._selector.select(SLICE_S):
                self._take(key.fileobj)
        self._lasted_s += time.monotonic() - began
        for connection in kept:
            self._forget(connection)

    def _connection(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=WAIT_S)
        made.setblocking(False)  # noqa: FBT003  the name of the call says it
        self._selector.register(made, selectors.EVENT_READ)
        return made

    def _send(self, connection: socket.socket, request: bytes) -> socket.socket:
        """Send one request; one that the socket takes in part only ends its connection, as no script could mend it."""
        self._counts["offered"] += 1
        try:
            taken = connection.send(request)
        except BlockingIOError:
            self._counts["held_back"] += 1
            return connection
        except OSError:
            taken = 0
        if taken < len(request):
            self._forget(connection)
            return self._connection()
        return connection

    def _take(self, connection: Any) -> None:
        try:
            data = connection.recv(1_048_576)
        except OSError:
            return
        for status in _STATUS.findall(data):
            self._counts[f"answered_{status.decode()}"] += 1
        if not data and connection.fileno() in self._selector.get_map():
            self._selector.unregister(connection)

    def _forget(self, connection: socket.socket) -> None:
        if connection.fileno() in self._selector.get_map():
            self._selector.unregister(connection)
        connection.close()


class Storm(Load):
    """New connections one after the other, as fast as the door takes them, from a thread of its own."""

    name = "storm"

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._made = 0

    def rates(self) -> dict[str, float]:
        """Return connections a second that were made."""
        return {"connected_per_s": self._made / self._lasted_s}

    def _run(self) -> None:
        kept: deque[socket.socket] = deque()
        began = time.monotonic()
        while not self._ending.is_set():
            with contextlib.suppress(OSError):
                kept.append(socket.create_connection(("127.0.0.1", self._port), timeout=SLICE_S))
                self._made += 1
            if len(kept) > STORM_KEPT:
                kept.popleft().close()
        self._lasted_s += time.monotonic() - began
        for connection in kept:
            connection.close()


def _requests(port: int, token: str, account: str) -> Iterator[bytes]:
    """Yield the mix: lists and their likes, wrong tokens, and orders more often than any limit lets through."""
    order = json.dumps(
        {
            "instrument_symbol": SYMBOL,
            "broker_account_id": account,
            "order_type": "LIMIT",
            "side": "BUY",
            "quantity": "1",
            "price": "1.00",
            "allow_duplicate": True,
        }
    ).encode()

    def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return f"{head}{kind}\r\n".encode() + body

    yield request("GET", "/oms/orders?side=BUY&limit=100", token)
    yield request("GET", "/oms/orders", "0" * 64)
    yield request("POST", "/oms/orders", token, order)
    yield request("GET", "/oms/positions", token)
    yield request("GET", "/health", token)
