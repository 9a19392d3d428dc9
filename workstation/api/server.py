"""The server: sockets bound here, a thread and a loop of its own, the token file. The door for the composition root.

The engine exists before and after it; starting attaches, stopping detaches. The web stack is imported on the server's
thread, so that no window waits for it. A port that is taken is a `UserError`, never the end of the program.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.api.options import (
    HEAD_BYTES_MAX,
    KEEP_ALIVE_S,
    READ_THREADS,
    STOP_TIMEOUT_S,
    ApiOptions,
)
from workstation.api.request_log import Note, nobody
from workstation.api.token_file import (
    SCHEMA,
    TokenFile,
    known_accounts,
    lasting_secret,
    local_credential,
    remove_token_file,
    secret_file,
    write_token_file,
)
from workstation.commands.registry import CommandRegistry, Gateway
from workstation.config.board import ConfigBoard
from workstation.config.settings import Settings
from workstation.domain.errors import UserError
from workstation.kernel.logs import get_logger
from workstation.ports.store import Reader
from workstation.viewmodels.session import Session

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from workstation.api.assembly import HttpServer
    from workstation.api.services import Services

START_TIMEOUT_S = 30.0
READY_LOOK_S = 0.002
BIND_TRIES = 20
"""How many free ports are tried when any will do, until one is free on both loopback addresses."""

_log = get_logger("api")


class ApiServer:
    """The REST interface of one running engine.

    readiness: state of parts by name, for `/health/ready`. now_ns: wall time, UTC ns. commands: those that `/commands`
    offers, none unless given. config: the settings that `/system/config` shows, else those beside the token file.
    note: hears of each answered request.
    """

    def __init__(
        self,
        *,
        session: Session,
        gateway: Gateway,
        reader: Reader,
        token_file: Path,
        options: ApiOptions,
        readiness: Callable[[], dict[str, bool]],
        version: str,
        now_ns: Callable[[], int] = time.time_ns,
        commands: CommandRegistry | None = None,
        config: ConfigBoard | None = None,
        note: Note = nobody,
    ) -> None:
        self._session, self._gateway, self._reader = session, gateway, reader
        self._token_file, self._options = token_file, options
        self._readiness, self._version, self._now_ns = readiness, version, now_ns
        self._commands = commands or CommandRegistry()
        self._config = config or ConfigBoard(token_file.with_name("config.toml"), Settings())
        self._note = note
        self._token = ""
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._trouble: BaseException | None = None
        self._server: HttpServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._services: Services | None = None
        self._ending: asyncio.Task[None] | None = None
        self.url = ""

    def start(self) -> str:
        """Serve, and return the URL once requests are answered.

        Raises:
            UserError: the port is taken, or the token file cannot be written.
        """
        sockets = _bind(self._options.port)
        port = int(sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._token = self._new_token()
            self._start_thread(sockets, port)
            self._write_token(port)
        except OSError as error:
            self.stop()
            raise UserError(f"the API token file cannot be written: {error}") from error
        finally:
            if self._thread is None:
                for bound in sockets:
                    bound.close()
        return self.url

    @property
    def local_credential(self) -> str:
        """Id under which orders of the local token are kept."""
        return local_credential(self._token)

    def stop(self) -> None:
        """Answer what is in flight, end streams, close, and remove the token file; waits at most STOP_TIMEOUT_S."""
        remove_token_file(self._token_file, self._token)
        thread, loop = self._thread, self._loop
        if thread is None:
            return
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(self._begin_stop)
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            _log.error("api.stop.late", limit_s=STOP_TIMEOUT_S)
        self._thread = None

    def _new_token(self) -> str:
        if self._options.pin_token:
            return lasting_secret(self._token_file.with_name("api-token.pinned"))
        return secrets.token_hex(32)

    def _write_token(self, port: int) -> None:
        started_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._now_ns() // 1_000_000_000))
        content = TokenFile(
            schema=SCHEMA,
            url=self.url,
            port=port,
            token=self._token,
            pid=os.getpid(),
            started_at=started_at,
            accounts=known_accounts(self._session.accounts),
        )
        write_token_file(self._token_file, content)

    def _start_thread(self, sockets: list[socket.socket], port: int) -> None:
        secret = lasting_secret(secret_file(self._token_file))
        self._thread = threading.Thread(target=self._run, args=(sockets, port, secret), name="api", daemon=True)
        self._thread.start()
        if not self._started.wait(START_TIMEOUT_S) or self._trouble is not None:
            self.stop()
            raise UserError(f"the API did not start: {self._trouble or 'time is over'}")

    # The server's thread

    def _run(self, sockets: list[socket.socket], port: int, secret: str) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve(sockets, port, secret))
        except (OSError, SystemExit, ImportError) as error:
            self._trouble = error
        finally:
            self._started.set()
            for bound in sockets:
                bound.close()

    async def _serve(self, sockets: list[socket.socket], port: int, secret: str) -> None:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- beside the web stack, on this thread

        from workstation.api.assembly import assemble, http_server  # noqa: PLC0415 -- the web stack loads here

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(READ_THREADS, "api-read") as pool:
            _begin_all(pool)
            services = assemble(
                session=self._session,
                gateway=self._gateway,
                reader=self._reader,
                options=self._options,
                readiness=self._readiness,
                version=self._version,
                now_ns=self._now_ns,
                port=port,
                secret=secret,
                token=self._token,
                pool=pool,
                commands=self._commands,
                config=self._config,
            )
            self._services = services
            server = http_server(
                services, port=port, keep_alive_s=KEEP_ALIVE_S, head_bytes=HEAD_BYTES_MAX, note=self._note
            )
            self._server, self._loop = server, loop
            serving = loop.create_task(server.serve(sockets))
            loop.call_soon(self._announce, serving)
            try:
                await serving
            finally:
                await asyncio.gather(services.feed.stop(), services.market_feed.stop())
                await services.callbacks.stop()
                await services.webhooks.stop()
                await services.key_uses.stop()
                services.news.close()
                services.marks.close()

    def _announce(self, serving: "asyncio.Task[None]") -> None:
        """Say that requests are answered, as soon as the server listens on its sockets."""
        if serving.done() or (self._server is not None and self._server.started):
            self._started.set()
        else:
            asyncio.get_running_loop().call_later(READY_LOOK_S, self._announce, serving)

    def _begin_stop(self) -> None:
        server, services = self._server, self._services
        if server is None or services is None:
            return

        async def end() -> None:
            await asyncio.gather(services.feed.stop(), services.market_feed.stop())
            server.finish()

        self._ending = asyncio.get_running_loop().create_task(end())


def _bind(port: int) -> list[socket.socket]:
    """Return listening sockets on 127.0.0.1 and, where there is IPv6, on ::1 with the same port.

    Raises:
        UserError: the port is taken.
    """
    for _ in range(BIND_TRIES if port == 0 else 1):
        try:
            first = _listen(socket.AF_INET, "127.0.0.1", port)
        except OSError as error:
            raise UserError(f"API port {port} is taken: {error.strerror}") from error
        chosen = int(first.getsockname()[1])
        if not _has_ipv6():
            return [first]
        try:
            return [first, _listen(socket.AF_INET6, "::1", chosen)]
        except OSError as error:
            first.close()
            if port:
                raise UserError(f"API port {port} is taken on ::1: {error.strerror}") from error
    raise UserError("no free port on both loopback addresses")


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(256)
        made.setblocking(False)  # noqa: FBT003 -- the name of the call says it
    except OSError:
        made.close()
        raise
    return made


def _has_ipv6() -> bool:
    """Tell whether ::1 can be bound at all on this machine."""
    if not socket.has_ipv6:
        return False
    try:
        _listen(socket.AF_INET6, "::1", 0).close()
    except OSError:
        return False
    return True


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 -- not on every system
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _begin_all(pool: "ThreadPoolExecutor") -> None:
    """Start every reading thread now: each waits for all, so that none takes two turns; no call starts one later."""
    gate = threading.Barrier(READ_THREADS)
    for waiting in [pool.submit(gate.wait) for _ in range(READ_THREADS)]:
        waiting.result()
