"""Compliance rules: kept by people, enforced by the gate from the moment that they are stored."""

from typing import Any

from workstation.api.endpoint import Call, Routes, validated
from workstation.api.errors import Answer, invalid
from workstation.api.lists import ListForm
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    find_record,
    given,
    list_records,
    read_record,
)
from workstation.api.routes.risk import scope_key
from workstation.api.schemas.compliance import (
    CONFIGS,
    ComplianceRuleCreate,
    ComplianceRuleList,
    ComplianceRuleOut,
    ComplianceRulePage,
    ComplianceRuleUpdate,
    rule_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.domain.records import ComplianceRule, RuleType

routes = Routes()

_RULE_ID = {"rule_id": "uuid"}
RULES = RecordResource(
    kind=ComplianceRule,
    form=ListForm(
        key="rules",
        model=ComplianceRuleOut,
        orderings={"created_at": "created_at", "name": "name"},
        default="-created_at",
    ),
    body=lambda call, record: rule_body(record, call.services.names),
    id_name="rule_id",
    filters={"rule_type": "rule_type", "is_active": "is_active"},
)


@routes.add(
    "GET",
    "/compliance/rules",
    scope="compliance:view",
    query=ComplianceRuleList,
    answers={200: ComplianceRulePage},
    form=RULES.form,
)
async def list_compliance_rules(call: Call) -> Answer:
    """List compliance rules."""
    return await list_records(call, RULES)


@routes.add(
    "POST", "/compliance/rules", scope="compliance:manage", body=ComplianceRuleCreate, answers={201: ComplianceRuleOut}
)
async def create_compliance_rule(call: Call) -> Answer:
    """Add a compliance rule."""
    asked: ComplianceRuleCreate = call.body
    _check_scope(asked.rule_type, asked.scope, asked.scope_id)
    draft = ComplianceRule(
        tenant=call.credential.tenant,
        name=asked.name,
        rule_type=RuleType(asked.rule_type),
        scope=asked.scope,
        key=scope_key(asked.scope, asked.scope_id, call.services.names),
        is_active=asked.is_active,
        description=asked.description or "",
        config=_config(call, asked.rule_type, asked.config),
    )
    return await create_record(call, RULES, draft)


@routes.add(
    "GET", "/compliance/rules/{rule_id}", scope="compliance:view", query=RecordRead, answers={200: ComplianceRuleOut},
    path_types=_RULE_ID,
)  # fmt: skip
async def get_compliance_rule(call: Call) -> Answer:
    """Read a compliance rule."""
    return await read_record(call, RULES)


@routes.change(
    "/compliance/rules/{rule_id}", scope="compliance:manage", body=ComplianceRuleUpdate,
    answers={200: ComplianceRuleOut}, path_types=_RULE_ID,
)  # fmt: skip
async def put_compliance_rule(call: Call) -> Answer:
    """Change a compliance rule."""
    record: ComplianceRule = await find_record(call, RULES)
    changes = given(call.body, description=lambda text: text or "")
    if "config" in changes:
        changes["config"] = _config(call, record.rule_type, changes["config"])
    if {"scope", "scope_id"} & changes.keys():
        scope, scope_id = changes.get("scope", record.scope), changes.pop("scope_id", None)
        _check_scope(record.rule_type, scope, scope_id)
        changes |= {"scope": scope, "key": scope_key(scope, scope_id, call.services.names)}
    return await change_record(call, RULES, changes, before=record)


@routes.add(
    "DELETE", "/compliance/rules/{rule_id}", scope="compliance:manage", answers={204: None}, path_types=_RULE_ID
)
async def delete_compliance_rule(call: Call) -> Answer:
    """Remove a compliance rule."""
    return await delete_record(call, RULES)


def _check_scope(rule_type: str, scope: str, scope_id: str | None) -> None:
    """Refuse a scope that lacks what it is about, or that a type cannot have.

    Raises:
        ApiError: 422.
    """
    if (scope == "TENANT") != (scope_id is None):
        raise invalid("scope_id", "goes with every scope but TENANT")
    if rule_type == "RESTRICTED_SYMBOL" and scope != "TENANT":
        raise invalid("scope", "of a list of symbols is the tenant", allowed=["TENANT"])


def _config(call: Call, rule_type: str, config: Any) -> dict[str, Any]:
    """Return a config of the form that its type has, symbols as the core writes them.

    Raises:
        ApiError: 422 another form, 404 a symbol that is not known.
    """
    found = validated(CONFIGS[rule_type], config, "body.config").model_dump(mode="json", exclude_none=True)
    if "symbols" in found:
        known = [call.services.names.instrument(symbol).symbol for symbol in found["symbols"]]
        found["symbols"] = sorted(set(known))
    return found
