"""Orders of the day: how many orders each account has sent in its trading day, folded, so that a restart forgets none.

Counted when an order is intended for its venue, under its account; the account's roll to a new trading day begins anew.
How many are too many is the tenant's to say; a rule of the gate holds the two against each other.
"""

from workstation.domain.events import TradingDayRolled
from workstation.domain.records import Tenant
from workstation.domain.records.identity import LOCAL_TENANT_ID


class DayOrders:
    """Counts by account, and the most that each may reach; None for no bound."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self._counts: dict[str, int] = {}

    def sent(self, account: str) -> None:
        """Count one order."""
        self._counts[account] = self._counts.get(account, 0) + 1

    def count(self, account: str) -> int:
        """Return the orders of an account's trading day so far."""
        return self._counts.get(account, 0)

    def apply(self, event: TradingDayRolled) -> None:
        """Begin an account's new trading day."""
        self._counts.pop(event.account, None)

    def learn(self, tenant: Tenant) -> None:
        """Take the bound of the tenant that trades here."""
        if tenant.id == LOCAL_TENANT_ID:
            self.limit = tenant.max_orders_per_day

    def dump(self) -> dict[str, int]:
        """Return the counts, for a snapshot; the bound is a record's."""
        return dict(self._counts)

    def load(self, counts: dict[str, int]) -> None:
        """Replace everything by what `dump` returned."""
        self._counts = dict(counts)
        self.limit = None
