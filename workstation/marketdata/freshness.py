"""Freshness as a type: a price is a value with its age, the state of its stream, and flags.

Read by the risk gate, tickets and every panel. No bare number leaves the cache, so that nobody can act on a price
without having had its age in hand.
"""

from enum import StrEnum

import msgspec

from workstation.domain.market import BarSource, StreamKind, StreamState

NS_PER_MS = 1_000_000


class Freshness(StrEnum):
    """Whether a price may be acted on: FRESH, STALE (shown greyed, no INCREASE), ABSENT (there is none)."""

    FRESH = "FRESH"
    STALE = "STALE"
    ABSENT = "ABSENT"


class Flag(StrEnum):
    """What is odd about an instrument's data."""

    DELAYED = "DELAYED"
    UNSYNCED = "UNSYNCED"
    HALTED = "HALTED"
    CROSSED = "CROSSED"
    CLOSED = "CLOSED"


class FreshnessLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How old is too old, ns.

    own_max: age of the price's own last update. channel_max: age of the channel's last update of any instrument.
    usual_factor: own silence may be this many times its usual interval at this hour, and at most silence_max.
    disagree_after: a trade this much younger than the quote must lie within it.
    """

    own_max: int = 5_000 * NS_PER_MS
    channel_max: int = 2_000 * NS_PER_MS
    silence_max: int = 60_000 * NS_PER_MS
    usual_factor: int = 4
    disagree_after: int = 1_000 * NS_PER_MS


class StampedPrice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One price as it may be shown or used. `value` is None exactly when `freshness` is ABSENT.

    source: side it was read from. age_ns: monotonic time since it came or was confirmed. ts_event: the venue's time.
    reason: one phrase, why it is not FRESH.
    """

    symbol: str
    source: BarSource
    value: int | None
    age_ns: int
    ts_event: int
    stream: StreamKind
    state: StreamState
    freshness: Freshness
    flags: frozenset[Flag] = frozenset()
    reason: str = ""

    @property
    def is_fresh(self) -> bool:
        """True when the price may enter an INCREASE."""
        return self.freshness is Freshness.FRESH


class StreamHealth:
    """When one (instrument, stream) last spoke, and how often it usually does at each hour of the day."""

    __slots__ = ("at", "state", "usual")

    HOURS = 24

    def __init__(self) -> None:
        self.at: int | None = None
        self.state = StreamState.UP
        self.usual = [0] * self.HOURS

    def touch(self, mono_ns: int, hour: int) -> None:
        """Note an update; the usual interval of this hour follows with a weight of 1/8."""
        if self.at is not None and (gap := mono_ns - self.at) > 0:
            usual = self.usual[hour]
            self.usual[hour] = usual + (gap - usual) // 8 if usual else gap
        self.at = mono_ns

    def confirm(self, mono_ns: int) -> None:
        """Note that a polled snapshot showed the same value; the usual interval stays as it is."""
        if self.at is not None:
            self.at = mono_ns

    def judge(self, mono_ns: int, hour: int, channel_at: int | None, limits: FreshnessLimits) -> tuple[Freshness, str]:
        """Return the freshness at `mono_ns`, and why it is not FRESH."""
        if self.at is None:
            return Freshness.ABSENT, "no data yet"
        if self.state is not StreamState.UP:
            return Freshness.STALE, f"stream is {self.state}"
        age = mono_ns - self.at
        if age <= limits.own_max:
            return Freshness.FRESH, ""
        alive = channel_at is not None and mono_ns - channel_at <= limits.channel_max
        usual = min(self.usual[hour] * limits.usual_factor, limits.silence_max)
        if alive and age <= usual:
            return Freshness.FRESH, ""
        return Freshness.STALE, "no update"
