"""The faults panel: each kind of the simulator is a switch; wrong figures stay; other venues have none."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import START_NS, DesktopRig, status
from workstation.brokers.sim.faults import IMMEDIATE_FAULTS, FaultKind
from workstation.commands.params import SwitchFault
from workstation.commands.registry import CommandResult
from workstation.desktop.panels.faults_panel import STATE, SWITCH, FaultsPanel
from workstation.domain.accounts import Environment
from workstation.viewmodels.faults_view import FAULTS


@pytest.fixture
def panel(rig: DesktopRig, qtbot):
    made = FaultsPanel(rig.context, "faults-1")
    qtbot.addWidget(made)
    made.resize(1_000, 900)
    made.show()
    rig.feed(status=status(now_ns=START_NS))
    yield made
    made.release()


def toggle(panel: FaultsPanel, qtbot, kind: str) -> None:
    panel.tree.setFocus()
    panel.tree.setCurrentItem(panel.switches[kind])
    qtbot.keyClick(panel.tree, Qt.Key.Key_Space)


def test_every_fault_of_the_simulator_has_a_switch_and_strikes_as_it_says() -> None:
    assert set(FAULTS) == set(FaultKind)
    assert {kind for kind, fault in FAULTS.items() if fault.at_once} == IMMEDIATE_FAULTS


def test_a_switch_arms_with_what_is_typed(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.keyClicks(panel.fields["times"], "3")
    qtbot.keyClicks(panel.fields["delay"], "900")
    qtbot.keyClicks(panel.fields["symbol"], "AAPL")
    toggle(panel, qtbot, "delay_ack")
    arguments = {"symbol": "AAPL", "count": "3", "delay_ms": "900"}
    assert rig.gateway.of("venue.fault") == [SwitchFault(kind="delay_ack", arguments=arguments)]


def test_an_armed_fault_is_switched_off_by_itself(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    rig.feed(status=status(faults=("reject", "drop_fill")))
    assert panel.note.text() == "Armed: drop_fill, reject."
    assert panel.switches["reject"].text(STATE) == "armed"
    toggle(panel, qtbot, "reject")
    assert rig.gateway.of("venue.fault") == [SwitchFault(kind="reject", on=False)]
    rig.feed(status=status(faults=("drop_fill",)))
    assert panel.switches["reject"].checkState(SWITCH) is Qt.CheckState.Unchecked


def test_a_fault_that_strikes_at_once_springs_back(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.keyClicks(panel.fields["lasts"], "30")
    toggle(panel, qtbot, "disconnect")
    assert rig.gateway.of("venue.fault") == [SwitchFault(kind="disconnect", arguments={"for_s": "30"})]
    assert panel.switches["disconnect"].checkState(SWITCH) is Qt.CheckState.Unchecked
    assert panel.switches["disconnect"].text(STATE) == "struck 15:00:00"


@pytest.mark.parametrize(
    "wrong",
    [("lasts", "soon", "freeze"), ("times", "0", "reject"), ("delay", "-5", "delay_fill"), ("amount", "x", "overfill")],
)
def test_a_wrong_figure_stays_with_its_rule(panel, rig: DesktopRig, qtbot, wrong: tuple[str, str, str]) -> None:
    name, typed, kind = wrong
    qtbot.keyClicks(panel.fields[name], typed)
    toggle(panel, qtbot, kind)
    assert rig.gateway.of("venue.fault") == []
    assert (panel.fields[name].text(), panel.fields[name].property("invalid")) == (typed, "true")
    assert panel.note.text()


def test_a_wrong_position_needs_an_instrument(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    toggle(panel, qtbot, "wrong_position")
    assert rig.gateway.of("venue.fault") == []
    assert "symbol" in panel.note.text()


def test_a_panel_that_asks_nothing_never_waits(panel: FaultsPanel, rig: DesktopRig) -> None:
    panel.ask()
    rig.clock.advance(60_000_000_000)
    panel.show_state()
    assert panel.note.text() == ""


def test_all_go_off_at_once(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    qtbot.mouseClick(panel.all_off, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("venue.fault") == [SwitchFault(kind="", on=False)]


def test_a_refusal_is_shown_and_the_switch_springs_back(panel: FaultsPanel, rig: DesktopRig, qtbot) -> None:
    rig.gateway.answers["venue.fault"] = CommandResult(ok=False, code="X", text="belongs to an exchange elsewhere")
    toggle(panel, qtbot, "reject")
    rig.bridge._on_answered()
    assert panel.note.text() == "belongs to an exchange elsewhere"
    assert panel.switches["reject"].checkState(SWITCH) is Qt.CheckState.Unchecked


def test_another_venue_has_no_faults(qapp, qtbot) -> None:
    rig = DesktopRig(environment=Environment.REPLAY)
    panel = FaultsPanel(rig.context, "faults-1")
    qtbot.addWidget(panel)
    assert not panel.tree.isEnabled()
    assert panel.note.text().startswith("Faults belong to the simulated exchange")
    panel.release()
    rig.stop()
