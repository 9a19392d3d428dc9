"""Tables of webhook deliveries: one row a delivery, and the place up to which the journal was made into deliveries."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from workstation.ports.deliveries import DeliveryStatus
from workstation.storage.driver import Statement, insert, upsert
from workstation.storage.record_tables import one_of
from workstation.storage.tables import TENANT, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("tenant_id", Text, nullable=False, primary_key=True, server_default=TENANT),
    Column("id", Text, nullable=False, primary_key=True),
    Column("webhook_id", Text, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("next_attempt_at", BigInteger, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger, nullable=True),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint(one_of("status", DeliveryStatus), name="status"),
    CheckConstraint("attempt_count >= 0", name="attempt_count"),
    UniqueConstraint("tenant_id", "message_id", name="uq_deliveries_message_id"),
    Index("ix_deliveries_created_at", "tenant_id", "webhook_id", "created_at", "id"),
    Index("ix_deliveries_delivered_at", "tenant_id", "webhook_id", "delivered_at"),
    Index("ix_deliveries_next_attempt_at", "next_attempt_at"),
)

delivery_place = Table(
    "delivery_place",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, nullable=False),
)

COLUMNS = (
    "tenant_id", "id", "webhook_id", "event_id", "message_id", "event_type", "status", "attempt_count",
    "next_attempt_at", "created_at", "updated_at", "delivered_at", "state",
)  # fmt: skip
CHANGING = ("status", "attempt_count", "next_attempt_at", "updated_at", "delivered_at", "state")
KEY = ("tenant_id", "id", "event_id")
"""The event stands in the key for the ranges that a server cuts the table into; an id alone names one delivery."""

MAKE = insert(deliveries, COLUMNS)._replace(text=insert(deliveries, COLUMNS).text + " ON CONFLICT DO NOTHING")
SAVE = Statement(
    f"UPDATE deliveries SET {', '.join(f'{name} = ?' for name in CHANGING)}"  # noqa: S608  names are ours
    f" WHERE {' AND '.join(f'{name} = ?' for name in KEY)}"
)
MOVE = upsert(delivery_place, ("id", "event_id"), ("id",))
