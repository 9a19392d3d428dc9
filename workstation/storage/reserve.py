"""The reserve: 4 MiB laid aside for the minutes when the disk is full or the database is not to be had.

Cancels and exits go on then, and their record goes here: written over space that exists already and synced, one group
after the other. The groups enter the database as soon as it takes them, at the latest at the next start.
"""

import contextlib
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec

from workstation.domain.errors import StorageFull
from workstation.storage.side_file import SideFile

RESERVE_BYTES = 4 * 1024 * 1024
"""Size of the file; some six thousand events."""

FILE_NAME = "journal.reserve"

_HEAD = struct.Struct("<II")
_END = _HEAD.pack(0, 0)
_CHUNK = 65_536


class GroupRecord(msgspec.Struct, frozen=True, array_like=True):
    """What one transaction writes: journal lines and, by table, the rows; all as statement parameters."""

    lines: list[tuple[Any, ...]]
    rows: dict[str, list[tuple[Any, ...]]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(GroupRecord).decode


class Reserve:
    """One file of RESERVE_BYTES in the home. Used on the journal thread, and once at start."""

    def __init__(self, home: Path) -> None:
        self._file = SideFile(home / FILE_NAME)
        with contextlib.suppress(OSError):
            self._lay_aside()
        self._room = min(self._file.size, RESERVE_BYTES)
        self._end = 0
        self._broken = False

    def records(self) -> list[GroupRecord]:
        """Return the groups that wait here, oldest first; reading stops at the first that was not written whole."""
        data = self._file.read(0, RESERVE_BYTES)
        found, at = [], 0
        while at + _HEAD.size <= len(data):
            size, checksum = _HEAD.unpack_from(data, at)
            body = data[at + _HEAD.size : at + _HEAD.size + size]
            if size == 0 or len(body) < size or zlib.crc32(body) != checksum:
                break
            found.append(_decode(body))
            at += _HEAD.size + size
        self._end = at
        return found

    def append(self, record: GroupRecord) -> None:
        """Write one group and wait until the disk has it.

        A group that could not be written shuts out all later ones until `clear`, also those small enough: what is here
        has no hole, so that the newest group here vouches for everything before it.

        Raises:
            StorageFull: the reserve is used up, or an earlier group is missing from it.
            OSError: the disk refused the write.
        """
        if self._broken:
            raise StorageFull("an earlier group found no room in the reserve")
        self._broken = True
        body = _encode(record)
        data = _HEAD.pack(len(body), zlib.crc32(body)) + body
        if self._end + len(data) + _HEAD.size > self._room:
            raise StorageFull("the reserve for cancels and exits is used up")
        self._file.write(self._end, data + _END)
        self._file.sync()
        self._end += len(data)
        self._broken = False

    def clear(self) -> None:
        """Forget the groups; called once the database holds them."""
        self._broken = False
        if self._end:
            self._file.write(0, _END)
            self._file.sync()
            self._end = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lay_aside(self) -> None:
        """Write real zeros up to the full size, so that no later write needs a new block."""
        if self._file.size >= RESERVE_BYTES:
            return
        while (at := self._file.size) < RESERVE_BYTES:
            self._file.write(at, bytes(min(_CHUNK, RESERVE_BYTES - at)))
        self._file.sync()
