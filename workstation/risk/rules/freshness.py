"""Freshness: a stale or absent reference price cannot enter an order that adds risk.

While the instrument is closed the last close is the reference; a halt is for `trading_hours` to refuse.
"""

from workstation.domain.market import SessionPhase
from workstation.domain.verdicts import RuleResult
from workstation.risk.rules.base import Rule
from workstation.risk.snapshot import Snapshot
from workstation.risk.valuation import opposite_side

_HALTED, _CLOSED = SessionPhase.HALTED, SessionPhase.CLOSED


class Freshness(Rule):
    """The side that the order would take is known and fresh."""

    code = "REFERENCE_PRICE"

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether there is a price to judge by."""
        reference, phase = snapshot.reference, snapshot.phase
        if phase is _HALTED:
            return True
        if phase is _CLOSED:
            return reference.last is not None
        return reference.fresh and opposite_side(snapshot.terms, reference) is not None

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the age of the reference price."""
        reference = snapshot.reference
        age = f"{reference.age_ms} ms"
        if self.passes(snapshot):
            return self.result("", value=age)
        symbol = snapshot.terms.symbol
        because = f" ({reference.reason})" if reference.reason else ""
        unknown = reference.bid is None and reference.ask is None and reference.last is None
        if unknown or reference.fresh or snapshot.phase is _CLOSED:
            return self.result(f"Refused: reference price. {symbol} has no price{because}; wait for a quote.")
        text = f"Refused: reference price. The quote of {symbol} is stale, {age} old{because}; wait for a fresh quote."
        return self.result(text, value=age)
