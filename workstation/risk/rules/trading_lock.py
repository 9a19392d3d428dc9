"""Trading lock: an account whose book has not been compared with its venue takes exits only."""

from workstation.domain.accounts import LockState
from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class TradingLock(StateRule):
    """The account is unlocked."""

    code = "TRADING_LOCKED"
    kind = DenialKind.LOCK

    def binds(self, place: Place) -> bool:
        """Tell whether the account is not unlocked."""
        return place.controls.locks.state(place.account.account) is not LockState.UNLOCKED

    def objection(self, snapshot: Snapshot) -> str:
        """Name the lock's state and reason."""
        account = snapshot.terms.account
        state = snapshot.controls.locks.state(account)
        if state is LockState.UNLOCKED:
            return ""
        last = snapshot.controls.locks.last(account)
        reason = "it has not been compared with its venue" if last is None else last.reason
        return f"Refused: trading locked. {account} is {state.value.lower()}: {reason}; wait for the reconciliation."
