"""Terms of subscriptions: which news of the market is told, how often at most, and whose turn it is.

Shared by the stream and by callbacks. Nothing is queued: of each symbol and type the newest piece of news waits alone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from workstation.api.market_feed import DEPTH, TYPES, Key, MarketFeed, MarketFrame
from workstation.domain.records import MarketSubscription
from workstation.domain.records.market import UpdateFrequency

_GAPS_S = {
    UpdateFrequency.REALTIME: 0.0,
    UpdateFrequency.SECOND: 1.0,
    UpdateFrequency.FIVE_SECONDS: 5.0,
    UpdateFrequency.QUARTER_MINUTE: 15.0,
    UpdateFrequency.MINUTE: 60.0,
    UpdateFrequency.FIVE_MINUTES: 300.0,
}


@dataclass(frozen=True)
class Terms:
    """How one symbol and type is told: the most generous of the subscriptions that cover it."""

    gap_s: float
    price: Decimal
    volume: int
    with_metadata: bool


def terms_of(subscriptions: Iterable[MarketSubscription]) -> dict[Key, Terms]:
    """Return on which terms subscriptions tell each symbol and type."""
    terms: dict[Key, Terms] = {}
    for record in subscriptions:
        own = Terms(
            _GAPS_S[record.update_frequency],
            Decimal(record.price_threshold or 0),
            record.volume_threshold or 0,
            record.include_metadata,
        )
        for symbol, kind in record.pairs:
            for name in TYPES.get(kind, ()):
                known = terms.get((symbol, name), own)
                terms[symbol, name] = Terms(
                    min(known.gap_s, own.gap_s),
                    min(known.price, own.price),
                    min(known.volume, own.volume),
                    known.with_metadata or own.with_metadata,
                )
    return terms


def wish(feed: MarketFeed, stream: int, terms: Collection[Key]) -> None:
    """Let a stream follow what terms are about."""
    quotes = frozenset(symbol for symbol, name in terms if name != DEPTH)
    feed.wish(stream, quotes, frozenset(symbol for symbol, name in terms if name == DEPTH))


class Turns:
    """What waits for one reader, on his terms. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self.terms: Mapping[Key, Terms] = {}
        self._waiting: dict[Key, MarketFrame] = {}
        self._told: dict[Key, tuple[float, MarketFrame]] = {}

    @property
    def pending(self) -> int:
        """How much waits."""
        return len(self._waiting)

    def follow(self, terms: Mapping[Key, Terms]) -> None:
        """Take new terms; what they are not about is forgotten."""
        self.terms = terms
        self._waiting = {key: frame for key, frame in self._waiting.items() if key in terms}
        self._told = {key: told for key, told in self._told.items() if key in terms}

    def hear(self, frames: Iterable[MarketFrame]) -> None:
        """Let news wait, each in the place of the one before it; what was told already does not wait again."""
        for frame in frames:
            told = self._told.get(frame.key)
            if frame.key in self.terms and (told is None or told[1].number < frame.number):
                self._waiting[frame.key] = frame

    def ready(self, now: float, most_s: float) -> tuple[list[MarketFrame], float]:
        """Return the news whose turn it is, oldest first, and seconds until the next one's, at most `most_s`."""
        ready = []
        for key, frame in list(self._waiting.items()):
            terms, earlier = self.terms[key], self._told.get(key)
            if earlier is not None and not _is_news(frame, earlier[1], terms):
                del self._waiting[key]
            elif earlier is not None and now < earlier[0] + terms.gap_s:
                most_s = min(most_s, earlier[0] + terms.gap_s - now)
            else:
                ready.append(frame)
        return sorted(ready, key=lambda frame: frame.number), most_s

    def tell(self, frames: Iterable[MarketFrame], now: float) -> None:
        """Note what was told; news that came since goes on waiting."""
        for frame in frames:
            if frame.key in self.terms:
                self._told[frame.key] = (now, frame)
            if self._waiting.get(frame.key) is frame:
                del self._waiting[frame.key]


def _is_news(frame: MarketFrame, told: MarketFrame, terms: Terms) -> bool:
    """Tell whether a frame differs enough from the one told last; books and first prices always do."""
    if not terms.price and not terms.volume:
        return True
    if frame.last is None or told.last is None:
        return True
    moved = bool(terms.price) and abs(frame.last - told.last) >= terms.price
    return moved or (bool(terms.volume) and frame.volume - told.volume >= terms.volume)
