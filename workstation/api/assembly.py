"""The API put together on its own thread: services, application, guard, and the HTTP server around them."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import msgspec
import uvicorn

from workstation.api.application import build
from workstation.api.callbacks import Callbacks
from workstation.api.callers import Calling
from workstation.api.credentials import Credentials, user_id
from workstation.api.cursors import Cursors
from workstation.api.directory import Directory
from workstation.api.engine import Engine, News
from workstation.api.envelopes import Envelopes
from workstation.api.event_feed import EventFeed
from workstation.api.guard import Guard
from workstation.api.idempotency import Idempotency
from workstation.api.key_uses import KeyUseKeeper, Read
from workstation.api.listening import Listener, Pace
from workstation.api.market_feed import MarketFeed
from workstation.api.marks import Marks
from workstation.api.meters import Meters
from workstation.api.names import Names
from workstation.api.options import ApiOptions
from workstation.api.order_texts import OrderTexts
from workstation.api.proofs import Tokens
from workstation.api.protocol import BoundedProtocol
from workstation.api.request_log import Note, Watch, nobody
from workstation.api.services import Services
from workstation.api.tuned import Tuned
from workstation.api.turnstile import Turnstile
from workstation.api.webhooks_dial import Dialler
from workstation.api.webhooks_outbox import Outbox
from workstation.api.webhooks_secrets import Sealer
from workstation.api.webhooks_sender import Sender
from workstation.api.webhooks_targets import Targets
from workstation.commands.records_identity import tenant_key
from workstation.commands.registry import CommandRegistry, Gateway
from workstation.config.board import ConfigBoard
from workstation.domain.errors import StorageError
from workstation.domain.records import LOCAL_TENANT, ApiKey, Member, Record, Tenant, User, UserSession
from workstation.ports.store import Reader, RecordQuery
from workstation.viewmodels.session import Session

GRACE_S = 2
RECORDS_READ = 500
"""Records read at once at the start."""

DATE_S = 1.0


class HttpServer(uvicorn.Server):
    """The library's server without its hands on signals, and without its ten looks a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def finish(self) -> None:
        """Stop serving: answer what is in flight within GRACE_S, then close."""
        self.should_exit = True
        self._ending.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the process's signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on the sockets, at the pace of `listening` where the loop lets others watch them."""
        loop, pace = asyncio.get_running_loop(), Pace()
        try:
            listening: Any = [Listener(loop, bound, self._protocol, pace) for bound in sockets or ()]
            self.servers = listening
        except NotImplementedError:
            await super().startup(sockets)
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(config=self.config, server_state=self.server_state, app_state={})
        return made

    async def main_loop(self) -> None:
        """Keep the Date header current until the end is asked for."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_S):
                    await self._ending.wait()


class _Doors(NamedTuple):
    """What goes out is made of: webhooks and callbacks."""

    reader: Reader
    read: Read
    engine: Engine
    news: News
    now_ns: Callable[[], int]
    sealer: Sealer
    targets: Targets


def assemble(
    *,
    session: Session,
    gateway: Gateway,
    reader: Reader,
    options: ApiOptions,
    readiness: Callable[[], dict[str, bool]],
    version: str,
    now_ns: Callable[[], int],
    port: int,
    secret: str,
    token: str,
    pool: ThreadPoolExecutor,
    commands: CommandRegistry,
    config: ConfigBoard,
) -> Services:
    """Return the services, attached to the engine; call on the server's loop."""
    loop = asyncio.get_running_loop()
    names, news = Names(session.known or session.instruments, tuple(session.accounts), reader), News(session, loop)
    read = _reading(loop, pool)
    envelopes = Envelopes(reader, names)
    feed = EventFeed(reader, envelopes, read)
    news.listen(feed.wake)
    credentials = _credentials(reader, news, Credentials(token, options, time.monotonic_ns, now_ns, Tokens(secret)))
    engine = Engine(gateway, options.engine_timeout)
    sealer, targets, tuned = Sealer(secret), Targets(options.webhook_hosts, port), Tuned(options)
    doors = _Doors(reader, read, engine, news, now_ns, sealer, targets)
    market_feed = _market_feed(engine, names, news, source=session.feed, now_ns=now_ns)
    return Services(
        session=session,
        reader=reader,
        engine=engine,
        news=news,
        marks=Marks(session, loop),
        feed=feed,
        market_feed=market_feed,
        callbacks=_callbacks(doors, market_feed, credentials.directory, tuned),
        names=names,
        order_texts=OrderTexts(names),
        credentials=credentials,
        idempotency=Idempotency(options.idempotency_hours, now_ns),
        cursors=Cursors(secret),
        options=options,
        tuned=tuned,
        readiness=readiness,
        version=version,
        now_ns=now_ns,
        pool=pool,
        commands=commands,
        config=config,
        meters=Meters(now_ns()),
        sealer=sealer,
        targets=targets,
        webhooks=_webhooks(doors, envelopes),
        key_uses=_kept_uses(credentials, reader, read),
        turnstile=Turnstile(options.share),
    )


