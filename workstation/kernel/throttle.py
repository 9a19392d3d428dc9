"""Rates: a sliding-window counter for limits. Time comes from the caller."""

from collections import deque


class RateWindow:
    """Counts what happened within the last `window_ns`; holds at most `most` stamps."""

    def __init__(self, most: int, window_ns: int) -> None:
        self.most = most
        self.window_ns = window_ns
        self._stamps: deque[int] = deque()

    def used(self, mono_ns: int) -> int:
        """Return how many happened within the window that ends now."""
        edge = mono_ns - self.window_ns
        while self._stamps and self._stamps[0] <= edge:
            self._stamps.popleft()
        return len(self._stamps)

    def hit(self, mono_ns: int) -> None:
        """Record one occurrence."""
        self._stamps.append(mono_ns)
