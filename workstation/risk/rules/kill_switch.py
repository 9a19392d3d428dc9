"""Kill switch: nothing is added in its scope until a person lifts it with a reason."""

from workstation.domain.verdicts import DenialKind
from workstation.risk.controls import Controls
from workstation.risk.limits import Bounds
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class KillSwitch(StateRule):
    """No kill switch stops this order."""

    code = "KILL_SWITCH_ACTIVE"
    kind = DenialKind.KILL

    def binds(self, controls: Controls, bounds: Bounds) -> bool:  # noqa: ARG002 -- a kill is no limit
        """Tell whether any switch is on."""
        return bool(controls.kills.active())

    def objection(self, snapshot: Snapshot) -> str:
        """Name the switch, who set it and why."""
        kill = snapshot.controls.kills.blocking(snapshot.terms, snapshot.intent.strategy_id)
        if kill is None:
            return ""
        scope = f"{kill.scope.value.lower()} {kill.key}".strip()
        setting = f"On for {scope} by {kill.actor} ({kill.reason})"
        return f"Refused: kill switch. {setting}; only exits are taken until it is lifted."