def _market_feed(engine: Engine, names: Names, news: News, *, source: str, now_ns: Callable[[], int]) -> MarketFeed:
    """Let market data hear of who subscribes."""
    feed = MarketFeed(engine, names, source=source, boot=f"{now_ns():x}", now_ns=now_ns)
    news.listen_to_records(feed.on_record)
    return feed


def _callbacks(doors: _Doors, feed: MarketFeed, directory: Directory, tuned: Tuned) -> Callbacks:
    """Let callbacks hear of subscriptions, and begin to call."""
    calling = Calling(
        feed=feed,
        engine=doors.engine,
        dialler=Dialler(doors.targets),
        sealer=doors.sealer,
        may=partial(_may_see_markets, directory),
        timeout_s=lambda: tuned.webhook_timeout_s,
        now_ns=doors.now_ns,
    )
    callbacks = Callbacks(doors.reader, doors.read, calling)
    doors.news.listen_to_records(callbacks.learn)
    callbacks.start()
    return callbacks


def _reading(loop: asyncio.AbstractEventLoop, pool: ThreadPoolExecutor) -> Read:
    """Return what runs a short read on one of the pool's threads."""

    async def read(call: Callable[..., object], *args: object) -> object:
        return await loop.run_in_executor(pool, call, *args)

    return read


def _kept_uses(credentials: Credentials, reader: Reader, read: Read) -> KeyUseKeeper:
    """Begin to keep what keys are used for."""
    keeper = KeyUseKeeper(credentials.uses, reader.key_uses, read)
    keeper.start()
    return keeper


def _may_see_markets(directory: Directory, tenant: str, user: str) -> bool:
    """Tell whether a person may see market data; where people could not be read at the start, nobody is shut out."""
    is_known = directory.tenant(LOCAL_TENANT) is not None
    return not is_known or "marketdata:view" in directory.scopes(tenant, user_id(user))


def _webhooks(doors: _Doors, envelopes: Envelopes) -> Sender:
    """Let webhooks hear of events and of their own records, and begin to deliver."""
    sender = Sender(
        reader=doors.reader,
        outbox=Outbox(doors.reader, envelopes, doors.now_ns),
        dialler=Dialler(doors.targets),
        sealer=doors.sealer,
        engine=doors.engine,
        read=doors.read,
        now_ns=doors.now_ns,
    )
    doors.news.listen(sender.hear)
    doors.news.listen_to_records(sender.learn)
    sender.start()
    return sender


def _credentials(reader: Reader, news: News, credentials: Credentials) -> Credentials:
    """Let `credentials` know whoever may call; where the database cannot be read, the local token is alone."""
    news.listen_to_records(credentials.learn)
    with contextlib.suppress(StorageError):
        tenants = [record for record in _all(reader, Tenant, LOCAL_TENANT) if isinstance(record, Tenant)]
        for record in (*tenants, *_all(reader, User, LOCAL_TENANT), *_all(reader, UserSession, LOCAL_TENANT)):
            credentials.learn(record)
        for tenant in tenants:
            for record in (*_all(reader, Member, tenant_key(tenant.id)), *_all(reader, ApiKey, tenant_key(tenant.id))):
                credentials.learn(record)
    return credentials


def _all(reader: Reader, kind: type[Record], tenant: str) -> Iterator[Record]:
    """Yield a tenant's living records of a kind, oldest first."""
    page = RecordQuery(tenant=tenant, ordering=("created_at",), limit=RECORDS_READ, with_count=False)
    while True:
        found = reader.records(kind, page)
        yield from found.rows
        if not found.has_next:
            return
        page = msgspec.structs.replace(page, offset=page.offset + RECORDS_READ)


def http_server(
    services: Services, *, port: int, keep_alive_s: int, head_bytes: int, note: Note = nobody
) -> HttpServer:
    """Return the HTTP server with the guard outermost. note: hears of each answered request."""
    guard = Guard(
        build(services),
        port=port,
        credentials=services.credentials,
        allowed_origins=services.options.allowed_origins,
        mono_ns=time.monotonic_ns,
        watch=Watch(note, services.now_ns, time.monotonic_ns),
    )
    config = uvicorn.Config(
        guard,
        http=type(
            "_Protocol",
            (BoundedProtocol,),
            {
                "head_timeout_s": services.options.head_timeout,
                "write_stall_s": services.options.write_stall,
                "turnstile": services.turnstile,
            },
        ),
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=keep_alive_s,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=head_bytes,
    )
    return HttpServer(config)
