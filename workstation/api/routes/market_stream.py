"""The market-data stream: news of what a user subscribes to, no faster than he asked for, as server-sent events."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

import msgspec

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, StreamAnswer, invalid
from workstation.api.market_feed import DEPTH, TYPES, Key, MarketFrame
from workstation.api.options import STREAMS_MAX, STREAMS_PER_CREDENTIAL_MAX
from workstation.api.routes.subscriptions import subscriptions
from workstation.api.schemas.market_stream import MarketStream, place_of_id
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import SubscriptionStatus, UpdateFrequency

routes = Routes()

PING_S = 15.0
PENDING_MAX = 1_000
"""Newest frames that may wait for one stream after conflation; beyond, it is too slow."""

_GAPS_S = {
    UpdateFrequency.REALTIME: 0.0,
    UpdateFrequency.SECOND: 1.0,
    UpdateFrequency.FIVE_SECONDS: 5.0,
    UpdateFrequency.QUARTER_MINUTE: 15.0,
    UpdateFrequency.MINUTE: 60.0,
    UpdateFrequency.FIVE_MINUTES: 300.0,
}


@dataclass(frozen=True)
class _Terms:
    """How one symbol and type is told: the most generous of the subscriptions that cover it."""

    gap_s: float
    price: Decimal
    volume: int
    with_metadata: bool


@routes.add("GET", "/marketdata/stream", scope="marketdata:view", query=MarketStream, answers={}, is_stream=True)
async def stream_market_data(call: Call) -> Answer:
    """Follow the market as it moves, as server-sent events."""
    asked: MarketStream = call.query
    feed, events, credential = call.services.market_feed, call.services.feed, call.credential.id
    place = _place(call.header(b"last-event-id") or asked.since_id)
    terms = _terms(await subscriptions(call), call.credential.user)
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
        self._terms: dict[Key, _Terms] = {}
        self._waiting: dict[Key, MarketFrame] = {}
        self._told: dict[Key, tuple[float, MarketFrame]] = {}
        self._place = 0

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames until a reset of a slow reader, the credential's end, or the server's stop."""
        feed = self._feed
        yield b"retry: 2000\n\n"
        if (lost := self._lost()) is not None:
            yield _reset(lost, feed.boot, feed.floor, feed.number)
        live = False
        while not feed.stopping and self._call.services.credentials.is_alive(self._call.credential):
            growth = feed.growth
            await self._look_at_subscriptions()
            newer = feed.newer(self._place)
            self._waiting.update((frame.key, frame) for frame in newer if frame.key in self._terms)
            self._place = newer[-1].number if newer else self._place
            if live and len(self._waiting) > PENDING_MAX:
                yield await self.cut()
                return
            ready, wait_s = self._ready(monotonic())
            for frame in ready:
                yield self._told_frame(frame)
            live = True
            if not ready and not await feed.news(growth, wait_s) and wait_s == PING_S:
                yield b": ping\n\n"

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
        self._terms = {
            (symbol, name): terms
            for (symbol, name), terms in _terms(await subscriptions(self._call), self._user).items()
            if (wanted is None or symbol in wanted) and _is_type(name, self._asked.types)
        }
        self._waiting = {key: frame for key, frame in self._waiting.items() if key in self._terms}
        quotes = frozenset(symbol for symbol, name in self._terms if name != DEPTH)
        self._feed.wish(self._stream, quotes, frozenset(symbol for symbol, name in self._terms if name == DEPTH))

    def _ready(self, now: float) -> tuple[list[MarketFrame], float]:
        """Return the frames whose turn it is, oldest first, and seconds until the next one's, at most PING_S."""
        ready, wait_s = [], PING_S
        for key, frame in list(self._waiting.items()):
            terms, earlier = self._terms[key], self._told.get(key)
            if earlier is not None and not _is_news(frame, earlier[1], terms):
                del self._waiting[key]
            elif earlier is not None and now < earlier[0] + terms.gap_s:
                wait_s = min(wait_s, earlier[0] + terms.gap_s - now)
            else:
                ready.append(self._waiting.pop(key))
                self._told[key] = (now, frame)
        return sorted(ready, key=lambda frame: frame.number), wait_s

    def _told_frame(self, frame: MarketFrame) -> bytes:
        self._feed.note_told(self._user, frame)
        body = frame.body(with_metadata=self._terms[frame.key].with_metadata)
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (frame.envelope["id"].encode(), frame.type.encode(), body)


def _terms(found: list[MarketSubscription], user: str) -> dict[Key, _Terms]:
    """Return on which terms each symbol and type is told to a user, by his active subscriptions."""
    terms: dict[Key, _Terms] = {}
    for record in found:
        if record.user_id != user or record.status is not SubscriptionStatus.ACTIVE:
            continue
        own = _Terms(
            _GAPS_S[record.update_frequency],
            Decimal(record.price_threshold or 0),
            record.volume_threshold or 0,
            record.include_metadata,
        )
        for symbol, kind in record.pairs:
            for name in TYPES.get(kind, ()):
                known = terms.get((symbol, name), own)
                terms[symbol, name] = _Terms(
                    min(known.gap_s, own.gap_s),
                    min(known.price, own.price),
                    min(known.volume, own.volume),
                    known.with_metadata or own.with_metadata,
                )
    return terms


def _is_news(frame: MarketFrame, told: MarketFrame, terms: _Terms) -> bool:
    """Tell whether a frame differs enough from the one told last; books and first prices always do."""
    if not terms.price and not terms.volume:
        return True
    if frame.last is None or told.last is None:
        return True
    moved = bool(terms.price) and abs(frame.last - told.last) >= terms.price
    return moved or (bool(terms.volume) and frame.volume - told.volume >= terms.volume)


def _is_type(name: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or any(name.startswith(text[:-1]) if text.endswith(".*") else name == text for text in wanted)


def _place(text: str | None) -> tuple[str, int] | None:
    try:
        return place_of_id(text) if text else None
    except ValueError as error:
        raise ApiError("INVALID_EVENT_ID", str(error)) from None


def _reset(reason: str, boot: str, oldest: int, newest: int) -> bytes:
    about = {"reason": reason, "oldest_id": f"{boot}.{oldest}", "newest_id": f"{boot}.{newest}"}
    return b"event: reset\ndata: %s\n\n" % msgspec.json.encode(about)
