"""The venue's log gives back what was written, and stops at the first damaged frame."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.adapters import START_NS, InProcess
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.records import OrderClosed, OrderTaken, VenueOpened
from workstation.brokers.sim.venue import SimVenue
from workstation.brokers.sim.venue_log import FSYNC_EVERY_NS, VenueLog, read_records
from workstation.domain.orders import OrdStatus
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import ExecType

RECORDS = [
    VenueOpened(seed=1, day="2026-11-25", ts=1),
    OrderClosed(order_id="V1", status=OrdStatus.FILLED, text="", ts=2),
    OrderClosed(order_id="V2", status=OrdStatus.CANCELLED, text="ünï", ts=3),
]


@pytest.fixture
def path(tmp_path):
    log = VenueLog(tmp_path / "venue.log", VirtualClock())
    for record in RECORDS:
        log.append(record)
    log.close()
    return tmp_path / "venue.log"


def test_records_come_back_in_order(path):
    assert [record for record, _ in read_records(path)] == RECORDS


def test_a_torn_tail_is_left_out_and_overwritten(path):
    whole = path.read_bytes()
    end = [end for _, end in read_records(path)][-1]
    for cut in range(1, 40):
        path.write_bytes(whole[: end - cut])
        read = list(read_records(path))
        assert [record for record, _ in read] == RECORDS[:2]
    log = VenueLog(path, VirtualClock(), sound_to=read[-1][1])
    log.append(RECORDS[2])
    log.close()
    assert [record for record, _ in read_records(path)] == RECORDS


def test_a_flipped_bit_ends_the_reading(path):
    data = bytearray(path.read_bytes())
    second = next(end for _, end in read_records(path))
    data[second + 12] ^= 1
    path.write_bytes(bytes(data))
    assert [record for record, _ in read_records(path)] == RECORDS[:1]


def test_an_order_is_in_the_log_before_it_is_acknowledged(tmp_path):
    venue = InProcess(tmp_path)
    venue.broker.submit("early", venue.terms())
    venue.run_until(
        lambda: any(isinstance(record, OrderTaken) for record, _ in read_records(tmp_path / "sim_venue.log"))
    )
    assert ExecType.ACCEPTED not in venue.kinds("early")
    venue.close()


def test_a_restarted_market_goes_on_near_where_it_was_with_the_same_option_chain(tmp_path):
    clock = VirtualClock(START_NS)
    first = SimVenue(clock, clock, 1, SimPlan(ticks_per_s=1_000), tmp_path / "v.log")
    first.start()
    clock.advance(20 * 10**9)
    before = {symbol: matcher.book.bids.best for symbol, matcher in first.exchange.matchers.items()}
    first.stop()
    clock.advance(70 * 86_400 * 10**9)
    second = SimVenue(clock, clock, 1, SimPlan(ticks_per_s=1_000), tmp_path / "v.log")
    after = {symbol: matcher.book.bids.best for symbol, matcher in second.exchange.matchers.items()}
    assert set(before) == set(after)
    for symbol in ("AAPL", "ES", "EUR/USD", "BTC/USD"):
        assert after[symbol] == pytest.approx(before[symbol], rel=0.001)
    second.stop()


def test_a_day_order_whose_day_has_passed_is_expired_when_the_venue_returns(tmp_path):
    venue = InProcess(tmp_path)
    venue.working("yesterday")
    venue.venue.stop()
    venue.clock.advance(86_400 * 10**9)
    venue._start()
    answer = venue.ask_all("yesterday")
    assert answer.open_orders == ()
    assert [order.status for order in answer.closed_orders] == [OrdStatus.EXPIRED]
    venue.close()


def test_the_disk_is_reached_by_another_thread_at_most_so_often_and_its_refusal_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: list[dict[str, Any]]
) -> None:
    synced, threads = threading.Semaphore(0), []

    def sync(_descriptor: int) -> None:
        threads.append(threading.current_thread())
        synced.release()
        if len(threads) == 1:
            raise OSError("no disk")

    clock = VirtualClock()
    log = VenueLog(tmp_path / "venue.log", clock)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", sync, raising=False)
        for _ in range(2):
            clock.advance(FSYNC_EVERY_NS)
            log.append(RECORDS[0])
            log.append(RECORDS[0])
            assert synced.acquire(timeout=10)
        log.close()
    assert len(threads) == 2, "one for both records of a moment"
    assert threading.current_thread() not in threads
    assert [(line["event"], line["error"]) for line in logged] == [("venue_log_not_synced", "no disk")]
