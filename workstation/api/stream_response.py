"""The sending side of a stream: frames as they come, until the caller leaves, stalls, or the stream ends."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workstation.api.errors import StreamAnswer
from workstation.api.options import WRITE_STALL_S


class StreamResponse(Response):
    """Sends a `StreamAnswer`. Memory stays flat: the next frame is made when the last one was taken.

    stall_s: a client that takes no bytes for so long is sent the answer's last word instead of what was next. It has
    as long again to take that; either way it resumes by its last event id.
    """

    def __init__(self, answer: StreamAnswer, *, stall_s: float = WRITE_STALL_S) -> None:
        super().__init__(None, answer.status, dict(answer.headers), answer.media_type)
        del self.headers["content-length"]
        self._answer = answer
        self._stall_s = stall_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- the form of ASGI
        """Send until the frames end or nobody listens."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            self._answer.ended()

    async def _send(self, send: Send) -> None:
        if self._answer.frames is None:
            return
        async for frame in self._answer.frames:
            if not await self._is_taken(send, frame):
                last = b"" if self._answer.cut is None else await self._answer.cut()
                if not await self._is_taken(send, last):
                    return
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _is_taken(self, send: Send, frame: bytes) -> bool:
        """Send a frame; tells whether there was room for it in time, and nothing of it is sent otherwise."""
        try:
            async with asyncio.timeout(self._stall_s):
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        except TimeoutError:
            return False
        return True


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
