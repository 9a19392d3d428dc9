"""Accounts that a person opened at the venue of this run: opened there when they are journaled, and again at a start.

A venue that has forgotten them learns of them before its session comes up. What is opened while it is up
is compared with the venue at once, which unlocks it. Engine's thread.
"""

from workstation.app.core import Core
from workstation.app.venues import Venue
from workstation.domain.accounts import Account
from workstation.domain.events import AccountOpened
from workstation.ports.broker import SessionState


class AccountOpening:
    """Tells the venue of accounts."""

    def __init__(self, core: Core, venue: Venue) -> None:
        self._core, self._venue = core, venue
        core.bus.subscribe(AccountOpened, self._on_opened)

    def recall(self) -> None:
        """Open what the journal knows and the venue does not."""
        for account in tuple(self._core.state.accounts.values()):
            self._open(account)

    def open(self) -> tuple[Account, ...]:
        """Return the venue's accounts but for those that were closed here."""
        known = self._core.state.accounts
        return tuple(row for row in self._venue.accounts() if not known.get(row.account, row).closed)

    def _on_opened(self, event: AccountOpened) -> None:
        account = event.account
        if self._open(account) and self._core.desk.routes.session(account.venue) is SessionState.UP:
            self._core.desk.reconcile(account.account, "account opened")

    def _open(self, account: Account) -> bool:
        known = {row.account for row in self._venue.accounts()}
        if account.closed or account.account in known or account.venue != self._venue.broker.venue:
            return False
        self._venue.open_account(account)
        return True
