"""The market feed of streams: the newest frame of each symbol and type, asked of the engine at an even pace.

Nothing is queued: between two questions the engine keeps the newest state alone, and here a frame takes the place of
the one before it. A stream keeps its place and reads what is newer, so that one that lags gets less and never old news.
Ids are `<boot>.<n>`: they rise within one run of the program, and resume within the span that frames are kept.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from workstation.api.credentials import tenant_uid
from workstation.api.engine import Engine
from workstation.api.errors import ApiError
from workstation.api.names import Names, instrument_id
from workstation.api.schemas.marketdata import depth_body, market_data_body
from workstation.api.schemas.values import price_text, quantity_text, time_text
from workstation.api.standing import StandingTask
from workstation.commands.market_params import Changes, Follow
from workstation.domain.orders import Origin, OriginKind
from workstation.domain.records import MarketSubscription, Record
from workstation.kernel.logs import get_logger
from workstation.marketdata.conflation import DepthSnapshot, MarketSnapshot
from workstation.marketdata.inquiry import MarketChanges

POLL_S = 0.05
"""How often the engine is asked while any stream is open."""

LINGER_S = 30.0
"""How long frames are kept for a stream that comes back after the last one has gone."""

LET_GO_S = 1.0
"""How long the engine may take to hear that nothing is followed any more, as the service ends."""

SOURCE = "workstation/marketdata"
QUOTE, TRADE, DEPTH = "marketdata.quote", "marketdata.trade", "marketdata.depth"
_CONSUMER = "rest streams"
_ORIGIN = Origin(kind=OriginKind.REST, detail=_CONSUMER)
_log = get_logger("market")

Key = tuple[str, str]
"""Symbol and type."""


@dataclass(frozen=True)
class MarketFrame:
    """One piece of news. last: newest price that it knows; volume: of the day, in whole units."""

    number: int
    type: str
    symbol: str
    envelope: dict[str, Any]
    last: Decimal | None = None
    volume: int = 0
    encoded: dict[tuple[str, bool], bytes] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What it replaces."""
        return self.symbol, self.type

    def body(self, tenant: str, *, with_metadata: bool) -> bytes:
        """Return the envelope as JSON for a tenant, encoded once for all of it who read it."""
        form = (tenant, with_metadata)
        if form not in self.encoded:
            own, data = tenant_uid(tenant), self.envelope["data"]
            if "tenant_id" in data:
                data = data | {"tenant_id": own}
            if not with_metadata:
                data = {name: value for name, value in data.items() if name != "metadata"}
            shown = self.envelope | {"tenantid": own, "data": data}
            self.encoded[form] = msgspec.json.encode(shown)
        return self.encoded[form]


