"""A feed that gives way to the screen: what comes while a frame is shown is taken in afterwards, in the same order.

First step of the tick walk in the product, between any venue's feed and the core. Commands and what a venue reports
pass by it: an order never waits here.
"""

from functools import partial

from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent, StreamKind
from workstation.kernel.giving_way import WayGiver
from workstation.ports.feed import Feed, FeedSink


class FeedGivingWay:
    """A feed whose deliveries give way to the screen."""

    def __init__(self, feed: Feed, give_way: WayGiver) -> None:
        self._feed, self._give_way = feed, give_way
        self._sink: FeedSink | None = None

    @property
    def name(self) -> str:
        """Name shown as the source."""
        return self._feed.name

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what can be subscribed."""
        return self._feed.instruments()

    def start(self, sink: FeedSink) -> None:
        """Begin to deliver."""
        self._sink = sink
        self._feed.start(lambda events: self._give_way(partial(self._deliver, events)))

    def stop(self) -> None:
        """End; what waits is dropped."""
        self._feed.stop()
        self._sink = None

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """Ask for a stream."""
        self._feed.subscribe(symbol, stream)

    def unsubscribe(self, symbol: str, stream: StreamKind) -> None:
        """Give a stream up."""
        self._feed.unsubscribe(symbol, stream)

    def resync(self, symbol: str) -> None:
        """Ask for a new book after a gap."""
        self._feed.resync(symbol)

    def _deliver(self, events: list[MarketEvent]) -> None:
        if self._sink is not None:
            self._sink(events)
