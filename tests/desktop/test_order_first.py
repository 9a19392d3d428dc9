"""Frames wait a moment for an order that was given here, and no longer: all threads share one interpreter."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QTimer
from pytestqt.qtbot import QtBot

from tests.helpers.desktop_rig import DesktopRig
from workstation.commands.params import CancelOne
from workstation.commands.registry import Command, CommandResult, Reply
from workstation.desktop.bridge import ORDER_ALONE_MS, ORDER_FIRST_MS
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


class Wait(threading.Event):
    """An event that is never waited for: it notes for how long it would have been, and whether it was set by then."""

    def __init__(self, seen: list[tuple[float, bool]]) -> None:
        super().__init__()
        self._seen = seen

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._seen.append((timeout, self.is_set()))
        return self.is_set()


class Waits:
    """Makes the events that the GUI thread waits on."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, bool]] = []

    def __call__(self) -> Wait:
        return Wait(self.seen)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    waits = Waits()
    monkeypatch.setattr("workstation.desktop.bridge.threading", SimpleNamespace(Event=waits))
    return waits


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


def test_the_thread_stands_still_for_an_order_until_its_answer_and_within_its_bound(
    rig: DesktopRig, waits: Waits
) -> None:
    give(rig, CANCEL)
    assert waits.seen == [(ORDER_ALONE_MS / 1e3, False)], "handed over, and not answered"
    rig.gateway.answers[CANCEL.id] = DONE
    rig.gateway.answer(CANCEL.id, DONE)
    QCoreApplication.sendPostedEvents(rig.bridge)
    give(rig, CANCEL)
    assert waits.seen[1:] == [(ORDER_ALONE_MS / 1e3, True)], "what is answered ends the wait"


def test_it_stands_still_for_the_first_of_many_and_for_nothing_but_orders(rig: DesktopRig, waits: Waits) -> None:
    give(rig, LOOK)
    assert waits.seen == []
    for _ in range(100):
        give(rig, CANCEL)
    assert len(waits.seen) == 1


def test_an_answer_of_another_thread_ends_the_wait(rig: DesktopRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.desktop.bridge.ORDER_ALONE_MS", 60_000)
    answering: list[threading.Thread] = []

    def call(_command_id: str, _params: object, _origin: object, reply: Reply) -> None:
        answering.append(threading.Thread(target=reply, args=(DONE,)))
        answering[0].start()

    monkeypatch.setattr(rig.gateway, "call", call)
    give(rig, CANCEL)
    answering[0].join()
    assert rig.bridge._answers, "it came back long before its bound, with the answer there"
