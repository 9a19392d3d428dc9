"""Orders per day: the most orders that the tenant lets an account send within its trading day."""

from workstation.domain.verdicts import RuleResult
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule
from workstation.risk.snapshot import Snapshot


class OrdersPerDay(Rule):
    """Orders of the account's trading day, this one included; changes of live orders count for nothing."""

    code = "ORDERS_PER_DAY"

    def binds(self, place: Place) -> bool:
        """Tell whether the tenant sets a bound."""
        return place.controls.day_orders.limit is not None

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether the account has an order left today."""
        limit = snapshot.controls.day_orders.limit
        return limit is None or not self._adds(snapshot) or self._sent(snapshot) < limit

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the orders of the day with this one, the bound and what is left."""
        limit = snapshot.controls.day_orders.limit
        if limit is None:
            return self.result("")
        value = self._sent(snapshot) + self._adds(snapshot)
        text = ""
        if not self.passes(snapshot):
            text = f"Refused: orders per day. {value}; limit {limit} (tenant). Wait for the next trading day."
        return self.result(text, value=str(value), limit=str(limit), headroom=str(max(limit - value, 0)))

    def _sent(self, snapshot: Snapshot) -> int:
        return snapshot.controls.day_orders.count(snapshot.terms.account)

    def _adds(self, snapshot: Snapshot) -> bool:
        return snapshot.intent.replaces is None
