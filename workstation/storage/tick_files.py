"""Recorded ticks on disk: chunks appended to one file for each day and instrument, packed and checked.

Market data is shed before a trade waits, so nothing here syncs: a chunk that a power cut took is missed, and its
catalogue row finds no valid chunk. A chunk is never changed once written.
"""

import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from workstation.domain.errors import StorageDamaged
from workstation.domain.market import Quote, Trade

TICKS_FOLDER = "ticks"
"""Folder of the home."""

CHUNK_TICKS_MAX = 1_000
"""Most ticks of a chunk: what one read has to unpack."""

CHUNK_SPAN_NS = 60 * 10**9
"""Longest time from a chunk's first tick to its last, so that lists know where to look for a time."""

_DAY_NS = 86_400 * 10**9
_COMPRESSION = 3
_CHECK_BYTES = 4

Tick = Quote | Trade
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Tick]).decode


class ChunkPlace(NamedTuple):
    """Where a chunk lies: `size` bytes from `start` of `file`, a path below the folder of ticks."""

    file: str
    start: int
    size: int


class TickFiles:
    """The folder of recorded ticks. One thread appends, any may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, ticks: list[Tick]) -> ChunkPlace:
        """Write ticks of one instrument, in order of arrival, as one chunk of the day of the first.

        Raises:
            OSError: no room, or the folder cannot be written; what was written of it is overwritten by nobody.
        """
        packed = zlib.compress(_encode(ticks), _COMPRESSION)
        data = zlib.crc32(packed).to_bytes(_CHECK_BYTES, "little") + packed
        name = f"{_day(ticks[0].ts_init)}/{quote(ticks[0].symbol, safe='')}.ticks"
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            start = file.tell()
            file.write(data)
        return ChunkPlace(name, start, len(data))

    def read(self, place: ChunkPlace) -> list[Tick]:
        """Return a chunk's ticks.

        Raises:
            StorageDamaged: the chunk is gone, cut short or changed.
        """
        try:
            with (self._folder / place.file).open("rb") as file:
                file.seek(place.start)
                data = file.read(place.size)
        except OSError as error:
            raise StorageDamaged(f"{place.file}: {error.strerror}") from error
        check, packed = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if len(data) < place.size or zlib.crc32(packed).to_bytes(_CHECK_BYTES, "little") != check:
            raise StorageDamaged(f"{place.file}: the chunk at {place.start} is not as it was written")
        return _decode(zlib.decompress(packed))

    def forget_before(self, ts: int) -> None:
        """Delete the files of every day that ended at or before `ts`, UTC ns."""
        first_kept = _day(ts)
        for folder in sorted(self._folder.glob("????-??-??")):
            if folder.name >= first_kept:
                break
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()


def _day(ts: int) -> str:
    return datetime.fromtimestamp(ts // _DAY_NS * 86_400, UTC).date().isoformat()
