"""The market as scripts ask for it: latest values, and what changed since a consumer's last question.

Beside the tick walk, engine's thread. A consumer says what it follows and then asks at its own pace: between two
questions only the newest state of each instrument is kept, so that nobody is ever waited for.
"""

from collections.abc import Callable, Iterable

import msgspec

from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.market import StreamKind
from workstation.marketdata.conflation import Conflator, DepthSnapshot, MarketSnapshot, depth_snapshot, snapshot
from workstation.marketdata.service import MarketData

DEPTH_LEVELS = 50
"""Levels of each side that a script gets."""


class MarketChanges(msgspec.Struct, frozen=True):
    """Newest states of what changed since the last question."""

    quotes: tuple[MarketSnapshot, ...]
    depths: tuple[DepthSnapshot, ...]


class _Follower(msgspec.Struct):
    conflator: Conflator
    held: list[Callable[[], None]]
    depths: frozenset[str]
    seen: dict[str, int]


class MarketInquiry:
    """Answers about the market. source: the feed's name."""

    def __init__(self, market: MarketData, source: str) -> None:
        self._market = market
        self._followers: dict[str, _Follower] = {}
        self.source = source

    def latest(self, symbols: Iterable[str]) -> tuple[MarketSnapshot, ...]:
        """Return what is known of instruments now, of all where none is named; those without any price are left out."""
        cache = self._market.cache
        known = [symbol for symbol in tuple(symbols) or sorted(cache.symbols()) if symbol in self._market.instruments]
        return tuple(
            snapshot(cache, symbol)
            for symbol in known
            if cache.quote(symbol) is not None or cache.last_trade(symbol) is not None
        )

    def follow(self, consumer: str, quotes: frozenset[str], depths: frozenset[str]) -> None:
        """Take what a consumer follows in place of its earlier wish; an empty wish ends it.

        Raises:
            NotFound: a symbol that is not known; nothing was changed.
            ValidationError: too many streams; nothing was changed.
        """
        if unknown := sorted((quotes | depths) - self._market.instruments.keys()):
            raise NotFound("instrument", ", ".join(unknown))
        held = self._acquire(quotes | depths, depths)
        earlier = self._followers.pop(consumer, None)
        if earlier is not None:
            self._end(earlier)
        if held:
            conflator = self._market.conflate(tuple(quotes | depths))
            self._followers[consumer] = _Follower(conflator, held, depths, {})

    def lacking(self, wanted: Iterable[tuple[str, StreamKind]]) -> int:
        """Return for how many of the wanted streams of known instruments the feed has no room, 0 for none."""
        known = self._market.instruments
        return self._market.subscriptions.lacking((symbol, kind) for symbol, kind in wanted if symbol in known)

    def changes(self, consumer: str) -> MarketChanges:
        """Return what changed of what a consumer follows since its last question; the first answer holds all."""
        follower = self._followers.get(consumer)
        if follower is None:
            return MarketChanges((), ())
        books, seen = self._market.books, follower.seen
        moved = [symbol for symbol in follower.depths if symbol in books and seen.get(symbol) != books[symbol].seq]
        seen.update((symbol, books[symbol].seq) for symbol in moved)
        quotes = tuple(
            snap for snap in follower.conflator.take().values() if snap.quote is not None or snap.trade is not None
        )
        return MarketChanges(quotes, tuple(depth_snapshot(books, symbol, DEPTH_LEVELS) for symbol in moved))

    def _acquire(self, symbols: frozenset[str], depths: frozenset[str]) -> list[Callable[[], None]]:
        wanted = [(symbol, kind) for kind in (StreamKind.QUOTES, StreamKind.TRADES) for symbol in sorted(symbols)]
        wanted += [(symbol, StreamKind.DEPTH) for symbol in sorted(depths)]
        held: list[Callable[[], None]] = []
        try:
            held.extend(self._market.subscriptions.acquire(symbol, kind) for symbol, kind in wanted)
        except ValidationError:
            for release in held:
                release()
            raise
        return held

    def _end(self, follower: _Follower) -> None:
        for release in follower.held:
            release()
        self._market.forget(follower.conflator)
