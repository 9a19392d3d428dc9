"""The schema that tests begin with is what the migrations make of an empty file, to the last row."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.helpers.schema_once import SchemaOnce
from workstation import __version__
from workstation.storage.backend import SqliteBackend


def held(backend: SqliteBackend) -> dict[str, object]:
    """Return everything in a file: the text that made each object, and the rows of each table."""
    with closing(backend.library.connect(str(backend.path))) as connection:
        made = connection.execute("SELECT name, sql, type FROM sqlite_master ORDER BY name").fetchall()
        tables = [name for name, sql, kind in made if kind == "table" and "VIRTUAL" not in sql]
        return {"": made} | {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}


def test_an_empty_file_gets_what_the_migrations_made_of_the_first_one(tmp_path: Path) -> None:
    once = SchemaOnce()
    first, second, again = (SqliteBackend(tmp_path / name) for name in ("first", "second", "again"))
    for backend in (first, second):
        once.migrate(backend, __version__)
    once.really(again, __version__)
    assert once.made == 1
    assert held(second) == held(again) == held(first)
    assert len(held(again)) > 50


def test_what_is_not_an_empty_file_of_this_program_is_really_migrated(tmp_path: Path) -> None:
    once, called = SchemaOnce(), []
    once.migrate(SqliteBackend(tmp_path / "first"), __version__)
    once.really = lambda backend, version: called.append((backend.path.name, version))
    (tmp_path / "old").write_bytes(b"something")
    once.migrate(SqliteBackend(tmp_path / "old"), __version__)
    once.migrate(SqliteBackend(tmp_path / "by hand"), "1.0")
    once.migrate(SqliteBackend(tmp_path / "pulled", vfs="recording"), __version__)
    assert called == [("old", __version__), ("by hand", "1.0"), ("pulled", __version__)]
