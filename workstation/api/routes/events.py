"""Events: the list, one event, and the stream. Only what is durable leaves the process."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from workstation.api.credentials import Credential
from workstation.api.endpoint import Call, Routes
from workstation.api.envelopes import Envelope, Envelopes
from workstation.api.errors import Answer, ApiError, StreamAnswer, invalid
from workstation.api.event_types import check_types, is_of_type
from workstation.api.lists import check_dates, chosen_fields, sparse
from workstation.api.options import STREAMS_MAX, STREAMS_PER_CREDENTIAL_MAX
from workstation.api.reading import IMMUTABLE, unseen
from workstation.api.schemas.events import Event, EventList, EventPage, EventStream, event_number
from workstation.api.schemas.system import NoQuery
from workstation.ports.deliveries import EVENTS_PER_LINE
from workstation.ports.store import Reader

routes = Routes()

PING_S = 15.0
LINES_COUNTED_MAX = 2_000
"""A list counts its events as long as its period holds no more journal lines than this; beyond, total_count is null."""

PAGE_LINES = 200
SENT_BYTES = 8 * 1024
"""Frames at hand are sent together once they are so long: each sending costs a turn of the loop."""


@routes.add("GET", "/events", scope="events:view", query=EventList, answers={200: EventPage})
async def list_events(call: Call) -> Answer:
    """List events."""
    check_dates(call)
    asked: EventList = call.query
    check_types(asked.types)
    if asked.cursor is not None and "offset" in asked.model_fields_set:
        raise invalid("cursor", "does not go with offset", location="query")
    since, until = _number(asked.since_id), _number(asked.until_id)
    path, bound = call.request.scope["path"], asked.model_dump(mode="json")
    place = None if asked.cursor is None else call.services.cursors.open(asked.cursor, path, bound)[0]
    envelopes = Envelopes(call.services.reader, call.services.names)
    search = _Search(call.services.reader, envelopes, asked, call.credential)
    found, has_next, total = await call.services.read(search.page, since, until, place)
    last = found[-1].id if found and has_next else None
    cursor = None if last is None else call.services.cursors.seal((last, ""), path, bound)
    fields = chosen_fields(asked.fields, Event)
    listed = [_shown(envelope.body, fields) for envelope in found]
    body = {"events": listed, "total_count": total, "has_next": has_next, "next_cursor": cursor}
    return Answer(200, msgspec.json.encode(body))


def _shown(body: bytes, fields: tuple[str, ...] | None) -> Any:
    """Return an envelope's text as it is, or what of it was asked for."""
    return msgspec.Raw(body) if fields is None else sparse(msgspec.json.decode(body), fields)


