"""Journal wait: how long requests have waited to be stored, and what of them is too late by then.

Beside the order walk, before the bytes. A request that adds risk and was stored after `most_ns` does not go out: the
market that it was meant for has gone. While one waits longer than that, new risk is refused by value and limit. Exits
and cancels go on, however long they waited.
"""

from msgspec.structs import replace

from workstation.domain.orders import RiskClass
from workstation.domain.times import NS_PER_S
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.kernel.clock import Clock
from workstation.orders.results import refusal

STORAGE_BUSY = "STORAGE_BUSY"


class JournalWait:
    """Requests that wait to be stored, by sequence number, the oldest first. most_ns: longest wait, mono ns."""

    def __init__(self, clock: Clock, most_ns: int) -> None:
        self._clock, self._most_ns = clock, most_ns
        self._since: dict[int, int] = {}

    def begin(self, seq: int) -> None:
        """Note that a request waits until `seq` is stored."""
        self._since[seq] = self._clock.mono_ns()

    def end(self, seq: int, risk_class: RiskClass) -> str:
        """Note that it waits no more; returns why it must not go out, "" where it may."""
        now = self._clock.mono_ns()
        waited = now - self._since.pop(seq, now)
        if waited <= self._most_ns or risk_class is RiskClass.REDUCE:
            return ""
        return f"the journal took {seconds(waited)} to store it, at most {seconds(self._most_ns)} is allowed"

    def refusal(self, risk_class: RiskClass) -> RuleResult | None:
        """Refuse new risk while a request waits too long already: it would go out late or never."""
        if not self._since or risk_class is RiskClass.REDUCE:
            return None
        waited = self._clock.mono_ns() - next(iter(self._since.values()))
        if waited <= self._most_ns:
            return None
        spans = f"for {seconds(waited)}, at most {seconds(self._most_ns)} is allowed"
        text = f"Refused: the journal has not stored a request {spans}."
        found = refusal(STORAGE_BUSY, text, kind=DenialKind.LOCK, value=seconds(waited))
        return replace(found, limit=seconds(self._most_ns))


def seconds(span_ns: int) -> str:
    """Return a span in seconds, to three digits."""
    return f"{span_ns / NS_PER_S:.3g} s"
