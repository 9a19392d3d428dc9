"""Parameters of the market commands that scripts call, one Struct each. Times are market time, UTC ns."""

import msgspec

from workstation.domain.market import BarType


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for the latest values of instruments, of all that are known where none is named."""

    symbols: tuple[str, ...] = ()


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """Say what one consumer follows; each call replaces its earlier wish, an empty one ends it."""

    consumer: str
    quotes: frozenset[str] = frozenset()
    depths: frozenset[str] = frozenset()


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for what changed of what a consumer follows since its last question."""

    consumer: str


class FetchBars(msgspec.Struct, frozen=True, kw_only=True):
    """Have the venue's bars stored up to now, as far as the venue has them and they are not stored.

    From `start_ns` on, or where that is None the newest `count`.
    """

    symbol: str
    bar_type: BarType
    start_ns: int | None = None
    count: int = 1_000
