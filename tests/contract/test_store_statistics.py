"""What a server's planner knows: after a migration, as tables grow, and of what the bench has written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psycopg

from tests.contract.test_store_records import noted
from tests.helpers.stores import START_NS, new_postgres_database, note, open_for_test
from workstation.app.backups import Backups
from workstation.kernel.clock import VirtualClock
from workstation.storage import migrate, statistics
from workstation.storage.backend import backend_for
from workstation.storage.benchmark import open_full
from workstation.storage.market_tables import TIME_COLUMNS
from workstation.storage.tables import metadata

ROWS = 300


def known(url: str, table: str) -> float:
    """Return the rows that the planner believes a table to have, -1 when it has never looked."""
    with psycopg.connect(url) as session:
        row = session.execute("SELECT reltuples FROM pg_class WHERE oid = CAST(%s AS regclass)", (table,)).fetchone()
    assert row is not None
    return float(row[0])


def test_tables_that_have_grown_are_analysed_with_their_parts_and_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(statistics, "ROWS_MIN", 100)
    url = new_postgres_database()
    opened = open_for_test(tmp_path, url)
    assert not set(opened.store.statistics.look()) & {"journal", "audit_entries"}
    opened.write(*(noted(number) for number in range(1, ROWS + 1)))
    assert known(url, "audit_entries") <= 0, "a server never looks at a table that is cut into parts by itself"
    assert {"audit_entries", "journal"} <= set(opened.store.statistics.look())
    assert (known(url, "audit_entries"), known(url, "journal")) == (ROWS, ROWS)
    assert known(url, "audit_entries_000000") == ROWS
    assert opened.store.statistics.look() == ()
    opened.write(*(note() for _ in range(ROWS)))
    assert opened.store.statistics.look() == ("journal",)
    opened.close()


def test_the_night_watch_looks(tmp_path: Path) -> None:
    looks: list[str] = []
    opened = open_for_test(tmp_path)
    opened.store.statistics = SimpleNamespace(look=lambda: looks.append("look") or ())
    Backups(opened.store, tmp_path, VirtualClock(START_NS), lambda *_: None).look()
    opened.close()
    assert looks == ["look"]


def test_a_file_needs_no_statistics(tmp_path: Path) -> None:
    opened = open_for_test(tmp_path)
    opened.write(*(note() for _ in range(ROWS)))
    assert opened.store.statistics.look() == ()
    opened.close()


def test_after_a_migration_every_table_with_rows_is_known(tmp_path: Path) -> None:
    url = new_postgres_database()
    opened = open_for_test(tmp_path, url)
    opened.write(*(noted(number) for number in range(1, 51)))
    opened.close()
    assert known(url, "audit_entries") <= 0
    backend = backend_for(url, tmp_path)
    backend.migrate("9.9")
    assert known(url, "audit_entries") == known(url, "journal") == 50
    assert [name for name in sorted(metadata.tables) if known(url, name) < 0] == sorted(TIME_COLUMNS), "no month yet"


def test_a_first_migration_leaves_an_empty_database_alone(tmp_path: Path) -> None:
    url = new_postgres_database()
    backend_for(url, tmp_path).migrate(migrate.__name__)
    assert known(url, "orders") == -1


def test_the_bench_lists_tables_that_the_planner_knows(tmp_path: Path) -> None:
    url = new_postgres_database()
    store = open_full(tmp_path, url, 40)
    store.close()
    assert (known(url, "orders"), known(url, "journal")) == (40, 120)
