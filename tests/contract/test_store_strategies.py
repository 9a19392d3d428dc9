"""Strategies on both databases: lists by tag, and what a migration makes of those that were there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from tests.contract.test_store_migrations_history import engine_of
from tests.helpers.stores import START_NS, OpenedStore, new_postgres_database, open_for_test
from workstation.domain.events import RecordSaved
from workstation.domain.records import StrategyDefinition
from workstation.ports.store import Entry, RecordQuery
from workstation.storage import migrate
from workstation.storage.backend import backend_for

DRAFT = StrategyDefinition(
    id="S0", row_version=1, created_at=START_NS, updated_at=START_NS, name="none", strategy_type="CUSTOM",
    user_id="local", rebalance_frequency="NONE",
)  # fmt: skip
TAGGED = {"S1": ("fast",), "S2": ("fast", "50%"), "S3": ("Slow", "faster"), "S4": ("a_b",), "S5": ("axb",)}
STRATEGIES = [
    DRAFT,
    *(msgspec.structs.replace(DRAFT, id=key, name=key.lower(), tags=tags) for key, tags in TAGGED.items()),
]
WANTED = [
    (("fast",), ["S1", "S2"]),
    (("fast", "slow"), ["S1", "S2", "S3"]),
    (("50%",), ["S2"]),
    (("5%",), []),
    (("a_b",), ["S4"]),
    (("",), []),
    (("nobody",), []),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else new_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, url)
    yield opened
    opened.close()


def tagged(store: OpenedStore, tags: tuple[str, ...]) -> list[str]:
    query = RecordQuery(tenant="local", words={"tag_words": tags}, ordering=("created_at",))
    return sorted(row.id for row in store.store.reader.records(StrategyDefinition, query).rows)


def test_strategies_are_listed_by_any_of_their_whole_tags(store: OpenedStore) -> None:
    for record in STRATEGIES:
        store.write(Entry(RecordSaved(record=record, changed=(), actor="test", ts=START_NS), (record,)))
    assert [(tags, tagged(store, tags)) for tags, _ in WANTED] == WANTED


def test_strategies_of_an_older_database_are_listed_by_their_tags(url: str, tmp_path: Path) -> None:
    engine = engine_of(url, tmp_path)
    migrate.upgrade(engine, "0013", "1.0")
    fill = text(
        "INSERT INTO strategies (tenant_id, id, row_version, created_at, updated_at, seq, state, name, status)"
        " VALUES ('local', :id, 1, 1, 1, 1, :state, :name, 'DRAFT')"
    )
    with engine.begin() as connection:
        for record in STRATEGIES:
            kept = {"id": record.id, "name": record.name, "state": msgspec.json.encode(record)}
            connection.execute(fill, kept)
    engine.dispose()
    backend_for(url, tmp_path).migrate("1.1")
    opened = open_for_test(tmp_path, url)
    assert [(tags, tagged(opened, tags)) for tags, _ in WANTED] == WANTED
    opened.close()
