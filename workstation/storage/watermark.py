"""The watermark: a small file beside the database that says how far it had come.

Promise: it never runs ahead of what is durable, and after the end of the process, however it ended, it is exact. After
a power cut it may lag, since it is synced only at idle moments. So a database that ends before its watermark has lost
acknowledged lines: its `-wal` was deleted, or an older copy was put in its place. The file is also compared with the
open database once a minute, to notice that someone moved or replaced it.
"""

import contextlib
from pathlib import Path

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.storage.side_file import SideFile

SUFFIX = ".mark"
_LENGTH = 160


class Mark(msgspec.Struct, frozen=True):
    """Last durable line, and the database file's inode and size when it was noted."""

    seq: int
    inode: int
    size: int


class Watermark:
    """The side file of one database file."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._file = SideFile(database.with_name(database.name + SUFFIX))
        self._inode = 0

    def check(self, newest_seq: int) -> None:
        """Compare the last line of the database as it stands with the last note.

        Raises:
            StorageDamaged: acknowledged lines are missing.
        """
        mark = self.read()
        if mark is not None and newest_seq < mark.seq:
            raise StorageDamaged(
                f"{self._database.name} ends at line {newest_seq}, but line {mark.seq} was acknowledged: "
                "its -wal file is missing, or an older copy stands in its place"
            )

    def remember_file(self) -> None:
        """Remember which file was opened."""
        self._inode = self._database.stat().st_ino

    def read(self) -> Mark | None:
        """Return the last note, None when there is none that can be read."""
        text = self._file.read(0, _LENGTH).rstrip(b"\0 ")
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(text, type=Mark)
        return None

    def note(self, seq: int) -> None:
        """Write down that line `seq` is durable; a few microseconds, not synced. A file that has gone is not noted."""
        try:
            status = self._database.stat()
        except FileNotFoundError:  # the next comparison with the open file says so
            return
        self._file.write(0, msgspec.json.encode(Mark(seq, status.st_ino, status.st_size)).ljust(_LENGTH))

    def same_file(self) -> bool:
        """Tell whether the path still leads to the file that was opened."""
        with contextlib.suppress(FileNotFoundError):
            return self._database.stat().st_ino == self._inode
        return False

    def sync(self) -> None:
        """Make the note survive a power cut."""
        self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
