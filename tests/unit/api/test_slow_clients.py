"""Clients that are slow on purpose: each limit of time holds, measured with limits of a few hundredths of a second."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.errors import StreamAnswer
from workstation.api.options import ApiOptions
from workstation.api.stream_response import StreamResponse

FLOOD = 40


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path, options=ApiOptions(head_timeout=0.05, body_timeout=0.05)) as made:
        yield made


def answer_to(rig: ApiRig, data: bytes) -> bytes:
    """Send bytes, keep the connection open, and return what comes until the service closes it."""
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer


@pytest.mark.parametrize("head", [b"", b"GET /api/v1/health HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_end_ends_the_connection(rig: ApiRig, head: bytes) -> None:
    assert answer_to(rig, head) == b""
    assert rig.http.get("/api/v1/health").status_code == 200


def test_a_body_that_does_not_end_is_refused_and_does_nothing(rig: ApiRig) -> None:
    head = (
        f"POST /api/v1/oms/orders HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nAuthorization: Bearer {rig.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    answer = answer_to(rig, head.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"did not arrive in time" in answer
    assert rig.engine.calls == []


async def test_a_stream_whose_client_takes_nothing_is_ended_and_counted_out() -> None:
    ended: list[str] = []

    async def frames() -> AsyncIterator[bytes]:
        while True:
            yield b"data: x"

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()  # the client's window is full, and stays so

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    answer = StreamAnswer(200, media_type="text/event-stream", frames=frames(), ended=lambda: ended.append("once"))
    response: Any = StreamResponse(answer, stall_s=0.01)
    await asyncio.wait_for(response({"type": "http"}, receive, send), 10)
    assert ended == ["once"]


async def test_a_stream_whose_client_was_too_slow_and_wakes_is_told_so_and_ends() -> None:
    sent: list[bytes] = []
    is_late = asyncio.Event()

    async def frames() -> AsyncIterator[bytes]:
        yield b"data: x"
        yield b"data: y"

    async def cut() -> bytes:
        is_late.set()
        return b"event: reset"

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await is_late.wait()  # the client reads again once it is late
            sent.append(message["body"])

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    answer = StreamAnswer(200, media_type="text/event-stream", frames=frames(), cut=cut)
    response: Any = StreamResponse(answer, stall_s=0.01)
    await asyncio.wait_for(response({"type": "http"}, receive, send), 10)
    assert sent == [b"event: reset", b""]


def test_a_client_that_takes_no_answer_gives_its_connection_back(tmp_path: Path) -> None:
    with (
        served(tmp_path, options=ApiOptions(write_stall=0.02)) as rig,
        socket.socket() as connection,
    ):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", rig.port))
        http = rig.server._server
        assert http is not None
        connections = http.server_state.connections
        wait_until(rig, lambda: own(connection, connections) is not None)
        protocol = own(connection, connections)
        protocol.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        connection.sendall(f"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\n\r\n".encode())
        wait_until(rig, lambda: own(connection, connections) is None)


def test_a_cancel_is_answered_while_a_flood_waits_that_its_own_sender_has_sent(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(share=1e-9)) as rig, ExitStack() as opened:
        order = rig.place()
        services = rig.server._services
        assert services is not None
        turnstile, now = services.turnstile, time.monotonic_ns()
        turnstile.charge(10**12)
        turnstile._mono_ns = lambda: now  # no time goes by that others could earn a turn in
        credential = f"Host: 127.0.0.1:{rig.port}\r\nAuthorization: Bearer {rig.token}\r\n\r\n"
        for _ in range(FLOOD):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", rig.port)))
            connection.sendall(f"GET /api/v1/oms/orders HTTP/1.1\r\n{credential}".encode())
        deadline = time.monotonic() + 30
        while len(turnstile) < FLOOD - 1:  # one may have had the turn that was due
            assert time.monotonic() < deadline
        with rig.client(Authorization=f"Bearer {rig.token}") as http:
            answer = http.delete(f"/api/v1/oms/orders/{order['id']}")
        assert answer.status_code in (200, 202)
        assert len(turnstile) >= FLOOD - 1


def own(connection: socket.socket, connections: set[Any]) -> Any:
    """Return the service's end of a connection, None when it has none."""
    for protocol in list(connections):
        if protocol.transport.get_extra_info("peername") == connection.getsockname():
            return protocol
    return None


def wait_until(rig: ApiRig, is_so: Callable[[], bool]) -> None:
    """Ask the service, whose loop turns with each answer, until something is so."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        assert rig.http.get("/api/v1/health").status_code == 200
