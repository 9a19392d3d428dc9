"""A power cut at any moment loses no acknowledged commit and leaves a database that opens.

Method: the real journal writes through a recording file system; the disk is then rebuilt as a power cut behind each of
many recorded calls could have left it. `kill -9` would prove less, since the page cache survives it. The harness is
proven by `synchronous=NORMAL`, which must turn it red. 500 images here; `-m nightly` builds 10,000, or those that
WORKSTATION_POWER_IMAGES names (`first:end`): each image is drawn by its number alone.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.recording_vfs import RecordingVfs, Step, image, write_image
from tests.helpers.stores import OrderMaker, accepted, intended, open_for_test
from workstation.domain.errors import StorageDamaged
from workstation.kernel.fault_points import set_probe
from workstation.storage import sqlite
from workstation.storage.recovery import SqlRecovery

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pysqlite3") is None, reason="needs the shipped SQLite library"
)

SEED = 7
ORDERS = 60
IMAGES = range(500)
IMAGES_NIGHTLY = range(*map(int, os.environ.get("WORKSTATION_POWER_IMAGES", "1000:11000").split(":")))
CHECKPOINT_EACH = 16


@pytest.fixture
def vfs(tmp_path: Path) -> Iterator[RecordingVfs]:
    recording = RecordingVfs(f"power-{tmp_path.name}")
    yield recording
    set_probe(None)
    recording.unregister()


def record_a_run(vfs: RecordingVfs, home: Path) -> dict[str, bytes]:
    """Write ORDERS orders one by one, a mark behind each acknowledged line; returns the files before the first."""
    url = f"sqlite:///{home / 'workstation.db'}?vfs={vfs.name}"
    store = open_for_test(home, url)
    base = {str(path): path.read_bytes() for path in home.glob("workstation.db*") if path.suffix in (".db", ".db-wal")}
    maker = OrderMaker(SEED)
    vfs.recording = True
    for number in range(ORDERS):
        state, created = maker.created()
        sent, sending = intended(state)
        vfs.mark(store.write(created, sending))
        vfs.mark(store.write(accepted(sent)[1]))
        if number % CHECKPOINT_EACH == CHECKPOINT_EACH - 1:
            store.store.journal.save_snapshot(b"state", b"h" * 32)
            assert store.store.reader.ping_write(30.0)
    vfs.recording = False
    store.close()
    return base


def newest_line(folder: Path) -> int:
    """Open an image, verify its chain, return its last line; -1 when it does not open."""
    engine = sqlite.reading_engine(folder / "workstation.db", sqlite.load_library())
    try:
        recovery = SqlRecovery(engine)
        recovery.verify_tail()
        return recovery.newest()[0]
    except StorageDamaged:
        return -1
    finally:
        engine.dispose()


def losses(base: dict[str, bytes], steps: list[Step], folder: Path, images: range) -> tuple[list[int], list[int]]:
    """Return the images that lost an acknowledged line, and those that did not open at all."""
    lost, unopened = [], []
    for number in images:
        rng = random.Random(SEED * 1_000_003 + number)
        cut = rng.randrange(1, len(steps) + 1)
        acknowledged = max(itertools.chain([0], (step.number for step in steps[:cut])))
        target = folder / str(number)
        target.mkdir()
        write_image(image(base, steps[:cut], rng), target)
        found = newest_line(target)
        lost += [number] * (found < acknowledged)
        unopened += [number] * (found < 0)
        shutil.rmtree(target)
    return lost, unopened


@pytest.mark.parametrize("images", [IMAGES, pytest.param(IMAGES_NIGHTLY, marks=pytest.mark.nightly)], ids=str)
def test_a_power_cut_loses_no_acknowledged_line(vfs, tmp_path, images):
    base = record_a_run(vfs, tmp_path / "home")
    assert sum(step.kind == "mark" for step in vfs.steps) == 2 * ORDERS
    assert sum(step.kind == "sync" for step in vfs.steps) >= 2 * ORDERS
    (tmp_path / "images").mkdir()
    assert losses(base, vfs.steps, tmp_path / "images", images) == ([], [])


def test_the_harness_turns_red_where_commits_are_not_synced(vfs, tmp_path, monkeypatch):
    monkeypatch.setitem(sqlite._PRAGMAS, "synchronous", 1)
    base = record_a_run(vfs, tmp_path / "home")
    (tmp_path / "images").mkdir()
    lost, _ = losses(base, vfs.steps, tmp_path / "images", range(50))
    assert len(lost) > 25
