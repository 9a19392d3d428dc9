"""New connections: taken at a pace, the rest wait in the system's queue and are taken later, none is lost."""

from __future__ import annotations

import asyncio
import socket

from workstation.api.listening import Listener, Pace
from workstation.domain.times import NS_PER_S


class Clock:
    def __init__(self) -> None:
        self.now = 5 * NS_PER_S

    def __call__(self) -> int:
        return self.now


class Taken(asyncio.Protocol):
    """Tells the test of each connection that was made."""

    def __init__(self, taken: asyncio.Queue[asyncio.BaseTransport]) -> None:
        self._taken = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._taken.put_nowait(transport)


def test_a_burst_passes_and_then_one_at_a_time() -> None:
    clock = Clock()
    pace = Pace(hz=10, burst=3, mono_ns=clock)
    assert [pace.take() for _ in range(5)] == [True, True, True, False, False]
    assert pace.wait_s() == 0.1
    clock.now += NS_PER_S // 10
    assert [pace.take(), pace.take()] == [True, False]
    clock.now += 60 * NS_PER_S
    assert [pace.take() for _ in range(4)] == [True, True, True, False], "a long rest earns one burst"


def test_what_comes_faster_waits_and_is_taken_later() -> None:
    async def story() -> None:
        clock, taken = Clock(), asyncio.Queue[asyncio.BaseTransport]()
        with socket.create_server(("127.0.0.1", 0)) as door:
            door.setblocking(False)
            pace = Pace(hz=1_000, burst=3, mono_ns=clock)
            listener = Listener(asyncio.get_running_loop(), door, lambda: Taken(taken), pace)
            callers = [await asyncio.open_connection(*door.getsockname()) for _ in range(5)]
            made = [await taken.get() for _ in range(3)]
            for _ in range(50):
                await asyncio.sleep(0)
            assert taken.empty(), "the clock stands still, so that nothing more has been earned"
            clock.now += NS_PER_S
            made += [await taken.get() for _ in range(2)]
            listener.close()
            await listener.wait_closed()
            for transport in made:
                transport.close()
            for _, writer in callers:
                writer.close()
                await writer.wait_closed()

    asyncio.run(story())
