"""The venue's durable log: append-only frames, so that a restarted venue has forgotten neither an order nor a fill.

A frame is a length and a CRC-32 (RFC 1952 polynomial), both four bytes little-endian, then the record as JSON. Each
record is handed to the operating system before its report leaves: a killed process loses nothing. Reaching the disk
is left to a thread, at most every FSYNC_EVERY_NS, so that the engine never waits for a disk; a power cut may thus take
the last moments of the simulated venue, and reconciliation then finds the difference.

Behind the records stand zeros, laid aside ahead of need: on a full disk cancels and fills are written over them, while
`room` tells the exchange to take no new risk. A record that finds no room even there waits in memory, in its turn.
"""

import contextlib
import errno
import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import msgspec

from workstation.brokers.sim.records import VenueRecord
from workstation.kernel.clock import Clock
from workstation.kernel.fault_points import fault_point
from workstation.kernel.logs import get_logger

FSYNC_EVERY_NS = 200_000_000
FRAME_MAX = 1 << 20
"""Largest record; a longer length means damage."""

LAID_ASIDE = 1 << 20
"""Bytes kept free behind the records: some eight thousand cancels."""

STEP = 1 << 16
"""Bytes laid aside at once."""

WAITING_MAX = 100_000
"""Records that may wait for a disk which takes nothing; open orders alone lead to fewer."""

_HEAD = struct.Struct("<II")
_log = get_logger("sim")
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[VenueRecord] = msgspec.json.Decoder(VenueRecord)


def read_records(path: Path) -> Iterator[tuple[VenueRecord, int]]:
    """Yield each whole record with the offset after it; zeros, a torn or a damaged frame end the reading."""
    if not path.exists():
        return
    data = path.read_bytes()
    offset = 0
    while offset + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, offset)
        payload = data[offset + _HEAD.size : offset + _HEAD.size + length]
        if not 0 < length <= FRAME_MAX or len(payload) < length or zlib.crc32(payload) != checksum:
            return
        offset += _HEAD.size + length
        yield _decoder.decode(payload), offset


class VenueLog:
    """Appends records. `sound_to` is where reading stopped; what stands behind it is wiped."""

    def __init__(self, path: Path, clock: Clock, sound_to: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._size = os.fstat(self._descriptor).st_size
        self._end = sound_to
        self._waiting: deque[bytes] = deque()
        self._syncs: SimpleQueue[str] = SimpleQueue()
        self._syncer = threading.Thread(target=self._sync, name="sim-venue-log", daemon=True)
        self._synced_at = 0
        self._syncer.start()
        self._write_at(sound_to, bytes(self._size - sound_to))

    def append(self, record: VenueRecord) -> None:
        """Write one record; unless the disk takes nothing, it survives the end of this process when the call returns.

        Raises:
            OSError: WAITING_MAX records wait already.
        """
        payload = _encoder.encode(record)
        fault_point("sim.log.before_write")
        if len(self._waiting) >= WAITING_MAX:
            raise OSError(errno.ENOSPC, "the venue's log takes no more records")
        self._waiting.append(_HEAD.pack(len(payload), zlib.crc32(payload)) + payload)
        self._write_waiting()
        now = self._clock.mono_ns()
        if now - self._synced_at >= FSYNC_EVERY_NS and self._syncs.empty():
            self._synced_at = now
            self._syncs.put("sync")

    def room(self) -> int:
        """Return how many bytes are laid aside, after an attempt to lay aside what is missing."""
        if self._size - self._end < LAID_ASIDE:
            self._lay_aside()
        return self._size - self._end

    def close(self) -> None:
        """Sync and close; what was laid aside stays, for a start on a full disk."""
        self._write_waiting()
        self._syncs.put("")
        self._syncer.join()
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def _sync(self) -> None:
        while self._syncs.get():
            try:
                getattr(os, "fdatasync", os.fsync)(self._descriptor)
            except OSError as error:
                _log.error("venue_log_not_synced", error=str(error))

    def _write_waiting(self) -> None:
        while self._waiting and len(self._waiting[0]) <= self.room():
            if not self._write_at(self._end, self._waiting[0]):
                return
            self._end += len(self._waiting.popleft())

    def _lay_aside(self) -> None:
        """Write real zeros, so that no later write needs a new block."""
        while self._size < self._end + LAID_ASIDE + STEP and self._write_at(self._size, bytes(STEP)):
            self._size += STEP

    def _write_at(self, offset: int, data: bytes) -> bool:
        """Tell whether the whole of `data` was written."""
        with contextlib.suppress(OSError):
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.write(self._descriptor, data) == len(data)
        return False
