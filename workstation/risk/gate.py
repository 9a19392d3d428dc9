"""The gate: every order from every door asks here before it is journaled, and gets one answer with its reason.

Stage of the order walk between `orders/desk` (intent) and the journal. `check` decides on the order path, `explain`
answers the same with every rule's value and headroom and counts nothing, `count` books an accepted order against the
rates and the duplicate window. The gate sends nothing, stores nothing and has no bypass.

A passed verdict stores the limits that were in force, one compact result per limit, built once and shared by all
orders under the same limits; the values can be computed again, since terms and reference stand beside the verdict.
"""

from collections.abc import Callable, Iterable

from workstation.domain.accounts import Environment
from workstation.domain.events import LimitChanged
from workstation.domain.orders import OriginKind, RiskClass
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.risk.controls import Controls
from workstation.risk.duplicates import DuplicateWindow
from workstation.risk.exposure import Exposure, scopes_of
from workstation.risk.limits import MISSING_VALUE, LimitScope, LimitType
from workstation.risk.place import Place
from workstation.risk.rates import OrderRates
from workstation.risk.restrictions import lockout_event
from workstation.risk.rules import ENTRY, EXIT
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.run_capital import RunCapital, capital_used
from workstation.risk.snapshot import Snapshot, Sources
from workstation.risk.view import RiskIntent, RiskView

_PLANS_MAX = 4_096
_REDUCE = RiskClass.REDUCE

_Question = tuple[Callable[[Snapshot], bool], Rule]
"""What the order path asks, and the rule that it asks."""


def _asked(rules: Iterable[Rule]) -> tuple[_Question, ...]:
    return tuple((rule.passes, rule) for rule in rules)


_EXIT = _asked(EXIT)


