"""A standing task: what fails is said and begins again, what ends stays ended, and a stop is a stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from workstation.api import standing
from workstation.api.standing import StandingTask


def test_what_fails_is_logged_and_begins_again_later_each_time(
    monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(standing, "PAUSE_S", 0.001)
    monkeypatch.setattr(standing, "PAUSE_S_MAX", 0.002)
    begins: list[int] = []

    async def run() -> bool:
        done = asyncio.Event()

        async def body() -> None:
            begins.append(len(begins))
            if len(begins) < 4:
                raise ValueError(len(begins))
            done.set()

        task = StandingTask("books", body)
        task.start()
        task.start()
        await asyncio.wait_for(done.wait(), 10)
        await asyncio.sleep(0)
        return task.is_on

    assert asyncio.run(run()) is False
    assert len(begins) == 4
    assert [(line["event"], line["task"], line["error"], line["again_s"]) for line in logged] == [
        ("task_failed", "books", "ValueError(1)", 0.001),
        ("task_failed", "books", "ValueError(2)", 0.002),
        ("task_failed", "books", "ValueError(3)", 0.002),
    ]


def test_a_stopped_one_does_not_begin_again(logged: list[dict[str, Any]]) -> None:
    begins: list[int] = []

    async def run() -> bool:
        begun = asyncio.Event()

        async def body() -> None:
            begins.append(1)
            begun.set()
            raise RuntimeError

        task = StandingTask("books", body)
        task.start()
        await begun.wait()
        assert task.is_on
        await task.stop()
        return task.is_on

    assert asyncio.run(run()) is False
    assert (begins, len(logged)) == ([1], 1)


def test_one_that_ended_by_itself_begins_again_at_once_when_it_is_started() -> None:
    begins: list[int] = []

    async def run() -> None:
        ended = asyncio.Event()

        async def body() -> None:
            begins.append(1)
            ended.set()

        task = StandingTask("books", body)
        task.start()
        await ended.wait()
        ended.clear()
        task.start()
        await asyncio.wait_for(ended.wait(), 10)

    asyncio.run(run())
    assert len(begins) == 2
