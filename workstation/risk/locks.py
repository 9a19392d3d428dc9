"""Account locks: INCREASE waits until the book agrees with the venue or a person signs for the difference.

Folded from `LockChanged`. An account that nobody unlocked since the engine started is LOCKED.
"""

from workstation.domain.accounts import LockState
from workstation.domain.events import LockChanged


class Locks:
    """State of each account's lock, with the event that set it."""

    def __init__(self) -> None:
        self._last: dict[str, LockChanged] = {}

    def apply(self, event: LockChanged) -> None:
        """Fold one change."""
        self._last[event.account] = event

    def lock_all(self) -> None:
        """Forget every unlocking: a new run of the engine has reconciled nothing yet."""
        self._last.clear()

    def state(self, account: str) -> LockState:
        """Return the lock's state, LOCKED for an account not heard of."""
        last = self._last.get(account)
        return LockState.LOCKED if last is None else last.state

    def last(self, account: str) -> LockChanged | None:
        """Return the change that set the present state, with its reason and breaks."""
        return self._last.get(account)

    def dump(self) -> list[LockChanged]:
        """Return the last change of each account, for a snapshot."""
        return list(self._last.values())

    def load(self, rows: list[LockChanged]) -> None:
        """Replace everything by what `dump` returned."""
        self._last = {event.account: event for event in rows}
