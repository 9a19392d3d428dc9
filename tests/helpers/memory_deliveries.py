"""Deliveries in memory; implements `ports.deliveries.Deliveries` as the database does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from workstation.ports.deliveries import Delivery, DeliveryPage, DeliveryQuery, DeliveryStatus, Health
from workstation.ports.store import IdempotencyRecord


class MemoryDeliveries:
    """`writable` False: nothing is stored, as when the database takes nothing."""

    def __init__(self, keep_answer: Callable[[IdempotencyRecord], None]) -> None:
        self.keep_answer = keep_answer
        self._lock = threading.Lock()
        self._rows: dict[str, Delivery] = {}
        self._place = 0
        self.writable = True

    @property
    def is_writable(self) -> bool:
        return True

    @property
    def all(self) -> list[Delivery]:
        """Every delivery, oldest first."""
        with self._lock:
            return sorted(self._rows.values(), key=lambda row: (row.created_at, row.event_id))

    def place(self) -> int:
        return self._place

    def make(self, deliveries: Sequence[Delivery], place: int | None, answer: IdempotencyRecord | None = None) -> bool:
        if self.writable:
            with self._lock:
                self._rows = {row.id: row for row in deliveries} | self._rows
                self._place = self._place if place is None else place
            self._keep(answer)
        return self.writable

    def _keep(self, answer: IdempotencyRecord | None) -> None:
        if answer is not None:
            self.keep_answer(answer)

    def save(self, delivery: Delivery, answer: IdempotencyRecord | None = None) -> bool:
        if self.writable:
            with self._lock:
                self._rows[delivery.id] = delivery
            self._keep(answer)
        return self.writable

    def due(self, now_ns: int, limit: int) -> tuple[Delivery, ...]:
        rows = [row for row in self.all if row.next_attempt_at is not None and row.next_attempt_at <= now_ns]
        return tuple(sorted(rows, key=lambda row: row.next_attempt_at or 0)[:limit])

    def next_due(self) -> int | None:
        return min((row.next_attempt_at for row in self.all if row.next_attempt_at is not None), default=None)

    def delivery(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        found = self._rows.get(delivery_id)
        return found if found is not None and (found.tenant, found.webhook_id) == (tenant, webhook_id) else None

    def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        rows = [
            row
            for row in self.all
            if (row.tenant, row.webhook_id) == (query.tenant, query.webhook_id)
            and query.status in (None, row.status)
            and query.event_type in (None, row.event_type)
            and (query.start_ns is None or row.created_at >= query.start_ns)
            and (query.end_ns is None or row.created_at < query.end_ns)
        ]
        descending = query.ordering[0].startswith("-")
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=descending)
        total = len(rows) if query.with_count else None
        if query.after_key is not None:
            place = query.after_key
            rows = [row for row in rows if ((row.created_at, row.id) < place) == descending]
            rows = [row for row in rows if (row.created_at, row.id) != place]
        end = query.offset + query.limit
        return DeliveryPage(tuple(rows[query.offset : end]), total, len(rows) > end)

    def health(self, tenant: str, webhook_id: str) -> Health:
        rows = [row for row in self.all if (row.tenant, row.webhook_id) == (tenant, webhook_id)]
        last = max((row.delivered_at for row in rows if row.delivered_at is not None), default=None)
        failed = [row for row in rows if row.status is not DeliveryStatus.DELIVERED and row.updated_at > (last or 0)]
        return Health(failures=sum(row.attempt_count for row in failed), last_success_at=last)
