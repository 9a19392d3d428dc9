"""Close-only: an account, instrument or strategy in which positions may be closed and none opened."""

from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class CloseOnly(RestrictionRule):
    """Close-only is set."""

    code = "CLOSE_ONLY"
    restriction = Restriction.CLOSE_ONLY

    def objection(self, snapshot: Snapshot) -> str:
        """Name what is close-only and why."""
        found = self.setting(snapshot)
        if found is None:
            return ""
        place = f"{found.scope.lower()} {found.key}".strip()
        return f"Refused: close only. Set for {place} ({found.reason}); only exits are taken until it is lifted."
