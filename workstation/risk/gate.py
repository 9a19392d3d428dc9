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

_COMPACT_MAX = 4_096


class RiskGate:
    """Judges intents against what the view shows and what the controls set."""

    def __init__(self, view: RiskView, controls: Controls, exposure: Exposure) -> None:
        self._view = view
        self._controls = controls
        self._exposure = exposure
        self._rates = OrderRates()
        self._duplicates = DuplicateWindow()
        self._compact: dict[int, tuple[Bounds, tuple[RuleResult, ...]]] = {}

    def check(self, intent: RiskIntent) -> Verdict:
        """Return the verdict: the limits in force when all passed, else the first refusal alone."""
        snapshot = self._snapshot(intent)
        if isinstance(snapshot, Verdict):
            return snapshot
        for rule in _rules(snapshot):
            if not rule.passes(snapshot):
                return _verdict(snapshot, (rule.check(snapshot),))
        if snapshot.risk_class is RiskClass.REDUCE:
            return _verdict(snapshot, ())
        return _verdict(snapshot, self._limits_used(snapshot.bounds))

    def explain(self, intent: RiskIntent) -> Verdict:
        """Return every rule's answer with headroom, in the order in which they speak; nothing is counted."""
        snapshot = self._snapshot(intent)
        if isinstance(snapshot, Verdict):
            return snapshot
        return _verdict(snapshot, tuple(rule.check(snapshot) for rule in _rules(snapshot)))

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
            intent, instrument, account, self._view, self._controls, self._exposure, self._rates, self._duplicates
        )

    def _limits_used(self, bounds: Bounds) -> tuple[RuleResult, ...]:
        """Return the compact results of a passed order; `bounds` is kept beside them, so that its id stays its own."""
        found = self._compact.get(id(bounds))
        if found is None:
            if len(self._compact) >= _COMPACT_MAX:
                self._compact.clear()
            results = tuple(
                RuleResult(code=row[0].type.value, passed=True, kind=DenialKind.RISK, limit=row[0].text)
                for row in bounds.values()
                if not row[0].unlimited
            )
            found = self._compact[id(bounds)] = (bounds, results)
        return found[1]


def _rules(snapshot: Snapshot) -> tuple[Rule, ...]:
    return EXIT if snapshot.risk_class is RiskClass.REDUCE else ENTRY


def _verdict(snapshot: Snapshot, results: tuple[RuleResult, ...]) -> Verdict:
    passed = all(result.passed for result in results)
    return Verdict(risk_class=snapshot.risk_class, passed=passed, qty=snapshot.qty if passed else 0, results=results)


def _unknown(code: str, what: str) -> Verdict:
    text = f"Refused: {what} is not known here; choose one that is."
    rule = RuleResult(code=code, passed=False, kind=DenialKind.VALIDATION, text=text)
    return Verdict(risk_class=RiskClass.INCREASE, passed=False, qty=0, results=(rule,))
