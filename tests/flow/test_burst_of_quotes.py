"""A burst of quotes, as fast as the engine takes them, while orders fill: quotes are conflated, no execution is lost.

The burst runs through the queue into the engine, the hot path of the market, and the outbox of a screen that does not
look meanwhile; the executions come by the venue's own way.
"""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import on_engine, order, quoted, wait_for
from workstation.app.bootstrap import Program
from workstation.domain.executions import Execution
from workstation.domain.market import FEED_SLICE_MAX
from workstation.domain.orders import OrdStatus
from workstation.kernel.mailbox import MailboxFull
from workstation.viewmodels.outbox import Outbox

QUOTES, ORDERS = 300_000, 40
FLOODED = "AAPL"


def flood(program: Program, over: threading.Event) -> tuple[int, int]:
    """Post quotes of one instrument without a pause; returns how many were taken, and deliveries that were shed."""
    market, last = program.engine.core.market, quoted(program, FLOODED)
    taken = shed = 0
    while taken < QUOTES and not over.is_set():
        now = last.ts_event + taken
        slice_ = [
            msgspec.structs.replace(last, bid_size=100 + n, ts_event=now + n, ts_init=now + n)
            for n in range(FEED_SLICE_MAX)
        ]
        try:
            program._loop.post(lambda events=slice_: market.on_feed(events))
            taken += FEED_SLICE_MAX
        except MailboxFull:
            shed += 1
    return taken, shed


def test_quotes_are_conflated_and_every_execution_of_the_venue_is_booked_and_shown(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        quoted(program, "SIM-FILL")
        outbox: Outbox = program.engine.session.open_outbox(lambda: None)
        outbox.take()
        conflated = on_engine(program, lambda: program.engine.core.market.conflate((FLOODED,)))
        over, told = threading.Event(), list[tuple[int, int]]()
        feeder = threading.Thread(target=lambda: told.append(flood(program, over)))
        feeder.start()
        try:
            wish = msgspec.structs.replace(order("SIM-FILL", 1, price=None), allow_duplicate=True)
            placed = [ask(program, "order.submit", wish) for _ in range(ORDERS)]
            feeder.join()
        finally:
            over.set()
            feeder.join()
        assert [result.text for result in placed if not result.ok] == []
        book = program.engine.core.state.book
        keys = [result.data.cl_ord_id for result in placed]
        wait_for(lambda: on_engine(program, lambda: all(book.get(key).status is OrdStatus.FILLED for key in keys)))
        on_engine(program, program.engine._publisher.flush_rows)
        frame = outbox.take()
        executed = {fill.exec_key for fill in program.venue._venue.exchange.executions.all}
        booked = on_engine(program, lambda: {fill.exec_key for key in keys for fill in book.fills(key)})
        shown = {row.exec_key for row in frame.rows if isinstance(row, Execution)}
        assert len(booked) >= ORDERS
        assert executed == booked == shown
        assert not frame.overflowed
        assert told[0][0] >= QUOTES
        assert list(on_engine(program, conflated.take)) == [FLOODED], "one picture, the newest, is left of them all"
