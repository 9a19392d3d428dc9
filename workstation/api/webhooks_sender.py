"""The sender: makes deliveries of new events and tries each until it is taken or given up.

Lives on the API's loop. What is under way at a stop or a crash is tried again after the start, under the same
`webhook-id`: at least once. Delays double with jitter from the webhook's own; after its last retry a delivery is DEAD.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, repeat
from random import Random
from typing import Any

import msgspec

from workstation.api.engine import Engine
from workstation.api.standing import StandingTask
from workstation.api.webhooks_dial import Answer, Dialler
from workstation.api.webhooks_outbox import Outbox
from workstation.api.webhooks_secrets import Sealer, good_secrets, signed_headers
from workstation.commands.records import ChangeRecord
from workstation.domain.errors import InvariantError, WorkstationError
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import Record, Webhook
from workstation.domain.times import NS_PER_S
from workstation.kernel.logs import get_logger
from workstation.ports.deliveries import Delivery, DeliveryStatus
from workstation.ports.store import Reader

AT_ONCE_MAX = 8
"""Attempts under way at one time."""

POLL_S = 0.5
COMMIT_LOOK_S = 0.02
DELAY_S_MAX = 24 * 3_600.0
JITTER = 0.2
"""By how much of itself a delay is made longer or shorter at most."""

ASIDE_S = 60.0
"""How long a delivery that failed inside this program is left alone, so that it is not sent again and again."""

GONE = "the endpoint answered 410"
_log = get_logger("webhooks")
_jitter = Random()  # its own, so that it disturbs nobody who seeds the common one

Read = Callable[..., Awaitable[Any]]


class Sender:
    """Tells webhooks. read: runs a call on a reading thread; now_ns: wall time, UTC ns."""

    def __init__(
        self,
        *,
        reader: Reader,
        outbox: Outbox,
        dialler: Dialler,
        sealer: Sealer,
        engine: Engine,
        read: Read,
        now_ns: Callable[[], int],
    ) -> None:
        self._reader, self._outbox, self._dialler, self._sealer = reader, outbox, dialler, sealer
        self._engine, self._read, self._now_ns = engine, read, now_ns
        self._woken = asyncio.Event()
        self._is_due = True
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._aside: set[str] = set()
        self._running = StandingTask("webhooks", self._run)

    @property
    def under_way(self) -> int:
        """How many deliveries are being told."""
        return len(self._under_way)

    def start(self) -> None:
        """Begin; does nothing where deliveries cannot be written."""
        if self._reader.deliveries.is_writable:
            self._running.start()

    def hear(self) -> None:
        """Look for events: there is news. Costs nothing while there is nobody to tell."""
        if not self._outbox.is_idle:
            self._woken.set()

    def wake(self) -> None:
        """Look for deliveries: one was made or is due again."""
        self._is_due = True
        self._woken.set()

    def learn(self, record: Record) -> None:
        """Note that a record was saved: when it is a webhook, who is told may have changed."""
        if isinstance(record, Webhook):
            self._outbox.forget()
            self._woken.set()

    async def stop(self) -> None:
        """End at once; what is under way is tried again at the next start."""
        await self._running.stop()
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._dialler.close()

    async def _run(self) -> None:
        while True:
            woken = await self._wait()
            if not woken:
                self._outbox.forget()
            try:
                made = await self._read(self._outbox.advance)
                if woken and not made and not self._outbox.is_idle:
                    await asyncio.sleep(COMMIT_LOOK_S)  # what the engine has told is committed a moment later
                    made = await self._read(self._outbox.advance)
                if made or self._is_due or not woken:
                    self._is_due = False
                    await self._begin_due()
            except WorkstationError as error:
                _log.warning("webhooks_wait", reason=str(error))

    async def _wait(self) -> bool:
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def _begin_due(self) -> None:
        room = AT_ONCE_MAX - len(self._under_way)
        if room <= 0:
            return
        passed_over = len(self._under_way) + len(self._aside)
        due = await self._read(self._reader.deliveries.due, self._now_ns(), passed_over + room)
        for delivery in due:
            if delivery.id in self._aside:
                continue
            if delivery.id not in self._under_way and len(self._under_way) < AT_ONCE_MAX:
                task = asyncio.get_running_loop().create_task(self._attempt(delivery))
                self._under_way[delivery.id] = task
                task.add_done_callback(partial(self._ended, delivery.id))

    def _ended(self, delivery_id: str, task: asyncio.Task[None]) -> None:
        del self._under_way[delivery_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("delivery_failed", delivery=delivery_id, error=repr(error), again_s=ASIDE_S)
            self._aside.add(delivery_id)
            asyncio.get_running_loop().call_later(ASIDE_S, self._aside.discard, delivery_id)
        else:
            self.wake()

    async def _attempt(self, delivery: Delivery) -> None:
        hook = await self._read(self._reader.record, Webhook, delivery.tenant, delivery.webhook_id)
        if hook is None or not hook.is_active:
            await self._keep(_given_up(delivery, self._now_ns(), "the webhook is switched off or deleted"))
            return
        now = self._now_ns()
        try:
            secrets = good_secrets(self._sealer, hook, now)
        except InvariantError as error:
            await self._keep(_given_up(delivery, now, str(error)))
            return
        headers = signed_headers(secrets, delivery.message_id, now // NS_PER_S, delivery.payload)
        answer = await self._dialler.send(hook.endpoint_url, headers, delivery.payload, hook.timeout_s)
        after = outcome(delivery, hook, answer, self._now_ns())
        await self._keep(after)
        if answer.is_gone:
            await self._change(hook, {"is_active": False, "disabled_reason": GONE})
        if after.status is DeliveryStatus.DEAD:
            await self._change(hook, {"last_dead": after.id})

    async def _keep(self, delivery: Delivery) -> None:
        """Store what became of a delivery; while that fails, it is not sent again either."""
        for pause_s in chain((0.0,), repeat(POLL_S)):
            await asyncio.sleep(pause_s)
            if await self._read(self._reader.deliveries.save, delivery):
                return

    async def _change(self, hook: Webhook, changes: dict[str, Any]) -> None:
        origin = Origin(kind=OriginKind.REST, detail="webhooks", user="local")
        params = ChangeRecord(id=hook.id, tenant=hook.tenant, changes=changes)
        result = await self._engine.call("webhook.update", params, origin)
        if not result.ok:
            _log.warning("webhook_unchanged", webhook=hook.id, reason=result.text)


def outcome(delivery: Delivery, hook: Webhook, answer: Answer, now_ns: int) -> Delivery:
    """Return a delivery after one more attempt."""
    tried = msgspec.structs.replace(
        delivery,
        attempt_count=delivery.attempt_count + 1,
        response_status=answer.status,
        response_headers=dict(answer.headers) if answer.status is not None else None,
        response_body=answer.body,
        error=answer.error,
        updated_at=now_ns,
    )
    if answer.is_success:
        return msgspec.structs.replace(
            tried, status=DeliveryStatus.DELIVERED, delivered_at=now_ns, next_attempt_at=None
        )
    if answer.is_gone or tried.attempt_count > hook.max_retries:
        return _given_up(tried, now_ns, answer.error)
    delay_s = min(hook.retry_delay_s * 2 ** (tried.attempt_count - 1), DELAY_S_MAX) * _jitter.uniform(
        1 - JITTER, 1 + JITTER
    )
    return msgspec.structs.replace(
        tried, status=DeliveryStatus.RETRYING, next_attempt_at=now_ns + int(delay_s * NS_PER_S)
    )


def _given_up(delivery: Delivery, now_ns: int, error: str) -> Delivery:
    return msgspec.structs.replace(
        delivery, status=DeliveryStatus.DEAD, next_attempt_at=None, updated_at=now_ns, error=error
    )
