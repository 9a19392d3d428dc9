"""Credential cap: the most money that one order of a script's key may move, beside the account's own limits."""

from workstation.domain.orders import OriginKind
from workstation.domain.verdicts import RuleResult
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.snapshot import Snapshot

_REST = OriginKind.REST


class CredentialCap(Rule):
    """Worst-case value of the unfilled quantity against the cap that the key was made with; unknown values refuse."""

    code = "CREDENTIAL_CAP"

    def binds(self, place: Place) -> bool:
        """Tell whether a script enters there."""
        return place.door is _REST

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether there is no cap, or the value is known and within it."""
        cap = _cap(snapshot)
        if cap is None:
            return True
        value = snapshot.notional(snapshot.leaves)
        return value is not None and value <= cap

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return value, cap and headroom."""
        cap = _cap(snapshot)
        if cap is None:
            return self.result("")
        currency = snapshot.account.currency
        limit, value = money_text(cap, currency), snapshot.notional(snapshot.leaves)
        if value is None:
            return self.result(f"Refused: key's cap. It is {limit}, but the order has no price yet.", limit=limit)
        shown, headroom = money_text(value, currency), money_text(max(cap - value, 0), currency)
        text = f"Refused: key's cap. {shown}; limit {limit}. Lower the quantity or use another key."
        return self.result(text if value > cap else "", value=shown, limit=limit, headroom=headroom)


def _cap(snapshot: Snapshot) -> int | None:
    origin = snapshot.intent.origin
    return snapshot.view.order_cap(origin) if origin.kind is _REST else None
