"""A line that fails: passes calls on to a service and loses answers, after the service has given them."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

CHUNK = 65_536


class CuttingProxy:
    """Listens on a free port. cut: how many answers are lost from now on; passed: how many calls went through."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cut = 0
        self.passed = 0
        self._thread = threading.Thread(target=self._serve, name="cutting-proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self._target)) as service:
                self._pass(client, service)

    def _pass(self, client: socket.socket, service: socket.socket) -> None:
        """Pass one call on: as `Connection: close`, so that the answer's end is the connection's."""
        request = client.recv(CHUNK)
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += client.recv(CHUNK)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"host:"))]
        host = b"Host: 127.0.0.1:%d" % self._target
        service.sendall(b"\r\n".join([lines[0], host, b"Connection: close", *lines[1:], b"", body]))
        answer = b""
        while chunk := service.recv(CHUNK):
            answer += chunk
        self.passed += 1
        if self.cut:
            self.cut -= 1
        else:
            client.sendall(answer)
