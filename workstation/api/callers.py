"""One subscription that is called back: what waits for it, when it is called next, and when it is given up.

A call carries a CloudEvents batch, signed as every webhook of this program (Standard Webhooks). Its `webhook-id`
follows from what it carries, so that the same batch sent again has the same one.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any

from workstation.api.engine import Engine
from workstation.api.errors import ApiError
from workstation.api.market_feed import MarketFeed, MarketFrame
from workstation.api.market_terms import Turns, terms_of, wish
from workstation.api.webhooks_dial import Answer, Dialler
from workstation.api.webhooks_secrets import Sealer, good_secrets, signed_headers
from workstation.commands.records import ChangeRecord
from workstation.domain.errors import InvariantError
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import SubscriptionStatus
from workstation.domain.times import NS_PER_S
from workstation.kernel.ids import stable_uid
from workstation.kernel.logs import get_logger

FAILURES_MAX = 8
"""Failed calls in a row after which a subscription is given up: about four minutes."""

CALL_GAP_S = 1.0
"""Least time between the begins of two calls, whatever the subscription asks for."""

DELAY_S, DELAY_S_MAX = 2.0, 60.0
"""Wait after the first failed call, doubled after each further one, and its bound."""

JITTER = 0.2
FRAMES_MAX = 100
"""Most pieces of news in one call; the rest goes with the next."""

IDLE_S = 60.0
GIVE_UP_AGAIN_S = 1.0
MEDIA_TYPE = "application/cloudevents-batch+json"
GONE = "the endpoint answered 410"
UNSIGNED = "it has no secret to sign with: resuming it makes one"
NO_RIGHT = "its user may not see market data here any more"
_log = get_logger("callbacks")
_jitter = Random()  # its own, so that it disturbs nobody who seeds the common one


@dataclass
class Tally:
    """How the calls of a subscription went in this run. last: of the newest that was taken, UTC ns."""

    updates: int = 0
    last: int | None = None
    errors: int = 0
    last_error: str = ""


@dataclass(frozen=True, kw_only=True)
class Calling:
    """What every caller works with. may: whether a user of a tenant may see market data; timeout_s: of one call."""

    feed: MarketFeed
    engine: Engine
    dialler: Dialler
    sealer: Sealer
    may: Callable[[str, str], bool]
    timeout_s: Callable[[], float]
    now_ns: Callable[[], int]


class Caller:
    """Calls for one subscription until `end`. trouble: why it is to be given up from the start, "" for no reason.

    What nobody expects to fail is logged and gives the subscription up as well: it is never ACTIVE without a caller.
    """

    def __init__(self, calling: Calling, record: MarketSubscription, tally: Tally, trouble: str = "") -> None:
        self._calling, self._record, self._tally, self._trouble = calling, record, tally, trouble
        self._turns = Turns()
        self._place = self._failures = 0
        self._not_before = 0.0
        self._stirred = asyncio.Event()
        self._is_over = self._is_fresh = False
        self._stream = calling.feed.open("")
        self._follow()
        self._task = self._started()

    def take(self, record: MarketSubscription) -> None:
        """Take a change of the subscription; failures go on being counted, but for another address."""
        before, self._record = self._record, record
        if (record.callback_url, record.secret) != (before.callback_url, before.secret):
            self._failures, self._trouble, self._not_before = 0, "", 0.0
            self._stirred.set()
        self._follow()

    def end(self) -> asyncio.Task[None]:
        """Call no more and follow nothing; returns the task, which ends."""
        self._is_over = True
        self._calling.feed.close(self._stream)
        self._task.cancel()
        return self._task

    def _follow(self) -> None:
        """Follow what the subscription is about now, from the newest that is known."""
        self._turns.follow(terms_of([self._record]))
        self._place, self._is_fresh = 0, False
        wish(self._calling.feed, self._stream, self._turns.terms)

    def _started(self, pause_s: float = 0.0) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._run(pause_s), name=f"callback {self._record.id}")
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("callback_failed", subscription=self._record.id, error=repr(error))
        if not self._is_over:
            self._trouble = f"it failed inside this program: {type(error).__name__}"
            self._task = self._started(GIVE_UP_AGAIN_S)

    async def _run(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        while not self._calling.feed.stopping:
            if self._trouble:
                if await self._is_given_up():
                    return
            else:
                await self._turn()

    async def _turn(self) -> None:
        """Call with what is due, or wait until something is."""
        feed = self._calling.feed
        growth, now = feed.growth, monotonic()
        if now < self._not_before:
            self._stirred.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._not_before - now):
                    await self._stirred.wait()
            return
        self._is_fresh = self._is_fresh or feed.is_current
        if not self._is_fresh:
            await feed.news(growth, IDLE_S)
            return
        newer = feed.newer(self._place)
        self._turns.hear(newer)
        self._place = newer[-1].number if newer else self._place
        ready, wait_s = self._turns.ready(now, IDLE_S)
        if ready:
            await self._call(ready[:FRAMES_MAX], now)
        else:
            await feed.news(growth, wait_s)

    async def _call(self, frames: list[MarketFrame], now: float) -> None:
        calling, record, terms = self._calling, self._record, self._turns.terms
        if not calling.may(record.tenant, record.user_id):
            self._trouble = NO_RIGHT
            return
        now_ns = calling.now_ns()
        try:
            secrets = good_secrets(calling.sealer, record, now_ns)
        except InvariantError as error:
            self._trouble = str(error)
            return
        if not secrets or record.callback_url is None:
            self._trouble = UNSIGNED
            return
        bodies = [frame.body(record.tenant, with_metadata=terms[frame.key].with_metadata) for frame in frames]
        body = b"[%s]" % b",".join(bodies)
        message = stable_uid("callback", record.id, *(frame.envelope["id"] for frame in frames)).replace("-", "")
        headers = signed_headers(secrets, f"msg_{message}", now_ns // NS_PER_S, body) | {"Content-Type": MEDIA_TYPE}
        self._not_before = now + CALL_GAP_S
        answer = await calling.dialler.send(record.callback_url, headers, body, calling.timeout_s())
        self._note(frames, answer, record)

    def _note(self, frames: list[MarketFrame], answer: Answer, called: MarketSubscription) -> None:
        """Note how a call went. called: the subscription as it was then."""
        tally = self._tally
        if answer.is_success:
            tally.updates += len(frames)
            tally.last, tally.last_error, self._failures = self._calling.now_ns(), "", 0
            self._turns.tell(frames, monotonic())
            return
        tally.errors += 1
        tally.last_error = answer.error or f"the endpoint answered {answer.status}"
        if called.callback_url != self._record.callback_url:
            return  # the address has changed since: the failures of the new one are counted alone
        self._failures += 1
        delay_s = min(DELAY_S * 2 ** (self._failures - 1), DELAY_S_MAX) * _jitter.uniform(1 - JITTER, 1 + JITTER)
        self._not_before = monotonic() + delay_s
        if answer.is_gone:
            self._trouble = GONE
        elif self._failures >= FAILURES_MAX:
            self._trouble = f"{self._failures} calls failed in a row, the last one: {tally.last_error}"

    async def _is_given_up(self) -> bool:
        """Put the subscription into ERROR; False when that could not be done, and the next look is due."""
        record, why = self._record, self._trouble
        changes: dict[str, Any] = {"status": SubscriptionStatus.ERROR, "trouble": why}
        params = ChangeRecord(id=record.id, tenant=record.tenant, changes=changes, expected_version=record.row_version)
        origin = Origin(kind=OriginKind.REST, detail="callbacks", user="local")
        try:
            result = await self._calling.engine.call("market_subscription.update", params, origin)
        except ApiError as error:
            _log.warning("callback_not_given_up", subscription=record.id, reason=error.detail)
        else:
            if result.ok:
                _log.info("callback_given_up", subscription=record.id, reason=why)
                return True
            if result.code == "NOT_FOUND":
                return True
            _log.info("callback_not_given_up", subscription=record.id, reason=result.text)
        await asyncio.sleep(GIVE_UP_AGAIN_S)
        return False
