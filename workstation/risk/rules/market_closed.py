"""Market hours as a compliance rule: outside of them nothing may be added, priced orders included.

The setting's text is read by `risk/hours`: the instrument's own hours, those of a calendar, or blackouts, each refusing
or holding the order for a person. Beside `trading_hours`, which always holds and lets orders through that stand until
the opening.
"""

from typing import NamedTuple

from workstation.domain.market import SessionPhase
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.risk.hours import hours_of
from workstation.risk.restrictions import Restriction
from workstation.risk.rules.base import RestrictionRule
from workstation.risk.snapshot import Snapshot


class _Found(NamedTuple):
    """Why nothing may be added now, and whether a person may let it go all the same."""

    why: str
    holds: bool


class MarketClosed(RestrictionRule):
    """A person's rule against orders outside of the trading hours."""

    code = "MARKET_HOURS"
    restriction = Restriction.MARKET_HOURS
    kind = DenialKind.COMPLIANCE

    def objection(self, snapshot: Snapshot) -> str:
        """Name the hours, and what becomes of the order."""
        found = self._found(snapshot)
        if found is None:
            return ""
        where = f"market hours. {snapshot.terms.symbol} is {found.why}"
        return f"Held: {where}; a person has to release it." if found.holds else f"Refused: {where}; send it later."

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the objection, marked where it holds the order instead of refusing it."""
        found = self._found(snapshot)
        return self.result(self.objection(snapshot), holds=found is not None and found.holds)

    def _found(self, snapshot: Snapshot) -> _Found | None:
        """Return the first objection; one that refuses goes before one that holds, which a release has met."""
        settings = snapshot.settings(self.restriction)
        phase, now_ns = snapshot.phase, snapshot.intent.now_ns
        met = [
            _Found(f"{why} ({phase.value.lower()})" if why == "not open" else why, hours.holds)
            for setting in settings
            for hours in hours_of(setting.new)
            if (why := hours.objection(now_ns, is_open=phase is SessionPhase.OPEN))
            and not (hours.holds and snapshot.intent.released)
        ]
        return min(met, key=lambda found: found.holds, default=None)
