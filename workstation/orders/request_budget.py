"""The budget of requests under a venue's limit: a token bucket whose last part is kept for cancels and exits.

Beside the order walk; arithmetic alone. A fifth of the limit may go at once, the rest comes back evenly over the span,
so that no span of the limit's length ever holds more requests than the limit allows, and a cancel never waits long.
"""

from workstation.ports.broker import RequestLimit


class RequestBudget:
    """One bucket. Times are monotonic ns; what is spent comes back one request each `interval_ns`."""

    def __init__(self, limit: RequestLimit, mono_ns: int) -> None:
        self.limit = limit
        self.size = max(1, min(2, limit.requests - 1), limit.requests // 5)
        steady = max(1, limit.requests - self.size)
        self.interval_ns = -(-limit.per_ns // steady)
        self.kept = self.size // 2
        self._credit = self.size * self.interval_ns
        self._at = mono_ns

    def left(self, mono_ns: int) -> int:
        """Return how many requests may go now."""
        self._earn(mono_ns)
        return self._credit // self.interval_ns

    def spend(self, mono_ns: int) -> None:
        """Take one request out; `left` must allow it."""
        self._earn(mono_ns)
        self._credit -= self.interval_ns

    def refund(self) -> None:
        """Put one request back of which no byte left."""
        self._credit = min(self._credit + self.interval_ns, self.size * self.interval_ns)

    def drain(self, mono_ns: int) -> None:
        """Leave nothing: the venue has refused a request as one too many."""
        self._earn(mono_ns)
        self._credit = min(self._credit, 0)

    def wait_ns(self, mono_ns: int, count: int) -> int:
        """Return how long it takes until `count` requests may go, 0 when they may go now."""
        self._earn(mono_ns)
        return max(count * self.interval_ns - self._credit, 0)

    def _earn(self, mono_ns: int) -> None:
        self._credit = min(self._credit + mono_ns - self._at, self.size * self.interval_ns)
        self._at = mono_ns
