"""Account tradable: an account that is switched off, or not ACTIVE by its broker's word, takes exits only."""

from workstation.domain.records.venues import AccountStatus
from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class AccountTradable(StateRule):
    """The account is open for entries."""

    code = "ACCOUNT_NOT_TRADABLE"
    kind = DenialKind.VALIDATION

    def binds(self, place: Place) -> bool:
        """Tell whether somebody said anything about the account."""
        return place.account.closed or place.account.account in place.controls.accounts

    def objection(self, snapshot: Snapshot) -> str:
        """Name the account and how it stands."""
        name = snapshot.terms.account
        kept = snapshot.controls.accounts.get(name)
        if snapshot.account.closed:
            return f"Refused: account. {name} is closed; choose another account."
        if kept is None or (kept.is_active and kept.status is AccountStatus.ACTIVE):
            return ""
        standing = kept.status.value if kept.is_active else "switched off"
        return f"Refused: account. {name} is {standing}; choose another account or have it opened for trading."
