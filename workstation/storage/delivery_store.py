"""Deliveries in the database; implements `ports.deliveries.Deliveries`.

Reads run on the pool of read-only connections. Writes go to the journal thread as rows of their own: it gives them up
rather than hold an order, and then the caller is told that nothing was stored.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from workstation.domain.errors import StorageError
from workstation.ports.deliveries import Delivery, DeliveryPage, DeliveryQuery, DeliveryStatus, Health
from workstation.ports.store import IdempotencyRecord
from workstation.storage.delivery_tables import CHANGING, COLUMNS, KEY, MAKE, MOVE, SAVE, deliveries, delivery_place
from workstation.storage.driver import Parameters, Statement
from workstation.storage.projections import STATEMENTS, answer_row
from workstation.storage.queue import Aside, WorkQueue

WRITE_TIMEOUT_S = 10.0
_row = deliveries.c
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Delivery).decode


class SqlDeliveries:
    """queue: the writer's, None where nothing is written here."""

    def __init__(self, engine: Engine, queue: WorkQueue | None) -> None:
        self._engine, self._queue = engine, queue

    @property
    def is_writable(self) -> bool:
        """Whether this process may write them."""
        return self._queue is not None

    # Writing

    def make(self, made: Sequence[Delivery], place: int | None, answer: IdempotencyRecord | None = None) -> bool:
        """Keep new deliveries and the place reached, in one transaction; those that are known stay as they are."""
        return self._write(
            (MAKE, [_parameters(delivery) for delivery in made]),
            (MOVE, [] if place is None else [(1, place)]),
            _kept(answer),
        )

    def save(self, delivery: Delivery, answer: IdempotencyRecord | None = None) -> bool:
        """Keep what became of a delivery that was made, with a keyed call's answer; False when it was not stored."""
        values = dict(zip(COLUMNS, _parameters(delivery), strict=True))
        return self._write((SAVE, [[values[name] for name in (*CHANGING, *KEY)]]), _kept(answer))

    def _write(self, *work: tuple[Statement, Sequence[Parameters]]) -> bool:
        if self._queue is None:
            return False
        done, stored = threading.Event(), []

        def told(is_stored: bool) -> None:
            stored.append(is_stored)
            done.set()

        self._queue.put(Aside([(statement, rows) for statement, rows in work if rows], told))
        return done.wait(WRITE_TIMEOUT_S) and stored[0]

    # Reading

    def place(self) -> int:
        """Return the id of the last event that was made into deliveries, 0 before the first."""
        return self._scalar(select(delivery_place.c.event_id)) or 0

    def due(self, now_ns: int, limit: int) -> tuple[Delivery, ...]:
        """Return deliveries whose time has come, longest waiting first."""
        ripe = select(_row.state).where(_row.next_attempt_at <= now_ns)
        with self._connection() as connection:
            blobs = connection.execute(ripe.order_by(_row.next_attempt_at, _row.id).limit(limit)).scalars()
            return tuple(_decode(blob) for blob in blobs)

    def next_due(self) -> int | None:
        """Return when the next attempt is due, UTC ns."""
        found: int | None = self._scalar(select(func.min(_row.next_attempt_at)))
        return found

    def delivery(self, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return one delivery of a webhook."""
        wanted = (_row.tenant_id == tenant, _row.webhook_id == webhook_id, _row.id == delivery_id)
        blob = self._scalar(select(_row.state).where(*wanted))
        return None if blob is None else _decode(blob)

    def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """List a webhook's deliveries by time of making."""
        wanted = [_row.tenant_id == query.tenant, _row.webhook_id == query.webhook_id]
        if query.status is not None:
            wanted.append(_row.status == query.status.value)
        if query.event_type is not None:
            wanted.append(_row.event_type == query.event_type)
        if query.start_ns is not None:
            wanted.append(_row.created_at >= query.start_ns)
        if query.end_ns is not None:
            wanted.append(_row.created_at < query.end_ns)
        descending = query.ordering[0].startswith("-")
        order = [column.desc() if descending else column.asc() for column in (_row.created_at, _row.id)]
        listed = select(_row.state).where(*wanted)
        if query.after_key is not None:
            time, last = query.after_key
            beyond = _row.created_at < time if descending else _row.created_at > time
            same = _row.id < last if descending else _row.id > last
            listed = listed.where(or_(beyond, and_(_row.created_at == time, same)))
        with self._connection() as connection:
            page = listed.order_by(*order).limit(query.limit + 1).offset(query.offset)
            blobs = connection.execute(page).scalars().all()
            count = select(func.count()).select_from(deliveries).where(*wanted)
            total = connection.execute(count).scalar_one() if query.with_count else None
        return DeliveryPage(tuple(_decode(blob) for blob in blobs[: query.limit]), total, len(blobs) > query.limit)

    def health(self, tenant: str, webhook_id: str) -> Health:
        """Return how an endpoint does."""
        own = (_row.tenant_id == tenant, _row.webhook_id == webhook_id)
        last = self._scalar(select(func.max(_row.delivered_at)).where(*own))
        since = (_row.status != DeliveryStatus.DELIVERED.value, _row.updated_at > (last or 0))
        failures = self._scalar(select(func.sum(_row.attempt_count)).where(*own, *since))
        return Health(failures=int(failures or 0), last_success_at=last)

    def _scalar(self, statement: Any) -> Any:
        with self._connection() as connection:
            return connection.execute(statement).scalar()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Give a connection for one short read.

        Raises:
            StorageError: the database cannot be read.
        """
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be read: {type(error).__name__}") from error


def _kept(answer: IdempotencyRecord | None) -> tuple[Statement, Sequence[Parameters]]:
    return STATEMENTS["idempotency"], [] if answer is None else [answer_row(answer)]


def _parameters(delivery: Delivery) -> Parameters:
    return (
        delivery.tenant,
        delivery.id,
        delivery.webhook_id,
        delivery.event_id,
        delivery.message_id,
        delivery.event_type,
        delivery.status.value,
        delivery.attempt_count,
        delivery.next_attempt_at,
        delivery.created_at,
        delivery.updated_at,
        delivery.delivered_at,
        _encode(delivery),
    )
