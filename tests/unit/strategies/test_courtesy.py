"""Strategies stand aside: their loops ask at every turn, and wait while somebody's order is under way."""

from __future__ import annotations

import threading
import traceback

import pytest

from workstation.strategies.courtesy import Courtesy
from workstation.strategies.importing import imported

LONG_S = 60.0
COUNTING = """
def turns():
    total = 0
    for number in range(2):
        total += number
    while total < 4:
        total += 1
    return total, [value for value in range(5) if value % 2], {(a, b) for a in "xy" for b in "z"}


def fails():
    while True:
        raise KeyError("gone")
"""


def test_every_turn_of_a_loop_asks_and_nothing_else_changes() -> None:
    asked: list[int] = []
    made = imported("counting", COUNTING, "0" * 64, lambda: asked.append(1) or True)
    plain = imported("counting", COUNTING, "1" * 64)
    assert made.turns() == plain.turns() == (4, [1, 3], {("x", "z"), ("y", "z")})
    assert len(asked) == 2 + 3 + 5 + 2 + 2


def test_a_traceback_names_the_line_as_it_was_written() -> None:
    made = imported("counting", COUNTING, "2" * 64, lambda: True)
    with pytest.raises(KeyError) as caught:
        made.fails()
    [*_, last] = traceback.extract_tb(caught.value.__traceback__)
    assert (last.filename, last.lineno, last.line) == ("counting.py", 13, 'raise KeyError("gone")')


def test_a_loop_waits_until_the_order_has_gone_out() -> None:
    courtesy, said = Courtesy(LONG_S), []
    waits = threading.Event()

    def aside() -> bool:
        waits.set()
        return courtesy.stand_aside()

    made = imported("waiting", "def work(say):\n    for _ in 'x':\n        say('strategy')\n", "0" * 64, aside)
    answered = courtesy.until(said.append)
    thread = threading.Thread(target=made.work, args=(said.append,))
    thread.start()
    assert waits.wait(LONG_S)
    answered("hand")
    thread.join(LONG_S)
    assert said == ["hand", "strategy"]


def test_it_waits_for_the_last_of_several_orders_and_no_longer_than_it_may() -> None:
    courtesy, answers = Courtesy(0.0), []
    first, second = courtesy.until(answers.append), courtesy.until(answers.append)
    assert courtesy.stand_aside()  # an order without an answer holds nobody for good
    first(1)
    assert not courtesy._free.is_set()
    second(2)
    assert courtesy._free.is_set()
    assert answers == [1, 2]
