"""What a rule is: a code, a family and an answer to one snapshot, given twice from one measurement.

`passes` is the cheap answer of the order path; `check` says the same with value, limit, headroom and, when it refuses,
one sentence of rule, value, limit and next step. A rule keeps no state and reads nothing but the snapshot.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from workstation.domain.events import LimitChanged
from workstation.domain.numbers import MONEY_DECIMALS, format_money, format_scaled
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.risk.limits import Bound, LimitType
from workstation.risk.place import Place
from workstation.risk.restrictions import Restriction
from workstation.risk.snapshot import Snapshot


class Rule(ABC):
    """One rule."""

    code: ClassVar[str]
    kind: ClassVar[DenialKind] = DenialKind.RISK

    def binds(self, place: Place) -> bool:  # noqa: ARG002 -- most rules bind always
        """Tell whether the rule could refuse anything there as the controls are set; the order path skips it else."""
        return True

    @abstractmethod
    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether the order may go on."""

    @abstractmethod
    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the same answer in full."""

    def breached(self, snapshot: Snapshot) -> Bound | None:  # noqa: ARG002 -- most rules have no limit
        """Return the measured limit that an override could lift from this order, None where there is none."""
        return None

    def result(
        self,
        text: str,
        *,
        value: str = "",
        limit: str = "",
        headroom: str = "",
        limit_id: str = "",
        holds: bool = False,
    ) -> RuleResult:
        """Return this rule's answer: passed when `text` is empty, else refused with it, or held for a person."""
        return RuleResult(
            code=self.code,
            passed=not text,
            kind=self.kind,
            value=value,
            limit=limit,
            headroom=headroom,
            text=text,
            limit_id=limit_id,
            holds=holds,
        )


class StateRule(Rule):
    """A rule about how things stand, without a figure to measure: it refuses with a text or not at all."""

    @abstractmethod
    def objection(self, snapshot: Snapshot) -> str:
        """Return the refusal, "" when there is none."""

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether there is no objection."""
        return not self.objection(snapshot)

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return the objection as this rule's answer."""
        return self.result(self.objection(snapshot))


class RestrictionRule(StateRule):
    """A state rule that speaks only while its restriction is set somewhere."""

    restriction: ClassVar[Restriction]

    def binds(self, place: Place) -> bool:
        """Tell whether the restriction is set anywhere."""
        return place.controls.restrictions.has(self.restriction)

    def setting(self, snapshot: Snapshot) -> LimitChanged | None:
        """Return the widest setting that this order falls under, None when it is free."""
        return next(iter(snapshot.settings(self.restriction)), None)


class LimitRule(Rule):
    """A measured value that must not exceed a limit. `measure` and the limit are on one scale."""

    limit: ClassVar[LimitType]
    title: ClassVar[str]
    advice: ClassVar[str]
    unmeasured: ClassVar[str] = "it cannot be valued without a price; wait for a quote"

    def binds(self, place: Place) -> bool:
        """Tell whether any scope sets a limit."""
        return not place.bounds[self.limit][0].unlimited

    def bound(self, snapshot: Snapshot) -> Bound:
        """Return the bound that decides."""
        return snapshot.bounds[self.limit][0]

    def breached(self, snapshot: Snapshot) -> Bound | None:
        """Return the bound that decides, where the value can be held against it."""
        bound = self.bound(snapshot)
        return None if bound.missing or bound.unlimited or self.measure(snapshot) is None else bound

    @abstractmethod
    def measure(self, snapshot: Snapshot) -> int | None:
        """Return the value that the order would lead to, None when it cannot be known."""

    def value_text(self, snapshot: Snapshot, value: int) -> str:
        """Return a value or headroom of this rule's scale in words, as money unless overridden."""
        return money_text(value, snapshot.account.currency)

    def limit_text(self, snapshot: Snapshot, bound: Bound) -> str:
        """Return a limit in words."""
        return bound.text if bound.unlimited or bound.missing else self.value_text(snapshot, bound.value)

    def passes(self, snapshot: Snapshot) -> bool:
        """Tell whether the value is known and within the limit."""
        bound = self.bound(snapshot)
        if bound.unlimited:
            return True
        value = self.measure(snapshot)
        return value is not None and value <= bound.value

    def check(self, snapshot: Snapshot) -> RuleResult:
        """Return value, limit and headroom, with the refusal where the value is above the limit or unknown."""
        bound = self.bound(snapshot)
        value = self.measure(snapshot)
        limit = self.limit_text(snapshot, bound)
        if bound.missing:
            return self.result(f"Refused: {self.title}. No value is set for {bound.where}; set {self.limit}.")
        if value is None:
            if bound.unlimited:
                return self.result("", limit=limit)
            return self.result(f"Refused: {self.title}. The limit is {limit}, but {self.unmeasured}.", limit=limit)
        shown = self.value_text(snapshot, value)
        if bound.unlimited:
            return self.result("", value=shown, limit=limit)
        headroom = self.value_text(snapshot, max(bound.value - value, 0))
        text = ""
        if value > bound.value:
            text = f"Refused: {self.title}. {shown}; limit {limit} ({bound.where}). {self.advice}"
        named = snapshot.controls.limits.id_of(bound)
        return self.result(text, value=shown, limit=limit, headroom=headroom, limit_id=named)


class CountRule(LimitRule):
    """A count of orders, kept per scope: each scope's own count is held against its own limit."""

    @abstractmethod
    def count(self, snapshot: Snapshot, bound: Bound) -> int:
        """Return the count of the bound's scope, this order included."""

    def bound(self, snapshot: Snapshot) -> Bound:
        """Return the bound with the least room."""
        bounds = snapshot.bounds[self.limit]
        if len(bounds) == 1:
            return bounds[0]
        return min(bounds, key=lambda bound: bound.value - self.count(snapshot, bound))

    def measure(self, snapshot: Snapshot) -> int:
        """Return the count of the scope with the least room."""
        return self.count(snapshot, self.bound(snapshot))

    def value_text(self, snapshot: Snapshot, value: int) -> str:  # noqa: ARG002 -- a count needs no instrument
        """Return the count as it is."""
        return str(value)


def money_text(value: int, currency: str) -> str:
    """Return money as a trader reads it."""
    return f"{format_money(value, grouping=True)} {currency}"


def quantity_text(value: int) -> str:
    """Return a quantity on the limits' scale."""
    return format_scaled(value, MONEY_DECIMALS)


def percent_text(value: int) -> str:
    """Return a percentage on the limits' scale, to two decimals."""
    return f"{format_money(value)} %"
