"""Every table whose rows belong to a tenant is closed by the server itself: to whoever says another tenant, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.contract.test_store_market import Kept, bar
from tests.contract.test_store_records import noted
from tests.helpers.large_tables import TABLES, fill
from tests.helpers.stores import execute_sql, new_postgres_database, open_for_test
from workstation.storage.market_tables import TIME_COLUMNS
from workstation.storage.postgres import EVERY_TENANT, TENANT_SETTING
from workstation.storage.retention import AGED
from workstation.storage.tables import TENANT, metadata

ROWS = 3
OTHER = "another"
OURS = sorted(table.name for table in metadata.tables.values() if "tenant_id" in table.c)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    home: Path = tmp_path_factory.mktemp("tenants")
    made = new_postgres_database()
    open_for_test(home, made).close()
    fill(made, home, ROWS)
    return made


@pytest.fixture
def session(url: str, tmp_path: Path) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Give a session of somebody who is no superuser, since no policy binds one."""
    role = f"reader_{make_url(url).database}"
    with psycopg.connect(url, autocommit=True) as opened:
        known = opened.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        if known == (0,):
            execute_sql(url, tmp_path, f"CREATE ROLE {role}")
            execute_sql(url, tmp_path, f"GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}")
        opened.execute(f"SET ROLE {role}".encode())
        yield opened


def seen(session: psycopg.Connection[tuple[object, ...]], table: str, tenant: str) -> int:
    session.execute("SELECT set_config(%s, %s, false)", (TENANT_SETTING, tenant))
    (count,) = session.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,)
    return int(str(count))


@pytest.mark.parametrize("table", OURS)
def test_the_table_has_a_policy_that_binds_its_owner_too(session, table):
    found = session.execute(
        "SELECT relrowsecurity, relforcerowsecurity, qual FROM pg_class JOIN pg_policies ON tablename = relname"
        " WHERE relname = %s",
        (table,),
    ).fetchall()
    assert [(enabled, forced) for enabled, forced, _ in found] == [(True, True)]
    assert TENANT_SETTING in found[0][2]
    assert "tenant_id" in found[0][2]


PARTS = (
    "SELECT part.relname FROM pg_inherits JOIN pg_class whole ON whole.oid = inhparent"
    " JOIN pg_class part ON part.oid = inhrelid WHERE whole.relkind = 'p' AND part.relkind = 'r'"
)


def test_a_part_of_a_table_shows_nothing_by_itself_whatever_a_session_says(tmp_path: Path) -> None:
    url = new_postgres_database()
    kept = Kept(tmp_path, url)
    assert kept.bars(bar())
    kept.opened.write(noted(1))
    kept.opened.close()
    role = f"prober_{make_url(url).database}"
    execute_sql(url, tmp_path, f"CREATE ROLE {role}")
    execute_sql(url, tmp_path, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    with psycopg.connect(url, autocommit=True) as session:
        parts = [str(name) for (name,) in session.execute(PARTS).fetchall()]
        held = {part for part in parts if seen(session, part, EVERY_TENANT)}
        assert {part.rstrip("0123456789").rstrip("_") for part in held} >= {"audit_entries", "journal"}
        assert any(part.startswith("market_bars_") for part in held)
        session.execute(f"SET ROLE {role}".encode())
        assert {part for part in parts if seen(session, part, EVERY_TENANT)} == set()
        assert seen(session, "audit_entries", TENANT) == seen(session, "market_bars", TENANT) == 1


@pytest.mark.parametrize("table", sorted(set(OURS) & set(TABLES)))
def test_a_session_sees_and_moves_rows_of_its_tenant_alone(session, table):
    assert (seen(session, table, OTHER), seen(session, table, ""), seen(session, table, TENANT)) == (0, 0, ROWS)
    assert seen(session, table, EVERY_TENANT) == ROWS
    seen(session, table, OTHER)
    assert session.execute(f"UPDATE {table} SET tenant_id = tenant_id".encode()).rowcount == 0
    seen(session, table, TENANT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(f"UPDATE {table} SET tenant_id = %s".encode(), (OTHER,))


def test_what_grows_without_end_is_cut_into_parts_that_retention_drops_whole(url: str) -> None:
    with psycopg.connect(url) as session:
        cut = session.execute("SELECT relname FROM pg_class WHERE relkind = 'p' ORDER BY 1").fetchall()
    assert {str(name) for (name,) in cut} == {aged.table for aged in AGED if aged.in_ranges} | {*TIME_COLUMNS}
    assert {"journal", "executions", "audit_entries", "deliveries", "tick_chunks"} <= {str(name) for (name,) in cut}
