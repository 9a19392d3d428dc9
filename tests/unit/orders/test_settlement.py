"""An order is brought to what the venue holds of it by ordinary events, and nothing is invented beyond one fill."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import CoreRig
from workstation.domain.orders import OrdStatus, OrdType, ReferencePrice, RequestKind, Side
from workstation.orders.settlement import Settlement
from workstation.ports.broker import VenueOrder

S = OrdStatus


@pytest.fixture
def rig() -> CoreRig:
    return CoreRig()


@pytest.fixture
def settlement(rig) -> Settlement:
    return Settlement(rig.desk._c)


def found(order, status, **fields) -> VenueOrder:
    values = {
        "cl_ord_id": order.cl_ord_id,
        "order_id": order.order_id,
        "account": order.terms.account,
        "terms": order.terms,
        "status": status,
        "cum_qty": order.cum_qty,
        "ts_event": 5,
    }
    return VenueOrder(**(values | fields))


def kinds(events) -> list[str]:
    return [type(event).__name__ for event in events]


def part_filled(rig, qty=40):
    order = rig.submit()
    rig.broker.fill(order.cl_ord_id, qty, 10_000)
    return rig.order(order.cl_ord_id)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(S.EXPIRED, "OrderExpired"), (S.REJECTED, "OrderRejected"), (S.CANCELLED, "OrderCancelled")],
)
def test_an_end_at_the_venue_is_taken_over(rig, settlement, status, kind):
    order = rig.submit()
    assert kinds(settlement.ended(order, found(order, status))) == [kind]


def test_a_rejection_after_a_fill_ends_the_rest_alone(rig, settlement):
    order = part_filled(rig)
    assert kinds(settlement.ended(order, found(order, S.REJECTED))) == ["OrderCancelled"]


def test_filled_at_the_venue_is_read_by_what_is_booked_here(rig, settlement):
    whole = part_filled(rig, 100)
    assert settlement.ended(whole, found(whole, S.FILLED)) == []
    part = part_filled(rig)
    smaller = msgspec.structs.replace(part.terms, order_qty=40)
    shrunk = settlement.ended(part, found(part, S.FILLED, terms=smaller))
    assert kinds(shrunk) == ["ReplaceRequested", "OrderReplaced"]
    assert settlement.ended(part, found(part, S.FILLED, cum_qty=30)) == []
    assert kinds(settlement.ended(part, found(part, S.FILLED))) == ["OrderCancelled"]


def test_doubt_about_a_cancel_or_change_ends_with_what_still_lives_there(rig, settlement):
    order = msgspec.structs.replace(rig.submit(), status=S.PENDING_CANCEL, unknown=RequestKind.CANCEL)
    assert kinds(settlement.live(order, found(order, S.SUBMITTED))) == ["CancelRejected"]
    changed = msgspec.structs.replace(order.terms, price=9_990)
    pending = msgspec.structs.replace(
        order, status=S.PENDING_REPLACE, unknown=RequestKind.REPLACE, pending_terms=changed
    )
    assert kinds(settlement.live(pending, found(pending, S.SUBMITTED))) == ["ReplaceRejected"]
    assert kinds(settlement.live(pending, found(pending, S.SUBMITTED, terms=changed))) == ["OrderReplaced"]


def test_an_unanswered_order_found_on_other_terms_is_acknowledged_on_those(rig, settlement):
    rig.broker.auto = False
    order = rig.submit()
    other = msgspec.structs.replace(order.terms, price=9_990)
    events = settlement.live(order, found(order, S.SUBMITTED, order_id="V1", terms=other))
    assert kinds(events) == ["OrderAccepted", "ReplaceRequested", "OrderReplaced"]


def test_what_the_venue_does_not_list_is_asked_about_once(rig, settlement):
    order = rig.submit()
    assert kinds(settlement.vanished(order)) == ["OutcomeUnknown"]
    assert settlement.vanished(msgspec.structs.replace(order, unknown=RequestKind.STATUS)) == []


@pytest.mark.parametrize(
    ("quote", "price"),
    [
        (ReferencePrice(99, 101, 100, 0, fresh=True), 100),
        (ReferencePrice(99, 101, None, 0, fresh=True), 99),
        (ReferencePrice(None, 101, None, 0, fresh=True), 101),
        (ReferencePrice(None, None, None, 0, fresh=False), 0),
    ],
)
def test_a_missing_fill_without_cost_or_limit_is_priced_by_the_market(rig, settlement, quote, price):
    order = rig.submit(Side.BUY, 100, None, ord_type=OrdType.MARKET)
    rig.prices.quotes[order.terms.symbol] = quote
    (filled,) = settlement.missing_fill(order, found(order, S.FILLED, cum_qty=100, cost=None))
    assert (filled.execution.last_qty, filled.execution.last_px, filled.execution.synthetic) == (100, price, True)


def test_a_missing_fill_holds_the_venues_average_or_else_the_limit(rig, settlement):
    order = part_filled(rig)
    venue = found(order, S.PARTIALLY_FILLED, cum_qty=60, cost=40 * 10_000 + 20 * 9_900)
    assert settlement.missing_fill(order, venue)[0].execution.last_px == 9_900
    without_cost = found(order, S.PARTIALLY_FILLED, cum_qty=60, cost=None)
    assert settlement.missing_fill(order, without_cost)[0].execution.last_px == 10_000
    assert settlement.missing_fill(order, found(order, S.PARTIALLY_FILLED)) == []
