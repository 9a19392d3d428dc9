"""Strategy capital: the most that a run may hold in positions and working orders, which is what it was given."""

from workstation.domain.verdicts import RuleResult
from workstation.risk.limits import MISSING_VALUE
from workstation.risk.place import Place
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.run_capital import Added, RunCapital, capital_used, enlarging
from workstation.risk.snapshot import Snapshot


class StrategyCapital(Rule):
    """What the run would hold once this order counts, against its capital of now; what adds nothing to it passes."""

    code = "STRATEGY_CAPITAL"

    def binds(self, place: Place) -> bool:
        """Tell whether a run under way enters there."""
        return place.controls.runs.capital(place.run_id) is not None

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether the order is no run's or adds nothing, or the value is known and within the capital."""
        given = _given(snapshot)
        if given is None:
            return True
        if given == MISSING_VALUE:
            return False
        added = _added(snapshot)
        found = _measure(snapshot, given, added)
        within = found.used is not None and found.capital is not None and found.used <= found.capital
        return within or _adds_nothing(snapshot, added, found)

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return value, capital and headroom."""
        given = _given(snapshot)
        if given is None:
            return self.result("")
        if given == MISSING_VALUE:
            return self.result("Refused: capital of the run. Its initial_capital cannot be read.")
        added = _added(snapshot)
        found = _measure(snapshot, given, added)
        if _adds_nothing(snapshot, added, found):
            return self.result("")
        currency = snapshot.account.currency
        if found.used is None or found.capital is None:
            limit = "" if found.capital is None else money_text(found.capital, currency)
            text = "Refused: capital of the run. A position or the order has no price or rate; wait for a quote."
            return self.result(text, limit=limit)
        value, limit = money_text(found.used, currency), money_text(found.capital, currency)
        text = (
            f"Refused: capital of the run. {value} in positions and working orders; limit {limit} "
            f"({money_text(given, currency)} given). Lower the quantity, cancel working orders or give it more."
        )
        over = found.used > found.capital
        headroom = money_text(max(found.capital - found.used, 0), currency)
        return self.result(text if over else "", value=value, limit=limit, headroom=headroom)


def _given(snapshot: Snapshot) -> int | None:
    run_id = snapshot.intent.strategy_id
    return snapshot.controls.runs.capital(run_id) if run_id else None


def _added(snapshot: Snapshot) -> Added:
    """Return the run's orders of this order's side as they would be."""
    terms, replaced, run_id = snapshot.terms, snapshot.intent.replaces, snapshot.intent.strategy_id
    own_id = snapshot.intent.cl_ord_id if replaced is None else replaced.cl_ord_id
    link = snapshot.intent.link if replaced is None else replaced.link
    others, _ = snapshot.exposure.others(terms, own_id, link, run_id)
    others_worth, legs_worth = snapshot.exposure.others_worth(terms, own_id, link, run_id)
    worth = None
    if snapshot.unit_value is not None:
        own = 0 if replaced is None else snapshot.exposure.notional_of(own_id)
        worth = others_worth + max(snapshot.unit_value * snapshot.leaves, own, legs_worth)
    return Added(terms.symbol, snapshot.sign, others + snapshot.added, worth)


def _measure(snapshot: Snapshot, given: int, added: Added) -> RunCapital:
    account, run_id, view = snapshot.account, snapshot.intent.strategy_id, snapshot.view
    made = view.run_made(account.account, run_id)
    used = capital_used(view, snapshot.exposure, account, run_id, added)
    return RunCapital(used, None if made is None else given + made)


def _adds_nothing(snapshot: Snapshot, added: Added, found: RunCapital) -> bool:
    """Tell whether the run holds no more with the order than without: it closes, or the other side is the worse."""
    held = snapshot.view.run_qty(snapshot.terms.account, snapshot.terms.symbol, snapshot.intent.strategy_id)
    if not enlarging(held, added.sign, added.qty, added.qty):
        return True
    before = capital_used(snapshot.view, snapshot.exposure, snapshot.account, snapshot.intent.strategy_id)
    return found.used is not None and before is not None and found.used <= before
