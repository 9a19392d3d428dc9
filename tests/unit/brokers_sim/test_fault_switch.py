"""Plans are read strictly, faults strike when and as often as they were told to, and each kind has its number."""

from __future__ import annotations

import pytest

from workstation.brokers.sim.faults import FAULT_NUMBERS, IMMEDIATE_FAULTS, FaultKind, FaultSwitch, read_plan
from workstation.domain.errors import ValidationError
from workstation.kernel.clock import VirtualClock

PLAN = """
seed = 4
ticks_per_s = 100
latency_ms = 10.5
clock_offset_s = -5.0

[[fault]]
at_s = 2
kind = "disconnect"
for_s = 1.5

[[fault]]
nth = 3
count = 2
kind = "drop_fill"
symbol = "AAPL"
"""

FILLS = frozenset({FaultKind.DROP_FILL})


def test_a_plan_is_what_its_file_says():
    plan = read_plan(PLAN)
    assert (plan.seed, plan.ticks_per_s, plan.latency_ms, plan.clock_offset_s) == (4, 100, 10.5, -5.0)
    assert [fault.kind for fault in plan.fault] == [FaultKind.DISCONNECT, FaultKind.DROP_FILL]


@pytest.mark.parametrize(
    "text",
    [
        "seed = ",
        "sede = 1",
        "ticks_per_s = 60000",
        "request_limit = -1",
        "request_span_s = 0.0",
        '[[fault]]\nkind = "explode"',
        '[[fault]]\nkind = "bust"\nwen = 1',
    ],
)
def test_a_plan_with_an_error_is_refused_in_words(text):
    with pytest.raises(ValidationError, match="sim-plan"):
        read_plan(text)


def test_the_nth_message_is_struck_and_as_many_as_told():
    switch = FaultSwitch(VirtualClock())
    switch.arm("drop_fill", nth=3, count=2, symbol="AAPL")
    struck = [switch.take(FILLS, symbol) is not None for symbol in ("AAPL", "MSFT", "AAPL", "AAPL", "AAPL", "AAPL")]
    assert struck == [False, False, False, True, True, False]
    assert switch.fired[FaultKind.DROP_FILL] == 2
    assert switch.active() == ()


def test_faults_of_a_plan_strike_at_their_time():
    clock = VirtualClock()
    switch = FaultSwitch(clock)
    seen: list[FaultKind] = []
    switch.strike = lambda fault: seen.append(fault.kind)
    switch.follow(read_plan(PLAN))
    clock.advance(1_999_000_000)
    assert seen == []
    clock.advance(2_000_000)
    assert seen == [FaultKind.DISCONNECT]


def test_an_unknown_kind_or_argument_is_refused():
    switch = FaultSwitch(VirtualClock())
    with pytest.raises(ValidationError, match="fault"):
        switch.arm("explode")
    with pytest.raises(ValidationError, match="fault"):
        switch.arm("bust", loudly=True)


def test_every_kind_names_a_fault_of_the_catalogue():
    assert set(FAULT_NUMBERS) == set(FaultKind)
    assert all(25 <= number <= 56 for number in FAULT_NUMBERS.values())
    assert set(FaultKind) > IMMEDIATE_FAULTS
