"""A program that stood still treats it as a reconnect: hand entry disarms, every account is compared with its venue."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, CoreRig
from workstation.app.awake import Awake
from workstation.domain.accounts import Environment, LockState
from workstation.domain.events import ArmChanged, LockChanged


class Clocks:
    """Wall and monotonic time that a test moves apart."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_000 * SECOND, 50 * SECOND

    def now_ns(self) -> int:
        return self.wall

    def mono_ns(self) -> int:
        return self.mono

    def go(self, wall: float, mono: float) -> None:
        self.wall += round(wall * SECOND)
        self.mono += round(mono * SECOND)


def woken() -> tuple[CoreRig, Clocks, Awake, list[tuple[str, str]]]:
    rig, clocks, said = CoreRig(), Clocks(), list[tuple[str, str]]()
    armed = ArmChanged(armed=True, environment=Environment.SIM, actor="pat", reason="", ts=rig.now)
    rig.desk.recorder.record([armed], actor="pat")
    core = SimpleNamespace(desk=rig.desk, state=rig.state)
    return rig, clocks, Awake(core, clocks, Environment.SIM, lambda level, text: said.append((level, text))), said


@pytest.mark.parametrize(
    ("wall", "mono"),
    [(600, 600), (600, 1)],
    ids=["stopped process", "sleep in which monotonic time stands still"],
)
def test_a_program_that_stood_still_disarms_and_compares_every_account(wall: float, mono: float) -> None:
    rig, clocks, awake, said = woken()
    rig.broker.answering = False
    clocks.go(wall, mono)
    awake.look()
    assert rig.state.controls.arming.environment is None
    locks = [change for change in rig.said(LockChanged) if change.account == ACCOUNT]
    assert (locks[-1].state, locks[-1].reason) == (LockState.RECONCILING, "stood still for 600 s")
    assert said == [
        (
            "warning",
            "The program stood still for 600 s: hand entry is disarmed, each account is compared with its venue.",
        )
    ]
    awake.look()
    assert len(said) == 1


def test_a_busy_machine_and_a_clock_that_is_set_back_are_no_sleep() -> None:
    rig, clocks, awake, said = woken()
    for wall, mono in ((1, 1), (29, 29), (-3_600, 1), (1, 1)):
        clocks.go(wall, mono)
        awake.look()
    assert rig.state.controls.arming.environment is Environment.SIM
    assert not said
