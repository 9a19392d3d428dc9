"""Short sale: selling shares that the account does not hold, where that is forbidden or needs a locate.

The setting's text is REFUSE or REQUIRE_LOCATE; no door here can give a locate, so that both refuse.
"""

from workstation.domain.instruments import AssetClass
from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot

_SHARES = frozenset({AssetClass.STOCK, AssetClass.ETF})


class ShortSale(RestrictionRule):
    """A sell that could leave the account short of shares."""

    code = "SHORT_SALE"
    restriction = Restriction.SHORT_SALE
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name how far short the account could become."""
        terms = snapshot.terms
        if snapshot.sign > 0 or snapshot.instrument.asset_class not in _SHARES or snapshot.position_after == 0:
            return ""
        found = self.setting(snapshot)
        if found is None:
            return ""
        short = snapshot.instrument.qty_text(snapshot.position_after)
        need = "a locate is required" if found.new == "REQUIRE_LOCATE" else "short sales are not permitted"
        return f"Refused: short sale. {terms.account} could be {short} short; {need}. Lower the quantity."
