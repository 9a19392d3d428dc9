"""The top bar by click and by key: arming goes the way of the arm keys, and every chip that acts is reached by Tab."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import ACCOUNT, START_NS, DesktopRig, order, status
from workstation.commands.params import Arm, Disarm
from workstation.desktop.line_dialog import LineDialog
from workstation.desktop.panels.log_panel import LogPanel
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.main_window import MainWindow
from workstation.domain.accounts import Environment, LockState
from workstation.viewmodels.frames import AccountSnap

Asked = Callable[[], list[LineDialog]]


@pytest.fixture(params=[Environment.SIM, Environment.LIVE])
def rig(qapp: object, request: pytest.FixtureRequest) -> Iterator[DesktopRig]:
    made = DesktopRig(environment=request.param)
    yield made
    made.stop()


@pytest.fixture
def window(rig: DesktopRig, qtbot: QtBot) -> Iterator[MainWindow]:
    made = MainWindow(rig.context, {"log": LogPanel})
    qtbot.addWidget(made)
    keys = HotkeyFilter(rig.context)
    made.command_asked.connect(keys.run_command)
    made.show()
    made.activateWindow()
    yield made
    made.release()


def account_snap(lock: LockState) -> AccountSnap:
    return AccountSnap(
        account=ACCOUNT, environment=Environment.SIM, venue="SIM", currency="USD", cash=0, equity=0, buying_power=None,
        realised=0, unrealised=0, fees=0, net=0, drawdown=0, day_limit=None, unpriced=(), lock=lock, lock_reason="",
        lockout="",
    )  # fmt: skip


def asked() -> list[LineDialog]:
    tops = QApplication.topLevelWidgets()
    return [top for top in tops if isinstance(top, LineDialog) and top.objectName() == "arm_live_dialog"]


@pytest.mark.parametrize("by_key", [False, True])
def test_the_arm_chip_arms_as_the_arm_key_does_and_live_asks_for_the_accounts_end(
    window: MainWindow, rig: DesktopRig, qtbot: QtBot, *, by_key: bool
) -> None:
    chip, live = window.top_bar.arm, rig.session.environment is Environment.LIVE

    def press() -> None:
        if by_key:
            chip.setFocus()
            qtbot.keyClick(chip, Qt.Key.Key_Return)
        else:
            qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)

    press()
    if live:
        assert rig.gateway.of("risk.arm") == []
        (dialog,) = asked()
        qtbot.keyClicks(dialog.line, "xxx")
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
        assert rig.gateway.of("risk.arm") == []
        assert dialog.error.text() == "Not armed: 'xxx' is not the end of SIM-1."
        assert dialog.line.text() == "xxx", "what was typed stays"
        assert dialog.line.accessibleDescription() == dialog.error.text()
        dialog.line.selectAll()
        qtbot.keyClicks(dialog.line, "M-1")
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert rig.gateway.of("risk.arm") == [Arm(environment=rig.session.environment)]
    rig.feed(status=status(environment=rig.session.environment, armed=rig.session.environment, now_ns=START_NS))
    assert chip.text() == f"ARMED {rig.session.environment}"
    press()
    assert rig.gateway.of("risk.disarm") == [Disarm()]


def test_who_else_may_trade_and_the_next_trading_hours_stand_beside(window: MainWindow, rig: DesktopRig) -> None:
    rig.feed(status=status(active_runs=2, live_keys=1, now_ns=START_NS))
    bar = window.top_bar
    assert bar.arm.text() == "DISARMED · 2 runs · 1 live key"
    assert "15:00:00 UTC" in bar.clock.text()
    assert bar.clock.text() != "15:00:00 UTC", "the next event of the exchange's hours is named"


def test_every_chip_that_acts_is_reached_by_tab(window: MainWindow, rig: DesktopRig) -> None:
    bar = window.top_bar
    rig.feed(status=status(now_ns=START_NS))
    for chip in (bar.arm, bar.account, bar.rejects):
        chip.setFocus(Qt.FocusReason.TabFocusReason)
        assert chip.hasFocus()
        assert chip.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_no_chip_that_acts_has_the_keyboard_before_anybody_asked_for_it(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitExposed(window)
    assert window.focusWidget() is window.top_bar.notice


def test_a_start_that_finds_orders_says_so_until_the_venue_agrees_and_then_no_more(
    window: MainWindow, rig: DesktopRig
) -> None:
    bar, found = window.top_bar, [order("OMS-1")]
    waiting = account_snap(LockState.RECONCILING)
    rig.feed(*found, accounts=[waiting], status=status(open_orders=1, now_ns=START_NS))
    assert bar.notice.text() == (
        "Back with 1 open order and no positions; SIM-1 is being compared with SIM, new risk waits."
    )
    agreed = account_snap(LockState.UNLOCKED)
    rig.feed(accounts=[agreed], status=status(open_orders=1, now_ns=START_NS))
    assert bar.notice.text() == "Back with 1 open order and no positions; SIM-1 agrees with SIM."
    bar.show_notice("info", "Accepted.", "")
    rig.feed(accounts=[waiting], status=status(open_orders=1, now_ns=START_NS))
    assert bar.notice.text() == "Accepted."
