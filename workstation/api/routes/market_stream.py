"""The market-data stream: news of what a user subscribes to, no faster than he asked for, as server-sent events."""

from collections.abc import AsyncIterator
from time import monotonic

import msgspec

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, StreamAnswer, invalid
from workstation.api.event_types import is_of_type
from workstation.api.market_feed import Key, MarketFrame
from workstation.api.market_terms import Terms, Turns, terms_of, wish
from workstation.api.options import STREAMS_MAX, STREAMS_PER_CREDENTIAL_MAX
from workstation.api.routes.subscriptions import subscriptions
from workstation.api.schemas.market_stream import MarketStream, place_of_id
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import DeliveryMethod, SubscriptionStatus

routes = Routes()

PING_S = 15.0
CURRENT_S = 1.0
"""How long a new stream waits at most for the engine to tell it the newest."""

PENDING_MAX = 1_000
"""Newest frames that may wait for one stream after conflation; beyond, it is too slow."""


@routes.add("GET", "/marketdata/stream", scope="marketdata:view", query=MarketStream, answers={}, is_stream=True)
async def stream_market_data(call: Call) -> Answer:
    """Follow the market as it moves, as server-sent events."""
    asked: MarketStream = call.query
    feed, events, credential = call.services.market_feed, call.services.feed, call.credential.id
    place = _place(call.header(b"last-event-id") or asked.since_id)
    terms = _streamed(await subscriptions(call), call.credential.user)
    if asked.symbols is not None:
        followed = {symbol for symbol, _ in terms}
        missing = [name for name in asked.symbols if call.services.names.symbol_key(name) not in followed]
        if missing:
            error = invalid("symbols", "names what has no active subscription", location="query")
            error.details["symbols"] = missing
            raise error
    for most, current in (
        (STREAMS_PER_CREDENTIAL_MAX, feed.count(credential) + events.count(credential)),
        (STREAMS_MAX, feed.count() + events.count()),
    ):
        if current >= most:
            raise ApiError("QUOTA_EXCEEDED", "Too many open streams.", {"limit": most, "current": current})
    stream = feed.open(credential)
    follower = _Follower(call, asked, stream, place)
    return StreamAnswer(
        200,
        headers={"X-Accel-Buffering": "no"},
        media_type="text/event-stream",
        frames=follower.frames(),
        cut=follower.cut,
        ended=lambda: feed.close(stream),
    )


class _Follower:
    """One stream: its place, what it follows on which terms, and what waits for its turn."""

    def __init__(self, call: Call, asked: MarketStream, stream: int, place: tuple[str, int] | None) -> None:
        self._call, self._asked, self._stream, self._asked_place = call, asked, stream, place
        self._feed, self._user = call.services.market_feed, call.credential.user
        self._revision = -1
        self._turns = Turns()
        self._place = 0

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames until a reset of a slow reader, the credential's end, or the server's stop."""
        feed = self._feed
        yield b"retry: 2000\n\n"
        if (lost := self._lost()) is not None:
            yield _reset(lost, feed.boot, feed.floor, feed.number)
        live = False
        await self._look_at_subscriptions()
        await self._wait_for_the_newest()
        while not feed.stopping and self._call.services.credentials.is_alive(self._call.credential):
            growth = feed.growth
            await self._look_at_subscriptions()
            newer = feed.newer(self._place)
            self._turns.hear(newer)
            self._place = newer[-1].number if newer else self._place
            if live and self._turns.pending > PENDING_MAX:
                yield await self.cut()
                return
            now = monotonic()
            ready, wait_s = self._turns.ready(now, PING_S)
            self._turns.tell(ready, now)
            for frame in ready:
                yield self._told_frame(frame)
            live = True
            if not ready and not await feed.news(growth, wait_s) and wait_s == PING_S:
                yield b": ping\n\n"

    async def _wait_for_the_newest(self) -> None:
        """Let what is followed now be asked for first: frames of before may be old. At most CURRENT_S."""
        feed, until = self._feed, monotonic() + CURRENT_S
        while not (feed.is_current or feed.stopping) and (left_s := until - monotonic()) > 0:
            await feed.news(feed.growth, left_s)

    async def cut(self) -> bytes:
        """Return the reset that ends a stream whose client is too slow."""
        return _reset("slow_consumer", self._feed.boot, self._feed.floor, self._feed.number)

    def _lost(self) -> str | None:
        """Take the place that was asked for; returns why it cannot be taken, None when it can."""
        feed, asked = self._feed, self._asked_place
        if asked is None:
            return None
        boot, number = asked
        if boot != feed.boot or not feed.floor <= number <= feed.number:
            return "out_of_range"
        self._place = number
        return None

    async def _look_at_subscriptions(self) -> None:
        """Follow what the user subscribes to now, where that has changed."""
        revision = self._feed.revision[self._user]
        if revision == self._revision:
            return
        self._revision = revision
        names, chosen = self._call.services.names, self._asked.symbols
        wanted = None if chosen is None else {names.symbol_key(symbol) for symbol in chosen}
        self._turns.follow(
            {
                (symbol, name): terms
                for (symbol, name), terms in _streamed(await subscriptions(self._call), self._user).items()
                if (wanted is None or symbol in wanted) and is_of_type(name, self._asked.types)
            }
        )
        wish(self._feed, self._stream, self._turns.terms)

    def _told_frame(self, frame: MarketFrame) -> bytes:
        self._feed.note_told(self._user, frame)
        tenant = self._call.credential.tenant
        body = frame.body(tenant, with_metadata=self._turns.terms[frame.key].with_metadata)
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (frame.envelope["id"].encode(), frame.type.encode(), body)


def _streamed(found: list[MarketSubscription], user: str) -> dict[Key, Terms]:
    """Return on which terms a user's streams tell each symbol and type; what is called back is not streamed as well."""
    return terms_of(
        record
        for record in found
        if record.user_id == user
        and record.status is SubscriptionStatus.ACTIVE
        and record.delivery_method is not DeliveryMethod.WEBHOOK
    )


def _place(text: str | None) -> tuple[str, int] | None:
    try:
        return place_of_id(text) if text else None
    except ValueError as error:
        raise ApiError("INVALID_EVENT_ID", str(error)) from None


def _reset(reason: str, boot: str, oldest: int, newest: int) -> bytes:
    about = {"reason": reason, "oldest_id": f"{boot}.{oldest}", "newest_id": f"{boot}.{newest}"}
    return b"event: reset\ndata: %s\n\n" % msgspec.json.encode(about)