class _Search:
    """One reading of the event list. Ids: `since` exclusive, `until` inclusive, `place` the last one already given."""

    def __init__(self, reader: Reader, envelopes: Envelopes, asked: EventList, credential: Credential) -> None:
        self._reader, self._envelopes, self._asked, self._credential = reader, envelopes, asked, credential

    def page(self, since: int | None, until: int | None, place: int | None) -> tuple[list[Envelope], bool, int | None]:
        """Return a page, whether more follow, and the count where the period is short enough to be read whole."""
        asked = self._asked
        newest = self._reader.newest_seq() * EVENTS_PER_LINE + EVENTS_PER_LINE - 1
        low = max(self._reader.oldest_seq() * EVENTS_PER_LINE - 1, -1 if since is None else since)
        high = newest if until is None else min(until, newest)
        descending = asked.ordering == "-sequence"
        first = low if place is None or descending else max(low, place)
        final = high if place is None or not descending else min(high, place - 1)
        end = asked.limit + asked.offset
        found: list[Envelope] = []
        for events in self._events(first, final, descending=descending):
            found += events
            if len(found) > end:
                break
        return found[asked.offset : end], len(found) > end, self._count(low, high) if asked.with_count else None

    def _count(self, low: int, high: int) -> int | None:
        if (high - low) // EVENTS_PER_LINE > LINES_COUNTED_MAX:
            return None
        return sum(len(events) for events in self._events(low, high, descending=False))

    def _events(self, low: int, high: int, *, descending: bool) -> Iterator[list[Envelope]]:
        """Yield what fits of (low, high], one page of lines after the other, in the direction of reading."""
        start, end = max((low + 1) // EVENTS_PER_LINE, 1), high // EVENTS_PER_LINE
        while start <= end:
            first = max(end - PAGE_LINES + 1, start) if descending else start
            lines = self._reader.events(first - 1, min(PAGE_LINES, end - first + 1))
            fitting = [e for e in self._envelopes.of_lines(lines) if low < e.id <= high and self._fits(e)]
            yield fitting[::-1] if descending else fitting
            start, end = (start, first - 1) if descending else (first + PAGE_LINES, end)

    def _fits(self, envelope: Envelope) -> bool:
        asked = self._asked
        return (
            envelope.is_for(self._credential)
            and is_of_type(envelope.type, asked.types)
            and asked.resource_type in (None, envelope.resource_type)
            and asked.resource_id in (None, envelope.resource_id)
            and (asked.start_date is None or envelope.time >= asked.start_date)
            and (asked.end_date is None or envelope.time < asked.end_date)
        )


@routes.add("GET", "/events/stream", scope="events:view", query=EventStream, answers={}, is_stream=True)
async def stream_events(call: Call) -> Answer:
    """Follow events as they happen, as server-sent events."""
    asked: EventStream = call.query
    check_types(asked.types)
    feed = call.services.feed
    credential = call.origin.detail
    since = _number(call.header(b"last-event-id") or asked.since_id)
    until = _number(asked.until_id)
    if until is not None and since is not None and since >= until:
        return Answer(204)
    for most, current in ((STREAMS_PER_CREDENTIAL_MAX, feed.count(credential)), (STREAMS_MAX, feed.count())):
        if current >= most:
            raise ApiError("QUOTA_EXCEEDED", "Too many open streams.", {"limit": most, "current": current})
    oldest, newest = await feed.bounds()
    feed.open(credential)
    follower = _Follower(call, asked, until)
    if since is None:
        follower.place = newest
    elif (since < oldest - 1 and oldest > EVENTS_PER_LINE) or since > newest:
        follower.lost = {"reason": "out_of_range", "oldest_id": str(oldest), "newest_id": str(newest)}
        follower.place = newest
    else:
        follower.place = since
    return StreamAnswer(
        200,
        headers={"X-Accel-Buffering": "no"},
        media_type="text/event-stream",
        frames=follower.frames(),
        cut=follower.cut,
        ended=lambda: feed.close(credential),
    )


class _Follower:
    """One stream: its place, its filters, and whether it has been live."""

    def __init__(self, call: Call, asked: EventStream, until: int | None) -> None:
        self._feed, self._asked, self._until = call.services.feed, asked, until
        self._symbol = (
            None if asked.instrument_symbol is None else call.services.names.symbol_key(asked.instrument_symbol)
        )
        self._credential, self._credentials = call.credential, call.services.credentials
        self.place = 0
        self.lost: dict[str, str] | None = None

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield frames until the end that was asked for, a reset of a slow reader, or the server's stop."""
        yield b"retry: 2000\n\n"
        if self.lost is not None:
            yield _reset(self.lost)
        live = False
        while not self._feed.stopping and not self._is_over():
            growth, place = self._feed.growth, self.place
            events = self._feed.ringed(place)
            if events is None and live:
                yield await self.cut()
                return
            live = events is not None
            upto = place
            if events is None:
                events, upto = await self._feed.page(place)
            text = b""
            for envelope in events:
                self.place = envelope.id
                if self._until is not None and envelope.id > self._until:
                    break
                if self._wants(envelope):
                    text += _frame(envelope)
                if len(text) >= SENT_BYTES:
                    yield text
                    text = b""
            if text:
                yield text
            self.place = max(self.place, upto)
            if self.place == place and not self._is_over() and not await self._feed.news(growth, PING_S):
                yield b": ping\n\n"

    async def cut(self) -> bytes:
        """Return the reset that ends a stream whose client is too slow."""
        oldest, newest = await self._feed.bounds()
        return _reset({"reason": "slow_consumer", "oldest_id": str(oldest), "newest_id": str(newest)})

    def _is_over(self) -> bool:
        ended = self._until is not None and self.place >= self._until
        return ended or not self._credentials.is_alive(self._credential)

    def _wants(self, envelope: Envelope) -> bool:
        return (
            envelope.is_for(self._credential)
            and is_of_type(envelope.type, self._asked.types)
            and self._asked.broker_account_id in (None, envelope.account)
            and self._symbol in (None, envelope.symbol)
        )


def _frame(envelope: Envelope) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (envelope.id, envelope.type.encode(), envelope.body)


def _reset(about: dict[str, str]) -> bytes:
    return b"event: reset\ndata: %s\n\n" % msgspec.json.encode(about)


@routes.add(
    "GET", "/events/{event_id}", scope="events:view", query=NoQuery, answers={200: Event},
    path_types={"event_id": "event_id"}, tagged=True,
)  # fmt: skip
async def get_event(call: Call) -> Answer:
    """Read one event."""
    number = _number(call.path_params["event_id"])
    if number is not None:
        lines = await call.services.read(call.services.reader.events, number // EVENTS_PER_LINE - 1, 1)
        envelopes = Envelopes(call.services.reader, call.services.names)
        for envelope in await call.services.read(envelopes.of_lines, lines):
            if envelope.id == number and envelope.is_for(call.credential):
                return unseen(call, IMMUTABLE) or Answer(200, envelope.body, {"ETag": IMMUTABLE})
    raise ApiError("NOT_FOUND", "No such event.")


def _number(text: str | None) -> int | None:
    try:
        return event_number(text)
    except ValueError as error:
        raise ApiError("INVALID_EVENT_ID", str(error)) from None
