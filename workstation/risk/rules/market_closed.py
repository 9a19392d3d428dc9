"""Market hours as a compliance rule: while the instrument is not open nothing may be added, priced orders included.

Beside `trading_hours`, which always holds and lets orders through that stand until the opening.
"""

from workstation.domain.market import SessionPhase
from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class MarketClosed(RestrictionRule):
    """A person's rule against orders outside of the trading hours."""

    code = "MARKET_HOURS"
    restriction = Restriction.MARKET_HOURS
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the phase."""
        if snapshot.phase is SessionPhase.OPEN or self.setting(snapshot) is None:
            return ""
        phase = snapshot.phase.value.lower()
        return f"Refused: market hours. {snapshot.terms.symbol} is not open ({phase}); send it when it is."
