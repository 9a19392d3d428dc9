"""Subscriptions by reference count: many consumers, one request to the feed for each (symbol, stream).

Beside the tick walk: panels, strategies and the API ask here; the feed hears only of the first and the last.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from workstation.domain.errors import ValidationError
from workstation.domain.market import StreamKind

SUBSCRIPTIONS_MAX = 2_000
"""Most (symbol, stream) pairs open at once."""

Request = Callable[[str, StreamKind], None]


class Subscriptions:
    """Counts who wants what. `subscribe` and `unsubscribe` are the feed's own calls."""

    def __init__(self, subscribe: Request, unsubscribe: Request, most: int = SUBSCRIPTIONS_MAX) -> None:
        self._subscribe = subscribe
        self._unsubscribe = unsubscribe
        self._most = most
        self._counts: Counter[tuple[str, StreamKind]] = Counter()

    @property
    def most(self) -> int:
        """How many pairs may be open at once."""
        return self._most

    def __len__(self) -> int:
        return len(self._counts)

    def acquire(self, symbol: str, stream: StreamKind) -> Callable[[], None]:
        """Ask for a stream; returns the call that gives it up, which may be made twice.

        Raises:
            ValidationError: `most` pairs are open already.
        """
        key = (symbol, stream)
        if key not in self._counts:
            if len(self._counts) >= self._most:
                raise ValidationError("subscription", f"{symbol} {stream} is one too many", allowed=f"{self._most}")
            self._subscribe(symbol, stream)
        self._counts[key] += 1
        held = [key]
        return lambda: self._release(held.pop()) if held else None

    def lacking(self, wanted: Iterable[tuple[str, StreamKind]]) -> int:
        """Return how many of the wanted pairs there is no room for, 0 when all can be open."""
        return max(len(self._counts.keys() | set(wanted)) - self._most, 0)

    def active(self) -> tuple[tuple[str, StreamKind], ...]:
        """Return what is open, to ask for it again after a reconnect."""
        return tuple(self._counts)

    def renew(self) -> None:
        """Ask the feed again for everything that is open."""
        for symbol, stream in self.active():
            self._subscribe(symbol, stream)

    def _release(self, key: tuple[str, StreamKind]) -> None:
        self._counts[key] -= 1
        if self._counts[key] == 0:
            del self._counts[key]
            self._unsubscribe(*key)