class MarketFeed:
    """Asks for all streams at once. Lives on the API's loop.

    boot: first part of ids; growth: changes with every frame; revision: counts a user's changes of subscriptions.
    """

    def __init__(self, engine: Engine, names: Names, *, source: str, boot: str, now_ns: Callable[[], int]) -> None:
        self._engine, self._names, self._source, self._now_ns = engine, names, source, now_ns
        self._frames: dict[Key, MarketFrame] = {}
        self._seen: dict[str, MarketSnapshot] = {}
        self._wishes: dict[int, tuple[str, frozenset[str], frozenset[str]]] = {}
        self._told: dict[tuple[str, Key], tuple[int, int]] = {}
        self._asking = StandingTask("api-market", self._run)
        self._changed = asyncio.Condition()
        self._wish_changed = self._is_asking = self._stirred = self._is_followed = False
        self._next_stream = 0
        self.boot = boot
        self.number = self.floor = 0
        self.growth = 0
        self.revision: Counter[str] = Counter()
        self.stopping = False

    # Streams

    def open(self, credential: str) -> int:
        """Count a stream in; returns its number, for `wish` and `close`. credential: "" for what no cap counts."""
        self._next_stream += 1
        self._wishes[self._next_stream] = (credential, frozenset(), frozenset())
        return self._next_stream

    def wish(self, stream: int, quotes: frozenset[str], depths: frozenset[str]) -> None:
        """Say what a stream follows."""
        credential = self._wishes[stream][0]
        self._wishes[stream] = (credential, quotes, depths)
        self._wish_changed = True
        if not self.stopping:
            self._asking.start()

    def close(self, stream: int) -> None:
        """Count a stream out."""
        self._wishes.pop(stream, None)
        self._wish_changed = True

    def count(self, credential: str | None = None) -> int:
        """Return the open streams of a credential, or of all that have one."""
        return sum(bool(owner) and credential in (None, owner) for owner, _, _ in self._wishes.values())

    @property
    def is_current(self) -> bool:
        """Whether the newest of all that is followed was asked for since the last wish; before, frames may be old."""
        return not self._wish_changed and not self._is_asking

    def newer(self, place: int) -> list[MarketFrame]:
        """Return the newest frame of every key that is newer than a place, oldest first."""
        found: list[MarketFrame] = []
        for frame in reversed(self._frames.values()):
            if frame.number <= place:
                break
            found.append(frame)
        return found[::-1]

    async def news(self, seen: int, timeout_s: float) -> bool:
        """Wait until `growth` is no longer `seen`; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.growth != seen or self.stopping)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End every stream and the asking, and let the engine follow nothing for them."""
        self.stopping = True
        await self._tell()
        await self._asking.stop()
        if not self._is_followed:
            return
        self._is_followed = False
        try:
            async with asyncio.timeout(LET_GO_S):
                await self._engine.call("market.follow", Follow(consumer=_CONSUMER), _ORIGIN)
        except (ApiError, TimeoutError):
            _log.warning("market_not_let_go")

    # Subscriptions

    def on_record(self, record: Record) -> None:
        """Let a user's streams look at his subscriptions again."""
        if isinstance(record, MarketSubscription):
            self.revision[record.user_id] += 1
            self._stirred = True

    def note_told(self, user: str, frame: MarketFrame) -> None:
        """Count a frame that a user was told."""
        times, _ = self._told.get((user, frame.key), (0, 0))
        self._told[user, frame.key] = (times + 1, self._now_ns())

    def told(self, record: MarketSubscription) -> tuple[int, int | None]:
        """Return how many updates this run has told of a subscription, and when last, UTC ns."""
        keys = {(symbol, name) for symbol, kind in record.pairs for name in TYPES.get(kind, ())}
        found = [self._told[record.user_id, key] for key in keys if (record.user_id, key) in self._told]
        return sum(times for times, _ in found), max((at for _, at in found), default=None)

    # Asking

    async def _run(self) -> None:
        self._frames.clear()
        self._seen.clear()
        self.floor = self.number
        self._wish_changed = True
        idle = 0.0
        while not self.stopping:
            idle = 0.0 if self._wishes else idle + POLL_S
            try:
                if idle >= LINGER_S:
                    await self._engine.call("market.follow", Follow(consumer=_CONSUMER), _ORIGIN)
                    self._is_followed = False
                    if not self._wishes:
                        return
                await self._ask()
            except ApiError:
                self._wish_changed = True  # the engine is behind: asked again after the pause
            await asyncio.sleep(POLL_S)

    async def _ask(self) -> None:
        if self._wish_changed:
            self._wish_changed, self._is_asking = False, True
            known = self._names.instruments.keys()
            quotes = frozenset[str]().union(*(quotes for _, quotes, _ in self._wishes.values())) & known
            depths = frozenset[str]().union(*(depths for _, _, depths in self._wishes.values())) & known
            followed = Follow(consumer=_CONSUMER, quotes=quotes, depths=depths)
            self._is_followed = True
            result = await self._engine.call("market.follow", followed, _ORIGIN)
            if not result.ok:
                _log.warning("market_not_followed", reason=result.text)
        result = await self._engine.call("market.changes", Changes(consumer=_CONSUMER), _ORIGIN)
        self._stirred, self._is_asking = self._stirred or self._is_asking, False
        if isinstance(result.data, MarketChanges):
            made = [frame for snap in result.data.quotes for frame in self._of_snapshot(snap)]
            made += [self._of_depth(depth) for depth in result.data.depths]
            if made or self._stirred:
                self._stirred = False
                await self._tell()

    def _of_snapshot(self, snap: MarketSnapshot) -> Iterator[MarketFrame]:
        before = self._seen.get(snap.symbol)
        self._seen[snap.symbol] = snap
        instrument = self._names.instruments[snap.symbol]
        body = market_data_body(snap, instrument, self._source)
        if snap.quote is not None and (before is None or snap.quote is not before.quote):
            yield self._keep(QUOTE, snap.symbol, snap.quote.ts_init, body)
        trade = snap.trade
        if trade is not None and (before is None or trade is not before.trade):
            data = {
                "instrument_symbol": snap.symbol,
                "last_price": price_text(instrument, trade.price),
                "last_size": quantity_text(instrument, trade.size),
                "aggressor": trade.aggressor,
                "volume": body["volume"],
                "timestamp": time_text(trade.ts_event),
                "data_source": self._source,
                "is_delayed": body["is_delayed"],
                "metadata": body["metadata"],
            }
            yield self._keep(TRADE, snap.symbol, trade.ts_init, data)

    def _of_depth(self, depth: DepthSnapshot) -> MarketFrame:
        body = depth_body(depth, self._names.instruments[depth.symbol], self._source)
        return self._keep(DEPTH, depth.symbol, depth.ts_event, body)

    def _keep(self, name: str, symbol: str, ts: int, data: dict[str, Any]) -> MarketFrame:
        """Make a frame and let it stand in the place of the one before it."""
        self.number += 1
        envelope = {
            "specversion": "1.0",
            "id": f"{self.boot}.{self.number}",
            "source": SOURCE,
            "type": name,
            "time": time_text(ts),
            "subject": f"instrument/{instrument_id(symbol)}",
            "datacontenttype": "application/json",
            "dataversion": "1",
            "sequence": self.number,
            "traceid": None,
            "data": data,
        }
        last = data.get("last_price")
        price, volume = None if last is None else Decimal(last), data.get("volume") or 0
        frame = MarketFrame(self.number, name, symbol, envelope, price, volume)
        self._frames.pop(frame.key, None)
        self._frames[frame.key] = frame
        return frame

    async def _tell(self) -> None:
        self.growth += 1
        async with self._changed:
            self._changed.notify_all()


TYPES = {
    "REALTIME": (QUOTE, TRADE),
    "SNAPSHOT": (QUOTE, TRADE),
    "LEVEL_1": (QUOTE, TRADE),
    "LEVEL_2": (DEPTH,),
}
"""Types of news that a data type brings; the others bring none."""
