"""Records: the small, named, mutable resources around trading, each one frozen Struct with a tag of its own.

A new kind: its Struct in a module of its family, one line in `AnyRecord`, one in `UNIQUE` where names must not repeat.
"""

from collections.abc import Mapping

from workstation.domain.records.compliance import ComplianceRule, RuleType
from workstation.domain.records.credentials import ApiKey, LivePermit
from workstation.domain.records.hooks import ReceivedHook, Webhook, WebhookSource
from workstation.domain.records.identity import BUILT_IN, Invitation, Member, Tenant, User, UserSession
from workstation.domain.records.market import InstrumentEntry, MarketSubscription
from workstation.domain.records.pnl import PnlPosition, PnlRate, PnlSnapshot
from workstation.domain.records.record import LOCAL_TENANT, Record, kind_of
from workstation.domain.records.risk import RiskLimit, RiskOverride
from workstation.domain.records.strategies import StrategyDefinition, StrategyRun
from workstation.domain.records.venues import AccountRecord, BrokerRecord, ConnectionRecord

AnyRecord = (
    ApiKey
    | PnlSnapshot
    | RiskLimit
    | RiskOverride
    | ComplianceRule
    | Webhook
    | WebhookSource
    | MarketSubscription
    | InstrumentEntry
    | Tenant
    | User
    | Member
    | Invitation
    | UserSession
    | StrategyDefinition
    | StrategyRun
    | BrokerRecord
    | ConnectionRecord
    | AccountRecord
)
"""Everything that `RecordSaved` may hold."""

UNIQUE: Mapping[type[Record], tuple[tuple[str, ...], ...]] = {
    InstrumentEntry: (("symbol",),),
    Tenant: (("name",), ("slug",), ("subdomain",)),
    User: (("email",),),
    Member: (("user_id",),),
    UserSession: (("session_key",),),
    ApiKey: (("key_prefix",), ("key_hash",)),
    PnlSnapshot: (("account", "day"),),
    RiskLimit: (("limit_type", "scope", "key"),),
    ComplianceRule: (("name",),),
    WebhookSource: (("name",),),
    StrategyDefinition: (("name",),),
    BrokerRecord: (("name",),),
    ConnectionRecord: (("broker_id", "name"),),
    AccountRecord: (("connection_id", "account_number"),),
}
"""Fields that no two living records of a kind and tenant may share; texts without regard to case."""

__all__ = [
    "BUILT_IN",
    "LOCAL_TENANT",
    "UNIQUE",
    "AccountRecord",
    "AnyRecord",
    "ApiKey",
    "BrokerRecord",
    "ComplianceRule",
    "ConnectionRecord",
    "InstrumentEntry",
    "Invitation",
    "LivePermit",
    "MarketSubscription",
    "Member",
    "PnlPosition",
    "PnlRate",
    "PnlSnapshot",
    "ReceivedHook",
    "Record",
    "RiskLimit",
    "RiskOverride",
    "RuleType",
    "StrategyDefinition",
    "StrategyRun",
    "Tenant",
    "User",
    "UserSession",
    "Webhook",
    "WebhookSource",
    "kind_of",
]
