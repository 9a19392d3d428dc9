"""Deliveries on every store: made once with the place reached, found when due, listed, and counted by endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.stores import START_NS, OpenedStore, migrated_postgres_database, open_for_test
from workstation.ports.deliveries import Deliveries, Delivery, DeliveryQuery, DeliveryStatus
from workstation.storage.delivery_store import SqlDeliveries

HOOK = "11111111-1111-4111-8111-111111111111"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, "" if request.param == "sqlite" else migrated_postgres_database())
    yield opened
    opened.close()


@pytest.fixture
def deliveries(store: OpenedStore) -> Deliveries:
    return store.store.reader.deliveries


def made(number: int, **changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "id": f"id-{number:03}",
        "webhook_id": HOOK,
        "event_id": number,
        "message_id": f"msg_{number}",
        "event_type": "order.created",
        "payload": b'{"n":%d}' % number,
        "next_attempt_at": START_NS + number,
        "created_at": START_NS + number,
        "updated_at": START_NS + number,
    }
    return Delivery(**(fields | changes))


def after(delivery: Delivery, status: DeliveryStatus, **changes: Any) -> Delivery:
    return msgspec.structs.replace(delivery, status=status, next_attempt_at=None, **changes)


def test_deliveries_and_the_place_are_stored_together_and_made_once(deliveries: Deliveries) -> None:
    assert deliveries.place() == 0
    first = made(1)
    assert deliveries.make([first], 8)
    assert deliveries.place() == 8
    done = after(first, DeliveryStatus.DELIVERED, delivered_at=START_NS + 9)
    assert deliveries.save(done)
    assert deliveries.make([first, made(2)], 16), "made again after a crash"
    assert deliveries.delivery("local", HOOK, first.id) == done
    assert deliveries.place() == 16
    assert deliveries.make([made(3)], None)
    assert deliveries.place() == 16


def test_a_repeat_of_a_message_id_makes_nothing(deliveries: Deliveries) -> None:
    deliveries.make([made(1)], None)
    deliveries.make([made(2, event_id=1, message_id="msg_1")], None)
    assert deliveries.delivery("local", HOOK, "id-002") is None


def test_what_is_due_comes_longest_waiting_first(deliveries: Deliveries) -> None:
    deliveries.make([made(3), made(1), made(2), made(9)], None)
    assert [row.event_id for row in deliveries.due(START_NS + 3, 2)] == [1, 2]
    assert deliveries.next_due() == START_NS + 1
    deliveries.save(after(made(1), DeliveryStatus.DEAD))
    assert [row.event_id for row in deliveries.due(START_NS + 3, 9)] == [2, 3]


def test_a_webhooks_deliveries_are_listed_filtered_and_walked(deliveries: Deliveries) -> None:
    deliveries.make([made(n) for n in range(1, 8)], None)
    deliveries.make([made(50, webhook_id="other"), made(51, tenant="elsewhere")], None)
    deliveries.save(after(made(4), DeliveryStatus.DEAD))
    query = DeliveryQuery(tenant="local", webhook_id=HOOK, limit=3)
    page = deliveries.deliveries(query)
    assert ([row.event_id for row in page.rows], page.total, page.has_next) == ([7, 6, 5], 7, True)
    last = page.rows[-1]
    rest = deliveries.deliveries(msgspec.structs.replace(query, after_key=(last.created_at, last.id), limit=9))
    assert ([row.event_id for row in rest.rows], rest.has_next) == ([4, 3, 2, 1], False)
    dead = deliveries.deliveries(msgspec.structs.replace(query, status=DeliveryStatus.DEAD))
    assert [row.event_id for row in dead.rows] == [4]
    some = msgspec.structs.replace(query, start_ns=START_NS + 2, end_ns=START_NS + 4, ordering=("created_at",))
    assert [row.event_id for row in deliveries.deliveries(some).rows] == [2, 3]
    none = msgspec.structs.replace(query, event_type="risk.breached")
    assert deliveries.deliveries(none).rows == ()


def test_failures_count_since_the_last_success(deliveries: Deliveries) -> None:
    assert deliveries.health("local", HOOK).failures == 0
    deliveries.make([made(n) for n in (1, 2, 3)], None)
    deliveries.save(after(made(1), DeliveryStatus.DEAD, attempt_count=4, updated_at=START_NS + 10))
    assert deliveries.health("local", HOOK).failures == 4
    done = after(
        made(2), DeliveryStatus.DELIVERED, attempt_count=1, delivered_at=START_NS + 20, updated_at=START_NS + 20
    )
    deliveries.save(done)
    assert (deliveries.health("local", HOOK).failures, deliveries.health("local", HOOK).last_success_at) == (
        0,
        START_NS + 20,
    )
    deliveries.save(msgspec.structs.replace(made(3), attempt_count=2, updated_at=START_NS + 30))
    assert deliveries.health("local", HOOK).failures == 2


def test_a_view_reads_and_writes_nothing(store: OpenedStore, deliveries: Deliveries) -> None:
    deliveries.make([made(1)], 8)
    view = SqlDeliveries(store.store._engine, None)
    assert not view.is_writable
    assert not view.save(made(2))
    assert view.place() == 8
