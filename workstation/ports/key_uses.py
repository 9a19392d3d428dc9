"""The port for what API keys were used for: how often and when last. No event stands behind it, so that it costs none.

What was counted since the last keeping is lost with a crash; the figures tell a person which key nobody needs any more,
and decide nothing.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """Uses of one key. last_used_at: UTC ns; uses: calls that it was accepted for."""

    tenant: str
    key_id: str
    last_used_at: int
    uses: int


class KeyUses(Protocol):
    """Kept uses, for any thread."""

    def add(self, uses: Sequence[KeyUse]) -> bool:
        """Add to what is kept, at most one row a key; durable when it returns True, False when nothing was stored."""

    def every(self) -> tuple[KeyUse, ...]:
        """Return what is kept of every key."""
