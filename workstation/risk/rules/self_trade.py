"""Self-trade: an order that would cross the account's own resting order, of any strategy, is refused before sending."""

from workstation.domain.orders import OrdType
from workstation.domain.verdicts import DenialKind
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot

_WAITING = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})


class SelfTrade(StateRule):
    """Price against the best own resting order of the other side. Stops are judged when they fire."""

    code = "SELF_TRADE"
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the own price that would be crossed."""
        terms = snapshot.terms
        sign = snapshot.sign
        best = snapshot.exposure.working(terms.account, terms.symbol).side(-sign).best
        if best is None or terms.ord_type in _WAITING:
            return ""
        if terms.price is not None and (terms.price - best) * sign < 0:
            return ""
        price = snapshot.instrument.price_text
        asked = "A market order" if terms.price is None else price(terms.price)
        own = "ask" if sign > 0 else "bid"
        return f"Refused: self-trade. {asked} would cross your own {own} {price(best)}. Cancel that order first."
