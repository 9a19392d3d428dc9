"""The REST interface over a database in trouble: a problem that says so, never a 500 and never a guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from tests.helpers.api_rig import ApiRig, served
from workstation.domain.errors import StorageDamaged, StorageError
from workstation.kernel.ids import stable_uid
from workstation.ports.store import OrderQuery
from workstation.storage.reader import SqlReader

UID = stable_uid("order", "1")
PATHS = (
    "/api/v1/oms/orders",
    f"/api/v1/oms/orders/{UID}",
    f"/api/v1/oms/orders/{UID}/history",
    "/api/v1/oms/executions",
    "/api/v1/oms/positions",
    "/api/v1/risk/kill-switch",
    "/api/v1/events",
)


@pytest.fixture
def exhausted(tmp_path: Path) -> Iterator[SqlReader]:
    """Give a reader whose pool has no connection left, over a file without tables."""
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}", poolclass=QueuePool, pool_size=1, max_overflow=0,
                           pool_timeout=0)  # fmt: skip
    held = engine.connect()
    yield SqlReader(engine)
    held.close()
    engine.dispose()


def test_a_reader_without_a_free_connection_is_a_storage_error(exhausted: SqlReader) -> None:
    for read in (lambda: exhausted.orders(OrderQuery()), lambda: exhausted.order("x"), exhausted.accounts):
        with pytest.raises(StorageError):
            read()


def test_a_database_that_cannot_be_read_is_unavailable_on_every_path(tmp_path: Path, exhausted: SqlReader) -> None:
    with served(tmp_path) as rig:
        _read_from(rig, exhausted)
        for path in PATHS:
            answer = rig.http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "1"


def test_a_damaged_row_is_named_as_damage(tmp_path: Path) -> None:
    with served(tmp_path) as rig:

        def damaged(_query: OrderQuery) -> None:
            raise StorageDamaged("workstation.db: page 7")

        rig.reader.orders = damaged  # type: ignore[assignment, method-assign]  # a file that is broken
        answer = rig.http.get("/api/v1/oms/orders")
        assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_DAMAGED")
        assert answer.json()["details"] == {"problem": "workstation.db: page 7"}


def _read_from(rig: ApiRig, reader: SqlReader) -> None:
    for name in ("orders", "order", "order_by_client_id", "transitions", "executions", "positions", "kill_switches",
                 "events", "newest_seq", "oldest_seq"):  # fmt: skip
        setattr(rig.reader, name, getattr(reader, name))
