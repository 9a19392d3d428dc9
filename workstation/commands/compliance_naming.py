"""Which kept rule a refusal of compliance comes from: the gate names its kind alone, the records name the rule.

Asked only when something is refused, on the engine's thread, so that the rules are those that the gate went by.
"""

from msgspec.structs import replace

from workstation.commands.compliance import places_of, setting_of
from workstation.commands.context import EngineContext
from workstation.commands.registry import Attach
from workstation.domain.events import Event, OrderDenied
from workstation.domain.orders import OrderState, OrderTerms
from workstation.domain.records import LOCAL_TENANT, ComplianceRule, RuleType
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.ports.store import Row
from workstation.risk.hours import hours_of
from workstation.risk.limits import LimitScope


def named(context: EngineContext, result: RuleResult, terms: OrderTerms, run_id: str) -> RuleResult:
    """Return a rule's answer with the id of the record behind it in `limit_id`; as it is where there is none.

    Of several of the kind, one that says what the answer says is named: the widest of those, and at one place the one
    whose setting is in force.
    """
    if result.passed or result.kind is not DenialKind.COMPLIANCE or result.code not in RuleType.__members__:
        return result
    places: list[tuple[str, str]] = [
        (LimitScope.TENANT, ""),
        (LimitScope.ACCOUNT, terms.account),
        (LimitScope.INSTRUMENT, terms.symbol),
    ]
    strategies = (context.state.controls.runs.owner(run_id), run_id)
    places += [(LimitScope.STRATEGY, key) for key in strategies if key]
    found: list[tuple[bool, int, int, str, str]] = []
    for rule in context.state.records.all(ComplianceRule, LOCAL_TENANT):
        if not rule.is_active or rule.deleted_at is not None or rule.rule_type != result.code:
            continue
        at = [
            places.index(place) for _, *rest in places_of(rule) if (place := (LimitScope(rest[0]), rest[1])) in places
        ]
        if at:
            setting = setting_of(rule)
            is_met = _is_met(rule.rule_type, setting, result, context.clock.now_ns())
            found.append((not is_met, min(at), -len(setting), setting, rule.id))
    return replace(result, limit_id=min(found)[-1]) if found else result


def _is_met(rule_type: RuleType, setting: str, result: RuleResult, now_ns: int) -> bool:
    """Tell whether a rule of this setting gives the answer's text, where the text tells one rule from another."""
    if rule_type is RuleType.CUSTOM:
        return f"“{setting}”" in result.text
    if rule_type is RuleType.WASH_TRADE:
        return " in the last " not in result.text or f" in the last {setting} s" in result.text
    if rule_type is RuleType.MARKET_HOURS:
        [hours] = hours_of(setting)
        why = hours.objection(now_ns, is_open="is not open" not in result.text)
        return bool(why) and hours.holds == result.holds and f" is {why}" in result.text
    return True


def naming(context: EngineContext, attach: Attach | None) -> Attach | None:
    """Return what stores an answer with its effect, told of refusals with the record behind each."""
    if attach is None:
        return None

    def rows(order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if isinstance(event, OrderDenied) and order is not None:
            event = replace(event, rule=named(context, event.rule, order.terms, order.strategy_id))
        return tuple(attach(order, event))

    return rows
