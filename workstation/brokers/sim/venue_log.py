"""The venue's durable log: append-only frames, so that a restarted venue has forgotten neither an order nor a fill.

A frame is a length and a CRC-32 (RFC 1952 polynomial), both four bytes little-endian, then the record as JSON. Each
record is handed to the operating system before its report leaves: a killed process loses nothing. Reaching the disk
is left to a short-lived thread at most every FSYNC_EVERY_NS, so that the engine never waits for a disk; a power cut
may thus take the last moments of the simulated venue, and reconciliation then finds the difference.
"""

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from workstation.brokers.sim.records import VenueRecord
from workstation.kernel.clock import Clock
from workstation.kernel.fault_points import fault_point

FSYNC_EVERY_NS = 200_000_000
FRAME_MAX = 1 << 20
"""Largest record; a longer length means damage."""

_HEAD = struct.Struct("<II")
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[VenueRecord] = msgspec.json.Decoder(VenueRecord)


def read_records(path: Path) -> Iterator[tuple[VenueRecord, int]]:
    """Yield each whole record with the offset after it; a torn or damaged frame ends the reading."""
    if not path.exists():
        return
    data = path.read_bytes()
    offset = 0
    while offset + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, offset)
        payload = data[offset + _HEAD.size : offset + _HEAD.size + length]
        if length > FRAME_MAX or len(payload) < length or zlib.crc32(payload) != checksum:
            return
        offset += _HEAD.size + length
        yield _decoder.decode(payload), offset


class VenueLog:
    """Appends records. `sound_to` is where reading stopped; what stands behind it is cut off."""

    def __init__(self, path: Path, clock: Clock, sound_to: int = 0) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        os.ftruncate(self._descriptor, sound_to)
        os.lseek(self._descriptor, sound_to, os.SEEK_SET)
        self._sync: threading.Thread | None = None
        self._synced_at = 0

    def append(self, record: VenueRecord) -> None:
        """Write one record; it survives the end of this process when the call returns.

        Raises:
            OSError: the file cannot be written.
        """
        payload = _encoder.encode(record)
        fault_point("sim.log.before_write")
        os.write(self._descriptor, _HEAD.pack(len(payload), zlib.crc32(payload)) + payload)
        now = self._clock.mono_ns()
        if now - self._synced_at >= FSYNC_EVERY_NS and (self._sync is None or not self._sync.is_alive()):
            self._synced_at = now
            self._sync = threading.Thread(target=os.fsync, args=(self._descriptor,), name="sim-venue-log")
            self._sync.start()

    def close(self) -> None:
        """Sync and close."""
        if self._sync is not None:
            self._sync.join()
        os.fsync(self._descriptor)
        os.close(self._descriptor)
