"""Run position size: the most money that a run's own position in one instrument may come to."""

from workstation.domain.verdicts import RuleResult
from workstation.risk.limits import MISSING_VALUE
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.run_bounds import SizeBound
from workstation.risk.snapshot import Snapshot


class RunPositionSize(Rule):
    """Worst-case position of the run alone, at this order's worst price, against what run and strategy were given."""

    code = "RUN_POSITION_SIZE"

    def binds(self, place: Place) -> bool:
        """Tell whether the run was given such a bound."""
        return place.controls.runs.size(place.run_id) is not None

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether there is no such bound, or the value is known and within it."""
        bound = _bound(snapshot)
        if bound is None:
            return True
        value = snapshot.notional(snapshot.run_position_after)
        return value is not None and value <= bound.value

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return value, bound and headroom."""
        bound = _bound(snapshot)
        if bound is None:
            return self.result("")
        if bound.value == MISSING_VALUE:
            return self.result(f"Refused: position of the run. The {bound.where}'s max_position_size cannot be read.")
        currency = snapshot.account.currency
        limit, value = money_text(bound.value, currency), snapshot.notional(snapshot.run_position_after)
        if value is None:
            text = f"Refused: position of the run. The limit is {limit}, but the order has no price yet."
            return self.result(text, limit=limit)
        shown, headroom = money_text(value, currency), money_text(max(bound.value - value, 0), currency)
        text = (
            f"Refused: position of the run. {shown}; limit {limit} ({bound.where}). "
            "Lower the quantity or raise max_position_size."
        )
        return self.result(text if value > bound.value else "", value=shown, limit=limit, headroom=headroom)


def _bound(snapshot: Snapshot) -> SizeBound | None:
    run_id = snapshot.intent.strategy_id
    return snapshot.controls.runs.size(run_id) if run_id else None
