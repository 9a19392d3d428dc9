"""The stall watchdog: it names the loop that stands still and where, once, and remembers the longest of a minute."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.storage_flow import wait_for
from workstation.app.watchdog import Heartbeat, Watchdog


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    made = Watchdog()
    made.start()
    yield made
    made.stop()


def stands_here(at: threading.Event, go_on: threading.Event) -> None:
    at.set()
    go_on.wait()


def named(logged: list[dict[str, Any]], loop: str) -> list[dict[str, Any]]:
    return [entry for entry in logged if entry["event"] == "stall" and entry["loop"] == loop]


def test_a_loop_that_stands_still_is_logged_once_with_its_stack(watchdog: Watchdog, logged: list[Any]) -> None:
    at, go_on = threading.Event(), threading.Event()
    loop = threading.Thread(target=stands_here, args=(at, go_on))
    loop.start()
    at.wait()
    beat = Heartbeat("engine", loop.ident or 0, limit_s=0.01)
    watchdog.watch(beat)
    wait_for(lambda: named(logged, "engine"))
    watchdog.watch(Heartbeat("later", loop.ident or 0, limit_s=0.01))
    wait_for(lambda: named(logged, "later"))
    go_on.set()
    loop.join()
    assert len(named(logged, "engine")) == 1, "it was looked at again beside the later one"
    assert "stands_here" in named(logged, "engine")[0]["stack"]


def test_the_longest_stall_counts_and_a_start_is_forgotten() -> None:
    beat = Heartbeat("desktop", 0, limit_s=0.25)
    beat.seen -= 0.1
    beat.beat()
    assert (beat.worst_ms(), list(beat.stalls)) == (0.0, [])
    for gap_s in (0.5, 2.0, 1.0):
        beat.seen -= gap_s
        beat.beat()
    assert 2_000 <= beat.worst_ms() < 3_000
    assert len(beat.stalls) == 3
    old_end, old_gap = beat.stalls.pop()
    beat.stalls.clear()
    beat.stalls.append((old_end - 61.0, old_gap))
    assert beat.worst_ms() == 0.0, "what is older than a minute no longer counts"
    beat.forget()
    assert list(beat.stalls) == []
