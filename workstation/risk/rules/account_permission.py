"""Account permission: kinds of instrument that an account may not add to.

The setting's text is a comma-separated list of asset classes, as in `OPTION,FUTURE`.
"""

from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class AccountPermission(RestrictionRule):
    """The asset class is among those that the account may not trade."""

    code = "ACCOUNT_PERMISSION"
    restriction = Restriction.ACCOUNT_PERMISSION
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the account and the asset class."""
        found = self.setting(snapshot)
        asset_class = snapshot.instrument.asset_class.value
        if found is None or asset_class not in found.new.split(","):
            return ""
        return (
            f"Refused: account permission. {snapshot.terms.account} may not trade {asset_class}; "
            "choose another account or have the permission granted."
        )
