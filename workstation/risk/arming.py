"""Arm state: whether hand entry may add exposure, per environment.

Folded from `ArmChanged`. Default is disarmed, after every start too; exits and cancels never ask.
"""

from workstation.domain.accounts import Environment
from workstation.domain.events import ArmChanged


class Arming:
    """The environment that is armed; at most one at a time."""

    def __init__(self) -> None:
        self.environment: Environment | None = None

    def apply(self, event: ArmChanged) -> None:
        """Fold one change. Arming one environment disarms the other; an unknown one disarms."""
        known = event.environment in Environment.__members__
        self.environment = Environment(event.environment) if event.armed and known else None

    def disarm(self) -> None:
        """Forget the arming: a new run of the engine begins disarmed."""
        self.environment = None

    def armed(self, environment: Environment) -> bool:
        """Tell whether hand entry is armed for exactly this environment."""
        return self.environment is environment
