"""The turnstile by itself, on clocks in hand: a burst is free, then requests wait in order for the service's share."""

from __future__ import annotations

import asyncio

import pytest

from workstation.api.turnstile import BURST_NS, LEAST_EVERY_NS, READ_NS, Turnstile

MS = 1_000_000


class Clocks:
    """Wall time and processor time in ns, moved by the test."""

    def __init__(self, share: float = 0.5) -> None:
        self.wall, self.used = 10**12, 7 * 10**9
        self.turnstile = Turnstile(share, mono_ns=lambda: self.wall, thread_ns=lambda: self.used)
        self.begun: list[str] = []

    def ask(self, name: str) -> bool:
        return self.turnstile.passes(lambda: self.begun.append(name))

    def spend(self, ns: int) -> None:
        """Use processor time; as much wall time goes by."""
        self.used += ns
        self.wall += ns

    def exhaust(self) -> None:
        """Use the burst up, and one least turn with it."""
        assert self.ask("first")
        self.used += BURST_NS
        self.wall += LEAST_EVERY_NS - 1

    async def turns(self) -> None:
        """Let timers that are due on the real clock run; those in hand decide who begins."""
        for _ in range(5):
            await asyncio.sleep(0.003)


async def test_a_burst_begins_at_once_and_what_follows_waits_in_order() -> None:
    clocks = Clocks()
    taken = 0
    while clocks.ask("burst"):
        taken += 1
        clocks.spend(2 * MS)
        assert taken <= 101
    assert taken == 100  # of 2 ms each, half of which the passing time pays
    assert not clocks.ask("second")
    assert len(clocks.turnstile) == 2
    await clocks.turns()
    assert clocks.begun == []
    clocks.wall += LEAST_EVERY_NS
    await clocks.turns()
    assert clocks.begun[:2] == ["burst", "second"]
    assert len(clocks.turnstile) == 0


async def test_with_no_time_to_earn_one_begins_in_each_least_turn() -> None:
    clocks = Clocks(share=1e-9)
    clocks.exhaust()
    for name in "abc":
        assert not clocks.ask(name)
    for number in range(1, 4):
        await clocks.turns()
        assert len(clocks.begun) == number - 1
        clocks.wall += LEAST_EVERY_NS
        while len(clocks.begun) < number:
            await clocks.turns()
    assert clocks.begun == ["a", "b", "c"]


async def test_reads_on_other_threads_count_before_they_have_ended() -> None:
    clocks = Clocks(share=1e-9)
    assert clocks.ask("first")
    for _ in range(BURST_NS // READ_NS):
        clocks.turnstile.charge(READ_NS)
    assert not clocks.ask("second")
    clocks.turnstile.charge(-READ_NS)  # one took no time after all
    while not clocks.begun:
        await clocks.turns()


async def test_rest_earns_no_more_than_a_burst() -> None:
    clocks = Clocks()
    clocks.exhaust()
    clocks.wall += 3_600 * 1_000 * MS
    assert clocks.ask("after an hour")
    clocks.used += BURST_NS
    assert not clocks.ask("one burst later")


async def test_whoever_leaves_is_not_begun() -> None:
    clocks = Clocks(share=1e-9)
    clocks.exhaust()
    gone, waits = (lambda: clocks.begun.append("gone")), (lambda: clocks.begun.append("waits"))
    assert not clocks.turnstile.passes(gone)
    assert not clocks.turnstile.passes(waits)
    clocks.turnstile.leave(gone)
    clocks.wall += LEAST_EVERY_NS
    while not clocks.begun:
        await clocks.turns()
    assert clocks.begun == ["waits"]
    clocks.turnstile.leave(waits)


@pytest.mark.parametrize("used_ms", [0, 10, 10_000])
async def test_a_whole_share_holds_nobody_back(used_ms: int) -> None:
    clocks = Clocks(share=1)
    for _ in range(3):
        assert clocks.ask("any")
        clocks.used += used_ms * MS
