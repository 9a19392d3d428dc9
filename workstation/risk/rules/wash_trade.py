"""Wash trade: no account here may take the other side of another account here.

The setting's text is a number of seconds: an opposite fill of another account within them refuses, as does another
account's resting order that this one would meet. Within one account `self_trade` always holds.
"""

from workstation.domain.orders import OrdType
from workstation.domain.times import NS_PER_S
from workstation.domain.verdicts import DenialKind
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot

_WAITING = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.TRAILING_STOP_LIMIT})


class WashTrade(RestrictionRule):
    """The other side has just been, or would be, another account here."""

    code = "WASH_TRADE"
    restriction = Restriction.WASH_TRADE
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the account of the other side."""
        settings = snapshot.settings(self.restriction)
        if not settings:
            return ""
        window_s = max(int(row.new) for row in settings)
        terms, since = snapshot.terms, snapshot.intent.now_ns - window_s * NS_PER_S
        traded = snapshot.controls.traded.opposite(terms.account, terms.symbol, snapshot.sign, since)
        if traded:
            return f"Refused: wash trade. {traded} took the other side in the last {window_s} s; wait that long."
        resting = "" if terms.ord_type in _WAITING else self._met(snapshot)
        return resting and f"Refused: wash trade. It would meet an order of {resting}; cancel that one first."

    def _met(self, snapshot: Snapshot) -> str:
        """Return the account whose resting order this one would meet, "" for none."""
        terms, sign = snapshot.terms, snapshot.sign
        for account, working in snapshot.exposure.elsewhere(terms.account, terms.symbol):
            best = working.side(-sign).best
            if best is not None and (terms.price is None or (terms.price - best) * sign >= 0):
                return account
        return ""
