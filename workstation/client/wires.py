"""The wires: carry out an exchange's steps on a blocking or an asynchronous HTTP connection, and decide nothing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import httpx

from workstation.client.address import Address
from workstation.client.errors import NotRunning, Problem, problem_of
from workstation.client.exchange import Lost, Outcome, Reply, Send, Wait, exchange
from workstation.client.requests import Request
from workstation.client.streams import Follow, Item

T = TypeVar("T")

KEEP_ALIVE_S = 3.0
"""Idle connections end before the program would end them, so that no write falls into one that is closing."""

CONNECTIONS_MAX = 20
TIMEOUT = httpx.Timeout(15.0, connect=2.0)
STREAM_TIMEOUT = httpx.Timeout(15.0, connect=2.0, read=45.0)
"""A stream says something at least every 15 seconds; thrice that without a byte, and the line is dead."""

_LIMITS = httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=KEEP_ALIVE_S)
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Wire:
    """What both wires share: the address in use, and looking for it again."""

    def __init__(self, find: Callable[[], Address]) -> None:
        self._find = find
        self.address = find()

    def look_again(self) -> bool:
        """Look where the program listens now; returns whether that changed. While it is away, the old place stays."""
        before = self.address
        with contextlib.suppress(NotRunning):
            self.address = self._find()
        return self.address != before

    def _call(self, request: Request[Any]) -> dict[str, Any]:
        return {
            "method": request.method,
            "url": self.address.url + request.target,
            "content": request.body,
            "headers": {"Authorization": f"Bearer {self.address.token}", **request.headers()},
        }


class SyncWire(Wire):
    """Blocking."""

    def __init__(self, find: Callable[[], Address]) -> None:
        super().__init__(find)
        self._http = httpx.Client(timeout=TIMEOUT, limits=_LIMITS, trust_env=False)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """Make a call and return its result."""
        plan = exchange(request)
        outcome: Outcome = None
        while True:
            try:
                step = plan.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            match step:
                case Send():
                    outcome = self._send(step.request)
                case Wait():
                    time.sleep(step.seconds)
                case _:
                    outcome = self.look_again()

    def _send(self, request: Request[Any]) -> Reply | Lost:
        try:
            answer = self._http.request(**self._call(request))
        except httpx.TransportError as error:
            return _lost(error)
        return Reply(answer.status_code, answer.headers, answer.content)

    def follow(self, follow: Follow) -> Iterator[Item]:
        """Yield what a stream brings, taken up again where it breaks."""
        while not follow.is_over:
            try:
                with self._http.stream(**self._call(follow.request()), timeout=STREAM_TIMEOUT) as answer:
                    if answer.status_code >= 400:
                        raise problem_of(answer.status_code, answer.read())
                    follow.opened(answer.status_code)
                    for chunk in answer.iter_bytes():
                        yield from follow.items(chunk)
                lost: Exception | None = None
            except httpx.TransportError as error:
                lost = error
            except Problem as problem:
                lost = follow.after(problem)
            yield from follow.ended(lost)
            if not follow.is_over:
                time.sleep(follow.pause(lost))
                self.look_again()


class AsyncWire(Wire):
    """On the caller's event loop."""

    def __init__(self, find: Callable[[], Address]) -> None:
        super().__init__(find)
        self._http = httpx.AsyncClient(timeout=TIMEOUT, limits=_LIMITS, trust_env=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """Make a call and return its result."""
        plan = exchange(request)
        outcome: Outcome = None
        while True:
            try:
                step = plan.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            match step:
                case Send():
                    outcome = await self._send(step.request)
                case Wait():
                    await asyncio.sleep(step.seconds)
                case _:
                    outcome = self.look_again()

    async def _send(self, request: Request[Any]) -> Reply | Lost:
        try:
            answer = await self._http.request(**self._call(request))
        except httpx.TransportError as error:
            return _lost(error)
        return Reply(answer.status_code, answer.headers, answer.content)

    async def follow(self, follow: Follow) -> AsyncIterator[Item]:
        """Yield what a stream brings, taken up again where it breaks."""
        while not follow.is_over:
            try:
                async with self._http.stream(**self._call(follow.request()), timeout=STREAM_TIMEOUT) as answer:
                    if answer.status_code >= 400:
                        raise problem_of(answer.status_code, await answer.aread())
                    follow.opened(answer.status_code)
                    async for chunk in answer.aiter_bytes():
                        for item in follow.items(chunk):
                            yield item
                lost: Exception | None = None
            except httpx.TransportError as error:
                lost = error
            except Problem as problem:
                lost = follow.after(problem)
            for item in follow.ended(lost):
                yield item
            if not follow.is_over:
                await asyncio.sleep(follow.pause(lost))
                self.look_again()


def _lost(error: httpx.TransportError) -> Lost:
    return Lost(str(error) or type(error).__name__, not isinstance(error, _NOTHING_SENT))
