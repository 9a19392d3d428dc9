"""The HTTP/1.1 protocol with this service's own limits on connections and heads, answered as problems.

The server's library answers its own limits in plain text and waits for a slow head for ever; here the connection cap,
the size of a head and the time that a client takes to send one are bounded before anything is parsed or scheduled. So
is the time for which answers wait that a client does not take: closing alone would wait for ever until it has.
"""

import asyncio
import logging
import secrets
import sys
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from workstation.api.errors import ApiError, problem_body
from workstation.api.options import CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_TIMEOUT_S, WRITE_STALL_S
from workstation.api.turnstile import Turnstile, is_urgent

_REASONS = {
    400: b"Bad Request",
    414: b"URI Too Long",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}

_quiet = logging.getLogger("workstation.api.http")
_quiet.setLevel(logging.CRITICAL)
_quiet.addHandler(logging.NullHandler())


class BoundedProtocol(H11Protocol):
    """One connection. A head must be complete within `head_timeout_s` and HEAD_BYTES_MAX.

    write_stall_s: a connection is dropped when its client takes nothing for twice that.
    turnstile: where requests wait to begin; this one's next waits unparsed, and nothing more is read meanwhile.
    """

    head_timeout_s = HEAD_TIMEOUT_S
    write_stall_s = WRITE_STALL_S
    turnstile: Turnstile

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _quiet  # malformed requests are the caller's trouble: they are answered, not logged as ours
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._has_more = False
        self._waits = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library does
        """Take a connection, or turn it away when CONNECTIONS_MAX are open."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            self._answer(ApiError("NOT_READY", f"More than {CONNECTIONS_MAX} connections are open."))
            return
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection and its timer."""
        self._stop_head_timer()
        self._stop_stall_timer()
        if self._waits:
            self.turnstile.leave(self._begin)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; while they leave a head incomplete, its timer runs."""
        if self.transport.is_closing():
            return
        self._has_more = True
        super().data_received(data)
        self._time_head()

    def pause_writing(self) -> None:
        """Let answers wait for a client that does not take them, but not for ever."""
        super().pause_writing()
        self._time_stall()

    def resume_writing(self) -> None:
        """Go on: the client has taken what waited."""
        self._stop_stall_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection without news, and drop it when the last answer is not taken."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._time_stall()

    def on_response_complete(self) -> None:
        """Go on with what came behind the request that is answered: it stopped the reading."""
        self._has_more = self.flow.read_paused
        super().on_response_complete()

    def handle_events(self) -> None:
        """Take what has come apart; where that is a new request, when its turn has come."""
        is_new = self.cycle is None or self.cycle.response_complete
        if self._waits or (is_new and self._has_more and not self._passes()):
            self._waits = True
            self._stop_head_timer()
            self.flow.pause_reading()
            return
        super().handle_events()

    def _passes(self) -> bool:
        return self.turnstile.passes(self._begin, urgent=is_urgent(self.conn.trailing_data[0]))

    def _begin(self) -> None:
        self._waits = False
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        super().handle_events()
        self._time_head()

    def _time_head(self) -> None:
        if self._waits:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_head_timer()
        elif self._head_timer is None and self.conn.trailing_data[0]:
            self._head_timer = self.loop.call_later(self.head_timeout_s, self._head_is_late)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request, or is too large, as a problem, and close."""
        hint = getattr(sys.exception(), "error_status_hint", 400)
        line, ended, _ = self.conn.trailing_data[0].partition(b"\n")
        if hint != 431:
            self._answer(ApiError("BAD_REQUEST", msg))
        elif ended and len(line) <= HEAD_BYTES_MAX:
            self._answer(ApiError("HEADERS_TOO_LARGE", f"The headers are longer than {HEAD_BYTES_MAX} bytes."))
        else:
            self._answer(ApiError("URI_TOO_LONG", f"The request line is longer than {HEAD_BYTES_MAX} bytes."))

    def _answer(self, error: ApiError) -> None:
        body = problem_body(error, instance="", trace_id=secrets.token_hex(16))
        head = (
            b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
            b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n%b\r\n"
        ) % (error.status, _REASONS[error.status], len(body), b"retry-after: 1\r\n" if error.status == 503 else b"")
        self.transport.write(head + body)
        self.transport.close()

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()

    def _time_stall(self) -> None:
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(2 * self.write_stall_s, self.transport.abort)

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
