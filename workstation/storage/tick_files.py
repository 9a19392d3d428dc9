"""Recorded ticks on disk: chunks appended to one file for each day and instrument, packed and checked.

Market data is shed before a trade waits, so recording syncs nothing: a chunk that a power cut took is missed, and its
catalogue row finds no valid chunk. A chunk is never changed once written. The chunks of a day that is over may be moved
into an archive beside them (`tick_archive.py`); they keep their places, so that the catalogue need not know.
"""

import os
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.domain.market import BookChange, BookSnapshot
from workstation.ports.market_data import DataKind
from workstation.ports.market_store import Recorded
from workstation.storage import tick_archive

TICKS_FOLDER = "ticks"
"""Folder of the home."""

CHUNK_TICKS_MAX = 1_000
"""Most ticks of a chunk: what one read has to unpack."""

CHUNK_SPAN_NS = 60 * 10**9
"""Longest time from a chunk's first tick to its last, so that lists know where to look for a time."""

_DAY_NS = 86_400 * 10**9
_COMPRESSION = 3
_CHECK_BYTES = 4
_MAP = 0x80
"""High bits of the byte with which MessagePack begins a small map: a chunk that says its format."""

Kept = Recorded | BookSnapshot | BookChange
"""What chunks hold: ticks as they are recorded, and what an import brings of a book."""

FORMAT = 2
"""Of a chunk as it is written. 1, a bare list of rows, knew no busts; it is read as well."""

SUFFIX = ".ticks"
KIND_MARKS = {".quotes": DataKind.QUOTES, ".trades": DataKind.TRADES, ".book": DataKind.BOOK}
"""How the name of an imported file says what it holds."""


class _Chunk(msgspec.Struct, frozen=True):
    format: int
    rows: msgspec.Raw


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Kept]).decode
_decode_chunk = msgspec.msgpack.Decoder(_Chunk).decode


class ChunkPlace(NamedTuple):
    """Where a chunk lies: `size` bytes from `start` of `file`, a path below the folder of ticks."""

    file: str
    start: int
    size: int


class TickFiles:
    """The folder of recorded ticks. One thread appends, any may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, ticks: list[Recorded]) -> ChunkPlace:
        """Write ticks of one instrument, in order of arrival, as one chunk of the day of the first.

        Raises:
            OSError: no room, or the folder cannot be written; what was written of it is overwritten by nobody.
        """
        data = pack(ticks)
        day, stem = day_of(ticks[0].ts_init), quote(ticks[0].symbol, safe="")
        path = self._open_file(self._folder / day, stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            start = file.tell()
            file.write(data)
        return ChunkPlace(f"{day}/{path.name}", start, len(data))

    def _open_file(self, folder: Path, stem: str) -> Path:
        """Return the file that takes more: what an archive has taken over is closed, and a file after it begins."""
        path, number = folder / f"{stem}{SUFFIX}", 1
        while tick_archive.archive_of(path).exists():
            number += 1
            path = folder / f"{stem}~{number}{SUFFIX}"
        return path

    def write(self, name: str, chunks: Iterable[Sequence[Kept]]) -> list[ChunkPlace]:
        """Write a file of chunks whole and durably, in the place of one of that name; returns where they lie.

        Raises:
            OSError: it cannot be written; what was there stays.
        """
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        places: list[ChunkPlace] = []
        with tick_archive.replacing(path) as part, part.open("wb") as file:
            for chunk in chunks:
                data = pack(chunk)
                places.append(ChunkPlace(name, file.tell(), len(data)))
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return places

    def size_of(self, name: str) -> int:
        """Return the bytes that a file, or its archive, takes; 0 where there is neither."""
        path = self._folder / name
        for found in (path, tick_archive.archive_of(path)):
            if found.exists():
                return found.stat().st_size
        return 0

    def delete(self, name: str) -> None:
        """Delete a file and its archive; harmless where there is neither."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        tick_archive.archive_of(path).unlink(missing_ok=True)

    def archive(self, name: str, places: list[ChunkPlace]) -> bool:
        """Move the chunks of a file into its archive; returns False where nothing was left to move.

        Raises:
            StorageDamaged: a chunk is not as it was written; nothing was moved.
            OSError: no room.
        """
        path = self._folder / name
        if not path.exists():
            return False
        archive = tick_archive.archive_of(path)
        if not archive.exists():
            tick_archive.write(archive, ((place.start, self.read(place)) for place in places))
        path.unlink()
        return True

    def read(self, place: ChunkPlace) -> list[Kept]:
        """Return a chunk's ticks.

        Raises:
            StorageDamaged: the chunk is gone, cut short or changed, or of a newer format.
        """
        path = self._folder / place.file
        try:
            with path.open("rb") as file:
                file.seek(place.start)
                data = file.read(place.size)
        except FileNotFoundError:
            return tick_archive.read(tick_archive.archive_of(path), place.start)
        except OSError as error:
            raise StorageDamaged(f"{place.file}: {error.strerror}") from error
        check, packed = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if len(data) < place.size or zlib.crc32(packed).to_bytes(_CHECK_BYTES, "little") != check:
            raise StorageDamaged(f"{place.file}: the chunk at {place.start} is not as it was written")
        return _unpacked(zlib.decompress(packed), place.file)

    def forget_before(self, ts: int) -> None:
        """Delete the recorded files of every day that ended at or before `ts`, UTC ns; imported ones stay."""
        first_kept = day_of(ts)
        for folder in sorted(self._folder.glob("????-??-??")):
            if folder.name >= first_kept:
                break
            files = list(folder.iterdir())
            recorded = [file for file in files if kind_of_file(file.name) is DataKind.TICKS]
            for file in recorded:
                file.unlink()
            if len(recorded) == len(files):
                folder.rmdir()


def kind_of_file(name: str) -> DataKind:
    """Return what a file of ticks holds: recorded ones have quotes and trades as they came."""
    return next((kind for mark, kind in KIND_MARKS.items() if f"{mark}-" in name), DataKind.TICKS)


def pack(chunk: Sequence[Kept]) -> bytes:
    """Return a chunk as it lies on the disk: its checksum, then its packed rows."""
    packed = zlib.compress(_encode(_Chunk(FORMAT, msgspec.Raw(_encode(chunk)))), _COMPRESSION)
    return zlib.crc32(packed).to_bytes(_CHECK_BYTES, "little") + packed


def _unpacked(data: bytes, file: str) -> list[Kept]:
    if data[0] & 0xF0 != _MAP:
        return _decode(data)
    chunk = _decode_chunk(data)
    if chunk.format > FORMAT:
        raise StorageDamaged(f"{file}: written by a newer version of the program (format {chunk.format})")
    return _decode(chunk.rows)


def day_of(ts: int) -> str:
    """Return the UTC day that a time belongs to, as folders are named."""
    return datetime.fromtimestamp(ts // _DAY_NS * 86_400, UTC).date().isoformat()
