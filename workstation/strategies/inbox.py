"""A run's inbox: news from the engine's thread, taken one at a time by the run's. Bounded, and never in the way.

A quote or a book that is still waiting is replaced by the newer one, in its place; fills and orders are never left out.
Prints and bars are dropped beyond the bound and counted where the run is shown: a strategy that is too slow for its
market sees less of it, the engine sees nothing of the strategy.
"""

import threading
from collections import deque

from workstation.domain.market import Quote, Trade
from workstation.strategies.messages import BarClosed, BookNews, FillNews, News, OrderNews

NEWS_MAX = 10_000
SLICE_S = 0.05
"""Longest single wait, so that an interrupting exception is never held up."""

_Key = tuple[str, str]


class Inbox:
    """News in order of arrival. `dropped`: how many prints and bars did not fit."""

    def __init__(self, most: int = NEWS_MAX) -> None:
        self.dropped = 0
        self._most = most
        self._lock = threading.Lock()
        self._waiting = threading.Event()
        self._news: deque[News | _Key] = deque()
        self._newest: dict[_Key, News] = {}

    def __len__(self) -> int:
        return len(self._news)

    def put(self, news: News) -> None:
        """Add one piece of news; engine thread. Never blocks."""
        key = _key(news)
        with self._lock:
            if key is not None:
                waiting = key in self._newest
                self._newest[key] = news
                if not waiting:
                    self._news.append(key)
            elif isinstance(news, Trade | BarClosed) and len(self._news) >= self._most:
                self.dropped += 1
                return
            else:
                self._news.append(news)
        self._waiting.set()

    def put_first(self, news: News) -> None:
        """Add news that overtakes all that waits, such as a stop."""
        with self._lock:
            self._news.appendleft(news)
        self._waiting.set()

    def take(self) -> News | None:
        """Return the next piece of news, None when none came within a slice."""
        if not self._waiting.wait(SLICE_S):
            return None
        with self._lock:
            if not self._news:
                self._waiting.clear()
                return None
            found = self._news.popleft()
            return self._newest.pop(found) if isinstance(found, tuple) else found

    def untold(self) -> list[News]:
        """Return the orders and fills that nobody has taken, oldest first."""
        with self._lock:
            return [news for news in self._news if isinstance(news, OrderNews | FillNews)]

    def clear_market(self) -> None:
        """Forget waiting market news, as a pause does; orders, fills and commands stay."""
        with self._lock:
            kept = [news for news in self._news if not isinstance(news, tuple | Trade | BarClosed)]
            self._news = deque(kept)
            self._newest.clear()


def _key(news: News) -> _Key | None:
    if isinstance(news, Quote):
        return "quote", news.symbol
    if isinstance(news, BookNews):
        return "book", news.book.symbol
    return None
