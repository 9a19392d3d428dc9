"""A request that never left is refused here; one whose fate the transport does not know is unknown, never guessed."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import HAND, START_NS, CoreRig
from tests.helpers.fake_broker import FakeBroker
from workstation.domain.errors import BrokerError, NotConnected
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, RequestKind
from workstation.kernel.clock import VirtualClock

S = OrdStatus


class FailingBroker(FakeBroker):
    """Raises `error` at every request while it is set."""

    error_of_transport: BrokerError | None = None

    def _fail(self) -> None:
        if self.error_of_transport is not None:
            raise self.error_of_transport

    def submit(self, cl_ord_id, terms) -> None:
        self._fail()
        super().submit(cl_ord_id, terms)

    def replace(self, cl_ord_id, order_id, terms) -> None:
        self._fail()
        super().replace(cl_ord_id, order_id, terms)

    def cancel(self, cl_ord_id, order_id) -> None:
        self._fail()
        super().cancel(cl_ord_id, order_id)


@pytest.fixture
def rig() -> CoreRig:
    clock = VirtualClock(START_NS)
    return CoreRig(clock=clock, broker=FailingBroker(clock))


def fail(rig: CoreRig, error: BrokerError) -> None:
    rig.broker.error_of_transport = error


GONE = NotConnected("FAKE")
TORN = BrokerError("torn in the middle")


def test_a_submission_without_a_connection_is_not_sent(rig):
    fail(rig, GONE)
    order = rig.desk.submit(rig.command()).order
    assert (order.status, order.reject_code) == (S.REJECTED, "NOT_SENT")


def test_a_submission_torn_on_the_way_is_unknown(rig):
    fail(rig, TORN)
    order = rig.desk.submit(rig.command()).order
    assert (order.status, order.unknown) == (S.PENDING_SUBMIT, RequestKind.SUBMIT)


def test_a_change_without_a_connection_leaves_the_old_terms(rig):
    order = rig.submit()
    fail(rig, GONE)
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, price=9_990))
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.terms.price, after.pending_terms) == (S.SUBMITTED, 10_000, None)


def test_a_change_torn_on_the_way_is_unknown(rig):
    order = rig.submit()
    fail(rig, TORN)
    rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, price=9_990))
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.PENDING_REPLACE, RequestKind.REPLACE)


def test_a_cancel_without_a_connection_gives_back_the_working_state(rig):
    order = rig.submit()
    fail(rig, GONE)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    assert rig.order(order.cl_ord_id).status is S.SUBMITTED


def test_a_cancel_torn_on_the_way_is_unknown(rig):
    order = rig.submit()
    fail(rig, TORN)
    rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.unknown) == (S.PENDING_CANCEL, RequestKind.CANCEL)
