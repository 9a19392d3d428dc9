"""What goes wrong on purpose between a strategy and the venue of a backtest, drawn from the seed.

Asked by `order_desk` for each request and by the markets for each fill. It decides only, and only for the worse: it
makes no price better and no fill larger. Equal seeds strike alike.
"""

from random import Random

import msgspec

from workstation.domain.errors import ValidationError
from workstation.kernel.ids import sub_stream

_ALL = 10_000
"""Shares are basis points."""


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Shares are basis points of the requests or fills that may be struck, times ns.

    reject_bps: new orders that the venue rejects. refuse_bps: cancels and changes that it refuses. spike_bps, spike:
    requests and reports that take so much longer. partial_bps: fills of which a part is had at once, and the rest
    later. outage_every, outage: in each such span of time the connection is down once, for so long: what is sent then
    never leaves, and reports wait. The market's news is not held up. Exits that the venue makes itself meet no fault.
    """

    reject_bps: int = 0
    refuse_bps: int = 0
    spike_bps: int = 0
    spike: int = 0
    partial_bps: int = 0
    outage_every: int = 0
    outage: int = 0

    def __post_init__(self) -> None:
        shares = (self.reject_bps, self.refuse_bps, self.spike_bps, self.partial_bps)
        if not all(0 <= share <= _ALL for share in shares):
            raise ValidationError("faults", "a share of requests or fills is none", allowed="0 to 100 percent")
        if min(self.spike, self.outage, self.outage_every) < 0 or self.outage > self.outage_every:
            raise ValidationError("faults", "an outage is longer than its span, or a time is below 0")
        if bool(self.spike_bps) != bool(self.spike) or bool(self.outage) != bool(self.outage_every):
            raise ValidationError("faults", "a spike needs its share and its time, an outage its span and its time")


class Troubles:
    """The faults of requests and reports of one run. struck: how often each kind did."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults, self._seed = faults, seed
        self._chance = sub_stream(seed, "faults")
        self._span, self._down = -1, (0, 0)
        self._reported = 0
        self.struck: dict[str, int] = {}

    def rejects(self) -> bool:
        """Draw whether the venue rejects a new order."""
        return self._strikes("rejects", self._faults.reject_bps)

    def refuses(self) -> bool:
        """Draw whether the venue refuses a cancel or a change."""
        return self._strikes("refusals", self._faults.refuse_bps)

    def held_up(self) -> int:
        """Draw how much longer a request takes, ns."""
        return self._faults.spike if self._strikes("latency spikes", self._faults.spike_bps) else 0

    def down_until(self, ts: int) -> int | None:
        """Return when the connection that is down at `ts` comes back, None while it is up."""
        every = self._faults.outage_every
        if not every:
            return None
        if ts // every != self._span:
            self._span = ts // every
            first = self._span * every
            start = first + sub_stream(self._seed, f"outage {first}").randint(0, every - self._faults.outage)
            self._down = start, start + self._faults.outage
        start, end = self._down
        return end if start <= ts < end else None

    def is_cut_off(self, ts: int) -> bool:
        """Tell whether a request sent at `ts` cannot leave."""
        down = self.down_until(ts) is not None
        if down:
            self._count("requests without a connection")
        return down

    def report_due(self, ts: int) -> int:
        """Return when a report due at `ts` comes; none overtakes an earlier one."""
        due = ts + self.held_up()
        while (back := self.down_until(due)) is not None:
            due = back
        self._reported = max(self._reported, due)
        return self._reported

    def _strikes(self, kind: str, share: int) -> bool:
        if not share or self._chance.randrange(_ALL) >= share:
            return False
        self._count(kind)
        return True

    def _count(self, kind: str) -> None:
        self.struck[kind] = self.struck.get(kind, 0) + 1


class PartialFills:
    """Cuts fills of one instrument to a part, as if others had been there first."""

    def __init__(self, faults: Faults, chance: Random) -> None:
        self._share, self._chance = faults.partial_bps, chance

    def cut(self, qty: int, lot: int) -> int:
        """Return how much of a fill is had, a lot at least."""
        lots = qty // lot
        if not self._share or lots < 2 or self._chance.randrange(_ALL) >= self._share:
            return qty
        return self._chance.randrange(1, lots) * lot
