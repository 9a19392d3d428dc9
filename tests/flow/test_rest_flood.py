"""A flood at the REST door: it is held back by its own sockets, and what the service may use of a processor is bounded.

How a hand's order fares meanwhile, `workstation bench flood` measures on a running program; the nightly test holds it
to the ratio.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.options import CONNECTIONS_MAX, ApiOptions
from workstation.api.turnstile import BURST_NS, LEAST_EVERY_NS
from workstation.app.bench_flood import run

CALLERS = 40
PIPELINED = 400
ANSWERED = 60
LIST = "/api/v1/oms/orders?side=BUY&limit=100"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def requests(rig: ApiRig) -> bytes:
    """Return what one caller of the flood sends without waiting: lists, and calls with wrong tokens."""
    parts = [
        f"GET {LIST} HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for token in (rig.token, "0" * 64)
    ]
    return b"".join(parts) * (PIPELINED // 2)


def flooding(rig: ApiRig, stack: ExitStack) -> list[socket.socket]:
    """Return connections that each have sent more than anybody answers, and take no answer."""
    callers = []
    for _ in range(CALLERS):
        caller = stack.enter_context(socket.create_connection(("127.0.0.1", rig.port), timeout=10))
        caller.setblocking(False)
        caller.send(requests(rig))
        callers.append(caller)
    return callers


def test_a_flood_waits_in_its_sockets_while_the_service_has_used_its_share(tmp_path: Path) -> None:
    with served(tmp_path, options=ApiOptions(share=1e-9)) as rig:
        made = rig.place()
        services = rig.server._services
        assert services is not None
        with ExitStack() as stack:
            services.turnstile.charge(2 * BURST_NS)
            callers = flooding(rig, stack)
            began = time.monotonic_ns()
            answered, waited = 0, 0
            while answered < ANSWERED:
                waited = max(waited, len(services.turnstile))
                for caller in select.select(callers, [], [], 0.05)[0]:
                    answered += caller.recv(65_536).count(b"HTTP/1.1 ")
            turns = (time.monotonic_ns() - began) // LEAST_EVERY_NS
            cancelled = rig.http.post(f"/api/v1/oms/orders/{made['id']}/cancel")
        assert answered <= turns + 2
        assert CALLERS // 2 < waited <= CALLERS
        assert cancelled.status_code in (200, 202)
        assert rig.http.get("/api/v1/health").status_code == 200
        assert len(services.turnstile) == 0


def test_answers_on_one_connection_stay_in_order_however_long_they_wait(rig: ApiRig) -> None:
    names = [f"n{number}" for number in range(30)]
    calls = [
        f"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nX-Request-ID: {name}\r\n\r\n" for name in names
    ]
    with ExitStack() as stack:
        flooding(rig, stack)
        caller = stack.enter_context(socket.create_connection(("127.0.0.1", rig.port), timeout=30))
        caller.sendall("".join(calls).encode())
        text = b""
        while text.count(b"x-request-id") < len(names):
            text += caller.recv(65_536)
    found = [line.partition(b": ")[2].decode() for line in text.split(b"\r\n") if line.startswith(b"x-request-id")]
    assert found == names


def test_one_connection_too_many_is_told_when_to_come_again(rig: ApiRig) -> None:
    with ExitStack() as stack:
        callers = [
            stack.enter_context(socket.create_connection(("127.0.0.1", rig.port), timeout=10))
            for _ in range(CONNECTIONS_MAX + 1)
        ]
        answers = b""
        while part := callers[-1].recv(65_536):
            answers += part
    assert answers.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1\r\n" in answers


@pytest.mark.nightly
def test_a_hand_order_takes_at_most_twice_as_long_under_a_flood_and_in_a_storm() -> None:
    figures = run()
    assert figures["ratio_p50"] <= 2, figures
    assert figures["storm_ratio_p50"] <= 2, figures
    assert figures["offered_per_s"] >= 4_000
