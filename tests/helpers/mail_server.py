"""A real SMTP server of one test: takes mail over a socket, asks for a password, and can refuse for a while."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from email import message_from_string
from email.message import Message
from typing import Self


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on a port of its own. refusals: how many connections it turns away first; context: speaks TLS."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *, refusals: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.refusals, self.context = refusals, context
        self.mails: list[Message] = []
        self.logins: list[tuple[str, str]] = []
        self.taken = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, name="mail-server").start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that hangs up."""


class _Dialogue(socketserver.StreamRequestHandler):
    server: MailServer

    def setup(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        if self.server.refusals > 0:
            self.server.refusals -= 1
            self._say("421 come again later")
            return
        self._say("220 test ESMTP")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self._say("250-test\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                self.server.logins.append((user, password))
                self._say("235 welcome" if password == "opensesame" else "535 wrong password")
            elif verb == "DATA":
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
            lines.append(line)
        self.server.mails.append(message_from_string("".join(lines)))
        self._say("250 taken")
        self.server.taken.set()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
