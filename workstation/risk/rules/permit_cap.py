"""Permit cap: the most money that a script or strategy may move on LIVE accounts under a person's permit.

A permit names its caps. `order_notional` bounds one order; `position_notional` the account's position in the instrument
once all live orders of its side filled; `day_notional` what the permit's holder trades in the trading day, buys and
sells alike, on all LIVE accounts, together with what its working orders may still add. A cap that this program does not
know, or that is no amount, refuses: what was meant must not be guessed.
"""

from workstation.domain.accounts import Environment
from workstation.domain.verdicts import RuleResult
from workstation.risk.permits import CAPS, DAY, ORDER, cap_of
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.snapshot import Snapshot

_ADVICE = {DAY: "Wait for the next trading day, or ask for another permit."}


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
        """Return value, cap and headroom: of the first cap that is exceeded, else of the one with the least room."""
        intent = snapshot.intent
        permit = snapshot.view.live_permit(intent.origin, intent.strategy_id)
        least: tuple[int, RuleResult] | None = None
        for name, amount in (permit.caps if permit is not None else {}).items():
            room, answer = self._held_against(snapshot, name, amount)
            if not answer.passed:
                return answer
            if least is None or room < least[0]:
                least = room, answer
        return self.result("") if least is None else least[1]

    def _held_against(self, snapshot: Snapshot, name: str, amount: str) -> tuple[int, RuleResult]:
        cap = cap_of(name, amount)
        if cap is None:
            text = f"Refused: live permit. Its cap {name} cannot be read; grant it anew in the desktop."
            return 0, self.result(text)
        value, currency = _value(snapshot, name), snapshot.account.currency
        limit = money_text(cap, currency)
        if value is None:
            text = f"Refused: live permit's {CAPS[name]}. The limit is {limit}, but it cannot be valued now."
            return 0, self.result(text, limit=limit)
        shown, headroom = money_text(value, currency), money_text(max(cap - value, 0), currency)
        text = ""
        if value > cap:
            advice = _ADVICE.get(name, "Lower the quantity.")
            text = f"Refused: live permit's {CAPS[name]}. {shown}; limit {limit}. {advice}"
        return cap - value, self.result(text, value=shown, limit=limit, headroom=headroom)


def _value(snapshot: Snapshot, name: str) -> int | None:
    if name != DAY:
        return snapshot.notional(snapshot.leaves if name == ORDER else snapshot.position_after)
    intent, total = snapshot.intent, snapshot.notional(snapshot.leaves)
    own = intent.cl_ord_id if intent.replaces is None else intent.replaces.cl_ord_id
    holder = snapshot.view.permit_holder(intent.origin, intent.strategy_id)
    for currency, amount in snapshot.controls.day_values.of(holder, own):
        value = snapshot.in_account(amount, currency)
        if total is None or value is None:
            return None
        total += value
    return total
