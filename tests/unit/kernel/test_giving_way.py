"""Market data waits while a screen shows a frame: in order, within bounds, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from workstation.kernel.clock import VirtualClock
from workstation.kernel.giving_way import FRAME_FIRST_NS, REST_SHARE, WAITING_MAX, GivingWay, ScreenTurn

MS = 1_000_000


class Engine:
    """A screen's turns, and an engine that notes what ran when, in ms."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.turn = ScreenTurn(self.clock.mono_ns)
        self.give_way = GivingWay(self.turn, self.clock, self.clock.call_soon)
        self.ran: list[tuple[str, int]] = []

    def deliver(self, name: str) -> None:
        self.give_way(self.noted(name))

    def noted(self, name: str) -> Callable[[], None]:
        return lambda: self.ran.append((name, self.clock.mono_ns() // MS))

    def show(self, length_ns: int) -> None:
        """Show a frame that takes so long."""
        self.turn.begin()
        self.clock.advance(length_ns)
        self.turn.end()


def test_what_comes_between_two_frames_runs_at_once() -> None:
    engine = Engine()
    engine.deliver("before")
    assert engine.ran == [("before", 0)]
    engine.show(3 * MS)
    engine.deliver("after")
    assert engine.ran == [("before", 0), ("after", 3)]


def test_what_comes_during_a_frame_runs_in_order_when_the_frame_is_shown() -> None:
    engine = Engine()
    engine.turn.begin()
    for name in ("first", "second", "third"):
        engine.clock.advance(MS)
        engine.deliver(name)
    assert engine.ran == []
    engine.turn.end()
    engine.clock.advance(0)
    assert engine.ran == [("first", 3), ("second", 3), ("third", 3)]


def test_what_comes_behind_others_that_wait_does_not_overtake_them() -> None:
    engine = Engine()
    engine.turn.begin()
    engine.deliver("first")
    engine.turn.end()
    engine.deliver("second")
    engine.clock.advance(0)
    assert [name for name, _ in engine.ran] == ["first", "second"]


def test_between_two_that_waited_the_engine_does_whatever_else_waits() -> None:
    engine = Engine()
    engine.turn.begin()
    engine.deliver("first")
    engine.deliver("second")
    engine.turn.end()
    engine.clock.call_soon(engine.noted("an order"))
    engine.clock.advance(0)
    assert [name for name, _ in engine.ran] == ["first", "an order", "second"]


def test_a_screen_that_hangs_holds_nothing_back_for_good() -> None:
    engine = Engine()
    engine.turn.begin()
    engine.deliver("held")
    engine.clock.advance(FRAME_FIRST_NS)
    assert engine.ran == [("held", FRAME_FIRST_NS // MS)]
    engine.turn.begin()
    engine.deliver("not held again")
    assert len(engine.ran) == 2


def test_after_a_frame_there_is_no_turn_for_a_share_of_its_length() -> None:
    engine = Engine()
    engine.show(8 * MS)
    engine.turn.begin()
    assert engine.turn.left_ns() == 0
    engine.clock.advance(8 * MS // REST_SHARE)
    engine.turn.begin()
    assert engine.turn.left_ns() == FRAME_FIRST_NS


def test_where_too_many_wait_they_wait_for_no_frame() -> None:
    engine = Engine()
    engine.turn.begin()
    engine.give_way(engine.turn.begin)
    for number in range(WAITING_MAX + 2):
        engine.deliver(str(number))
    engine.turn.end()
    engine.clock.advance(0)
    assert [name for name, _ in engine.ran] == ["0", "1"], (
        "a frame that begins meanwhile holds back what is not too much"
    )
    engine.clock.advance(FRAME_FIRST_NS)
    assert [name for name, _ in engine.ran] == [str(number) for number in range(WAITING_MAX + 2)]


def test_ending_a_turn_twice_wakes_once() -> None:
    engine, ends = Engine(), []
    engine.turn.on_end = partial(ends.append, 1)
    engine.show(MS)
    engine.turn.end()
    assert ends == [1]
