"""Crash points (T3): SIGKILL at every numbered point of the order path, and recovery loses and doubles nothing.

1,000 forked crashes here, in chunks of one home folder and one venue each, so that every crash stands on what the ones
before left; `-m nightly` runs 10,000, or those chunks of 100 that WORKSTATION_CRASH_CHUNKS names (`first:end`, all are
`0:100`). The point and its pass are drawn in the parent. A chunk asserts that orders and fills grew and that children
really died; the last chunk to end asserts that every point was died at.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.crash_rig import CrashRig, Plan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

ROOT = Path(__file__).resolve().parents[2]
POINT = re.compile(r'fault_point\("([^"]+)"\)')
ADOPTS = "orders.adopt_position.before_record"
"""Needs a venue that lies about a position: a test of its own."""

NAMED = {name for path in (ROOT / "workstation").rglob("*.py") for name in POINT.findall(path.read_text())}
POINTS = sorted(NAMED - {ADOPTS})
POINTS_MIN = 60
IN_PROCESS_ONLY = frozenset({"sim.connect", "sim.report.before_receive", "sim.log.before_write"})
"""Points inside the venue, which die with the program only where both are one process."""

CHUNKS, CRASHES = 10, 100
CHUNKS_NIGHTLY = range(*map(int, os.environ.get("WORKSTATION_CRASH_CHUNKS", "0:100").split(":")))
ALL_NIGHTLY = range(100)
NIGHTLY_DEATHS_MIN = 50
"""Deaths at each point in a whole nightly run."""

NESTED = ("orders.reconcile.before_ask", "orders.reconcile.before_merge", "orders.resume.before_record")
NESTED_DEEP, NESTED_TIMES = 5, 4
ADOPTIONS = 6
WAITING_KILLS = 3
TRAILS = "orders.emulation.before_trail"
TRAIL_KILLS = 6
CHILDREN_A_KILL = 8
"""Children that may end before the point of their story, as on a busy machine, for one that dies there."""

PASSES_MAX = 32
MISSES_MAX = 3
"""Children in a row that may end without passing their point before another point is drawn."""


class Passes:
    """How deep into a run each point may be drawn: doubles when it was reached, halves when it was not."""

    def __init__(self) -> None:
        self._most: Counter[str] = Counter()

    def draw(self, rng: random.Random, point: str) -> int:
        return rng.randint(1, max(self._most[point], 1))

    def learn(self, point: str, *, reached: bool) -> None:
        most = max(self._most[point], 1)
        self._most[point] = min(most * 2, PASSES_MAX) if reached else most // 2


def crash_on(rig: CrashRig, seed: int, crashes: int) -> None:
    """Let `crashes` children die one after the other, each at the next point in turn."""
    rng, passes = random.Random(seed), Passes()
    points = [name for name in POINTS if not rig.remote or name not in IN_PROCESS_ONLY]
    rng.shuffle(points)
    misses, turn, grown = 0, 0, []
    while sum(rig.crashes.values()) < crashes:
        point = points[turn % len(points)]
        plan = Plan(rng.getrandbits(32), point, passes.draw(rng, point))
        outcome = rig.run(plan)
        if outcome.failure:
            pytest.fail(f"{plan} after {sum(rig.crashes.values())} crashes:\n{outcome.failure}", pytrace=False)
        passes.learn(point, reached=bool(outcome.died_at))
        if outcome.orders:
            grown.append((outcome.orders, outcome.fills))
        misses = 0 if outcome.died_at else misses + 1
        if outcome.died_at or misses >= MISSES_MAX:
            turn, misses = turn + 1, 0
    last = rig.run(Plan(rng.getrandbits(32), "", 1))
    assert not last.failure, last.failure
    grown.append((last.orders, last.fills))
    assert grown == sorted(grown), "orders and fills at the venue only grow"
    assert last.orders > crashes, "the children have to trade"
    assert last.fills > crashes // 2, "the children have to fill"
    assert not rig.damage()


def deaths(folder: Path, chunk: int, rig: CrashRig, chunks: range) -> Counter[str] | None:
    """Note where the children of a chunk died; returns the sum over `chunks` once each of them has ended."""
    (folder / f"{chunk}.json").write_text(json.dumps(rig.crashes))
    ended = [folder / f"{number}.json" for number in chunks]
    if not all(path.exists() for path in ended):
        return None
    total: Counter[str] = Counter()
    for path in ended:
        total.update(json.loads(path.read_text()))
    return total


@pytest.fixture(scope="session")
def crash_folder(tmp_path_factory) -> Path:
    """Return a folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "crash-coverage"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(params=[True, False], ids=["remote", "in-process"])
