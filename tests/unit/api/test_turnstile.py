"""The turnstile by itself, on clocks in hand: a burst is free, then requests wait in order for the service's share."""

from __future__ import annotations

import asyncio

import pytest

from workstation.api.turnstile import (
    BURST_NS,
    LEAST_EVERY_NS,
    READ_NS,
    URGENT_BURST,
    URGENT_EVERY_NS,
    Turnstile,
    is_urgent,
)

MS = 1_000_000


class Clocks:
    """Wall time and processor time in ns, moved by the test."""

    def __init__(self, share: float = 0.5) -> None:
        self.wall, self.used = 10**12, 7 * 10**9
        self.turnstile = Turnstile(share, mono_ns=lambda: self.wall, thread_ns=lambda: self.used)
        self.begun: list[str] = []

    def ask(self, name: str, *, urgent: bool = False) -> bool:
        return self.turnstile.passes(lambda: self.begun.append(name), urgent=urgent)

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


async def test_a_cancel_passes_ahead_of_a_flood_that_waits() -> None:
    clocks = Clocks(share=1e-9)
    clocks.exhaust()
    for number in range(1_000):
        assert not clocks.ask(f"order {number}")
    for number in range(URGENT_BURST):
        assert clocks.ask(f"cancel {number}", urgent=True), number
    assert clocks.begun == []
    assert len(clocks.turnstile) == 1_000


async def test_cancels_beyond_their_rate_are_first_in_line_and_let_others_have_every_other_turn() -> None:
    clocks = Clocks(share=1e-9)
    clocks.exhaust()
    for name in ("order 1", "order 2"):
        assert not clocks.ask(name)
    while clocks.ask("at once", urgent=True):
        pass
    for name in ("cancel 1", "cancel 2", "cancel 3"):
        assert not clocks.ask(name, urgent=True)
    await clocks.turns()
    assert clocks.begun == []
    clocks.wall += URGENT_EVERY_NS  # earns one cancel its way, and the least turn is due as well
    while len(clocks.begun) < 2:
        await clocks.turns()
    assert clocks.begun == ["at once", "cancel 1"]
    while len(clocks.begun) < 6:
        clocks.wall += LEAST_EVERY_NS
        await clocks.turns()
    assert clocks.begun.index("cancel 3") < clocks.begun.index("order 2")


async def test_a_flood_of_cancels_leaves_others_their_turns() -> None:
    clocks = Clocks(share=1e-9)
    clocks.exhaust()
    assert not clocks.ask("order")
    for number in range(10 * URGENT_BURST):
        clocks.ask(f"cancel {number}", urgent=True)
    while "order" not in clocks.begun:
        clocks.wall += LEAST_EVERY_NS
        await clocks.turns()
    assert len(clocks.begun) <= 10
    assert len(clocks.turnstile) > URGENT_BURST


@pytest.mark.parametrize(
    ("line", "urgent"),
    [
        (b"DELETE /api/v1/oms/orders/123 HTTP/1.1", True),
        (b"POST /api/v1/oms/orders/123/cancel HTTP/1.1", True),
        (b"POST /api/v1/oms/orders/bulk/cancel HTTP/1.1", True),
        (b"POST /api/v1/risk/kill-switch HTTP/1.1", True),
        (b"POST /api/v1/risk/kill-switch/release HTTP/1.1", False),
        (b"POST /api/v1/oms/orders HTTP/1.1", False),
        (b"POST /api/v1/oms/orders/123/modify HTTP/1.1", False),
        (b"GET /api/v1/oms/orders/123 HTTP/1.1", False),
        (b"GET /x HTTP/1.1\r\nX: POST /api/v1/risk/kill-switch ", False),
        (b"DELETE /api/v1/oms/orders/123", False),
        (b"", False),
    ],
)
def test_a_request_that_only_takes_risk_away_is_known_by_its_line(line: bytes, urgent: bool) -> None:
    assert is_urgent(line) is urgent
