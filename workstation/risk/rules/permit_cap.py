"""Permit cap: the most money that a script may move on a LIVE account under the permit that a person gave its key.

A permit names its caps: `order_notional` bounds one order, `position_notional` the position once all live orders of its
side filled. A cap that this program does not know, or that is no amount, refuses: what was meant must not be guessed.
"""

from workstation.domain.accounts import Environment
from workstation.domain.errors import UserError
from workstation.domain.numbers import MONEY_DECIMALS, parse_scaled
from workstation.domain.verdicts import RuleResult
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.snapshot import Snapshot

_TITLES = {"order_notional": "order value", "position_notional": "position value after working orders"}


class PermitCap(Rule):
    """Worst-case values against the permit's caps, in the account's currency; unknown values refuse."""

    code = "PERMIT_CAP"

    def binds(self, place: Place) -> bool:
        """Tell whether real money is at stake."""
        return place.account.environment is Environment.LIVE

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether every cap holds."""
        return self.check(snapshot).passed

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return value, cap and headroom of the first cap that is exceeded, else that all hold."""
        intent = snapshot.intent
        permit = snapshot.view.live_permit(intent.origin, intent.strategy_id)
        for name, amount in (permit.caps if permit is not None else {}).items():
            refused = self._over(snapshot, name, amount)
            if refused is not None:
                return refused
        return self.result("")

    def _over(self, snapshot: Snapshot, name: str, amount: str) -> RuleResult | None:
        cap = _parsed(amount) if name in _TITLES else None
        if cap is None:
            return self.result(f"Refused: live permit. Its cap {name} cannot be read; grant it anew in the desktop.")
        qty = snapshot.leaves if name == "order_notional" else snapshot.position_after
        value, currency = snapshot.notional(qty), snapshot.account.currency
        limit = money_text(cap, currency)
        if value is None:
            text = f"Refused: live permit's {_TITLES[name]}. The limit is {limit}, but the order has no price yet."
            return self.result(text, limit=limit)
        if value <= cap:
            return None
        shown = money_text(value, currency)
        text = f"Refused: live permit's {_TITLES[name]}. {shown}; limit {limit}. Lower the quantity."
        return self.result(text, value=shown, limit=limit, headroom=money_text(0, currency))


def _parsed(amount: str) -> int | None:
    try:
        return parse_scaled(amount, MONEY_DECIMALS)
    except UserError:
        return None
