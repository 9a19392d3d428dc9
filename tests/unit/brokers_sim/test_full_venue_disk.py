"""A full disk under the venue's log: new risk is refused with a reason; cancels, fills and exits go on and are kept.

The disk is full by a limit on the size of any file of this process, which needs no privileges.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.adapters import InProcess
from workstation.brokers.sim.marks import read_marks, write_marks
from workstation.brokers.sim.records import OrderClosed
from workstation.brokers.sim.validation import EXITS_NEED
from workstation.brokers.sim.venue_log import LAID_ASIDE, VenueLog, read_records
from workstation.domain.orders import OrdStatus, OrdType, Side
from workstation.kernel.clock import VirtualClock
from workstation.ports.broker import ExecType

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
ORDERS_MAX = 400
"""More than fit into what is laid aside beyond the reserve."""


@contextlib.contextmanager
def full_disk(log: Path) -> Iterator[None]:
    """Let no file grow beyond the present size of `log`."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


@pytest.fixture
def venue(tmp_path):
    opened = InProcess(tmp_path)
    opened.market()
    yield opened
    opened.close()


def until_refused(venue: InProcess, name: str, **fields) -> tuple[str, str]:
    """Place orders until one is refused; returns code and text."""
    for number in range(ORDERS_MAX):
        key = f"{name}-{number}"
        venue.submit(key, **fields)
        venue.run_until(lambda key=key: bool(venue.orders(key)))
        report = venue.orders(key)[0]
        if report.exec_type is ExecType.REJECTED:
            return report.code, report.text
    raise AssertionError(f"{ORDERS_MAX} orders were taken on a full disk")


class TestVenue:
    def test_new_risk_is_refused_with_the_reason_and_taken_again_once_there_is_room(self, venue):
        with full_disk(venue._log):
            code, text = until_refused(venue, "risk")
        assert code == "VENUE_FULL"
        assert "disk is full" in text
        venue.working("later")

    def test_a_cancel_goes_through_and_a_restart_on_the_full_disk_remembers_it(self, venue):
        resting = venue.working("resting")
        with full_disk(venue._log):
            until_refused(venue, "risk")
            venue.broker.cancel("resting", resting)
            venue.until("resting", ExecType.CANCELLED)
            venue.restart_venue()
            answer = venue.ask_all("resting")
        assert [order.status for order in answer.closed_orders if order.cl_ord_id == "resting"] == [OrdStatus.CANCELLED]

    def test_what_rests_goes_on_to_fill_and_what_is_held_can_be_sold(self, venue):
        venue.working("bid", price=venue.bid, qty=100)
        with full_disk(venue._log):
            until_refused(venue, "risk")
            venue.trade(-1, 2_000, limit=venue.bid)
            venue.until_filled("bid", 100)
            venue.submit("exit", side=Side.SELL, ord_type=OrdType.MARKET, qty=100)
            venue.until_filled("exit", 100)
            venue.restart_venue()
            kept = {execution.cl_ord_id for execution in venue.ask_all().executions}
        assert kept >= {"bid", "exit"}

    def test_a_change_that_adds_risk_is_refused_and_one_that_takes_some_away_is_taken(self, venue):
        order_id = venue.working("resting", qty=200)
        with full_disk(venue._log):
            until_refused(venue, "risk")
            venue.broker.replace("resting", order_id, venue.terms(qty=300))
            assert venue.until("resting", ExecType.REPLACE_REJECTED).code == "VENUE_FULL"
            venue.broker.replace("resting", order_id, venue.terms(qty=100))
            assert venue.until("resting", ExecType.REPLACED).terms.order_qty == 100

    def test_a_flood_of_exits_leaves_room_for_cancels(self, venue):
        venue.working("long", price=venue.ask, qty=100)
        venue.until_filled("long", 100)
        resting = venue.working("resting")
        with full_disk(venue._log):
            venue.venue._log._end = venue.venue._log._size - EXITS_NEED  # as after thousands of orders and their ends
            code, text = until_refused(venue, "exit", side=Side.SELL)
            assert (code, "cancels only" in text) == ("VENUE_FULL", True)
            venue.broker.cancel("resting", resting)
            venue.until("resting", ExecType.CANCELLED)


class TestLog:
    def test_a_record_that_finds_no_room_waits_in_its_turn_and_is_written_later(self, tmp_path):
        path = tmp_path / "venue.log"
        log = VenueLog(path, VirtualClock())
        records = [ended(number) for number in range(3 * LAID_ASIDE // 200)]
        log.append(records[0])
        with full_disk(path):
            for record in records[1:]:
                log.append(record)
            kept = [record for record, _ in read_records(path)]
            assert 0 < len(kept) < len(records)
            assert kept == records[: len(kept)]
            assert log.room() < 200
        log.append(ended(-1))
        assert [record for record, _ in read_records(path)] == [*records, ended(-1)]
        log.close()

    def test_what_was_laid_aside_is_still_there_after_a_restart_on_the_full_disk(self, tmp_path):
        path = tmp_path / "venue.log"
        log = VenueLog(path, VirtualClock())
        log.append(ended(1))
        log.close()
        ((_, end),) = read_records(path)
        with full_disk(path):
            again = VenueLog(path, VirtualClock(), sound_to=end)
            assert again.room() >= LAID_ASIDE
            again.append(ended(2))
            again.close()
        assert [record for record, _ in read_records(path)] == [ended(1), ended(2)]

    def test_records_behind_a_damaged_one_do_not_come_back_with_the_next(self, tmp_path):
        path = tmp_path / "venue.log"
        log = VenueLog(path, VirtualClock())
        for number in range(3):
            log.append(ended(number))
        log.close()
        data = bytearray(path.read_bytes())
        first, second, _ = (end for _, end in read_records(path))
        data[second - 1] ^= 1
        path.write_bytes(bytes(data))
        again = VenueLog(path, VirtualClock(), sound_to=first)
        again.append(ended(7))
        again.close()
        assert [record for record, _ in read_records(path)] == [ended(0), ended(7)]


def test_last_prices_that_cannot_be_kept_stay_the_old_ones(tmp_path):
    path = tmp_path / "marks.json"
    write_marks(path, {"AAPL": 1})
    with full_disk(path):
        write_marks(path, {"AAPL": 1, "ES": 2})
    assert read_marks(path) == {"AAPL": 1}


def ended(number: int) -> OrderClosed:
    return OrderClosed(
        order_id=f"V{number % 10}", status=OrdStatus.CANCELLED, text="cancelled on request", ts=number % 9
    )
