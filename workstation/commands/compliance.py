"""Compliance rules as records: each save of one is, in the same transaction, the change of what the gate forbids.

What is forbidden is the union of all living rules, so that of two that name one symbol either may go.
"""

from collections.abc import Iterable, Sequence

from workstation.commands.context import EngineContext
from workstation.domain.events import Event, LimitChanged
from workstation.domain.records import LOCAL_TENANT, ComplianceRule, Record, RuleType
from workstation.risk.hours import HOLD, Hours
from workstation.risk.limits import LimitScope
from workstation.risk.restrictions import Restriction

Place = tuple[Restriction, str, str]
"""Restriction, scope and key."""

ON_LIST = "YES"
NEEDS_PERMISSION = "OPTION,FUTURE,FOREX,BOND"
"""Kinds of instrument that an account may trade only where that is granted; shares, funds and coins need no grant."""


def rule_effects(context: EngineContext, before: Record | None, after: Record, actor: str) -> Sequence[Event]:
    """Return the changes of what is forbidden that a save of a rule is; a tenant that does not trade forbids nobody."""
    if not isinstance(after, ComplianceRule) or after.tenant != LOCAL_TENANT:
        return ()
    others = [row for row in context.state.records.all(ComplianceRule, LOCAL_TENANT) if row.id != after.id]
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
    lines: dict[Place, set[str]] = {}
    for rule in rules:
        if not rule.is_active or rule.deleted_at is not None:
            continue
        for place in places_of(rule):
            if rule.rule_type in (RuleType.CUSTOM, RuleType.MARKET_HOURS):
                lines.setdefault(place, set()).add(setting_of(rule))
            else:
                found[place] = max(found.get(place, ""), setting_of(rule), key=lambda text: (len(text), text))
    return found | {place: "\n".join(sorted(texts)) for place, texts in lines.items()}


def places_of(rule: ComplianceRule) -> list[Place]:
    """Return where a rule forbids: for a list at each of its symbols."""
    if rule.rule_type is RuleType.RESTRICTED_SYMBOL:
        return [(Restriction.RESTRICTED_SYMBOL, LimitScope.INSTRUMENT, symbol) for symbol in rule.config["symbols"]]
    return [(Restriction(rule.rule_type), rule.scope, rule.key)]


def setting_of(rule: ComplianceRule) -> str:
    """Return what the gate goes by: of some types a line each, else of two rules at one place the longer text."""
    config = rule.config
    if rule.rule_type is RuleType.RESTRICTED_SYMBOL:
        return ON_LIST
    if rule.rule_type is RuleType.CUSTOM:
        return str(config["when"])
    if rule.rule_type is RuleType.MARKET_HOURS:
        blackouts = tuple((span["start"], span["end"]) for span in config.get("blackouts") or ())
        return Hours(config["action"] == HOLD, config.get("calendar") or "", blackouts).text
    if rule.rule_type is RuleType.ACCOUNT_PERMISSION:
        return NEEDS_PERMISSION
    return str(config["window_s" if rule.rule_type is RuleType.WASH_TRADE else "action"])
