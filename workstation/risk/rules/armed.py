"""Arming: adding risk by hand needs the armed state of the account's environment."""

from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class Armed(StateRule):
    """Hand entry is armed for this environment. Scripts and strategies do not ask."""

    code = "NOT_ARMED"
    kind = DenialKind.LOCK

    def binds(self, place: Place) -> bool:
        """Tell whether a hand enters there."""
        return place.door.is_hand

    def objection(self, snapshot: Snapshot) -> str:
        """Name the environment to arm."""
        environment = snapshot.account.environment
        if not snapshot.intent.origin.kind.is_hand or snapshot.view.armed(environment):
            return ""
        name = environment.value
        return f"Refused: not armed. Entry by hand in {name} needs arming; arm {name} first (Ctrl+F12)."
