"""Sliding windows of requests, and the header fields that tell a script where it stands.

Time comes from the caller as monotonic nanoseconds. A window holds at most `most` stamps.
"""

from collections import deque
from dataclasses import dataclass, field

from workstation.api.options import RATE_WINDOW_S

_WINDOW_NS = RATE_WINDOW_S * 1_000_000_000


@dataclass
class Window:
    """At most `most` requests in any RATE_WINDOW_S."""

    name: str
    most: int
    _stamps: deque[int] = field(default_factory=deque)

    def take(self, mono_ns: int) -> bool:
        """Count one request if there is room for it."""
        self._forget(mono_ns)
        if len(self._stamps) >= self.most:
            return False
        self._stamps.append(mono_ns)
        return True

    def is_full(self, mono_ns: int) -> bool:
        """Tell whether the next request would be refused, without counting one."""
        self._forget(mono_ns)
        return len(self._stamps) >= self.most

    def wait_s(self, mono_ns: int) -> int:
        """Return whole seconds until the oldest counted request leaves the window, at least 1."""
        if not self._stamps:
            return 1
        left_ns = self._stamps[0] + _WINDOW_NS - mono_ns
        return max(1, -(-left_ns // 1_000_000_000))

    def headers(self, mono_ns: int) -> tuple[tuple[bytes, bytes], ...]:
        """Return `RateLimit-Policy` and `RateLimit`."""
        left = self.most - len(self._stamps)
        return (
            (b"ratelimit-policy", f'"{self.name}";q={self.most};w={RATE_WINDOW_S}'.encode()),
            (b"ratelimit", f'"{self.name}";r={left};t={self.wait_s(mono_ns)}'.encode()),
        )

    def _forget(self, mono_ns: int) -> None:
        edge = mono_ns - _WINDOW_NS
        while self._stamps and self._stamps[0] <= edge:
            self._stamps.popleft()
