"""What fields of records may hold, once for all: commands refuse the rest, and the database's own checks know the same.

Numbers within a range, both ends included, and texts out of a list; what may be absent may. What a type says already,
an enum, is not repeated. And how many records of a kind there may be.
"""

from collections.abc import Mapping

from workstation.domain.records.compliance import ComplianceRule
from workstation.domain.records.credentials import ApiKey
from workstation.domain.records.hooks import Webhook
from workstation.domain.records.identity import UserSession
from workstation.domain.records.pnl import PnlSnapshot
from workstation.domain.records.record import Record
from workstation.domain.records.risk import RiskLimit
from workstation.domain.records.strategies import StrategyRun
from workstation.domain.records.venues import BrokerRecord, ConnectionRecord

SCOPES = ("TENANT", "ACCOUNT", "STRATEGY", "INSTRUMENT")
LIMIT_TYPES = (
    "ORDER_QUANTITY", "ORDER_NOTIONAL", "POSITION_QUANTITY", "POSITION_NOTIONAL", "GROSS_EXPOSURE", "DAILY_LOSS",
    "DRAWDOWN", "ORDERS_PER_SECOND", "ORDERS_PER_MINUTE", "OPEN_ORDERS", "PRICE_COLLAR", "PRICE_COLLAR_TICKS",
)  # fmt: skip

PORTS = (1, 65_535)

RANGES: Mapping[type[Record], Mapping[str, tuple[int, int]]] = {
    ApiKey: {"rate_limit": (1, 100_000)},
    Webhook: {"max_retries": (0, 10), "retry_delay_s": (1, 3_600), "timeout_s": (1, 30)},
    BrokerRecord: {"port": PORTS, "timeout_seconds": (1, 600), "max_retries": (0, 10)},
    ConnectionRecord: {"port": PORTS, "client_id": (0, 2_147_483_647), "heartbeat_interval": (1, 3_600)},
}
ALLOWED: Mapping[type[Record], Mapping[str, tuple[str, ...]]] = {
    ComplianceRule: {"scope": SCOPES},
    RiskLimit: {"limit_type": LIMIT_TYPES, "scope": SCOPES},
}

RECORDS_MAX = 10_000
"""Living records of one kind that a tenant may have; all of them are held in memory and in every snapshot."""

WEBHOOKS_MAX = 500
"""As many as the outbox looks at for each event."""

_MOST: Mapping[type[Record], int | None] = {
    Webhook: WEBHOOKS_MAX,
    UserSession: None,
    PnlSnapshot: None,
    StrategyRun: None,
}
"""Where it is another number; None for what the program itself writes down: a login is never refused for its number."""


def most_of(kind: type[Record]) -> int | None:
    """Return how many living records of a kind a tenant may have, None for any number."""
    return _MOST.get(kind, RECORDS_MAX)


def out_of_bounds(record: Record) -> tuple[str, str] | None:
    """Return the first field that holds what it may not, with what it may hold in words; None when all is well."""
    for field, (least, most) in RANGES.get(type(record), {}).items():
        value = getattr(record, field)
        if value is not None and not least <= value <= most:
            return field, f"{least} to {most}"
    for field, allowed in ALLOWED.get(type(record), {}).items():
        if getattr(record, field) not in allowed:
            return field, ", ".join(allowed)
    return None
