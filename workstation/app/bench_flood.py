"""How a hand order fares while a script floods the REST door. Behind `workstation bench flood`.

One process runs the whole program and a hand that places an order now and again: from the call that a key makes until
the order is durable and on its way. This process floods its door at FLOOD_HZ with what a runaway script sends: lists,
wrong tokens, orders over the limit, on kept connections without waiting for answers, and on new ones. The figures are
the hand's latencies without and with the flood, taken in turns so that both see the same machine.
"""

import json
import queue
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from workstation.app.bootstrap import Program
    from workstation.commands.registry import CommandResult

FLOOD_HZ = 5_000
SLICE_S = 0.005
CONNECTIONS = 48
NEW_EVERY = 50
"""Every so-many-th request comes on a connection of its own."""

HAND_EVERY_S = 0.04
HAND_ORDERS = 100
ROUNDS = 4
VARIOUS = 20
"""Quantities in turn, so that no order repeats one within the window of doubles."""

SYMBOL = "SIM-FILL"
WAIT_S = 60.0
LOOK_S = 0.02
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def run(orders: int = HAND_ORDERS) -> dict[str, Any]:
    """Return latencies of hand orders in ms, quiet and under the flood, their ratios, and what the door answered.

    orders: placed in each of ROUNDS rounds, quiet as well as flooded.
    """
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "workstation.app.bench_flood", home, str(orders)]
        with subprocess.Popen(  # noqa: S603  this program itself, on arguments made here
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        ) as desk:
            door = _said(desk)
            _asked(desk, "place")
            quiet: list[float] = []
            flooded: list[float] = []
            flood = Flood(door["port"], door["token"], door["account"])
            for _ in range(ROUNDS):
                quiet += _asked(desk, "place")["took_ms"]
                flood.start()
                flooded += _asked(desk, "place")["took_ms"]
                flood.stop()
            _asked(desk, "stop")
    by = {"quiet": _summary(quiet), "flood": _summary(flooded)}
    figures = {f"{when}_{name}_ms": value for when, summary in by.items() for name, value in summary.items()}
    ratios = {f"ratio_{name}": by["flood"][name] / by["quiet"][name] for name in by["quiet"]}
    return figures | ratios | flood.rates()


def _summary(took_ms: list[float]) -> dict[str, float]:
    return {"p50": statistics.median(took_ms), "p95": statistics.quantiles(took_ms, n=20)[-1], "worst": max(took_ms)}


class Flood:
    """Requests at FLOOD_HZ from a thread of its own, in the form that a script which reads no answer sends them."""

    def __init__(self, port: int, token: str, account: str) -> None:
        self._port = port
        self._requests = cycle(_requests(port, token, account))
        self._counts: Counter[str] = Counter()
        self._ending = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._thread: threading.Thread | None = None
        self._lasted_s = 0.0

    def start(self) -> None:
        """Begin, or begin again."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="flood", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what was sent and has no answer yet is dropped with its connection."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

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


def _said(desk: "subprocess.Popen[str]") -> dict[str, Any]:
    if desk.stdout is None:
        raise RuntimeError("the program says nothing")
    said: dict[str, Any] = json.loads(desk.stdout.readline())
    return said


def _asked(desk: "subprocess.Popen[str]", what: str) -> dict[str, Any]:
    if desk.stdin is None:
        raise RuntimeError("the program hears nothing")
    desk.stdin.write(what + "\n")
    desk.stdin.flush()
    return _said(desk)


# The measured process


def _desk(home: Path, orders: int) -> None:
    from workstation.app.bootstrap import Program, options_from  # noqa: PLC0415  this process measures, others do not
    from workstation.app.command_line import build_parser  # noqa: PLC0415  as above
    from workstation.domain.accounts import LockState  # noqa: PLC0415  as above
    from workstation.kernel.logs import configure_logging  # noqa: PLC0415  as above

    options = options_from(build_parser().parse_args(["--home", str(home), "--api-port", "0"]))
    options.home.create()
    program = Program(options, configure_logging(options.home.logs))
    program.start()
    locks, accounts = program.engine.core.state.controls.locks, program.engine.core.state.accounts
    while not all(locks.state(account) is LockState.UNLOCKED for account in accounts):
        time.sleep(LOOK_S)
    known = json.loads(options.home.token_file.read_text())
    hand = _Hand(program)
    _say({"port": known["port"], "token": known["token"], "account": hand.other_account})
    for line in sys.stdin:
        if line.strip() == "stop":
            break
        _say({"took_ms": hand.place(orders)})
    program.stop()
    _say({})


class _Hand:
    """A person with a ticket: armed, and with no limit on orders a minute, which the flood's account has."""

    def __init__(self, program: "Program") -> None:
        from workstation.brokers.sim.venue import CASH_ACCOUNT, MARGIN_ACCOUNT  # noqa: PLC0415  as above
        from workstation.commands.params import Arm, PlaceOrder, SetLimit  # noqa: PLC0415  as above
        from workstation.domain.orders import OrderTerms, OrdType, Origin, OriginKind, Side  # noqa: PLC0415  as above

        self._engine = program.engine
        self._origin = Origin(OriginKind.TICKET)
        self._answers: queue.SimpleQueue[CommandResult] = queue.SimpleQueue()
        self.other_account = next(row.uid for row in self._engine.session.accounts if row.account == CASH_ACCOUNT)
        for scope, key, most in (("ACCOUNT", CASH_ACCOUNT, "60"), ("TENANT", "", "UNLIMITED")):
            limit = SetLimit(limit="ORDERS_PER_MINUTE", value=most, reason="benchmark", scope=scope, key=key)
            self._do("risk.limit", limit)
        self._do("risk.arm", Arm(environment=self._engine.session.environment))
        terms = OrderTerms(
            symbol=SYMBOL, account=MARGIN_ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=1, price=100
        )
        various = [msgspec.structs.replace(terms, order_qty=qty) for qty in range(1, VARIOUS + 1)]
        self._wishes = cycle([PlaceOrder(terms=each) for each in various])

    def place(self, orders: int) -> list[float]:
        """Return ms of each order, from the call to the answer that it is durable and on its way."""
        took_ms = []
        for _ in range(orders):
            time.sleep(HAND_EVERY_S)
            began = time.perf_counter()
            self._do("order.submit", next(self._wishes))
            took_ms.append((time.perf_counter() - began) * 1e3)
        return took_ms

    def _do(self, command_id: str, wish: msgspec.Struct) -> None:
        self._engine.call(command_id, wish, self._origin, self._answers.put)
        result = self._answers.get(timeout=WAIT_S)
        if not result.ok:
            raise RuntimeError(f"{command_id}: {result.code} {result.text}")


def _say(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _desk(Path(sys.argv[1]), int(sys.argv[2]))
