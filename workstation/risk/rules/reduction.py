"""Reduction: an exit is capped at what is left to close; with nothing left there is nothing to send."""

from workstation.domain.verdicts import RuleResult
from workstation.risk.rules.base import Rule
from workstation.risk.snapshot import Snapshot


class Reduction(Rule):
    """Something is left to reduce: the reconciled position less what live exits could still close."""

    code = "NOTHING_TO_REDUCE"

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether any quantity is left to go out."""
        return snapshot.qty > 0

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the quantity that may go out against the asked one."""
        words = snapshot.instrument.qty_text
        asked, allowed = words(snapshot.terms.order_qty), words(snapshot.qty)
        if self.passes(snapshot):
            return self.result("", value=asked, limit=allowed)
        position, working = words(snapshot.position), words(snapshot.others)
        text = (
            f"Refused: nothing to reduce. The position is {position} and live orders could close {working}; "
            "cancel them or wait for their fills."
        )
        return self.result(text, value=asked, limit=allowed)
