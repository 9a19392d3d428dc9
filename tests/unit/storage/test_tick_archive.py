"""Archives of ticks: what a chunk file held, at the places it had; a kill at any step loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.domain.errors import StorageDamaged
from workstation.domain.market import Aggressor, BookChange, BookSnapshot, Level, Quote, Trade, TradeBust
from workstation.storage import tick_archive
from workstation.storage.tick_files import ChunkPlace, TickFiles

pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")

NOON = 1_704_196_800 * 10**9
NAME = "2024-01-02/ACME.ticks"
CHUNKS = [
    [
        Quote("ACME", 100, 5, None, 0, NOON, NOON + 1),
        Trade("ACME", 101, 3, Aggressor.SELL, "t-1", NOON, NOON + 2, "P;@"),
        TradeBust("ACME", "t-1", NOON + 1, NOON + 2),
    ],
    [
        BookSnapshot("ACME", (Level(99, 1),), (), 7, NOON, NOON + 3),
        BookChange("ACME", (Level(99, 0),), (Level(102, 4),), 8, 9, 7, NOON, NOON + 4),
    ],
]


@pytest.fixture
def files(tmp_path: Path) -> TickFiles:
    return TickFiles(tmp_path)


@pytest.fixture
def places(files: TickFiles) -> list[ChunkPlace]:
    return files.write(NAME, CHUNKS)


def test_an_archive_holds_every_chunk_at_its_old_place(files, places, tmp_path):
    assert files.archive(NAME, places)
    assert not (tmp_path / NAME).exists()
    assert [files.read(place) for place in places] == CHUNKS


def test_archiving_again_moves_nothing(files, places):
    files.archive(NAME, places)
    assert not files.archive(NAME, places)


def test_a_row_group_holds_many_chunks_and_each_is_found(files, tmp_path):
    quotes = [Quote("ACME", 100, at, 101, at, NOON, NOON + at) for at in range(3 * tick_archive.GROUP_ROWS // 2)]
    chunks = [quotes[at : at + 1_000] for at in range(0, len(quotes), 1_000)]
    places = files.write(NAME, chunks)
    files.archive(NAME, places)
    assert [files.read(place) for place in reversed(places)] == chunks[::-1]


def test_a_kill_while_an_archive_is_written_leaves_the_chunk_file_in_force(files, places, tmp_path):
    part = tick_archive.archive_of(tmp_path / NAME).with_suffix(".parquet.part")
    part.write_bytes(b"half an archive")
    assert [files.read(place) for place in places] == CHUNKS
    assert files.archive(NAME, places)
    assert [files.read(place) for place in places] == CHUNKS
    assert not part.exists()


def test_a_kill_between_rename_and_removal_leaves_both_and_the_next_turn_ends_it(files, places, tmp_path):
    path = tmp_path / NAME
    kept = path.read_bytes()
    files.archive(NAME, places)
    path.write_bytes(kept)
    assert [files.read(place) for place in places] == CHUNKS
    assert files.archive(NAME, places)
    assert [files.read(place) for place in places] == CHUNKS


def test_a_damaged_chunk_moves_nothing(files, places, tmp_path):
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageDamaged):
        files.archive(NAME, places)
    assert path.exists()
    assert [entry.name for entry in path.parent.iterdir()] == ["ACME.ticks"]


def test_a_place_that_the_archive_does_not_know_is_damage(files, places):
    files.archive(NAME, places)
    with pytest.raises(StorageDamaged):
        files.read(ChunkPlace(NAME, 999_999, 10))


def test_what_is_recorded_after_an_archive_goes_into_a_file_of_its_own(files, places):
    files.archive(NAME, places)
    later = [Trade("ACME", 105, 1, Aggressor.BUY, "", NOON, NOON + 9)]
    place = files.append(later)
    assert place.file == "2024-01-02/ACME~2.ticks"
    assert files.read(place) == later
    assert [files.read(known) for known in places] == CHUNKS


def test_a_file_that_could_not_be_written_leaves_the_one_before(files, places):
    def broken():
        yield CHUNKS[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write(NAME, broken())
    assert [files.read(place) for place in places] == CHUNKS
