"""Restricted symbol: nothing may be added in an instrument on the restricted list."""

from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class RestrictedSymbol(RestrictionRule):
    """The instrument is on the list."""

    code = "RESTRICTED_SYMBOL"
    restriction = Restriction.RESTRICTED_SYMBOL
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the entry of the list."""
        found = self.setting(snapshot)
        if found is None:
            return ""
        return (
            f"Refused: restricted symbol. {snapshot.terms.symbol} is on the restricted list ({found.reason}); "
            "only exits are taken."
        )
