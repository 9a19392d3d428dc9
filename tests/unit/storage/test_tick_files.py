"""Chunks of ticks on disk: their format is said in them, older ones are read, newer ones refused in words."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
import pytest

from workstation.domain.errors import StorageDamaged
from workstation.domain.market import Aggressor, Quote, Trade, TradeBust
from workstation.storage import tick_files
from workstation.storage.tick_files import ChunkPlace, TickFiles

NOON = 1_704_196_800 * 10**9
ROWS = [
    Quote("ACME", 100, 5, None, 0, NOON, NOON + 1),
    Trade("ACME", 101, 3, Aggressor.SELL, "t-1", NOON, NOON + 2, "P;@"),
]
BUST = TradeBust("ACME", "t-1", NOON + 2, NOON + 3)


def lies_at(folder: Path, packed: bytes) -> ChunkPlace:
    data = zlib.compress(packed)
    data = zlib.crc32(data).to_bytes(4, "little") + data
    (folder / "ACME.ticks").write_bytes(data)
    return ChunkPlace("ACME.ticks", 0, len(data))


def test_a_bust_is_kept_in_its_place_among_the_prints(tmp_path: Path) -> None:
    files = TickFiles(tmp_path)
    first = files.append(ROWS)
    second = files.append([BUST, *ROWS])
    assert (files.read(first), files.read(second)) == (ROWS, [BUST, *ROWS])


def test_a_chunk_of_the_first_format_is_read(tmp_path: Path) -> None:
    place = lies_at(tmp_path, msgspec.msgpack.encode(ROWS))
    assert TickFiles(tmp_path).read(place) == ROWS


def test_a_chunk_of_a_newer_format_is_refused_in_words(tmp_path: Path) -> None:
    newer = {"format": tick_files.FORMAT + 1, "rows": [{"type": "Something"}]}
    place = lies_at(tmp_path, msgspec.msgpack.encode(newer))
    with pytest.raises(StorageDamaged, match=r"newer version of the program \(format 3\)"):
        TickFiles(tmp_path).read(place)
