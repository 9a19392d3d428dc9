"""Uses of API keys: counted in memory at each call, kept at most once a minute and when the service stops.

On the API's loop. A request never waits for it and makes no event; what could not be kept is offered again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from workstation.api.standing import StandingTask
from workstation.domain.errors import StorageError
from workstation.ports.key_uses import KeyUse, KeyUses

KEEP_S = 60.0
"""Shortest time between two writes of one key's uses."""

Read = Callable[..., Awaitable[Any]]


class KeyTally:
    """Uses of every key: all that is known, and what is not kept yet."""

    def __init__(self) -> None:
        self._all: dict[str, KeyUse] = {}
        self._unkept: dict[str, KeyUse] = {}

    def learn(self, uses: Iterable[KeyUse]) -> None:
        """Take what was kept before this start."""
        self._all.update((use.key_id, use) for use in uses)

    def hit(self, tenant: str, key_id: str, now_ns: int) -> None:
        """Count one accepted call."""
        use = KeyUse(tenant=tenant, key_id=key_id, last_used_at=now_ns, uses=1)
        for table in (self._all, self._unkept):
            table[key_id] = _sum(table.get(key_id), use)

    def of(self, key_id: str) -> KeyUse | None:
        """Return a key's uses, None for one that was never used."""
        return self._all.get(key_id)

    def take(self) -> tuple[KeyUse, ...]:
        """Return, once, what is not kept yet."""
        taken, self._unkept = tuple(self._unkept.values()), {}
        return taken

    def give_back(self, uses: Iterable[KeyUse]) -> None:
        """Take what could not be kept back among what is not."""
        for use in uses:
            later = self._unkept.get(use.key_id)
            self._unkept[use.key_id] = use if later is None else _sum(use, later)


class KeyUseKeeper:
    """Keeps a tally in the store. read: runs a call on a reading thread."""

    def __init__(self, tally: KeyTally, kept: KeyUses, read: Read, *, every_s: float = KEEP_S) -> None:
        self._tally, self._kept, self._read, self._every_s = tally, kept, read, every_s
        self._running = StandingTask("key uses", self._run)

    def start(self) -> None:
        """Begin, with what was kept before; where that cannot be read, from nothing."""
        with contextlib.suppress(StorageError):
            self._tally.learn(self._kept.every())
        self._running.start()

    async def keep(self) -> None:
        """Keep what is not kept yet."""
        uses = self._tally.take()
        if uses and not await self._read(self._kept.add, uses):
            self._tally.give_back(uses)

    async def stop(self) -> None:
        """End, after what is not kept yet."""
        await self._running.stop()
        await self.keep()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self.keep()


def _sum(known: KeyUse | None, use: KeyUse) -> KeyUse:
    uses = use.uses if known is None else known.uses + use.uses
    return KeyUse(tenant=use.tenant, key_id=use.key_id, last_used_at=use.last_used_at, uses=uses)
