"""Lockout: after a breach, or at the trader's own wish, nothing may be added until it ends."""

from workstation.risk.restrictions import Restriction, lockout_end_text
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
        return f"Refused: lockout. {lockout.reason}; only exits are taken {lockout_end_text(lockout.new, lockout.ts)}."
