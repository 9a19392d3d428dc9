"""Trading hours: nothing is added in a halt, and while closed only priced orders that stand until the opening."""

from workstation.domain.market import SessionPhase
from workstation.domain.orders import TimeInForce
from workstation.domain.verdicts import DenialKind
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot

_OPEN = SessionPhase.OPEN
_ENDS_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class TradingHours(StateRule):
    """Phase of the instrument."""

    code = "MARKET_HOURS"
    kind = DenialKind.COMPLIANCE

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether there is no objection; an open market takes everything."""
        return snapshot.phase is _OPEN or super().passes(snapshot)

    def objection(self, snapshot: Snapshot) -> str:
        """Name the phase and what it takes."""
        terms = snapshot.terms
        if snapshot.phase is SessionPhase.HALTED:
            return f"Refused: market hours. {terms.symbol} is halted; wait for the resumption."
        if snapshot.phase is not SessionPhase.CLOSED:
            return ""
        if terms.price is not None and terms.time_in_force not in _ENDS_AT_ONCE:
            return ""
        return f"Refused: market hours. {terms.symbol} is closed; send a priced order that stands until the opening."
