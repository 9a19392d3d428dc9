"""The two databases behind one face: what `open_store` needs from each before the shared code takes over."""

from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from workstation.domain.errors import StorageError
from workstation.storage import sqlite
from workstation.storage.driver import Driver
from workstation.storage.migrate import upgrade
from workstation.storage.schema import HEAD, revision_of
from workstation.storage.sole_connection import REMARK, SoleDriver
from workstation.storage.watermark import Watermark

DATABASE_NAME = "workstation.db"
QUICK_CHECK_BYTES = 32 * 1024 * 1024
"""Up to this size a file is checked before the start goes on, beyond it while it goes on."""


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

    def damage(self, *, thorough: bool = False) -> str:
        """Look for damage of the storage's own structure; "" when there is none. Takes long on a large file.

        thorough: check indexes against their tables too, which takes longer still.

        Raises:
            StorageDamaged: it cannot even be read.
        """

    @property
    def remark(self) -> str:
        """Return what a person should know of this database, "" for nothing."""

    @property
    def checks_quickly(self) -> bool:
        """True when `damage` takes no time that a start would notice."""

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
        self._sole_only = sqlite.has_reset_race(self.library.sqlite_version_info)
        self._sole: SoleDriver | None = None

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
        """Open the one writing connection; on an affected library it is the only one, and readers share it."""
        if not self._sole_only:
            return sqlite.SqliteDriver(self.path, self.library, vfs=self._vfs)
        self._sole = SoleDriver(self.path, self.library, vfs=self._vfs)
        return self._sole

    def reading_engine(self) -> Engine:
        """Return the pool of short read-only connections, or turns on the only one."""
        return sqlite.reading_engine(self.path, self.library) if self._sole is None else self._sole.reading_engine()

    @property
    def remark(self) -> str:
        """Say when the library allows one connection only."""
        return REMARK.format(version=self.library.sqlite_version) if self._sole is not None else ""

    def damage(self, *, thorough: bool = False) -> str:
        """Run SQLite's own check of the file's structure; thorough: indexes against their tables too."""
        engine = self.reading_engine()
        check = "integrity_check" if thorough else "quick_check"
        try:
            with engine.connect() as connection:
                verdict = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar()
        finally:
            engine.dispose()
        return "" if verdict == "ok" else f"{self.path.name}: {verdict}"

    @property
    def checks_quickly(self) -> bool:
        """True for a small file, and where a later check would keep the one connection from its writer."""
        return self._sole_only or self.path.stat().st_size <= QUICK_CHECK_BYTES

    def watermark(self) -> Watermark:
        """Return the side file."""
        return Watermark(self.path)

    def copy_to(self, target: Path) -> bool:
        """Copy the database as it stands to a file."""
        if self._sole is not None:
            self._sole.copy_to(target)
        else:
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
