"""Live permit: a script or strategy adds risk on a LIVE account only with a person's permit."""

from workstation.domain.accounts import Environment
from workstation.domain.orders import OriginKind
from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot

_PERMITTED = frozenset({OriginKind.REST, OriginKind.STRATEGY, OriginKind.COMMAND_LINE})


class LivePermit(StateRule):
    """The origin holds a permit that has not expired."""

    code = "LIVE_NOT_PERMITTED"
    kind = DenialKind.LOCK

    def binds(self, place: Place) -> bool:
        """Tell whether real money is at stake."""
        return place.account.environment is Environment.LIVE

    def objection(self, snapshot: Snapshot) -> str:
        """Name who lacks the permit."""
        if snapshot.account.environment is not Environment.LIVE:
            return ""
        intent = snapshot.intent
        if intent.origin.kind not in _PERMITTED:
            return ""
        permit = snapshot.view.live_permit(intent.origin, intent.strategy_id)
        if permit is not None and permit.expires_at > intent.now_ns:
            return ""
        holder = intent.strategy_id or intent.origin.detail or intent.origin.user
        lacks = "none" if permit is None else "one that has run out"
        return f"Refused: live permit. {holder} has {lacks} for LIVE; grant one in the desktop."
