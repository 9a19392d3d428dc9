"""Lockout: after a breach, or at the trader's own wish, nothing may be added until the next trading day."""

from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class Lockout(RestrictionRule):
    """The account is locked out."""

    code = "LOCKOUT"
    restriction = Restriction.LOCKOUT

    def objection(self, snapshot: Snapshot) -> str:
        """Name why the account is locked out and until when."""
        lockout = self.setting(snapshot)
        if lockout is None:
            return ""
        return f"Refused: lockout. {lockout.reason}; only exits are taken until the next trading day."
