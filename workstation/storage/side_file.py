"""A small file beside the database that is written in place: no buffering, offsets given with each call."""

import os
from pathlib import Path


class SideFile:
    """One open file, created for its owner alone where it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        binary = getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | binary, 0o600), "r+b", buffering=0)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return os.fstat(self._file.fileno()).st_size

    def fileno(self) -> int:
        """Return the descriptor, for the operating system's locks."""
        return self._file.fileno()

    def read(self, at: int, most: int) -> bytes:
        """Return up to `most` bytes from offset `at`."""
        self._file.seek(at)
        return self._file.read(most) or b""

    def write(self, at: int, data: bytes) -> None:
        """Write all of `data` at offset `at`.

        Raises:
            OSError: the system took no more.
        """
        self._file.seek(at)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes."""
        self._file.truncate(size)

    def sync(self) -> None:
        """Wait until the disk has it."""
        getattr(os, "fdatasync", os.fsync)(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
