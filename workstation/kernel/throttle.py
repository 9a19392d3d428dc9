"""Rates: a sliding-window counter for limits and a token bucket for pacing. Time comes from the caller."""

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


class TokenBucket:
    """Lets `rate` actions pass per second on average, `burst` at once."""

    def __init__(self, rate: float, burst: int, mono_ns: int = 0) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = mono_ns

    def take(self, mono_ns: int) -> bool:
        """Take one token if there is one; False means wait."""
        self._tokens = min(self._burst, self._tokens + (mono_ns - self._at) * self._rate / 1e9)
        self._at = mono_ns
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
