"""Compliance rules as records: each save of one is, in the same transaction, the change of what the gate forbids.

What is forbidden is the union of all living rules, so that of two that name one symbol either may go.
"""

from collections.abc import Iterable, Sequence

from workstation.commands.context import EngineContext
from workstation.domain.events import Event, LimitChanged
from workstation.domain.records import ComplianceRule, Record, RuleType
from workstation.risk.limits import LimitScope
from workstation.risk.restrictions import Restriction

Place = tuple[Restriction, str, str]
"""Restriction, scope and key."""

ON_LIST = "YES"
NEEDS_PERMISSION = "OPTION,FUTURE,FOREX,BOND"
"""Kinds of instrument that an account may trade only where that is granted; shares, funds and coins need no grant."""


def rule_effects(context: EngineContext, before: Record | None, after: Record, actor: str) -> Sequence[Event]:
    """Return the changes of what is forbidden that a save of a rule is."""
    if not isinstance(after, ComplianceRule):
        return ()
    others = [row for row in context.state.records.every(ComplianceRule) if row.id != after.id]
    earlier = [before] if isinstance(before, ComplianceRule) else []
    old, new = _forbidden([*others, *earlier]), _forbidden([*others, after])
    return [
        LimitChanged(
            limit=place[0],
            scope=place[1],
            key=place[2],
            old=old.get(place, ""),
            new=new.get(place, ""),
            actor=actor,
            reason=after.name,
            ts=after.updated_at,
        )
        for place in sorted({*old, *new})
        if old.get(place, "") != new.get(place, "")
    ]


def _forbidden(rules: Iterable[ComplianceRule]) -> dict[Place, str]:
    found: dict[Place, str] = {}
    conditions: dict[Place, set[str]] = {}
    for rule in rules:
        if not rule.is_active or rule.deleted_at is not None:
            continue
        if rule.rule_type is RuleType.RESTRICTED_SYMBOL:
            for symbol in rule.config["symbols"]:
                found[Restriction.RESTRICTED_SYMBOL, LimitScope.INSTRUMENT, symbol] = ON_LIST
        elif rule.rule_type is RuleType.CUSTOM:
            conditions.setdefault((Restriction.CUSTOM, rule.scope, rule.key), set()).add(rule.config["when"])
        else:
            place = (Restriction(rule.rule_type), rule.scope, rule.key)
            found[place] = max(found.get(place, ""), _setting(rule), key=lambda text: (len(text), text))
    return found | {place: "\n".join(sorted(texts)) for place, texts in conditions.items()}


def _setting(rule: ComplianceRule) -> str:
    """Return what the gate goes by; of two rules at one place the longer text is the stricter one."""
    if rule.rule_type is RuleType.ACCOUNT_PERMISSION:
        return NEEDS_PERMISSION
    return str(rule.config["window_s" if rule.rule_type is RuleType.WASH_TRADE else "action"])
