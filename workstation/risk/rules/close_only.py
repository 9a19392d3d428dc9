"""Close-only: an account, instrument or strategy in which positions may be closed and none opened."""

from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class CloseOnly(StateRule):
    """Close-only is set."""

    code = "CLOSE_ONLY"

    def objection(self, snapshot: Snapshot) -> str:
        """Name what is close-only and why."""
        found = snapshot.controls.restrictions.find(Restriction.CLOSE_ONLY, snapshot.terms, snapshot.intent.strategy_id)
        if found is None:
            return ""
        place = f"{found.scope.lower()} {found.key}".strip()
        return f"Refused: close only. Set for {place} ({found.reason}); only exits are taken until it is lifted."
