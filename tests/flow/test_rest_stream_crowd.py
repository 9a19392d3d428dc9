"""Two hundred event streams, twenty of which take nothing: nobody who reads misses an id, and nothing piles up.

The streams are plain sockets that one thread reads; what the service holds back is looked up in its transports.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.event_feed import RING_MAX
from workstation.api.options import STREAMS_MAX, STREAMS_PER_CREDENTIAL_MAX, ApiOptions

STREAM = "/api/v1/events/stream?types=order.*"
STALLED = 20
ORDERS, BATCH = 400, 20
SCOPES = ["events:view", "orders:view"]
ROOM = 4_096
HELD_MAX = 128 * 1024
"""Bytes that a transport may hold of a stream: the high-water mark of its buffer and the frame that passed it."""

WAIT_S = 60.0
RESET = b"event: reset\n"
_ID = re.compile(rb"^id: (\d+)$", re.MULTILINE)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(rate_limit=100_000, share=1)) as made:
        yield made


class Listener:
    """One open stream: a socket and the bytes that came. room: of the system's buffers at both ends, 0 as it comes."""

    def __init__(self, rig: ApiRig, key: str, *, last_id: int | None = None, room: int = 0) -> None:
        self.socket = socket.socket()
        if room:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.connect(("127.0.0.1", rig.port))
        resume = "" if last_id is None else f"Last-Event-ID: {last_id}\r\n"
        head = f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nX-API-Key: {key}\r\n{resume}\r\n"
        self.socket.sendall(head.encode())
        self.text = b""
        self.is_over = False
        self._settled = 0
        self._ids: list[int] = []

    def take(self) -> None:
        """Read what is there."""
        try:
            got = self.socket.recv(1_048_576)
        except ConnectionResetError:
            got = b""
        self.text += got
        self.is_over = not got

    def ids(self) -> list[int]:
        """Return the ids of the whole frames so far."""
        end = self.text.rfind(b"\n\n") + 1
        self._ids += [int(found) for found in _ID.findall(self.text, self._settled, end)]
        self._settled = max(end, self._settled)
        return self._ids

    def has(self, what: bytes | int | None) -> bool:
        if isinstance(what, int):
            return self.ids()[-1:] >= [what]
        return what is not None and what in self.text


@contextmanager
def listening(rig: ApiRig, keys: list[str], *, stalled: int) -> Iterator[tuple[list[Listener], list[Listener]]]:
    """Open a stream for each key: the stalled ones, with little room between, and those who read; all have begun."""
    crowd = [Listener(rig, key, room=ROOM if number < stalled else 0) for number, key in enumerate(keys)]
    try:
        read_until(crowd, b"retry:")
        narrow = {listener.socket.getsockname() for listener in crowd[:stalled]}
        for transport in transports(rig):  # what the system itself holds would hide for long that nobody reads
            if transport.get_extra_info("peername") in narrow:
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        yield crowd[:stalled], crowd[stalled:]
    finally:
        for listener in crowd:
            listener.socket.close()


def keys_for(rig: ApiRig, streams: int) -> list[str]:
    names = [f"watcher {number}" for number in range(-(-streams // STREAMS_PER_CREDENTIAL_MAX))]
    made = [rig.http.post("/api/v1/auth/api-keys", json={"name": n, "scopes": SCOPES}) for n in names]
    assert all(answer.status_code == 201 for answer in made), made[0].text
    return [answer.json()["key"] for answer in made for _ in range(STREAMS_PER_CREDENTIAL_MAX)][:streams]


def read_until(listeners: list[Listener], what: bytes | int | None) -> None:
    """Read all of them, one thread, until each has a text or an event's id, or is over."""
    with selectors.DefaultSelector() as selector:
        for listener in listeners:
            selector.register(listener.socket, selectors.EVENT_READ, listener)
        deadline = time.monotonic() + WAIT_S
        while waiting := len(selector.get_map()):
            assert time.monotonic() < deadline, f"{waiting} streams never had {what!r}"
            for key, _ in selector.select(0.2):
                key.data.take()
                if key.data.is_over or key.data.has(what):
                    selector.unregister(key.data.socket)


def eventually(rig: ApiRig, what: str, is_so: Callable[[], bool]) -> None:
    """Ask the service, whose loop turns with each answer, until something is so."""
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"not so: {what}"
        assert rig.http.get("/api/v1/health").status_code == 200


def transports(rig: ApiRig) -> list[asyncio.Transport]:
    http = rig.server._server
    assert http is not None
    return [connection.transport for connection in list(http.server_state.connections)]


def held(rig: ApiRig) -> int:
    """Return the most bytes that the service holds for any one connection."""
    return max(transport.get_write_buffer_size() for transport in transports(rig))


def place(rig: ApiRig, orders: int) -> int:
    """Place orders with one call, and return the id of the newest event."""
    body = {"orders": [rig.order() for _ in range(orders)]}
    answer = rig.http.post("/api/v1/oms/orders/bulk", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert answer.status_code == 201, answer.text
    query = {"ordering": "-sequence", "limit": 1, "types": "order.*", "with_count": False}
    return int(rig.http.get("/api/v1/events", params=query).json()["events"][0]["id"])


def test_a_crowd_of_streams_misses_nothing_and_holds_nothing(rig: ApiRig) -> None:
    keys = keys_for(rig, STREAMS_MAX)
    services = rig.server._services
    assert services is not None
    with listening(rig, keys, stalled=STALLED) as (stalled, reading):
        for _ in range(ORDERS // BATCH):
            last = place(rig, BATCH)
            read_until(reading, last)
            assert held(rig) < HELD_MAX
            assert len(services.feed._ring) <= RING_MAX
        wanted = reading[0].ids()
        assert len(wanted) == 3 * ORDERS
        assert wanted == sorted(set(wanted))
        assert all(listener.ids() == wanted for listener in reading)
        assert not any(RESET in listener.text for listener in reading)
        read_until(stalled, RESET)
        for listener in stalled:
            seen = listener.ids()
            assert seen == wanted[: len(seen)]
            assert b'"reason":"slow_consumer"' in listener.text
        missed = wanted[len(stalled[0].ids()) :]
        assert missed
        eventually(rig, "their streams are counted out", lambda: services.feed.count() == STREAMS_MAX - STALLED)
        late = Listener(rig, keys[0], last_id=stalled[0].ids()[-1])
        read_until([late], last)
        assert late.ids() == missed
        late.socket.close()


def test_streams_that_take_nothing_for_long_give_their_connections_back(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(rate_limit=100_000, share=1, write_stall=0.1)) as rig:
        keys = keys_for(rig, STALLED + 1)
        services = rig.server._services
        assert services is not None
        with listening(rig, keys, stalled=STALLED) as (stalled, (reader,)):
            for _ in range(ORDERS // BATCH // 2):
                last = place(rig, BATCH)
                read_until([reader], last)
            eventually(rig, "their streams are counted out", lambda: services.feed.count() == 1)
            eventually(
                rig, "their connections are given back", lambda: len(transports(rig)) <= 2
            )  # reader's and client's
            read_until(stalled, None)
            told = stalled[0].ids()
            assert told == reader.ids()[: len(told)]
            late = Listener(rig, keys[0], last_id=told[-1])
            read_until([late], last)
            assert told + late.ids() == reader.ids()
            late.socket.close()
