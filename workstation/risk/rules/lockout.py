"""Lockout: after a breach, or at the trader's own wish, nothing may be added until the next trading day."""

from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class Lockout(StateRule):
    """The account is locked out."""

    code = "LOCKOUT"

    def objection(self, snapshot: Snapshot) -> str:
        """Name why the account is locked out and until when."""
        lockout = snapshot.controls.restrictions.find(Restriction.LOCKOUT, snapshot.terms, snapshot.intent.strategy_id)
        if lockout is None:
            return ""
        return f"Refused: lockout. {lockout.reason}; only exits are taken until the next trading day."
