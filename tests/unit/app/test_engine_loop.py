"""The engine's thread: what strategies ask for comes after all else, a call at a time."""

from __future__ import annotations

import threading

from workstation.app.engine_loop import HOLDS_MAX, EngineLoop

WAIT_S = 60.0


def test_what_strategies_ask_for_comes_a_call_at_a_time_behind_all_else() -> None:
    faults: list[object] = []
    loop = EngineLoop(lambda message, error: faults.append((message, error)))
    done: list[str] = []
    begun, held, ended = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert held.wait(WAIT_S)

    def first() -> None:
        done.append("first of a strategy")
        loop.post(lambda: done.append("of a hand, meanwhile"))

    loop.start()
    loop.post(hold)
    assert begun.wait(WAIT_S)
    loop.post_behind(first)
    loop.post_behind(lambda: done.append("second of a strategy"))
    loop.post_behind(ended.set)
    loop.post(lambda: done.append("of a hand"))
    held.set()
    assert ended.wait(WAIT_S)
    loop.stop()
    assert done == ["of a hand", "first of a strategy", "of a hand, meanwhile", "second of a strategy"]
    assert faults == []


def test_what_strategies_ask_for_is_held_while_an_order_is_under_way_but_not_for_good() -> None:
    loop = EngineLoop(lambda _message, _error: None)
    asked: list[str] = []
    ended = threading.Event()

    def holds() -> bool:
        asked.append("?")
        return len(asked) != 3

    loop.holds_behind = holds
    loop.start()
    loop.post_behind(lambda: asked.append("first"))
    loop.post_behind(lambda: (asked.append("second"), ended.set()))
    assert ended.wait(WAIT_S)
    loop.stop()
    assert asked == ["?", "?", "?", "first", *["?"] * (HOLDS_MAX + 1), "second"]


def test_a_call_that_fails_takes_none_of_those_behind_it_along() -> None:
    faults: list[BaseException] = []
    loop = EngineLoop(lambda _message, error: faults.append(error))
    ran: list[str] = []
    ended = threading.Event()

    def fails() -> None:
        raise RuntimeError("planted")

    for call in (lambda: ran.append("before"), fails, lambda: ran.append("behind"), fails, ended.set):
        loop.post(call)
    loop.start()
    assert ended.wait(WAIT_S)
    loop.stop()
    assert ran == ["before", "behind"]
    assert [str(fault) for fault in faults] == ["planted", "planted"]
