"""Two changes of one order in a row, in the running program: both come into force, one after the other."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.product_rig import running_headless
from tests.helpers.storage_flow import limit_order, on_engine, wait_for
from workstation.domain.events import ArmChanged
from workstation.domain.orders import OrdStatus, Origin, OriginKind, ReplaceOrder

HAND = Origin(kind=OriginKind.BLOTTER)


def test_the_second_change_follows_the_first_to_the_venue(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        order = limit_order(program)
        desk, book = program.engine.core.desk, program.engine.core.state.book
        more, price = order.terms.order_qty + 1, order.terms.price - 100

        def both() -> str:
            armed = ArmChanged(armed=True, environment="SIM", actor="test", reason="", ts=order.created_at)
            desk.recorder.record([armed])
            for wish in ({"price": price}, {"order_qty": more}):
                assert desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, **wish)).denial is None
            return book.get(order.cl_ord_id).text

        assert on_engine(program, both).startswith("Waits: the change before it is not settled; then quantity")
        wait_for(lambda: on_engine(program, lambda: book.get(order.cl_ord_id).terms.order_qty) == more)
        after = on_engine(program, lambda: book.get(order.cl_ord_id))
        assert (after.status, after.terms.price, after.queued) == (OrdStatus.SUBMITTED, price, None)
        held = program.venue._venue.exchange.orders.by_client[order.cl_ord_id]
        assert (held.terms.order_qty, held.terms.price) == (more, price), "and so the venue has it"
