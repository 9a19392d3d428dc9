"""Accounts that a person opened at the venue of this run: opened there when they are journaled, and again at a start.

What doors offer follows at once, without a restart: an account that is opened, renamed or closed.

A venue that has forgotten them learns of them before its session comes up. What is opened while it is up
is compared with the venue at once, which unlocks it. Engine's thread.
"""

from workstation.app.core import Core
from workstation.app.venues import Venue
from workstation.domain.accounts import Account
from workstation.domain.events import AccountOpened
from workstation.ports.broker import SessionState
from workstation.viewmodels.session import OpenAccounts


class AccountOpening:
    """Tells the venue of accounts, and doors through `offered`."""

    def __init__(self, core: Core, venue: Venue) -> None:
        self._core, self._venue = core, venue
        self.offered = OpenAccounts(venue.accounts())
        core.bus.subscribe(AccountOpened, self._on_opened)

    def recall(self) -> None:
        """Open what the journal knows and the venue does not."""
        for account in tuple(self._core.state.accounts.values()):
            self._open(account)
        self._offer()

    def _offer(self) -> None:
        """Offer the venue's accounts as they are known here, but for those that were closed."""
        known = self._core.state.accounts
        rows = [known.get(row.account, row) for row in self._venue.accounts()]
        self.offered.take(row for row in rows if not row.closed)

    def _on_opened(self, event: AccountOpened) -> None:
        account = event.account
        opened = self._open(account)
        self._offer()
        if opened and self._core.desk.routes.session(account.venue) is SessionState.UP:
            self._core.desk.reconcile(account.account, "account opened")

    def _open(self, account: Account) -> bool:
        known = {row.account for row in self._venue.accounts()}
        if account.closed or account.account in known or account.venue != self._venue.broker.venue:
            return False
        self._venue.open_account(account)
        return True
