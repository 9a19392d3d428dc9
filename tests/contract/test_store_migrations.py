"""Migrations on both databases: up from nothing, never down, backed up first, and equal to the declared tables."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

from tests.helpers.stores import execute_sql, new_postgres_database, open_for_test
from workstation.domain.errors import StorageOutdated
from workstation.storage import backend as backends
from workstation.storage import migrate, open_view, schema, sqlite
from workstation.storage.backend import backend_for
from workstation.storage.tables import metadata

OF_ONE_KIND = re.compile(r"_desc$|_rest$|_\d{6}$|^execution_keys$|_pieces$|^(order|execution)_text($|_)")
"""What a migration adds on PostgreSQL alone: indexes of descending lists, ranges, the keys of executions and pieces of
searched texts; or in a file alone: its full-text tables."""

CUT_RULES = {"uq_executions_exec_key", "uq_executions_uid", "uq_deliveries_message_id"}
"""Unique rules that take another form where the table is cut into ranges."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'workstation.db'}" if request.param == "sqlite" else new_postgres_database()


def engine_of(url: str, home: Path) -> Engine:
    if url.startswith("sqlite"):
        return sqlite.migrating_engine(home / "workstation.db", sqlite.load_library())
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)


def test_a_migrated_database_is_the_declared_one(url, tmp_path):
    backend_for(url, tmp_path).migrate("1.0")
    with engine_of(url, tmp_path).connect() as connection:
        options = {
            "include_name": lambda name, _kind, _parents: not OF_ONE_KIND.search(str(name)),
            "include_object": lambda _rule, name, *_: connection.dialect.name == "sqlite" or name not in CUT_RULES,
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        assert schema.revision_of(connection) == schema.HEAD
        checks = {table: inspect(connection).get_check_constraints(table) for table in metadata.tables}
    assert {table: len(found) for table, found in checks.items()} == {
        name: sum(type(rule).__name__ == "CheckConstraint" for rule in table.constraints)
        for name, table in metadata.tables.items()
    }


def test_the_known_revisions_are_those_of_the_scripts():
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in reversed(list(scripts.walk_revisions()))] == list(schema.KNOWN)
    assert scripts.get_current_head() == schema.HEAD


def test_a_way_down_is_refused_and_changes_nothing(url, tmp_path):
    backend_for(url, tmp_path).migrate("1.0")
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    with engine_of(url, tmp_path).connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(NotImplementedError, match="restore a backup"):
            command.downgrade(config, "base")
    with engine_of(url, tmp_path).connect() as connection:
        assert schema.revision_of(connection) == schema.HEAD


def test_a_migration_that_is_cut_off_leaves_the_database_as_it_was(url, tmp_path, monkeypatch):
    backend = backend_for(url, tmp_path)
    monkeypatch.setattr(migrate, "_NOTE", migrate.text("INSERT INTO no_such_table VALUES (:version)"))
    with pytest.raises(Exception, match="no_such_table"):
        backend.migrate("1.0")
    assert backend.revision() == ""
    monkeypatch.undo()
    backend.migrate("1.0")
    assert backend.revision() == schema.HEAD


@contextmanager
def at_each_statement(seen: Callable[[int], None]) -> Iterator[None]:
    """Call `seen` with the number of each statement that goes to a database, counted from 1."""
    count = 0

    def before(*_: object) -> None:
        nonlocal count
        count += 1
        seen(count)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def statements_of_a_migration(url: str, home: Path) -> int:
    """Return how many statements it takes to bring an empty database up."""
    numbers: list[int] = []
    with at_each_statement(numbers.append):
        backend_for(url, home).migrate("1.0")
    return numbers[-1]


