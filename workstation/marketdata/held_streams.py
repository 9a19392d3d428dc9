"""Streams held for subscriptions: while a user's subscription is active, the feed delivers what it names.

Beside the tick walk, engine's thread. Follows the saves of subscriptions; symbols that are not known any more and
streams that the feed has no room for are passed over, and the subscription simply brings nothing.
"""

import contextlib
from collections.abc import Callable, Iterable

from workstation.domain.errors import ValidationError
from workstation.domain.events import RecordSaved
from workstation.domain.market import StreamKind
from workstation.domain.records.market import DataType, MarketSubscription, SubscriptionStatus
from workstation.marketdata.service import MarketData

_STREAMS = {
    DataType.REALTIME: (StreamKind.QUOTES, StreamKind.TRADES),
    DataType.SNAPSHOT: (StreamKind.QUOTES, StreamKind.TRADES),
    DataType.LEVEL_1: (StreamKind.QUOTES, StreamKind.TRADES),
    DataType.LEVEL_2: (StreamKind.DEPTH,),
}
"""Streams of the feed that a data type needs; the others are no streams."""


def streams_of(subscription: MarketSubscription) -> frozenset[tuple[str, StreamKind]]:
    """Return what of the feed a subscription needs."""
    return frozenset((symbol, stream) for symbol, kind in subscription.pairs for stream in _STREAMS.get(kind, ()))


class HeldStreams:
    """Acquires and releases by subscription."""

    def __init__(self, market: MarketData) -> None:
        self._market = market
        self._held: dict[str, list[Callable[[], None]]] = {}

    def begin(self, subscriptions: Iterable[MarketSubscription]) -> None:
        """Take the subscriptions of a start."""
        for subscription in subscriptions:
            self._take(subscription)

    def on_saved(self, event: RecordSaved) -> None:
        """Follow a save; those of other records are not of interest."""
        if isinstance(event.record, MarketSubscription):
            self._take(event.record)

    def _take(self, subscription: MarketSubscription) -> None:
        earlier = self._held.pop(subscription.id, ())
        if subscription.status is SubscriptionStatus.ACTIVE and subscription.deleted_at is None:
            self._held[subscription.id] = self._acquire(subscription)
        for release in earlier:
            release()

    def _acquire(self, subscription: MarketSubscription) -> list[Callable[[], None]]:
        wanted = {pair for pair in streams_of(subscription) if pair[0] in self._market.instruments}
        held: list[Callable[[], None]] = []
        with contextlib.suppress(ValidationError):
            held.extend(self._market.subscriptions.acquire(symbol, stream) for symbol, stream in sorted(wanted))
        return held
