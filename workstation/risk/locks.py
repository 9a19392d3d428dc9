"""Account locks: INCREASE waits until the book agrees with the venue or a person signs for the difference.

Folded from `LockChanged`. An account that nobody unlocked since the engine started is LOCKED. After an
`InvariantViolated` every account is, over restarts and agreements, until a person overrides for that account.
"""

from collections.abc import Iterable

from workstation.domain.accounts import LockState
from workstation.domain.events import InvariantViolated, LockChanged


class Locks:
    """State of each account's lock, with the event that set it."""

    def __init__(self) -> None:
        self._last: dict[str, LockChanged] = {}
        self._violation: InvariantViolated | None = None
        self._signed: set[str] = set()

    def apply(self, event: LockChanged | InvariantViolated) -> None:
        """Fold one change. A violation voids every signature that was given for an earlier one."""
        if isinstance(event, InvariantViolated):
            self._violation = event
            self._signed.clear()
            return
        self._last[event.account] = event
        if event.override and self._violation is not None:
            self._signed.add(event.account)

    def violation(self, account: str) -> InvariantViolated | None:
        """Return the violated invariant that nobody has signed for in this account, None when there is none."""
        return None if account in self._signed else self._violation

    def lock_all(self) -> None:
        """Forget every unlocking: a new run of the engine has reconciled nothing yet."""
        self._last.clear()

    def state(self, account: str) -> LockState:
        """Return the lock's state, LOCKED for an account not heard of."""
        last = self._last.get(account)
        if last is None or (self._violation is not None and account not in self._signed):
            return LockState.LOCKED
        return last.state

    def last(self, account: str) -> LockChanged | None:
        """Return the change that set the present state, with its reason and breaks."""
        return self._last.get(account)

    def dump(self) -> list[LockChanged]:
        """Return the last change of each account, for a snapshot."""
        return list(self._last.values())

    def load(
        self, rows: list[LockChanged], violation: InvariantViolated | None = None, signed: Iterable[str] = ()
    ) -> None:
        """Replace everything by what `dump`, `violated` and `signed` returned."""
        self._last = {event.account: event for event in rows}
        self._violation, self._signed = violation, set(signed)

    @property
    def violated(self) -> InvariantViolated | None:
        """The last violated invariant, signed for or not."""
        return self._violation

    @property
    def signed(self) -> list[str]:
        """Accounts for which a person signed since, sorted."""
        return sorted(self._signed)
