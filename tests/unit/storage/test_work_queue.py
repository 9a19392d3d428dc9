"""The way to the journal thread: in order, counted in events, and awake as soon as there is work."""

from __future__ import annotations

import threading

import pytest

from workstation.domain.errors import InvariantError
from workstation.domain.events import CancelRequested
from workstation.domain.orders import Origin, OriginKind
from workstation.ports.store import Entry
from workstation.storage import queue
from workstation.storage.queue import Batch, Ping, Stop, Work, WorkQueue

LONG_S = 30.0


def batch(first_seq: int, events: int) -> Batch:
    cancel = CancelRequested(cl_ord_id="OMS-1", ts=1, origin=Origin(OriginKind.TICKET))
    return Batch(first_seq, (Entry(cancel, ()),) * events, 1, 1)


def test_work_comes_out_in_the_order_in_which_it_came() -> None:
    work = WorkQueue()
    items: list[Work] = [batch(1, 2), Ping(threading.Event()), batch(3, 1), Stop()]
    for item in items:
        work.put(item)
    assert [work.get(LONG_S) for _ in items] == items
    assert work.get(0) is None
    assert work.get(0.001) is None


def test_it_is_as_full_as_events_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUEUE_EVENTS_MAX", 8)
    work, ratios = WorkQueue(), []
    for events in (1, 3, 10):
        work.put(batch(1, events))
        ratios.append(work.fill_ratio)
    while work.get(0) is not None:
        ratios.append(work.fill_ratio)
    assert ratios == [1 / 8, 4 / 8, 1.0, 1.0, 1.0, 0.0]


def test_beyond_its_cap_it_takes_nothing_until_something_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUEUE_EVENTS_CAP", 5)
    work = WorkQueue()
    work.put(batch(1, 5))
    with pytest.raises(InvariantError, match="5 events"):
        work.put(Stop())
    work.get(0)
    work.put(Stop())
    assert work.get(0) == Stop()


def test_whoever_waits_is_woken_by_work() -> None:
    work, taken = WorkQueue(), []
    waiting = threading.Thread(target=lambda: taken.append(work.get(LONG_S)))
    waiting.start()
    work.put(Stop())
    waiting.join(LONG_S)
    assert taken == [Stop()]
