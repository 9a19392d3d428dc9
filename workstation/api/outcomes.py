"""How an engine's answer becomes an HTTP answer: the one translation of `CommandResult` and its `Refusal`.

Done -> the resource. Refused -> the problem of its code, with rule, limit and headroom in `details`. A refusal that
left an order behind (risk, compliance, funds) names it in `details.order_id` and `Location`, and is itself an outcome
that an idempotency key repeats. A state conflict over a version is a failed precondition.
"""

import re
from collections.abc import Sequence
from typing import Any

from workstation.api.errors import KINDS, ApiError
from workstation.api.guard import API_ROOT
from workstation.commands.outcomes import Refusal
from workstation.commands.registry import CommandResult
from workstation.domain.orders import OrderState, OrdStatus
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.kernel.ids import stable_uid
from workstation.risk.limits import UNLIMITED, limit_id

ORDERS = f"{API_ROOT}/oms/orders"

_FIELDS = {
    "order_qty": "quantity",
    "stop_px": "stop_price",
    "trail": "trailing_percent",
    "expire_time": "expire_at",
    "ord_type": "order_type",
    "symbol": "instrument_symbol",
    "account": "broker_account_id",
    "instrument": "instrument_symbol",
    "parent order": "parent_order_id",
}
"""Names of the core's fields on the wire, where they differ."""

_STORED_CODES = {
    OrdStatus.RISK_REJECTED: "RISK_LIMIT_BREACH",
    OrdStatus.COMPLIANCE_REJECTED: "COMPLIANCE_BLOCKED",
    OrdStatus.INSUFFICIENT_FUNDS: "INSUFFICIENT_FUNDS",
}
_FIGURE = re.compile(r"(-?[0-9][0-9,]*(?:\.[0-9]+)?)(?: \S+|t)?")
OPEN_STATES = tuple(status.value for status in OrdStatus if not status.is_final)
"""States of an order that can be cancelled."""
_RETRY = frozenset({"NOT_READY", "STORAGE_FULL", "BROKER_UNAVAILABLE"})


def wire_field(name: str) -> str:
    """Return a core field's name on the wire."""
    return _FIELDS.get(name, name)


def location_of(order: OrderState) -> str:
    """Return an order's address."""
    return f"{ORDERS}/{order.uid}"


def over(order: OrderState, asked: str, allowed: Sequence[str]) -> ApiError:
    """Return the problem of a wish about an order that has ended. asked: what for, such as `cancelled`."""
    text = f"Not {asked}: the order is {order.status}, which is final."
    return ApiError("STATE_CONFLICT", text, {"state": order.status, "allowed": list(allowed)})


def refused(result: CommandResult) -> ApiError:
    """Return the problem of a refusal."""
    refusal = result.data if isinstance(result.data, Refusal) else Refusal()
    code = result.code if result.code in KINDS else "STATE_CONFLICT"
    if code == "STATE_CONFLICT" and refusal.allowed and all(text.isdecimal() for text in refusal.allowed):
        code = "PRECONDITION_FAILED"
    error = ApiError(code, result.text or KINDS[code].title, _details(refusal))
    if refusal.field and code == "VALIDATION_ERROR":
        fault = _field(refusal)
        error.details["fields"] = [fault]
        error.detail = f"{fault['field']}: {fault['message']}"
    elif refusal.field:
        error.details["field"] = wire_field(refusal.field)
        error.detail = KINDS[code].title if code == "NOT_FOUND" else error.detail
    known = refusal.order or refusal.duplicate_of
    if known is not None:
        error.details["order_id"] = known.uid
        error.headers["Location"] = location_of(known)
    if code in _RETRY:
        error.headers["Retry-After"] = "1"
    return error


def plain_figure(text: str) -> str | None:
    """Return a rule's figure as a plain decimal, without grouping and unit; a distance of price is in ticks.

    None for "" and for a limit that is none; other texts as they are.
    """
    if text == UNLIMITED:
        return None
    found = _FIGURE.fullmatch(text)
    return found[1].replace(",", "") if found else text or None


def stored_refusal(order: OrderState, rule: RuleResult) -> ApiError:
    """Return the problem of a refusal that left an order behind: what is answered, and what its key repeats."""
    code = _STORED_CODES[order.status]
    details = {**_rule(rule), "order_id": order.uid}
    return ApiError(code, rule.text or KINDS[code].title, details, {"Location": location_of(order)})


def is_stored(result: CommandResult) -> bool:
    """Tell whether a refusal left an order behind, so that a repeat with its key gets the same answer."""
    refusal = result.data
    return isinstance(refusal, Refusal) and refusal.order is not None and refusal.order.status in _STORED_CODES


def _details(refusal: Refusal) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if refusal.rule is not None:
        details |= _rule(refusal.rule)
    if refusal.state:
        details |= {"state": refusal.state, "allowed": list(refusal.allowed)}
    if refusal.most:
        details |= {"limit": refusal.most, "current": refusal.current}
    if refusal.record_id:
        details["id"] = refusal.record_id
    return details


def rule_id(rule: RuleResult) -> str:
    """Return the id of the rule that a person keeps; of one that is built in, one that its kind always has."""
    is_kept = rule.kind is DenialKind.COMPLIANCE and rule.limit_id
    return rule.limit_id if is_kept else stable_uid("limit", rule.code)


def _rule(rule: RuleResult) -> dict[str, Any]:
    is_limit = rule.kind is not DenialKind.COMPLIANCE and rule.limit_id
    return {
        "limit_id": rule.limit_id if is_limit else limit_id(rule.code),
        "limit_type": rule.code,
        "rule_id": rule_id(rule),
        "rule_type": rule.code,
        "value": plain_figure(rule.value),
        "limit": plain_figure(rule.limit),
        "headroom": plain_figure(rule.headroom),
    }


def _field(refusal: Refusal) -> dict[str, Any]:
    name = wire_field(refusal.field)
    message = refusal.told or "is not valid"
    fault: dict[str, Any] = {"field": name, "location": "body", "issue": "invalid", "message": message}
    if refusal.allowed:
        fault["allowed"] = list(refusal.allowed)
    return fault
