"""Compliance rules on the wire. Halts, closed markets and self-trades within an account need no rule."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from workstation.api.names import Names, instrument_id
from workstation.api.schemas.records import RecordList, RecordOut, record_body, unchanged
from workstation.api.schemas.values import (
    IdOut,
    QueryFlag,
    Reason,
    Request,
    Resource,
    SearchText,
    Symbol,
    Time,
    Uuid,
    time_text,
)
from workstation.domain.errors import NotFound
from workstation.domain.expressions.tokens import TEXT_MAX, ExpressionError
from workstation.domain.records import ComplianceRule
from workstation.risk.hours import CALENDARS
from workstation.risk.rules.custom import condition

RuleTypeName = Literal[
    "RESTRICTED_SYMBOL", "MARKET_HOURS", "WASH_TRADE", "SHORT_SALE", "ACCOUNT_PERMISSION", "CUSTOM"
]  # fmt: skip
RuleScope = Literal["TENANT", "ACCOUNT", "STRATEGY", "INSTRUMENT"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
SYMBOLS_MAX = 1_000
WINDOW_S_MAX = 86_400
BLACKOUTS_MAX = 100


class SymbolsConfig(Request):
    """Symbols in which nothing may be opened."""

    symbols: Annotated[list[Symbol], Field(min_length=1, max_length=SYMBOLS_MAX)]


class ShortSaleConfig(Request):
    """What becomes of a sale that could leave the account short."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    action: Literal["REFUSE", "REQUIRE_LOCATE"]


class Blackout(Request):
    """A time in which nothing may be added, its end excluded."""

    start: Time
    end: Time

    @model_validator(mode="after")
    def _goes_forward(self) -> "Blackout":
        if self.start >= self.end:
            raise ValueError("start lies before end")
        return self


def _calendar(name: str) -> str:
    try:
        return CALENDARS[name].name
    except NotFound as error:
        raise ValueError("is no calendar that is known here") from error


class MarketHoursConfig(Request):
    """What becomes of an order outside of the hours: refused, or held in NEW until a person releases it.

    The hours are the instrument's own, those of `calendar` where one is named, with `blackouts` alone all but these.
    """

    action: Literal["REFUSE", "HOLD"]
    calendar: Annotated[str, StringConstraints(max_length=32), AfterValidator(_calendar)] | None = None
    blackouts: Annotated[list[Blackout], Field(min_length=1, max_length=BLACKOUTS_MAX)] | None = None


class WashTradeConfig(Request):
    """How long after a fill of one account another may not take its other side, in seconds."""

    window_s: Annotated[StrictInt, Field(ge=1, le=WINDOW_S_MAX)]


class PermissionConfig(Request):
    """Nothing to set: options, futures, forex and bonds are refused."""


def _condition(text: str) -> str:
    try:
        condition(text)
    except ExpressionError as error:
        raise ValueError(str(error)) from error
    return text


class CustomConfig(Request):
    """A condition; orders that meet it, or for which it cannot be decided, are refused."""

    when: Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MAX), AfterValidator(_condition)]


CONFIGS: dict[str, type[Request]] = {
    "RESTRICTED_SYMBOL": SymbolsConfig,
    "MARKET_HOURS": MarketHoursConfig,
    "WASH_TRADE": WashTradeConfig,
    "SHORT_SALE": ShortSaleConfig,
    "ACCOUNT_PERMISSION": PermissionConfig,
    "CUSTOM": CustomConfig,
}
"""By rule type, the form of its config."""


class ComplianceRuleCreate(Request):
    """A new rule; `config` has the form of its type."""

    name: Name
    rule_type: RuleTypeName
    config: dict[str, Any]
    scope: RuleScope = "TENANT"
    scope_id: Uuid | None = None
    is_active: StrictBool = True
    description: Reason | None = None


class ComplianceRuleUpdate(Request):
    """A partial change: what is absent stays; null clears the description.

    scope and scope_id change together: another scope needs its own scope_id, TENANT none.
    """

    name: Name = unchanged()
    config: dict[str, Any] = unchanged()
    scope: RuleScope = unchanged()
    scope_id: Uuid | None = None
    is_active: StrictBool = unchanged()
    description: Reason | None = None


class ComplianceRuleList(RecordList):
    """Filters of the list of rules."""

    rule_type: RuleTypeName | None = None
    is_active: QueryFlag | None = None
    search: SearchText | None = None


class ComplianceRuleOut(RecordOut):
    """A rule."""

    name: str
    rule_type: RuleTypeName
    config: dict[str, Any]
    scope: RuleScope
    scope_id: IdOut | None
    is_active: bool
    description: str | None


class ComplianceRulePage(Resource):
    """A page of rules."""

    rules: list[ComplianceRuleOut]
    total_count: int | None
    has_next: bool


def rule_body(record: ComplianceRule, names: Names) -> dict[str, Any]:
    """Return a rule as the wire shows it."""
    scope_id = record.key or None
    if record.scope == "ACCOUNT":
        scope_id = names.account_uid(record.key)
    elif record.scope == "INSTRUMENT":
        scope_id = instrument_id(record.key)
    return record_body(record) | {
        "name": record.name,
        "rule_type": record.rule_type,
        "config": _shown(record.config),
        "scope": record.scope,
        "scope_id": scope_id,
        "is_active": record.is_active,
        "description": record.description or None,
    }


def _shown(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config as it was written: the core keeps times as UTC ns."""
    if not config.get("blackouts"):
        return config
    spans = [{name: time_text(ns) for name, ns in span.items()} for span in config["blackouts"]]
    return config | {"blackouts": spans}
