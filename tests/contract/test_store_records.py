"""Records and the audit chain on both databases: what was committed is read back, and a changed entry is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
from sqlalchemy import event

from tests.helpers.stores import (
    START_NS,
    OpenedStore,
    execute_sql,
    migrated_postgres_database,
    new_postgres_database,
    open_for_test,
)
from workstation.domain.audit import ActorKind, AuditAction, AuditEntry, hash_of
from workstation.domain.errors import ValidationError
from workstation.domain.events import AuditNoted, RecordSaved
from workstation.domain.records import ApiKey, Record, StrategyDefinition, StrategyRun
from workstation.ports.store import AuditQuery, Entry, RecordQuery


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, url)
    yield opened
    opened.close()


def key(number: int, **changes: object) -> ApiKey:
    fields = {
        "id": f"key-{number}",
        "row_version": 1,
        "created_at": START_NS + number,
        "updated_at": START_NS + number,
        "user_id": "local",
        "name": f"bot {number}",
        "key_prefix": f"{number:08x}",
        "key_hash": f"{number:064x}",
        "scopes": ("orders:view",),
        "rate_limit": 600,
    }
    return ApiKey(**(fields | changes))


def saved(record: Record) -> Entry:
    return Entry(RecordSaved(record=record, changed=(), actor="REST:local", ts=START_NS), (record,))


def noted(number: int, tenant: str = "local") -> Entry:
    entry = AuditEntry(
        id=f"entry-{number}",
        tenant=tenant,
        tenant_id=tenant,
        ts=START_NS + number,
        action=AuditAction.CREATE,
        actor_kind=ActorKind.LOCAL,
        new_values={"ü": [1, "2.50"]},
    )
    return Entry(AuditNoted(action="CREATE", actor="REST:local", ts=START_NS, tenant=tenant), (entry,))


def names(store: OpenedStore, **query: object) -> list[str]:
    found = store.store.reader.records(ApiKey, RecordQuery(**({"tenant": "local"} | query)))
    return [record.name for record in found.rows if isinstance(record, ApiKey)]


def test_the_last_version_is_read_back_and_a_deleted_one_is_gone(store: OpenedStore) -> None:
    store.write(saved(key(1)), saved(key(2)), saved(key(1, row_version=2, name="robot", expires_at=5)))
    assert store.store.reader.record(ApiKey, "local", "key-1") == key(1, row_version=2, name="robot", expires_at=5)
    store.write(saved(key(1, row_version=3, deleted_at=START_NS)))
    assert store.store.reader.record(ApiKey, "local", "key-1") is None
    assert names(store) == ["bot 2"]
    assert dict(store.store.reader.origin_names()) == {"key-1": "bot 1", "key-2": "bot 2"}


def test_strategies_and_runs_are_known_by_name_after_they_were_deleted(store: OpenedStore) -> None:
    idea = StrategyDefinition(
        id="strategy-1", row_version=1, created_at=START_NS, updated_at=START_NS, name="Reversion",
        strategy_type="CUSTOM", user_id="local", rebalance_frequency="",
    )  # fmt: skip
    run = StrategyRun(
        id="run-1", row_version=1, created_at=START_NS, updated_at=START_NS, strategy_id="strategy-1", account="SIM-1",
        user_id="local", run_name="Reversion 3", run_number=3, initial_capital="1000", start_date="2026-01-05",
    )  # fmt: skip
    store.write(saved(idea), saved(run))
    store.write(saved(msgspec.structs.replace(run, row_version=2, deleted_at=START_NS)))
    assert dict(store.store.reader.origin_names()) == {"strategy-1": "Reversion", "run-1": "Reversion 3"}


def test_a_freed_name_is_taken_again_within_one_transaction(store: OpenedStore) -> None:
    store.write(saved(key(1)), saved(key(1, row_version=2, deleted_at=1)), saved(key(2, key_prefix="00000001")))
    assert names(store) == ["bot 2"]


def test_lists_are_filtered_sorted_searched_and_walked(store: OpenedStore) -> None:
    store.write(*[saved(key(number, is_active=number != 2)) for number in (1, 2, 3)])
    assert names(store) == ["bot 3", "bot 2", "bot 1"]
    assert names(store, ordering=("name",), limit=1, offset=1) == ["bot 2"]
    assert names(store, equal={"is_active": False}) == ["bot 2"]
    assert names(store, equal={"id": ("key-1", "key-3")}) == ["bot 3", "bot 1"]
    assert names(store, search="T 2") == ["bot 2"]
    assert names(store, search="%") == []
    assert names(store, after_key=(START_NS + 3, "key-3"), limit=1) == ["bot 2"]
    for wrong in ({"equal": {"key_hash; --": "x"}}, {"ordering": ("state",)}):
        with pytest.raises(ValidationError):
            names(store, **wrong)


def test_no_tenant_sees_anothers_records_or_entries(store: OpenedStore) -> None:
    store.write(saved(key(1)), saved(key(2, tenant="other")), noted(1), noted(2, "other"))
    reader = store.store.reader
    assert (names(store), names(store, tenant="other")) == (["bot 1"], ["bot 2"])
    assert reader.record(ApiKey, "other", "key-1") is None
    assert [entry.id for entry in reader.audit(AuditQuery(tenant="other")).rows] == ["entry-2"]
    assert (reader.verify_audit("other").entries, reader.audit_entry("other", 2)) == (1, None)


def test_the_chain_goes_on_after_a_restart_and_verifies(url: str, tmp_path: Path) -> None:
    first = open_for_test(tmp_path, url)
    first.write(noted(1), noted(2))
    first.close()
    second = open_for_test(tmp_path, url)
    second.write(noted(3))
    rows = second.store.reader.audit(AuditQuery(tenant="local", ordering=("sequence",))).rows
    proof = second.store.reader.verify_audit("local")
    second.close()
    assert [(row.sequence, row.id) for row in rows] == [(1, "entry-1"), (2, "entry-2"), (3, "entry-3")]
    assert [row.prev_hash for row in rows] == ["0" * 64, rows[0].entry_hash, rows[1].entry_hash]
    assert all(row.entry_hash == hash_of(row) for row in rows)
    assert (proof.entries, proof.first_broken, proof.last_hash) == (3, None, rows[2].entry_hash)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("DELETE FROM audit_entries WHERE sequence = 1", 1),
        ("DELETE FROM audit_entries WHERE sequence = 2", 2),
        ("UPDATE audit_entries SET action = 'DELETE' WHERE sequence = 2", 2),
        ("UPDATE audit_entries SET created_at = 1 WHERE sequence = 3", 3),
    ],
)
def test_a_changed_or_missing_entry_is_the_first_broken_one(
    store: OpenedStore, url: str, tmp_path: Path, change: str, broken: int
) -> None:
    store.write(noted(1), noted(2), noted(3))
    execute_sql(url, tmp_path, change)
    assert store.store.reader.verify_audit("local").first_broken == broken


@pytest.mark.parametrize(("kept", "broken"), [(2, 3), (0, 1)])
def test_a_tail_that_was_cut_off_is_found_by_the_journals_own_lines(
    store: OpenedStore, url: str, tmp_path: Path, kept: int, broken: int
) -> None:
    store.write(noted(1), noted(2), noted(3), noted(4, "other"), saved(key(1)))
    assert store.store.reader.verify_audit("local").first_broken is None
    execute_sql(url, tmp_path, f"DELETE FROM audit_entries WHERE tenant_id = 'local' AND sequence > {kept}")
    assert store.store.reader.verify_audit("local").first_broken == broken
    assert store.store.reader.verify_audit("other").first_broken is None


def test_a_span_of_time_has_the_entries_of_its_times_though_two_came_in_the_other_order(store: OpenedStore) -> None:
    store.write(*[noted(number) for number in (1, 2, 4, 3, 5, 7, 6, 8)], noted(4, "other"))
    reader = store.store.reader

    def span(least: int | None, below: int | None, **more: object) -> tuple[list[int], int | None]:
        times = {name: None if at is None else START_NS + at for name, at in (("start_ns", least), ("end_ns", below))}
        page = reader.audit(AuditQuery(**{"tenant": "local", "ordering": ("sequence",), **times, **more}))
        return [int(row.id.removeprefix("entry-")) for row in page.rows], page.total

    assert span(3, 7) == ([4, 3, 5, 6], 4)
    assert span(4, 7) == ([4, 5, 6], 3)
    assert span(7, None) == ([7, 8], 2)
    assert span(None, 4) == ([1, 2, 3], 3)
    assert span(3, 7, ordering=("-sequence",), limit=2, after_key=(5, "")) == ([3, 4], 4)
    assert span(3, 7, action="DELETE") == span(20, None) == ([], 0)


def test_entries_are_filtered_and_walked_by_sequence(store: OpenedStore) -> None:
    store.write(*[noted(number) for number in range(1, 6)])
    reader = store.store.reader
    page = reader.audit(AuditQuery(tenant="local", action="CREATE", limit=2, after_key=(4, "")))
    assert ([row.sequence for row in page.rows], page.total, page.has_next) == ([3, 2], 5, True)
    assert reader.audit(AuditQuery(tenant="local", start_ns=START_NS + 5)).total == 1
    assert reader.audit(AuditQuery(tenant="local", resource_type="order")).rows == ()
    found = reader.audit_entry("local", 2)
    assert found is not None
    assert msgspec.to_builtins(found)["new_values"] == {"ü": [1, "2.50"]}


def test_the_server_itself_keeps_tenants_apart(tmp_path: Path) -> None:
    url = new_postgres_database()
    opened = open_for_test(tmp_path, url)
    opened.write(saved(key(1)), saved(key(2, tenant="other")), noted(1), noted(2, "other"))
    opened.close()
    role = f"desk_{url.rpartition('/')[2].partition('?')[0]}"
    execute_sql(url, tmp_path, f"CREATE ROLE {role}")
    execute_sql(url, tmp_path, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"SET ROLE {role}".encode())
        for tenant, wanted in (("other", ["key-2"]), ("nobody", []), ("", []), ("*", ["key-1", "key-2"])):
            session.execute("SELECT set_config('workstation.tenant', %s, false)", (tenant,))
            rows = session.execute("SELECT id FROM api_keys ORDER BY id").fetchall()
            assert [row[0] for row in rows] == wanted
        session.execute("RESET workstation.tenant")
        assert session.execute("SELECT count(*) FROM audit_entries").fetchone() == (0,)
    execute_sql(url, tmp_path, f"DROP OWNED BY {role}")
    execute_sql(url, tmp_path, f"DROP ROLE {role}")


def test_a_read_for_one_tenant_shows_the_server_that_tenant_alone(tmp_path: Path) -> None:
    url = new_postgres_database()
    opened = open_for_test(tmp_path, url)
    seen: list[str] = []

    def look(connection: object, *_: object) -> None:
        setting = "SELECT current_setting('workstation.tenant')"
        seen.append(connection.connection.cursor().execute(setting).fetchone()[0])  # type: ignore[attr-defined]  # the driver's own

    event.listen(opened.store._engine, "after_cursor_execute", look)
    opened.store.reader.records(ApiKey, RecordQuery(tenant="other"))
    opened.store.reader.newest_seq()
    opened.close()
    assert seen == ["other", "other", "other", "*"]
