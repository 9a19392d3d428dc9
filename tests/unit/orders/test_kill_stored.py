"""A kill switch whose change cannot be stored: it holds, and everyone who asked hears that a restart forgets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, CoreRig
from workstation.app.kill_mark import leave_mark, obey_mark
from workstation.commands import safety
from workstation.commands.context import EngineContext
from workstation.commands.params import Kill, LiftKill
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation
from workstation.config.paths import find_home
from workstation.domain.accounts import Environment, KillScope


class Switch:
    """The kill switch's commands on a core whose journal says only when told what is durable."""

    def __init__(self) -> None:
        nothing: Any = None
        self.rig = rig = CoreRig(instant=False)
        self.commands = CommandRegistry()
        safety.register(self.commands)
        self.context = EngineContext(
            **dict.fromkeys(EngineContext.__struct_fields__, nothing)
            | {"desk": rig.desk, "state": rig.state, "journal": rig.journal, "clock": rig.clock}
            | {"environment": Environment.SIM}
        )
        self.answers: list[CommandResult] = []

    def call(self, command_id: str, params: Any, origin: Any = HAND, reply: Any = None, attach: Any = None) -> None:
        answer = reply or self.answers.append
        self.commands.run(self.context, Invocation(command_id=command_id, params=params, origin=origin, reply=answer))

    @property
    def is_on(self) -> bool:
        return bool(self.rig.state.controls.kills.active())


def test_a_kill_that_is_not_stored_holds_and_says_that_a_restart_finds_it_off() -> None:
    switch = Switch()
    switch.call("risk.kill", Kill(scope=KillScope.ACCOUNT, key=ACCOUNT, reason="test"))
    assert switch.answers == [], "no answer before the disk has spoken"
    switch.rig.journal.fail("disk full")
    (answer,) = switch.answers
    assert (answer.ok, answer.code) == (False, "STORAGE_FULL")
    assert answer.text == "Kill switch on. It holds now and is NOT STORED: disk full; a restart finds it off."
    assert switch.is_on


def test_a_lift_that_is_not_stored_says_that_a_restart_finds_it_on() -> None:
    switch = Switch()
    switch.call("risk.kill", Kill(scope=KillScope.ALL, key="", reason="test"))
    switch.rig.commit()
    switch.call("risk.unkill", LiftKill(scope=KillScope.ALL, key="", reason="over"))
    switch.rig.journal.fail("the file is locked")
    stored, lifted = switch.answers
    assert (stored.ok, lifted.ok, lifted.code) == (True, False, "NOT_READY")
    assert lifted.text.endswith("NOT STORED: the file is locked; a restart finds it on.")


@pytest.mark.parametrize("trouble", ["disk full", "the file is locked"])
def test_a_mark_whose_kill_is_not_stored_stays_and_is_not_widened(tmp_path: Path, trouble: str) -> None:
    home, switch = find_home(str(tmp_path)), Switch()
    leave_mark(home, KillScope.ACCOUNT, ACCOUNT, "by hand")

    class Failing:
        """The gateway, behind which the disk fails as soon as something is asked."""

        def call(self, command_id: str, params: Any, origin: Any, reply: Any, attach: Any = None) -> None:
            switch.call(command_id, params, origin, reply)
            switch.rig.journal.fail(trouble)

    said = obey_mark(home.kill_mark, Failing())
    assert said.startswith("The kill switch left for this start is not stored; its mark stays for the next one.")
    assert home.kill_mark.exists()
    assert [state.scope for state in switch.rig.state.controls.kills.active()] == [KillScope.ACCOUNT]
