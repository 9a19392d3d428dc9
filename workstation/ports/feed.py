"""The feed port: market data in lists of at most FEED_SLICE_MAX, on the engine's thread."""

from collections.abc import Callable
from typing import Protocol

from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent, StreamKind

FeedSink = Callable[[list[MarketEvent]], None]


class Feed(Protocol):
    """One source of market data."""

    @property
    def name(self) -> str:
        """Name shown as the source."""

    def instruments(self) -> tuple[Instrument, ...]:
        """Return what can be subscribed."""

    def start(self, sink: FeedSink) -> None:
        """Begin to deliver; stream states come through the same sink."""

    def stop(self) -> None:
        """End; nothing is delivered afterwards."""

    def subscribe(self, symbol: str, stream: StreamKind) -> None:
        """Ask for a stream; a depth subscription begins with a BookSnapshot."""

    def unsubscribe(self, symbol: str, stream: StreamKind) -> None:
        """Give a stream up."""

    def resync(self, symbol: str) -> None:
        """Ask for a new BookSnapshot after a sequence gap."""
