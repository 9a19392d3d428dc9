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


class RuleResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One rule's answer. value, limit and headroom are plain texts with their units; "" where none applies.

    code: stable upper-case identifier (`ORDER_NOTIONAL`, `PRICE_COLLAR` ...); text: one sentence, shown as it is.
    """

    code: str
    passed: bool
    kind: DenialKind
    value: str = ""
    limit: str = ""
    headroom: str = ""
    text: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The gate's answer to one intent. `qty` is the quantity that may go out (a REDUCE is capped, never blocked)."""

    risk_class: RiskClass
    passed: bool
    qty: int
    results: tuple[RuleResult, ...]

    @property
    def denial(self) -> RuleResult | None:
        """The first rule that refused, None when all passed."""
        return None if self.passed else next((result for result in self.results if not result.passed), None)
