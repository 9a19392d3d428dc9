"""Frames wait a moment for an order that was given here, and no longer: all threads share one interpreter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.commands.params import CancelOne
from workstation.commands.registry import Command, CommandResult
from workstation.desktop.bridge import ORDER_FIRST_MS
from workstation.domain.orders import OriginKind

CANCEL = Command(id="order.cancel", title="Cancel", category="Orders", params=CancelOne, scope="orders:cancel")
LOOK = Command(id="order.look", title="Look", category="Orders", params=CancelOne, scope="orders:read")
TURNS = 5
DONE = CommandResult(ok=True, text="Done.")


@pytest.fixture
def rig() -> Iterator[DesktopRig]:
    rig = DesktopRig()
    for command in (CANCEL, LOOK):
        rig.bridge.commands.add(command)
    rig.bridge.start()
    yield rig
    rig.stop()


def give(rig: DesktopRig, command: Command[CancelOne]) -> None:
    origin = rig.context.origin(OriginKind.HOTKEY, "Esc")
    rig.bridge.call(command.id, CancelOne(cl_ord_id="1", reason="test"), origin)


def frames_of(rig: DesktopRig, qtbot: QtBot) -> int:
    """Return how many frames were taken while the frame timer came round TURNS times."""
    frames, turns = [], []
    taken = rig.bridge.frame_taken.connect(frames.append)
    frame_timer = next(timer for timer in rig.bridge.findChildren(QTimer) if not timer.isSingleShot())
    counted = frame_timer.timeout.connect(lambda: turns.append(1))
    qtbot.waitUntil(lambda: len(turns) >= TURNS)
    rig.bridge.frame_taken.disconnect(taken)
    frame_timer.timeout.disconnect(counted)
    return len(frames)


def test_frames_wait_for_an_order_that_is_not_answered_and_go_on_once_it_is(rig: DesktopRig, qtbot: QtBot) -> None:
    assert frames_of(rig, qtbot) >= TURNS
    give(rig, CANCEL)
    assert frames_of(rig, qtbot) == 0
    rig.gateway.answer(CANCEL.id, DONE)
    assert frames_of(rig, qtbot) >= TURNS - 1


def test_they_wait_no_longer_than_their_bound(rig: DesktopRig, qtbot: QtBot) -> None:
    give(rig, CANCEL)
    rig.clock.advance(ORDER_FIRST_MS * 1_000_000 - 1)
    assert frames_of(rig, qtbot) == 0
    rig.clock.advance(1)
    assert frames_of(rig, qtbot) >= TURNS - 1


def test_they_wait_for_nothing_else(rig: DesktopRig, qtbot: QtBot) -> None:
    give(rig, LOOK)
    assert frames_of(rig, qtbot) >= TURNS


def test_of_two_orders_the_one_that_is_not_answered_holds_them(rig: DesktopRig, qtbot: QtBot) -> None:
    give(rig, CANCEL)
    give(rig, CANCEL)
    rig.gateway.answer(CANCEL.id, DONE)
    assert frames_of(rig, qtbot) == 0
