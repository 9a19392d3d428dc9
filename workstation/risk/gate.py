"""The gate: every order from every door asks here before it is journaled, and gets one answer with its reason.

Stage of the order walk between `orders/desk` (intent) and the journal. `check` decides on the order path, `explain`
answers the same with every rule's value and headroom and counts nothing, `count` books an accepted order against the
rates and the duplicate window. The gate sends nothing, stores nothing and has no bypass.

A passed verdict stores the limits that were in force, one compact result per limit, built once and shared by all
orders under the same limits; the values can be computed again, since terms and reference stand beside the verdict.
"""

from workstation.domain.events import LimitChanged
from workstation.domain.orders import RiskClass
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.risk.controls import Controls
from workstation.risk.duplicates import DuplicateWindow
from workstation.risk.exposure import Exposure, scopes_of
from workstation.risk.limits import Bounds, LimitType
from workstation.risk.rates import OrderRates
from workstation.risk.restrictions import lockout_event
from workstation.risk.rules import ENTRY, EXIT
from workstation.risk.rules.base import Rule, money_text
from workstation.risk.snapshot import Snapshot
from workstation.risk.view import RiskIntent, RiskView

_PLANS_MAX = 4_096


class _Plan:
    """What the order path asks under one set of bounds: the rules that could refuse, and the limits in force.

    bounds: kept so that their id stays theirs for as long as the plan is found by it.
    """

    __slots__ = ("bounds", "limits_used", "rules")

    def __init__(self, bounds: Bounds, rules: tuple[Rule, ...]) -> None:
        self.bounds = bounds
        self.rules = rules
        self.limits_used = tuple(
            RuleResult(code=row[0].type.value, passed=True, kind=DenialKind.RISK, limit=row[0].text)
            for row in bounds.values()
            if not row[0].unlimited
        )


_EXIT_PLAN = _Plan({}, EXIT)


class RiskGate:
    """Judges intents against what the view shows and what the controls set."""

    def __init__(self, view: RiskView, controls: Controls, exposure: Exposure) -> None:
        self._view = view
        self._controls = controls
        self._exposure = exposure
        self._rates = OrderRates()
        self._duplicates = DuplicateWindow()
        self._plans: dict[int, _Plan] = {}
        self._planned = controls.version

    def check(self, intent: RiskIntent) -> Verdict:
        """Return the verdict: the limits in force when all passed, else the first refusal alone."""
        snapshot = self._snapshot(intent)
        if isinstance(snapshot, Verdict):
            return snapshot
        risk_class = snapshot.risk_class
        plan = _EXIT_PLAN if risk_class is RiskClass.REDUCE else self._plan(snapshot.bounds)
        for rule in plan.rules:
            if not rule.passes(snapshot):
                return _verdict(snapshot, (rule.check(snapshot),), passed=False)
        return Verdict(risk_class=risk_class, passed=True, qty=snapshot.qty, results=plan.limits_used)

    def explain(self, intent: RiskIntent) -> Verdict:
        """Return every rule's answer with headroom, in the order in which they speak; nothing is counted."""
        snapshot = self._snapshot(intent)
        if isinstance(snapshot, Verdict):
            return snapshot
        rules = EXIT if snapshot.risk_class is RiskClass.REDUCE else ENTRY
        results = tuple(rule.check(snapshot) for rule in rules)
        return _verdict(snapshot, results, passed=all(result.passed for result in results))

    def count(self, intent: RiskIntent) -> None:
        """Book an accepted intent: at once, before it is sent, so that the next one sees it."""
        terms = intent.terms
        self._rates.hit(scopes_of(terms.account, intent.strategy_id, terms.symbol), intent.mono_ns)
        if intent.replaces is None:
            self._duplicates.add(intent)

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

    def _snapshot(self, intent: RiskIntent) -> Snapshot | Verdict:
        terms = intent.terms
        account = self._view.account(terms.account)
        if account is None:
            return _unknown("ACCOUNT_NOT_TRADABLE", f"account {terms.account}")
        instrument = self._view.instrument(terms.symbol)
        if instrument is None:
            return _unknown("INSTRUMENT_NOT_TRADABLE", f"instrument {terms.symbol}")
        return Snapshot(
            intent,
            instrument,
            account,
            view=self._view,
            controls=self._controls,
            exposure=self._exposure,
            rates=self._rates,
            duplicates=self._duplicates,
        )

    def _plan(self, bounds: Bounds) -> _Plan:
        """Return the plan of an entry, made anew when any control has changed since."""
        if self._planned != self._controls.version or len(self._plans) >= _PLANS_MAX:
            self._plans.clear()
            self._planned = self._controls.version
        plan = self._plans.get(id(bounds))
        if plan is None:
            rules = tuple(rule for rule in ENTRY if rule.binds(self._controls, bounds))
            plan = self._plans[id(bounds)] = _Plan(bounds, rules)
        return plan


def _verdict(snapshot: Snapshot, results: tuple[RuleResult, ...], *, passed: bool) -> Verdict:
    return Verdict(risk_class=snapshot.risk_class, passed=passed, qty=snapshot.qty if passed else 0, results=results)


def _unknown(code: str, what: str) -> Verdict:
    text = f"Refused: {what} is not known here; choose one that is."
    rule = RuleResult(code=code, passed=False, kind=DenialKind.VALIDATION, text=text)
    return Verdict(risk_class=RiskClass.INCREASE, passed=False, qty=0, results=(rule,))
