"""The two databases behind one face: what `open_store` needs from each before the shared code takes over."""

from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from workstation.domain.errors import StorageDamaged, StorageError
from workstation.storage import sqlite
from workstation.storage.driver import Driver, Statement
from workstation.storage.migrate import upgrade
from workstation.storage.schema import HEAD, revision_of
from workstation.storage.watermark import Watermark

DATABASE_NAME = "workstation.db"
_QUICK_CHECK = Statement("PRAGMA quick_check(1)")


class Backend(Protocol):
    """One kind of database at one address."""

    @property
    def has_data(self) -> bool:
        """True when there is something that a backup must save before a migration."""

    def revision(self) -> str:
        """Return the schema's revision without touching anything, "" for an empty database.

        Raises:
            StorageOutdated: a newer program wrote it.
        """

    def migrate(self, program_version: str) -> None:
        """Bring the schema to HEAD."""

    def writing_driver(self) -> Driver:
        """Open the one writing connection."""

    def reading_engine(self) -> Engine:
        """Return the pool of short read-only connections."""

    def quick_check(self, driver: Driver) -> None:
        """Look for damage of the kind that a start can afford to look for.

        Raises:
            StorageDamaged: there is some.
        """

    def watermark(self) -> Watermark | None:
        """Return the side file, None where the database is no file of ours."""

    def copy_to(self, target: Path) -> bool:
        """Copy the database as it stands to a file; False where backups are the server's own affair."""


class SqliteBackend:
    """A file on this machine. vfs: name of a registered virtual file system, for tests that pull the plug."""

    def __init__(self, path: Path, *, vfs: str = "") -> None:
        sqlite.refuse_network_file_system(path.parent)
        self.path = path
        self.library = sqlite.load_library()
        self._vfs = vfs

    @property
    def has_data(self) -> bool:
        """True when the file exists and is not empty."""
        return self.path.exists() and self.path.stat().st_size > 0

    def revision(self) -> str:
        """Return the schema's revision, read-only."""
        if not self.has_data:
            return ""
        engine = sqlite.reading_engine(self.path, self.library)
        try:
            with engine.connect() as connection:
                return revision_of(connection)
        finally:
            engine.dispose()

    def migrate(self, program_version: str) -> None:
        """Bring the schema to HEAD."""
        engine = sqlite.migrating_engine(self.path, self.library, vfs=self._vfs)
        try:
            upgrade(engine, HEAD, program_version)
        finally:
            engine.dispose()

    def writing_driver(self) -> sqlite.SqliteDriver:
        """Open the one writing connection."""
        return sqlite.SqliteDriver(self.path, self.library, vfs=self._vfs)

    def reading_engine(self) -> Engine:
        """Return the pool of short read-only connections."""
        return sqlite.reading_engine(self.path, self.library)

    def quick_check(self, driver: Driver) -> None:
        """Run SQLite's own check of the file's structure."""
        [(verdict,), *_] = driver.query(_QUICK_CHECK)
        if verdict != "ok":
            raise StorageDamaged(f"{self.path.name}: {verdict}")

    def watermark(self) -> Watermark:
        """Return the side file."""
        return Watermark(self.path)

    def copy_to(self, target: Path) -> bool:
        """Copy the database as it stands to a file."""
        sqlite.copy_file(self.path, target, self.library)
        return True


def backend_for(url: str, home: Path) -> Backend:
    """Return the backend of a database URL; "" stands for the embedded file in `home`.

    Raises:
        StorageError: a URL of another kind.
    """
    if not url:
        return SqliteBackend(home / DATABASE_NAME)
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] == "sqlite" and rest.startswith("/"):
        path, _, vfs = rest[1:].partition("?vfs=")
        return SqliteBackend(Path(path), vfs=vfs)
    if scheme.partition("+")[0] == "postgresql":
        from workstation.storage.postgres import PostgresBackend  # noqa: PLC0415  psycopg only where it is used

        return PostgresBackend(url)
    raise StorageError(f"the database URL begins with {scheme!r}; sqlite:///PATH and postgresql://… are known")
