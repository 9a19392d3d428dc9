"""A receiver of webhooks: a plain HTTP server on a free port that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

WAIT_S = 20.0


class Message(NamedTuple):
    """One message as it came. headers: names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class HookReceiver:
    """`answers`: statuses for the next messages, 200 when there are no more. answer_body: of every answer."""

    def __init__(self, port: int = 0) -> None:
        self.messages: list[Message] = []
        self.answers: deque[int] = deque()
        self.answer_body = b""
        self.answer_headers: dict[str, str] = {}
        self.held = threading.Event()
        self.held.set()
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver._take(Message(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(status)
                for name, value in receiver.answer_headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(receiver.answer_body)))
                self.end_headers()
                self.wfile.write(receiver.answer_body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Let a caller go who has hung up."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="hook-receiver")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, fits: Callable[[list[Message]], bool], what: str) -> list[Message]:
        """Return the messages once they fit."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: fits(self.messages), WAIT_S), (what, len(self.messages))
            return list(self.messages)

    def wait_for(self, count: int) -> list[Message]:
        """Return the messages once there are so many."""
        return self.wait(lambda found: len(found) >= count, f"{count} messages")

    def _take(self, message: Message) -> int:
        with self._arrived:
            self.messages.append(message)
            status = self.answers.popleft() if self.answers else 200
            self._arrived.notify_all()
        self.held.wait(WAIT_S)
        return status
