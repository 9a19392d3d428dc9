"""Kill switch: nothing is added in its scope until a person lifts it with a reason."""

from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class KillSwitch(StateRule):
    """No kill switch stops this order."""

    code = "KILL_SWITCH_ACTIVE"
    kind = DenialKind.KILL

    def binds(self, place: Place) -> bool:
        """Tell whether any switch is on."""
        return bool(place.controls.kills.active())

    def objection(self, snapshot: Snapshot) -> str:
        """Name the switch, who set it and why."""
        kill = snapshot.controls.kill_of(snapshot.terms, snapshot.intent.strategy_id)
        if kill is None:
            return ""
        scope = f"{kill.scope.value.lower()} {kill.key}".strip()
        setting = f"On for {scope} by {kill.actor} ({kill.reason})"
        return f"Refused: kill switch. {setting}; only exits are taken until it is lifted."
