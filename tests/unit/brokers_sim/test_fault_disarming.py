"""Faults are disarmed one kind at a time, or all at once."""

from __future__ import annotations

from workstation.brokers.sim.faults import FaultKind, FaultSwitch
from workstation.kernel.clock import VirtualClock


def test_disarming_a_kind_leaves_the_others_armed() -> None:
    switch = FaultSwitch(VirtualClock(0))
    for kind in (FaultKind.REJECT, FaultKind.DROP_ACK, FaultKind.REJECT):
        switch.arm(kind)
    switch.disarm(FaultKind.REJECT)
    assert [fault.kind for fault in switch.active()] == [FaultKind.DROP_ACK]
    switch.disarm()
    assert switch.active() == ()
