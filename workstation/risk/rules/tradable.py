"""Tradable: an inactive or expired instrument takes exits only."""

from workstation.domain.verdicts import DenialKind
from workstation.risk.place import Place
from workstation.risk.rules.base import StateRule
from workstation.risk.snapshot import Snapshot


class Tradable(StateRule):
    """The instrument is open for entries."""

    code = "INSTRUMENT_NOT_TRADABLE"
    kind = DenialKind.VALIDATION

    def binds(self, place: Place) -> bool:
        """Tell whether the instrument is closed for entries."""
        return not place.instrument.tradable

    def objection(self, snapshot: Snapshot) -> str:
        """Name the instrument."""
        if snapshot.instrument.tradable:
            return ""
        return f"Refused: instrument. {snapshot.terms.symbol} is not tradable; choose another instrument."
