"""A venue that limits its requests, in the running program: it refuses none; what is too much is refused here."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import cancel, limit_order, on_engine, order, quoted, wait_for
from workstation.commands.params import SwitchFault
from workstation.commands.registry import NoParams
from workstation.domain.market import Quote
from workstation.domain.orders import OrdStatus

LIMIT, SPAN_S = 10, 1
TIMES_OVER = 10


def test_a_flood_at_a_limited_venue_meets_no_429_and_a_cancel_passes_it(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        resting = limit_order(program)
        venue, core = program.venue, program.engine.core
        limited = SwitchFault(kind="request_limit", arguments={"count": str(LIMIT), "for_s": str(SPAN_S)})
        assert ask(program, "venue.fault", limited).ok
        quote: Quote = quoted(program, "MSFT")
        assert quote.bid is not None
        prices = [quote.bid * 97 // 10_000 * 100 - 100 * number for number in range(LIMIT * TIMES_OVER)]
        results = [ask(program, "order.submit", order("MSFT", 1, price=price)) for price in prices]
        board = ask(program, "venue.board", NoParams()).data
        assert cancel(program, resting.cl_ord_id).ok
        book = core.state.book

        def of(cl_ord_id: str) -> OrdStatus:
            return on_engine(program, lambda: book.get(cl_ord_id).status)

        wait_for(lambda: of(resting.cl_ord_id) is OrdStatus.CANCELLED)
        placed = [result.data for result in results if result.ok]
        refused = [result.text for result in results if not result.ok]
        assert placed, "part of the flood was taken"
        assert any("takes 10 in 1 s" in text and "at most 2 s is allowed" in text for text in refused), refused[:3]
        wait_for(lambda: all(of(row.cl_ord_id) is not OrdStatus.PENDING_SUBMIT for row in placed))
        ended = [on_engine(program, lambda key=row.cl_ord_id: book.get(key)) for row in placed]
        assert {row.status for row in ended} == {OrdStatus.SUBMITTED}, [row.text for row in ended]
        assert venue.broker.requests.refused == 0
        standing = board.venues[0].standing
        assert standing.request_limit.requests == LIMIT
        assert standing.requests_waiting > 0
        assert ask(program, "venue.fault", SwitchFault(kind="request_limit", on=False)).ok
        assert ask(program, "venue.board", NoParams()).data.venues[0].standing.limits_requests is False
