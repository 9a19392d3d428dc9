"""Order rates: how many orders went out within the last second and minute, per scope.

A ring of slots instead of a list of stamps: constant memory at any rate. A stamp leaves the window up to one slot late,
never early, so that a rate limit errs on the side of refusing.
"""

SLOT_NS = 100_000_000
_PER_SECOND = 11
_PER_MINUTE = 601
"""Slots in a window: its length and the slot under way."""


class OrderRate:
    """Counts of one scope. Orders of the slot under way are counted apart, and enter the ring with the next slot.

    at: the slot under way; now: its orders.
    """

    __slots__ = ("_minute", "_second", "_slots", "at", "now")

    def __init__(self) -> None:
        self._second = self._minute = self.now = 0
        self._slots = [0] * _PER_MINUTE
        self.at = 0

    @property
    def second(self) -> int:
        """Orders of the last second, up to the slot that was last reached."""
        return self._second + self.now

    @property
    def minute(self) -> int:
        """Orders of the last minute, up to the slot that was last reached."""
        return self._minute + self.now

    def advance(self, slot: int) -> None:
        """Let everything that has left the windows go; `slot` is the one under way."""
        if slot <= self.at:
            return
        if slot - self.at >= _PER_MINUTE:
            self._slots = [0] * _PER_MINUTE
            self._second = self._minute = self.now = 0
            self.at = slot
            return
        self._slots[self.at % _PER_MINUTE] = self.now
        self._second, self._minute, self.now = self.second, self.minute, 0
        for entered in range(self.at + 1, slot + 1):
            self._second -= self._slots[(entered - _PER_SECOND) % _PER_MINUTE]
            self._minute -= self._slots[entered % _PER_MINUTE]
            self._slots[entered % _PER_MINUTE] = 0
        self.at = slot


class OrderRates:
    """Rates of every scope; scopes that were silent for a minute are dropped once there are too many."""

    SCOPES_MAX = 4_096

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], OrderRate] = {}

    def hit(self, scopes: tuple[tuple[str, str], ...], mono_ns: int) -> None:
        """Count one order in each of its scopes."""
        rates, slot = self._rates, mono_ns // SLOT_NS
        for scope in scopes:
            rate = rates.get(scope)
            if rate is None:
                rate = self._begin(scope, mono_ns)
            if slot > rate.at:
                rate.advance(slot)
            rate.now += 1

    def second(self, scope: tuple[str, str], mono_ns: int) -> int:
        """Return the orders of the last second."""
        rate = self._rates.get(scope)
        if rate is None:
            return 0
        rate.advance(mono_ns // SLOT_NS)
        return rate.second

    def minute(self, scope: tuple[str, str], mono_ns: int) -> int:
        """Return the orders of the last minute."""
        rate = self._rates.get(scope)
        if rate is None:
            return 0
        rate.advance(mono_ns // SLOT_NS)
        return rate.minute

    def _begin(self, scope: tuple[str, str], mono_ns: int) -> OrderRate:
        if len(self._rates) >= self.SCOPES_MAX:
            self._drop_silent(mono_ns)
        rate = self._rates[scope] = OrderRate()
        return rate

    def _drop_silent(self, mono_ns: int) -> None:
        for rate in self._rates.values():
            rate.advance(mono_ns // SLOT_NS)
        self._rates = {scope: rate for scope, rate in self._rates.items() if rate.minute}
