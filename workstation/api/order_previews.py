"""Previews of orders on the wire, and the tokens that prove that one was seen.

A confirm token is bound to the caller and to the whole body of the order and valid for CONFIRM_S. It is kept nowhere: a
signed place, as a cursor is. With `oms.confirm_warnings` on, no order is placed without one.
"""

from typing import Any

from workstation.api.endpoint import Call
from workstation.api.errors import ApiError
from workstation.api.outcomes import plain_figure, rule_id
from workstation.api.schemas.orders import OrderCreate
from workstation.api.schemas.values import money_text
from workstation.commands.outlook import OrderOutlook
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.kernel.ids import stable_uid
from workstation.risk.limits import limit_id

CONFIRM_S = 60
_PURPOSE = "confirm an order"


def preview_body(found: OrderOutlook, token: str) -> dict[str, Any]:
    """Return an outlook as the wire shows it."""
    results = found.verdict.results
    limits = [_limit(result, found) for result in results if result.kind is not DenialKind.COMPLIANCE]
    rules = [result for result in results if result.kind is DenialKind.COMPLIANCE]
    return {
        "valid": found.verdict.passed,
        "estimated_value": None if found.value is None else money_text(found.value, 4),
        "estimated_commission": None if found.commission is None else money_text(found.commission),
        "buying_power_effect": None if found.margin is None else money_text(-found.margin),
        "risk": {"passed": all(limit["passed"] for limit in limits), "limits": limits},
        "compliance": {
            "passed": all(rule.passed for rule in rules),
            "rules": [
                {"rule_id": rule_id(rule), "rule_type": rule.code, "message": rule.text}
                for rule in rules
                if not rule.passed
            ],
        },
        "warnings": [{"code": warning.code, "message": warning.text} for warning in found.warnings],
        "confirm_token": token,
    }


def _limit(result: RuleResult, found: OrderOutlook) -> dict[str, Any]:
    bound = found.bounds.get(result.code)
    named = stable_uid("limit", result.code) if bound is None else limit_id(bound.type, bound.scope, bound.key)
    return {
        "limit_id": result.limit_id or named,
        "limit_type": result.code,
        "limit": plain_figure(result.limit),
        "used": plain_figure(result.value),
        "headroom": plain_figure(result.headroom),
        "passed": result.passed,
        "message": result.text or None,
    }


def confirm_token(call: Call, body: OrderCreate) -> str:
    """Return the token with which this caller may place exactly this order within CONFIRM_S."""
    until = call.services.now_ns() + CONFIRM_S * 1_000_000_000
    return call.services.cursors.seal((until, call.origin.detail), _PURPOSE, _bound(body))


def check_confirmed(call: Call, body: OrderCreate) -> None:
    """Refuse an order whose preview nobody saw, where that is asked for.

    Raises:
        ApiError: 409 without a token, with one of another order or caller, or with one that is too old.
    """
    if not call.services.options.confirm_warnings:
        return
    try:
        until, holder = call.services.cursors.open(body.confirm_token or "", _PURPOSE, _bound(body))
    except ApiError:
        until, holder = 0, ""
    if until < call.services.now_ns() or holder != call.origin.detail:
        hint = "Preview the order and send its confirm_token within a minute."
        raise ApiError("CONFIRMATION_REQUIRED", "The order needs the confirm_token of its preview.", hint=hint)


def _bound(body: OrderCreate) -> dict[str, Any]:
    return {name: value for name, value in body.model_dump(mode="json").items() if name != "confirm_token"}
