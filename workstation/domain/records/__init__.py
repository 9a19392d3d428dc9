"""Records: the small, named, mutable resources around trading, each one frozen Struct with a tag of its own.

A new kind: its Struct in a module of its family, one line in `AnyRecord`, one in `UNIQUE` where names must not repeat.
"""

from collections.abc import Mapping

from workstation.domain.records.credentials import ApiKey, LivePermit
from workstation.domain.records.hooks import ReceivedHook, Webhook, WebhookSource
from workstation.domain.records.market import InstrumentEntry, MarketSubscription
from workstation.domain.records.pnl import PnlPosition, PnlRate, PnlSnapshot
from workstation.domain.records.record import LOCAL_TENANT, Record, kind_of

AnyRecord = ApiKey | PnlSnapshot | Webhook | WebhookSource | MarketSubscription | InstrumentEntry
"""Everything that `RecordSaved` may hold."""

UNIQUE: Mapping[type[Record], tuple[tuple[str, ...], ...]] = {
    InstrumentEntry: (("symbol",),),
    ApiKey: (("key_prefix",), ("key_hash",)),
    PnlSnapshot: (("account", "day"),),
    WebhookSource: (("name",),),
}
"""Fields that no two living records of a kind and tenant may share; texts without regard to case."""

__all__ = [
    "LOCAL_TENANT",
    "UNIQUE",
    "AnyRecord",
    "ApiKey",
    "InstrumentEntry",
    "LivePermit",
    "MarketSubscription",
    "PnlPosition",
    "PnlRate",
    "PnlSnapshot",
    "ReceivedHook",
    "Record",
    "Webhook",
    "WebhookSource",
    "kind_of",
]
