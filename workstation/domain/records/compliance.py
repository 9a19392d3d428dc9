"""Compliance rules as people keep them; what they forbid is the engine's own fold."""

from enum import StrEnum
from typing import Any

import msgspec

from workstation.domain.records.record import Record


class RuleType(StrEnum):
    """What a rule forbids to open: see the rules of the gate with these codes."""

    RESTRICTED_SYMBOL = "RESTRICTED_SYMBOL"
    MARKET_HOURS = "MARKET_HOURS"
    WASH_TRADE = "WASH_TRADE"
    SHORT_SALE = "SHORT_SALE"
    ACCOUNT_PERMISSION = "ACCOUNT_PERMISSION"
    CUSTOM = "CUSTOM"


class ComplianceRule(Record, frozen=True, kw_only=True, tag="compliance_rule"):
    """One rule. scope: a limit's scope; key: account, strategy or symbol, "" for the tenant; config: by its type."""

    name: str
    rule_type: RuleType
    scope: str = "TENANT"
    key: str = ""
    is_active: bool = True
    description: str = ""
    config: dict[str, Any] = msgspec.field(default_factory=dict)
