"""The deliveries port: what was or will be told to whom, and how far the journal has been told.

The journal is the outbox: an event is in it with its own transaction. From there each event becomes one delivery for
each webhook that wants it, and the place reached moves in the same transaction as the deliveries made. A delivery's
message id follows from webhook and event alone, so that after a crash the same event is told under the same id.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from workstation.domain.records import LOCAL_TENANT
from workstation.kernel.ids import stable_uid

if TYPE_CHECKING:
    from workstation.ports.store import IdempotencyRecord

EVENTS_PER_LINE = 8
"""Events that a journal line may become; an event's id is `seq * EVENTS_PER_LINE + place`."""


def delivery_id(webhook_id: str, event_id: int) -> str:
    """Return the id of an event's delivery to a webhook, the same at every making."""
    return stable_uid("delivery", webhook_id, str(event_id))


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "PENDING"
    RETRYING = "RETRYING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook. payload: the exact bytes that are signed and sent; times: UTC ns.

    next_attempt_at: None once nothing more is tried. event_id: 0 for a test that stands for no event.
    """

    id: str
    tenant: str = LOCAL_TENANT
    webhook_id: str
    event_id: int
    message_id: str
    event_type: str
    payload: bytes
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempt_count: int = 0
    next_attempt_at: int | None
    response_status: int | None = None
    response_headers: dict[str, str] | None = None
    response_body: str = ""
    error: str = ""
    created_at: int
    updated_at: int
    delivered_at: int | None = None


class DeliveryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a webhook's deliveries, by time of making. after_key: (created_at, id) of the last one given."""

    tenant: str
    webhook_id: str
    status: DeliveryStatus | None = None
    event_type: str | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    ordering: tuple[str, ...] = ("-created_at",)
    limit: int = 100
    offset: int = 0
    with_count: bool = True
    after_key: tuple[int, str] | None = None


class DeliveryPage(msgspec.Struct, frozen=True):
    """One page of deliveries."""

    rows: tuple[Delivery, ...]
    total: int | None
    has_next: bool


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint does. failures: attempts that failed since it last took something; last_success_at: UTC ns."""

    failures: int = 0
    last_success_at: int | None = None


class Deliveries(Protocol):
    """Kept deliveries, for any thread; a write returns once it is durable."""

    @property
    def is_writable(self) -> bool:
        """Whether this process may write them."""

    def place(self) -> int:
        """Return the id of the last event that was made into deliveries, 0 before the first."""

    def make(
        self, deliveries: Sequence[Delivery], place: int | None, answer: "IdempotencyRecord | None" = None
    ) -> bool:
        """Keep new deliveries and the place reached (None: it stays), in one transaction; known ones stay as they are.

        answer: what a keyed call that made them is told, kept with them for its repeats.
        Returns False when nothing was stored: try again.
        """

    def save(self, delivery: Delivery, answer: "IdempotencyRecord | None" = None) -> bool:
        """Keep what became of a delivery, with a keyed call's answer; False when nothing was stored."""

    def due(self, now_ns: int, limit: int) -> tuple[Delivery, ...]:
        """Return deliveries whose time has come, longest waiting first."""

    def next_due(self) -> int | None:
        """Return when the next attempt is due, UTC ns."""

    def delivery(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return one delivery of a webhook."""

    def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """List deliveries."""

    def health(self, tenant: str, webhook_id: str) -> Health:
        """Return how an endpoint does."""