def rig(request) -> Iterator[CrashRig]:
    opened = CrashRig(remote=request.param)
    yield opened
    opened.close()


def test_the_order_path_has_enough_numbered_points():
    assert len(POINTS) >= POINTS_MIN


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_kill_at_any_point_loses_and_doubles_nothing(chunk, crash_folder):
    rig = CrashRig(remote=chunk % 2 == 0)
    try:
        crash_on(rig, chunk, CRASHES)
    finally:
        rig.close()
    died = deaths(crash_folder, chunk, rig, range(CHUNKS))
    if died is not None:
        assert set(died) == set(POINTS), f"no child died at {sorted(set(POINTS) - set(died))}"


def test_a_kill_while_a_position_is_adopted_leaves_nothing_of_it():
    """The venue's lie dies with its process, so that the next life has to find book and venue in agreement."""
    rig, rng = CrashRig(remote=False), random.Random(3)
    try:
        for _ in range(ADOPTIONS):
            killed = rig.run(Plan(rng.getrandbits(32), ADOPTS, 1))
            assert (killed.died_at, killed.failure) == (ADOPTS, "")
            after = rig.run(Plan(rng.getrandbits(32), "", 1))
            assert not after.failure, after.failure
        assert not rig.damage()
    finally:
        rig.close()


def kill_at(rig: CrashRig, rng: random.Random, point: str) -> None:
    """Let a child die at a point; one that ends before it is followed by another."""
    for _ in range(CHILDREN_A_KILL):
        outcome = rig.run(Plan(rng.getrandbits(32), point, 1))
        assert not outcome.failure, outcome.failure
        if outcome.died_at:
            return
    pytest.fail(f"{CHILDREN_A_KILL} children in a row ended before {point}")


@pytest.mark.parametrize("step", ["before_record", "before_amend"])
def test_a_kill_around_a_change_that_waits_for_another_leaves_one_order_in_agreement(rig, step):
    rng, point = random.Random(5), f"orders.queued_change.{step}"
    for _ in range(WAITING_KILLS):
        kill_at(rig, rng, point)
        after = rig.run(Plan(rng.getrandbits(32), "", 1))
        assert not after.failure, after.failure
    assert not rig.damage()


def test_a_kill_as_a_trail_is_journaled_leaves_every_order_and_every_trail_as_the_journal_has_it(rig):
    rng = random.Random(6)
    for _ in range(TRAIL_KILLS):
        kill_at(rig, rng, TRAILS)
    last = rig.run(Plan(rng.getrandbits(32), "", 1))
    assert not last.failure, last.failure
    assert not rig.damage()


def test_kills_nested_in_recovery_change_nothing(rig):
    rng = random.Random(4)
    for _ in range(NESTED_TIMES):
        first = rig.run(Plan(rng.getrandbits(32), "sim.submit.after_send", rng.randint(1, 6)))
        assert not first.failure, first.failure
        for point in rng.choices(NESTED, k=NESTED_DEEP):
            nested = rig.run(Plan(rng.getrandbits(32), point, 1))
            assert (nested.died_at, nested.failure) == (point, "")
        after = rig.run(Plan(rng.getrandbits(32), "", 1))
        assert not after.failure, after.failure
    assert not rig.damage()


@pytest.mark.nightly
@pytest.mark.parametrize("chunk", CHUNKS_NIGHTLY)
def test_ten_thousand_kills_lose_and_double_nothing(chunk, crash_folder):
    rig = CrashRig(remote=chunk % 2 == 0)
    try:
        crash_on(rig, 1_000 + chunk, CRASHES)
    finally:
        rig.close()
    died = deaths(crash_folder, 1_000 + chunk, rig, range(1_000, 1_000 + len(ALL_NIGHTLY)))
    if died is not None:
        rare = {point: died[point] for point in POINTS if died[point] < NIGHTLY_DEATHS_MIN}
        assert not rare, f"died at too rarely: {rare}"
