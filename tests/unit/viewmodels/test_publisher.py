"""The publisher at any frame rate: snapshots with every frame, figures and status as often a second as ever."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from workstation.kernel.bus import Bus
from workstation.kernel.clock import VirtualClock
from workstation.strategies.runs import RunStatus, RunView
from workstation.strategies.views import Policy
from workstation.viewmodels.frames import Notice
from workstation.viewmodels.publisher import Publisher

SECONDS = 4


class _Parts:
    """What a publisher reads, counting how often each is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.queue = SimpleNamespace(on_order=lambda _order: None)
        self.urgent = False

    def _ignore(self, *_: object) -> None:
        """Take an event."""

    listen = on_position = on_order = on_exit = on_break = on_batch = _ignore

    def refresh_all(self) -> None:
        self.asked["quiet"] += 1


class _View(_Parts):
    def take(self) -> tuple[tuple[()], tuple[()], tuple[()]]:
        self.asked["snapshots"] += 1
        return (), (), ()

    def take_prints(self) -> tuple[()]:
        return ()


class _Figures(_Parts):
    def take(self) -> tuple[tuple[()], tuple[()]]:
        self.asked["figures"] += 1
        return (), ()


def test_a_run_that_fails_is_said_aloud_with_what_becomes_of_its_orders() -> None:
    parts: dict[str, Any] = {"market": _View(), "view": _View(), "figures": _Figures(), "clock": VirtualClock()}
    bus = Bus(lambda _message, _error: None)
    publisher = Publisher(bus=bus, status=lambda _publisher: None, first_rows=tuple, **parts)
    outbox = publisher.open(lambda: None, snapshots=False)
    run = RunView(run_id="r1", name="Cross 1", account="SIM", status=RunStatus.RUNNING, policy=Policy.KEEP)
    for status in RunStatus:
        bus.publish(msgspec.structs.replace(run, status=status, reason="on_bar: no idea"))
    publisher.flush_rows()
    notices = [row for row in outbox.take().rows if isinstance(row, Notice)]
    words = "Run Cross 1 has failed: on_bar: no idea. Its orders are kept."
    assert [(notice.level, notice.text) for notice in notices] == [("critical", words)] * 2, "FAULTED and STUCK"


@pytest.mark.parametrize("frame_hz", [15, 30, 60])
def test_a_faster_screen_gets_more_snapshots_and_no_more_figures(frame_hz: int) -> None:
    clock, view, figures = VirtualClock(), _View(), _Figures()
    parts: dict[str, Any] = {"market": view, "view": view, "figures": figures, "clock": clock}
    statuses: list[Publisher] = []
    bus = Bus(lambda _message, _error: None)
    publisher = Publisher(bus=bus, status=statuses.append, first_rows=tuple, frame_hz=frame_hz, **parts)
    publisher.open(lambda: None, snapshots=True)
    view.asked.clear(), figures.asked.clear(), statuses.clear()
    for _ in range(SECONDS * frame_hz):
        clock.advance(publisher.frame_ns)
        publisher.tick()
    assert view.asked["snapshots"] == SECONDS * frame_hz
    assert view.asked["quiet"] == pytest.approx(2 * SECONDS, abs=1)
    assert figures.asked["figures"] == pytest.approx(7.5 * SECONDS, abs=1)
    assert len(statuses) == pytest.approx(3.75 * SECONDS, abs=1)
