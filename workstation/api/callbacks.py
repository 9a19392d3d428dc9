"""Callbacks: the news of subscriptions that name a `callback_url`, sent there signed, a batch of the newest at a time.

Lives on the API's loop. Each subscription has one caller with at most one call under way. Nothing is queued: what a
call did not bring over waits, and what is newer takes its place. After FAILURES_MAX failed calls in a row, or at a 410,
the subscription is in ERROR with the reason and is called no more until its owner resumes it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from workstation.api.callers import Caller, Calling, Tally
from workstation.api.schemas.subscriptions import Told
from workstation.api.standing import StandingTask
from workstation.domain.errors import StorageError
from workstation.domain.records import LOCAL_TENANT, MarketSubscription, Record, Tenant
from workstation.domain.records.market import DeliveryMethod, SubscriptionStatus
from workstation.kernel.logs import get_logger
from workstation.ports.store import Reader, RecordQuery

CALLBACKS_MAX = 50
"""Subscriptions that are called at one time, of all tenants."""

CALLBACKS_PER_USER_MAX = 20
RECORDS_READ = 500
READ_AGAIN_S = 1.0
_log = get_logger("callbacks")

Read = Callable[..., Awaitable[Any]]


class Callbacks:
    """Calls back. read: runs a call on a reading thread; calling: what callers work with."""

    def __init__(self, reader: Reader, read: Read, calling: Calling) -> None:
        self._reader, self._read, self._calling = reader, read, calling
        self._callers: dict[str, Caller] = {}
        self._tallies: dict[str, Tally] = {}
        self._versions: dict[str, int] = {}
        self._loading = StandingTask("callbacks", self._load)
        self._is_on = False

    def start(self) -> None:
        """Go on with the subscriptions that are kept; does nothing where their state cannot be written."""
        if self._reader.deliveries.is_writable:
            self._is_on = True
            self._loading.start()

    async def stop(self) -> None:
        """End at once; the next start goes on with what is newest then."""
        self._is_on = False
        await self._loading.stop()
        tasks = [caller.end() for caller in self._callers.values()]
        self._callers.clear()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._calling.dialler.close()

    @property
    def count(self) -> int:
        """How many subscriptions are called now."""
        return len(self._callers)

    def learn(self, record: Record) -> None:
        """Note that a record was saved: a subscription may begin, end or change what it is called about."""
        if not isinstance(record, MarketSubscription) or not self._is_on:
            return
        if self._loading.is_on:
            self._versions[record.id] = record.row_version
        self._apply(record)
        if record.deleted_at is not None:
            self._tallies.pop(record.id, None)

    def told(self, record: MarketSubscription) -> Told:
        """Return what this run has told of a subscription, and how its calls went."""
        tally = self._tallies.get(record.id) or Tally()
        return Told(tally.updates, tally.last, tally.errors, tally.last_error)

    def _apply(self, record: MarketSubscription) -> None:
        caller = self._callers.get(record.id)
        if caller is not None and record.is_called:
            caller.take(record)
        elif caller is not None:
            del self._callers[record.id]
            caller.end()
        elif record.is_called:
            tally = self._tallies.setdefault(record.id, Tally())
            trouble = "" if len(self._callers) < CALLBACKS_MAX else f"{CALLBACKS_MAX} callbacks are called already"
            self._callers[record.id] = Caller(self._calling, record, tally, trouble)

    async def _load(self) -> None:
        """Begin with what is kept; a record that was heard of meanwhile is known better."""
        while True:
            try:
                found = await self._read(called_subscriptions, self._reader)
                break
            except StorageError as error:
                _log.warning("callbacks_wait", reason=str(error))
                await asyncio.sleep(READ_AGAIN_S)
        for record in found:
            if record.row_version > self._versions.get(record.id, 0):
                self._apply(record)
        self._versions.clear()


def called_subscriptions(reader: Reader) -> list[MarketSubscription]:
    """Return the subscriptions of every tenant that are called back."""
    teams: list[Tenant] = _every(reader, Tenant, LOCAL_TENANT, {})
    chosen = {"status": SubscriptionStatus.ACTIVE.value, "delivery_method": DeliveryMethod.WEBHOOK.value}
    found: list[MarketSubscription] = []
    for tenant in (LOCAL_TENANT, *(team.id for team in teams)):
        found += _every(reader, MarketSubscription, tenant, chosen)
    return found


def _every(reader: Reader, kind: type[Any], tenant: str, equal: dict[str, Any]) -> list[Any]:
    rows: list[Any] = []
    while True:
        query = RecordQuery(tenant=tenant, equal=equal, limit=RECORDS_READ, offset=len(rows), with_count=False)
        page = reader.records(kind, query)
        rows += page.rows
        if not page.has_next:
            return rows
