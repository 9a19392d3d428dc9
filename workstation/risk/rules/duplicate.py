"""Duplicate: the same order from the same door within 400 ms is one press too many, an exit too.

Orders that the desk makes itself, legs that follow their parent, and changes are exempt; so is an order that waited
here and is judged again at its release. `allow_duplicate` lifts it for scripts.
"""

from workstation.domain.orders import OriginKind
from workstation.domain.verdicts import RuleResult
from workstation.risk.duplicates import DUPLICATE_WINDOW_NS
from workstation.risk.rules.base import Rule
from workstation.risk.snapshot import Snapshot

_MS = 1_000_000


class Duplicate(Rule):
    """Same account, symbol, side, quantity, prices and origin within the window."""

    code = "DUPLICATE_ORDER"

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether no equal order went out within the window."""
        return self._age_ns(snapshot) is None

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return how long ago the equal order went out."""
        age, limit = self._age_ns(snapshot), f"{DUPLICATE_WINDOW_NS // _MS} ms"
        if age is None:
            return self.result("", limit=limit)
        value = f"{age // _MS} ms"
        text = f"Refused: duplicate order. The same order went out {value} ago; window {limit}. Wait and send it again."
        return self.result(text, value=value, limit=limit)

    def _age_ns(self, snapshot: Snapshot) -> int | None:
        intent = snapshot.intent
        lifted = intent.allow_duplicate and not intent.origin.kind.is_hand
        follows = intent.link is not None and intent.link.parent != ""
        if lifted or follows or intent.replaces is not None or intent.origin.kind is OriginKind.SYSTEM:
            return None
        return snapshot.duplicates.age_ns(intent)