class _Plan:
    """What the order path asks at one place: of the rules that could refuse there, and the limits in force."""

    __slots__ = ("asked", "limits_used", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.asked = _asked(rule for rule in ENTRY if rule.binds(place))
        self.limits_used = tuple(
            RuleResult(code=row[0].type.value, passed=True, kind=DenialKind.RISK, limit=row[0].text)
            for row in place.bounds.values()
            if not row[0].unlimited
        )


class RiskGate:
    """Judges intents against what the view shows and what the controls set."""

    def __init__(self, view: RiskView, controls: Controls, exposure: Exposure) -> None:
        self._view = view
        self._controls, self._exposure = controls, exposure
        self._rates = OrderRates()
        self._duplicates = DuplicateWindow()
        self._sources = Sources(view, exposure, self._rates, self._duplicates)
        self._plans: dict[tuple[str, str, str, OriginKind], _Plan] = {}
        self._planned = controls.version

    def check(self, intent: RiskIntent) -> Verdict:
        """Return the verdict: the limits in force when all passed, else the first refusal alone.

        A rule that would hold the order speaks last: the rest of compliance may still refuse it, and risk and funds are
        asked when it is released.
        """
        plan = self._plan(intent)
        if isinstance(plan, Verdict):
            return plan
        snapshot = Snapshot(intent, plan.place, self._sources)
        reduces = snapshot.risk_class is _REDUCE
        held: RuleResult | None = None
        for passes, rule in _EXIT if reduces else plan.asked:
            if not passes(snapshot) and not self._lifted(rule, snapshot):
                answer = rule.check(snapshot)
                if held is None and answer.holds:
                    held = answer
                elif held is None or (rule.kind is DenialKind.COMPLIANCE and rule.code != held.code):
                    return _verdict(snapshot, (answer,), passed=False)
        if held is not None:
            return _verdict(snapshot, (held,), passed=False)
        return _verdict(snapshot, () if reduces else plan.limits_used, passed=True)

    def explain(self, intent: RiskIntent) -> Verdict:
        """Return every rule's answer with headroom, in the order in which they speak; nothing is counted."""
        plan = self._plan(intent)
        if isinstance(plan, Verdict):
            return plan
        snapshot = Snapshot(intent, plan.place, self._sources)
        rules = EXIT if snapshot.risk_class is _REDUCE else ENTRY
        for rule in rules:
            self._lifted(rule, snapshot)
        results = tuple(rule.check(snapshot) for rule in rules)
        return _verdict(snapshot, results, passed=all(result.passed for result in results))

    def count(self, intent: RiskIntent) -> None:
        """Book an accepted intent: at once, before it is sent, so that the next one sees it."""
        terms = intent.terms
        scopes = scopes_of(terms.account, intent.strategy_id, terms.symbol)
        owner = self._controls.runs.owner(intent.strategy_id) if intent.strategy_id else ""
        if owner:  # a run has a budget of its own: the tenant's is for hands and scripts
            scopes = (*scopes[1:], (LimitScope.STRATEGY, owner))
        self._rates.hit(scopes, intent.mono_ns)
        if intent.replaces is None:
            self._duplicates.add(intent)

    def run_capital(self, account: str, run_id: str) -> RunCapital | None:
        """Return what a run holds of its capital now, as the gate would judge; None for no run under way there."""
        known, given = self._view.account(account), self._controls.runs.capital(run_id)
        if known is None or given is None or given == MISSING_VALUE:
            return None
        made = self._view.run_made(account, run_id)
        used = capital_used(self._view, self._exposure, known, run_id)
        return RunCapital(used, None if made is None else given + made)

    def breach(self, account: str, now_ns: int) -> LimitChanged | None:
        """Return the lockout to record when the account's day loss exceeds its limit and it is not locked out yet.

        The desk asks after marks and fills; applying the event makes the answer None until the next trading day.
        """
        net = self._view.day_net(account)
        known = self._view.account(account)
        if net is None or net >= 0 or known is None or self._controls.restrictions.lockout(account) is not None:
            return None
        bound = self._controls.limits.bounds(account, "", "")[LimitType.DAILY_LOSS][0]
        if bound.missing or -net <= bound.value:
            return None
        loss, limit = money_text(-net, known.currency), money_text(bound.value, known.currency)
        return lockout_event(account, f"the day's loss of {loss} exceeds the limit of {limit}", now_ns)

    def _lifted(self, rule: Rule, snapshot: Snapshot) -> bool:
        """Lift the limits of a rule that the order has overrides for; tells whether it passes then.

        On a live account a script has none: a person's override there is for his own orders.
        """
        intent, overrides = snapshot.intent, self._controls.overrides
        barred = snapshot.account.environment is Environment.LIVE and not intent.origin.kind.is_hand
        while not rule.passes(snapshot):
            bound = None if barred else rule.breached(snapshot)
            if bound is None:
                return False
            found = overrides.find(self._controls.limits.id_of(bound), intent.terms, intent.now_ns)
            if found is None:
                return False
            snapshot.lift(bound, found.id)
        return True

    def _plan(self, intent: RiskIntent) -> _Plan | Verdict:
        """Return the plan of an order's place, made anew when anything of it has changed; a refusal of no place."""
        terms = intent.terms
        account, instrument = self._view.account(terms.account), self._view.instrument(terms.symbol)
        if account is None:
            return _unknown("ACCOUNT_NOT_TRADABLE", f"account {terms.account}")
        if instrument is None:
            return _unknown("INSTRUMENT_NOT_TRADABLE", f"instrument {terms.symbol}")
        if self._planned != self._controls.version:
            self._plans.clear()
            self._planned = self._controls.version
        run_id, door = intent.strategy_id, intent.origin.kind
        key = (terms.account, run_id, terms.symbol, door)
        plan = self._plans.get(key)
        if plan is None or plan.place.account is not account or plan.place.instrument is not instrument:
            if len(self._plans) >= _PLANS_MAX:
                self._plans.clear()
            bounds = self._controls.bounds(terms.account, run_id, terms.symbol)
            place = Place(account, instrument, run_id, door, self._controls, bounds, instrument.notional(1, 1))
            plan = self._plans[key] = _Plan(place)
        return plan


def _verdict(snapshot: Snapshot, results: tuple[RuleResult, ...], *, passed: bool) -> Verdict:
    return Verdict(
        risk_class=snapshot.risk_class,
        passed=passed,
        qty=snapshot.qty if passed else 0,
        results=results,
        overrides=snapshot.overrides,
    )


def _unknown(code: str, what: str) -> Verdict:
    text = f"Refused: {what} is not known here; choose one that is."
    rule = RuleResult(code=code, passed=False, kind=DenialKind.VALIDATION, text=text)
    return Verdict(risk_class=RiskClass.INCREASE, passed=False, qty=0, results=(rule,))
