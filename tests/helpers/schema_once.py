"""The schema of an empty database, brought up by the program's own migrations once a process and then copied.

Every migration from the first on takes a quarter of a second, hundreds of tests begin with an empty database, and
each of them gets the same bytes. What is migrated by hand, an older database, and a file on a file system that pulls
the plug are migrated for real each time: the tests of migrations see nothing of this.
"""

from __future__ import annotations

from workstation import __version__
from workstation.storage.backend import SqliteBackend

REALLY = SqliteBackend.migrate


class SchemaOnce:
    """Stands for the migration of an empty file. made: how many of them the migrations have made. really: what does."""

    def __init__(self) -> None:
        self.really = REALLY
        self._bytes = b""
        self.made = 0

    def install(self) -> None:
        """Stand in for the rest of the process."""

        def migrate(backend: SqliteBackend, program_version: str) -> None:
            self.migrate(backend, program_version)

        SqliteBackend.migrate = migrate  # type: ignore[method-assign]  # for this process

    def migrate(self, backend: SqliteBackend, program_version: str) -> None:
        """Migrate, or copy what an earlier migration of an empty file has made."""
        if backend._vfs or backend.has_data or program_version != __version__:
            self.really(backend, program_version)
            return
        if self._bytes:
            backend.path.write_bytes(self._bytes)
            return
        self.really(backend, program_version)
        self.made += 1
        if [path.name for path in backend.path.parent.glob(f"{backend.path.name}-*")] == []:  # all of it in one file
            self._bytes = backend.path.read_bytes()


ONCE = SchemaOnce()
