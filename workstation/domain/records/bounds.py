"""What fields of records may hold, once for all: commands refuse the rest, and the database's own checks know the same.

Numbers within a range, both ends included, and texts out of a list; what may be absent may. What a type says already,
an enum, is not repeated.
"""

from collections.abc import Mapping

from workstation.domain.records.compliance import ComplianceRule
from workstation.domain.records.credentials import ApiKey
from workstation.domain.records.hooks import Webhook
from workstation.domain.records.record import Record
from workstation.domain.records.risk import RiskLimit
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
