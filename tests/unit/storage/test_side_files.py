"""The small files beside the database: the reserve, the watermark, the lock of the home; and which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workstation.domain.errors import StorageDamaged, StorageFull, StorageLocked
from workstation.storage.backup import expired, is_due
from workstation.storage.lease import HomeLock
from workstation.storage.reserve import FILE_NAME, RESERVE_BYTES, GroupRecord, Reserve
from workstation.storage.sqlite import has_reset_race
from workstation.storage.watermark import Watermark


def record(number: int, size: int = 10) -> GroupRecord:
    return GroupRecord([(number, "Kind", bytes(size))], {"orders": [(number, None, True, "text", b"\x00")]})


@pytest.fixture
def reserve(tmp_path: Path):
    opened = Reserve(tmp_path)
    yield opened
    opened.close()


def test_the_reserve_is_laid_aside_in_full(reserve, tmp_path):
    assert (tmp_path / FILE_NAME).stat().st_size == RESERVE_BYTES
    assert reserve.records() == []


def test_what_was_reserved_is_read_back_in_order(reserve, tmp_path):
    for number in range(5):
        reserve.append(record(number))
    again = Reserve(tmp_path)
    assert [[tuple(line) for line in found.lines] for found in again.records()] == [
        record(number).lines for number in range(5)
    ]
    assert tuple(again.records()[0].rows["orders"][0]) == record(0).rows["orders"][0]
    again.append(record(5))
    assert len(again.records()) == 6
    again.close()


def test_a_cleared_reserve_is_empty_for_the_next_start(reserve, tmp_path):
    reserve.append(record(1))
    reserve.clear()
    again = Reserve(tmp_path)
    assert again.records() == []
    again.close()


def test_a_group_that_was_not_written_whole_is_passed_over(reserve, tmp_path):
    reserve.append(record(1))
    reserve.append(record(2, size=500))
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    again = Reserve(tmp_path)
    assert len(again.records()) == 1
    again.close()


def test_a_used_up_reserve_says_so(reserve):
    for number in range(4):
        reserve.append(record(number, size=1_000_000))
    with pytest.raises(StorageFull):
        reserve.append(record(4, size=1_000_000))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "w.db"
    path.write_bytes(b"x")
    return path


@pytest.fixture
def watermark(database: Path):
    opened = Watermark(database)
    yield opened
    opened.close()


def test_a_database_at_or_past_its_watermark_passes(watermark):
    watermark.check(0)
    watermark.note(7)
    watermark.check(7)
    watermark.check(8)


def test_a_database_behind_its_watermark_is_damaged(watermark):
    watermark.note(1_000_000)
    watermark.note(7)
    with pytest.raises(StorageDamaged, match="ends at line 6, but line 7"):
        watermark.check(6)


def test_an_unreadable_watermark_proves_nothing(watermark, database):
    database.with_name("w.db.mark").write_bytes(b"{half")
    assert watermark.read() is None
    watermark.check(0)


def test_a_replaced_database_is_noticed(watermark, database):
    watermark.remember_file()
    assert watermark.same_file()
    other = database.with_name("other")
    other.write_bytes(b"y")
    other.replace(database)
    assert not watermark.same_file()
    database.unlink()
    assert not watermark.same_file()


def test_a_database_that_has_gone_keeps_its_last_watermark(watermark, database):
    watermark.note(7)
    database.unlink()
    watermark.note(8)
    assert watermark.read().seq == 7


def test_a_home_has_one_owner_and_names_it(tmp_path):
    first = HomeLock(tmp_path, "process 1 on here")
    with pytest.raises(StorageLocked, match="process 1 on here"):
        HomeLock(tmp_path, "process 2")
    first.release()
    HomeLock(tmp_path, "process 2").release()


def test_the_last_backup_of_seven_days_and_of_four_weeks_stays():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [start + timedelta(hours=12 * index) for index in range(120)]
    backups = [Path(f"workstation-{moment:%Y%m%dT%H%M%SZ}-daily.db") for moment in made]
    kept = [path for path in backups if path not in expired(backups)]
    days = [path for path, moment in zip(backups, made, strict=True) if moment.hour == 12][-7:]
    sundays = [path for path, moment in zip(backups, made, strict=True) if moment.hour == 12 and moment.weekday() == 6]
    assert kept == sorted({*days, *sundays[-4:], backups[-1]})
    assert expired(kept) == []


def test_a_backup_is_due_once_a_day(tmp_path):
    noon = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp() * 1e9)
    assert is_due(tmp_path, noon)
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "workstation-20260101T000000Z-daily.db").touch()
    assert not is_due(tmp_path, noon)
    assert is_due(tmp_path, noon + 12 * 3_600 * 10**9)


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True),
        ((3, 44, 6), False), ((3, 45, 0), True),
        ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 4), False),
    ],
)  # fmt: skip
def test_libraries_with_the_log_reset_race_are_known(version, affected):
    assert has_reset_race(version) is affected
