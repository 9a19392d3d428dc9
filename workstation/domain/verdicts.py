"""Verdicts of the risk gate: every rule's answer with rule, value, limit and headroom, in words fit for a screen."""

from enum import StrEnum

import msgspec

from workstation.domain.orders import RiskClass


class DenialKind(StrEnum):
    """Family of a refusal; decides the order's final state."""

    RISK = "RISK"
    COMPLIANCE = "COMPLIANCE"
    FUNDS = "FUNDS"
    LOCK = "LOCK"
    KILL = "KILL"
    VALIDATION = "VALIDATION"


class RuleResult(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One rule's answer. value, limit and headroom are plain texts with their units; "" where none applies.

    code: stable upper-case identifier (`ORDER_NOTIONAL`, `PRICE_COLLAR` ...); text: one sentence, shown as it is.
    limit_id: the limit that decided, where the rule holds a value against one. holds: the order waits here for a person
    instead of being refused.
    """

    code: str
    passed: bool
    kind: DenialKind
    value: str = ""
    limit: str = ""
    headroom: str = ""
    text: str = ""
    limit_id: str = ""
    holds: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The gate's answer to one intent. `qty` is the quantity that may go out (a REDUCE is capped, never blocked).

    overrides: ids of the overrides that it takes for the order to pass, used up by its acceptance.
    """

    risk_class: RiskClass
    passed: bool
    qty: int
    results: tuple[RuleResult, ...]
    overrides: tuple[str, ...] = ()

    @property
    def denial(self) -> RuleResult | None:
        """The first rule that refused, None when all passed."""
        return None if self.passed else next((result for result in self.results if not result.passed), None)

    @property
    def hold(self) -> RuleResult | None:
        """The rule that keeps the order here for a person, None when it passed or was refused."""
        found = self.denial
        return found if found is not None and found.holds else None
