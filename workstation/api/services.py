"""What routes work with, put together once by the server on its own thread."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from workstation.api.callbacks import Callbacks
from workstation.api.credentials import Credentials
from workstation.api.cursors import Cursors
from workstation.api.engine import Engine, News
from workstation.api.event_feed import EventFeed
from workstation.api.idempotency import Idempotency
from workstation.api.key_uses import KeyUseKeeper
from workstation.api.market_feed import MarketFeed
from workstation.api.marks import Marks
from workstation.api.meters import Meters
from workstation.api.names import Names
from workstation.api.options import ApiOptions
from workstation.api.order_texts import OrderTexts
from workstation.api.tuned import Tuned
from workstation.api.turnstile import READ_NS, Turnstile
from workstation.api.webhooks_secrets import Sealer
from workstation.api.webhooks_sender import Sender
from workstation.api.webhooks_targets import Targets
from workstation.commands.registry import CommandRegistry
from workstation.config.board import ConfigBoard
from workstation.ports.store import Reader
from workstation.viewmodels.session import Session

P = ParamSpec("P")
T = TypeVar("T")
ORDER_LOCKS_MAX = 10_000


@dataclass(frozen=True)
class Services:
    """The engine's doors and the API's own parts."""

    session: Session
    reader: Reader
    engine: Engine
    news: News
    marks: Marks
    feed: EventFeed
    market_feed: MarketFeed
    callbacks: Callbacks
    names: Names
    order_texts: OrderTexts
    idempotency: Idempotency
    credentials: Credentials
    cursors: Cursors
    options: ApiOptions
    tuned: Tuned
    readiness: Callable[[], dict[str, bool]]
    version: str
    now_ns: Callable[[], int]
    pool: ThreadPoolExecutor
    commands: CommandRegistry
    config: ConfigBoard
    meters: Meters
    sealer: Sealer
    targets: Targets
    webhooks: Sender
    key_uses: KeyUseKeeper
    turnstile: Turnstile
    order_locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    installation: "Services | None" = None

    @property
    def whole(self) -> "Services":
        """What these are a tenant's view of; only for what a token of another tenant opens."""
        return self.installation or self

    async def read(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one short read on a reading thread."""
        turnstile = self.turnstile

        def charged() -> T:
            began = time.thread_time_ns()
            try:
                return call(*args, **kwargs)
            finally:
                turnstile.charge(time.thread_time_ns() - began - READ_NS)

        turnstile.charge(READ_NS)
        return await asyncio.get_running_loop().run_in_executor(self.pool, charged)

    def order_lock(self, uid: str) -> asyncio.Lock:
        """Return the lock that puts the changes of one order in a row, so that of two with one ETag one wins."""
        lock = self.order_locks.get(uid)
        if lock is None:
            if len(self.order_locks) >= ORDER_LOCKS_MAX:
                for idle in [key for key, held in self.order_locks.items() if not held.locked()]:
                    del self.order_locks[idle]
            lock = self.order_locks[uid] = asyncio.Lock()
        return lock