def killed_at(statement: int, url: str, home: Path) -> int:
    """Migrate in a process that is killed before a statement; returns the signal that ended it, 0 for none."""

    def die(number: int) -> None:
        if number == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        with at_each_statement(die):
            backend_for(url, home).migrate("1.0")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="no fork; the cut-off test above has no process to kill")
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
def test_a_migration_that_is_killed_at_a_statement_is_undone_and_runs_again(tmp_path, share):
    whole, home = tmp_path / "whole", tmp_path / "home"
    whole.mkdir()
    home.mkdir()
    total = statements_of_a_migration(f"sqlite:///{whole / 'workstation.db'}", whole)
    assert total > 100, "every statement is seen"
    url = f"sqlite:///{home / 'workstation.db'}"
    assert killed_at(1 + int(share * (total - 1)), url, home) == -signal.SIGKILL
    backend = backend_for(url, home)
    assert backend.revision() == "", "all of it or nothing"
    backend.migrate("1.0")
    assert backend.revision() == schema.HEAD


def test_a_newer_database_is_refused_by_name(url, tmp_path):
    open_for_test(tmp_path, url).close()
    execute_sql(url, tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    execute_sql(url, tmp_path, "UPDATE schema_meta SET value = '9.9.9' WHERE name = 'program_version'")
    with pytest.raises(StorageOutdated, match=r"9\.9\.9"):
        open_for_test(tmp_path, url)
    with pytest.raises(StorageOutdated, match=r"9\.9\.9"):
        open_view(url, tmp_path)


def test_an_older_file_is_backed_up_before_it_is_migrated(tmp_path, monkeypatch):
    open_for_test(tmp_path).close()
    seen: list[list[Path]] = []
    monkeypatch.setattr(schema, "KNOWN", ("0000", schema.HEAD))
    execute_sql("", tmp_path, "UPDATE alembic_version SET version_num = '0000'")
    monkeypatch.setattr(
        backends.SqliteBackend, "migrate", lambda *_: seen.append(list((tmp_path / "backups").iterdir()))
    )
    open_for_test(tmp_path).close()
    [[backup]] = seen
    assert f"before-{schema.HEAD}" in backup.name


def test_an_older_database_tells_imported_rows_from_recorded_ones(url, tmp_path):
    engine = engine_of(url, tmp_path)
    migrate.upgrade(engine, "0020", "1.0")
    bars = {"FILE": ("ACME", "acme.csv"), "FEED": ("ACME", "SIM"), "UNKNOWN": ("OTHER", "script")}
    chunks = {"2023-11-14/ACME.trades-0a1b.ticks": "FILE", "2023-11-14/ACME.ticks": "FEED"}
    with engine.begin() as connection:
        if url.startswith("postgresql"):
            connection.execute(text("SET workstation.tenant = '*'"))
            for table in ("market_bars", "tick_chunks", "market_snapshots"):
                connection.execute(text(f"CREATE TABLE {table}_2023_11 PARTITION OF {table} DEFAULT"))
        connection.execute(text("INSERT INTO data_instruments (symbol, state) VALUES ('ACME', 'x')"))
        connection.execute(text("INSERT INTO market_snapshots VALUES ('local', 'SIM', 1, 1, 1, 'x')"))
        for at, (symbol, source) in enumerate(bars.values()):
            connection.execute(
                text(
                    "INSERT INTO market_bars (symbol, data_type, interval, start_time, end_time, open, high, low,"
                    " close, volume, price_decimals, qty_decimals, source)"
                    f" VALUES ('{symbol}', 'OHLC', '1_MINUTE', {at}, 9, 1, 1, 1, 1, 1, 0, 0, '{source}')"
                )
            )
        for file in chunks:
            connection.execute(
                text(
                    "INSERT INTO tick_chunks (symbol, first_ts, file, place, last_ts, size, ticks, price_decimals,"
                    f" qty_decimals, source) VALUES ('ACME', 1, '{file}', 0, 1, 1, 1, 0, 0, 'x')"
                )
            )
    backend_for(url, tmp_path).migrate("1.1")
    with engine.connect() as connection:
        if url.startswith("postgresql"):
            connection.execute(text("SET workstation.tenant = '*'"))
        marked = connection.execute(text("SELECT source FROM market_bars WHERE imported = TRUE")).scalars().all()
        files = connection.execute(text("SELECT file FROM tick_chunks WHERE imported = TRUE")).scalars().all()
    engine.dispose()
    assert marked == ["acme.csv"]
    assert [chunks[file] for file in files] == ["FILE"]
