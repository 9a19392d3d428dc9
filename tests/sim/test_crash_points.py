"""Crash points (T3): SIGKILL at every numbered point of the order path, and recovery loses and doubles nothing.

1,000 forked crashes here, in chunks of one home folder and one venue each, so that every crash stands on what the ones
before left; `-m nightly` runs 10,000. The point and its pass are drawn in the parent. A chunk asserts that orders and
fills grew and that children really died; the last chunk to end asserts that many points were died at.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.crash_rig import CrashRig, Plan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

ROOT = Path(__file__).resolve().parents[2]
POINT = re.compile(r'fault_point\("([^"]+)"\)')
ELSEWHERE = frozenset({"orders.adopt_position.before_record"})
"""Needs a venue that lies about a position for good: the seeded simulation reaches it."""

NAMED = {name for path in (ROOT / "workstation").rglob("*.py") for name in POINT.findall(path.read_text())}
POINTS = sorted(NAMED - ELSEWHERE)
POINTS_MIN = 60
IN_PROCESS_ONLY = frozenset({"sim.connect", "sim.report.before_receive", "sim.log.before_write"})
"""Points inside the venue, which die with the program only where both are one process."""

CHUNKS, CRASHES = 10, 100
CHUNKS_NIGHTLY = 100
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


@pytest.fixture(scope="session")
def crash_folder(tmp_path_factory) -> Path:
    """Return a folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "crash-coverage"
    folder.mkdir(exist_ok=True)
    return folder


def test_the_order_path_has_enough_numbered_points():
    assert len(POINTS) >= POINTS_MIN


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_kill_at_any_point_loses_and_doubles_nothing(chunk, crash_folder):
    rig = CrashRig(remote=chunk % 2 == 0)
    try:
        crash_on(rig, chunk, CRASHES)
    finally:
        rig.close()
    (crash_folder / f"{chunk}.json").write_text(json.dumps(rig.crashes))
    ended = list(crash_folder.glob("*.json"))
    if len(ended) == CHUNKS:
        died = {name for path in ended for name in json.loads(path.read_text())}
        assert len(died) >= POINTS_MIN // 2, f"too few points were died at; none at {sorted(set(POINTS) - died)}"


@pytest.mark.nightly
@pytest.mark.parametrize("chunk", range(CHUNKS_NIGHTLY))
def test_ten_thousand_kills_lose_and_double_nothing(chunk):
    rig = CrashRig(remote=chunk % 2 == 0)
    try:
        crash_on(rig, 1_000 + chunk, CRASHES)
    finally:
        rig.close()
