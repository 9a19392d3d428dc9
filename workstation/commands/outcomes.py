"""How a command says no: one Struct, so that a ticket, the blotter and a script read the same refusal."""

from collections.abc import Callable

import msgspec

from workstation.commands.registry import CommandResult, Invocation
from workstation.domain.errors import (
    Duplicate,
    InUse,
    NotFound,
    QuotaExceeded,
    StateConflict,
    UserError,
    ValidationError,
)
from workstation.domain.orders import DENIED_STATES, OrderState, OrdStatus
from workstation.domain.verdicts import DenialKind, RuleResult


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command was refused. order: the stored order where one exists; duplicate_of: the first with that id.

    field, allowed: which parameter was wrong and what would pass. state: the one that forbids the request.
    told: what is wrong with the field, where its words are the same at every door; record_id: the record that stands in
    the way. most, current: how many there may be of what is refused for its number, and how many there are.
    """

    rule: RuleResult | None = None
    order: OrderState | None = None
    duplicate_of: OrderState | None = None
    field: str = ""
    told: str = ""
    allowed: tuple[str, ...] = ()
    state: str = ""
    known: bool = True
    record_id: str = ""
    most: int = 0
    current: int = 0


def answer(call: Invocation, make: Callable[[], CommandResult]) -> None:
    """Answer a command by what `make` returns, or by the refusal that it raises; for what is made later."""
    try:
        result = make()
    except UserError as error:
        result = failed(error)
    call.reply(result)


_CODES = {
    DenialKind.RISK: "RISK_LIMIT_BREACH",
    DenialKind.COMPLIANCE: "COMPLIANCE_BLOCKED",
    DenialKind.FUNDS: "INSUFFICIENT_FUNDS",
    DenialKind.LOCK: "TRADING_LOCKED",
    DenialKind.KILL: "KILL_SWITCH_ACTIVE",
    DenialKind.VALIDATION: "VALIDATION_ERROR",
}

_OWN_CODES = {
    "BROKER_UNAVAILABLE": "BROKER_UNAVAILABLE",
    "STORAGE_BUSY": "NOT_READY",
    "UNSUPPORTED_ORDER": "UNSUPPORTED_ORDER",
    "INSTRUMENT_NOT_TRADABLE": "INSTRUMENT_NOT_TRADABLE",
    "ACCOUNT_NOT_TRADABLE": "ACCOUNT_NOT_TRADABLE",
    "LIVE_NOT_PERMITTED": "LIVE_NOT_PERMITTED",
    "NOT_ARMED": "NOT_ARMED",
    "STATE_CONFLICT": "STATE_CONFLICT",
    "DUPLICATE": "DUPLICATE",
    "VERSION_CHANGED": "PRECONDITION_FAILED",
}


_NO_ROOM = ("full", "no space left", "reserve for cancels")
"""Words by which a database, a disk or the reserve says that there is no room."""


def storage_code(trouble: str) -> str:
    """Return STORAGE_FULL where room lacks, and NOT_READY for a file that is held, moved or broken."""
    return "STORAGE_FULL" if any(words in trouble.lower() for words in _NO_ROOM) else "NOT_READY"


def refused(rule: RuleResult, order: OrderState | None = None) -> CommandResult:
    """Return the answer for a rule's refusal."""
    code = _OWN_CODES.get(rule.code, _CODES[rule.kind])
    if rule.code == "STORAGE_UNAVAILABLE":
        code = storage_code(rule.text)
    if order is not None and order.status in DENIED_STATES:
        code = {
            OrdStatus.RISK_REJECTED: code if code in ("TRADING_LOCKED", "KILL_SWITCH_ACTIVE") else "RISK_LIMIT_BREACH",
            OrdStatus.COMPLIANCE_REJECTED: "COMPLIANCE_BLOCKED",
            OrdStatus.INSUFFICIENT_FUNDS: "INSUFFICIENT_FUNDS",
        }[order.status]
    return CommandResult(ok=False, code=code, text=rule.text, data=Refusal(rule=rule, order=order))


def failed(error: UserError) -> CommandResult:
    """Return the answer for a request that cannot be done as asked."""
    if isinstance(error, ValidationError):
        allowed = (error.allowed,) if error.allowed else ()
        data = Refusal(field=error.field, allowed=allowed)
        return CommandResult(ok=False, code="VALIDATION_ERROR", text=str(error), data=data)
    if isinstance(error, NotFound):
        return CommandResult(ok=False, code="NOT_FOUND", text=str(error), data=Refusal(field=error.kind, known=False))
    if isinstance(error, StateConflict):
        data = Refusal(state=error.state, allowed=error.allowed)
        code = "IN_USE" if isinstance(error, InUse) else "STATE_CONFLICT"
        return CommandResult(ok=False, code=code, text=str(error), data=data)
    if isinstance(error, Duplicate):
        return CommandResult(ok=False, code="DUPLICATE", text=str(error), data=Refusal(record_id=error.record_id))
    if isinstance(error, QuotaExceeded):
        data = Refusal(most=error.most, current=error.current)
        return CommandResult(ok=False, code="QUOTA_EXCEEDED", text=str(error), data=data)
    return CommandResult(ok=False, code="BAD_REQUEST", text=str(error))
