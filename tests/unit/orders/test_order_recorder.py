"""What doors wait for is stored with the event that brings it, and let go with the order or when too many wait."""

from __future__ import annotations

from tests.helpers.core_rig import CoreRig
from workstation.domain.events import OrderCancelled, OrderDenied
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.orders.recorder import FOLLOWED_MAX
from workstation.ports.store import IdempotencyRecord

ROW = IdempotencyRecord(
    credential="c",
    method="POST",
    route="/",
    key="k",
    fingerprint="f",
    status=200,
    body=b"",
    location="",
    etag="",
    expires_at=1,
)


def stored(rig: CoreRig) -> list[str]:
    """Return the kinds of the events that carry ROW."""
    return [type(entry.event).__name__ for entry in rig.journal.entries if ROW in entry.rows]


def test_an_order_is_followed_until_rows_come_of_it():
    rig = CoreRig()
    order = rig.submit()
    rig.desk.recorder.follow(order.cl_ord_id, lambda _order, event: [ROW] if isinstance(event, OrderCancelled) else [])
    rig.broker.route(order.cl_ord_id)
    assert stored(rig) == []
    rig.broker.cancelled(order.cl_ord_id)
    assert stored(rig) == ["OrderCancelled"]


def test_an_order_that_ends_without_rows_is_followed_no_longer():
    rig = CoreRig()
    order, asked = rig.submit(), []
    rig.desk.recorder.follow(order.cl_ord_id, lambda _order, event: asked.append(event) or [])
    rig.broker.cancelled(order.cl_ord_id)
    rig.broker.fill(order.cl_ord_id, 10, 10_000)
    assert [type(event) for event in asked] == [OrderCancelled]


def test_the_order_followed_for_longest_is_let_go_when_too_many_are():
    rig = CoreRig()
    order = rig.submit()
    rig.desk.recorder.follow(order.cl_ord_id, lambda _order, _event: [ROW])
    for number in range(FOLLOWED_MAX):
        rig.desk.recorder.follow(f"other-{number}", lambda _order, _event: [ROW])
    rig.broker.cancelled(order.cl_ord_id)
    assert stored(rig) == []


def test_rows_given_with_events_stand_beside_the_last_one():
    rig = CoreRig()
    rule = RuleResult(code="X", passed=False, kind=DenialKind.LOCK)
    events = [OrderDenied(cl_ord_id=name, ts=1, kind=DenialKind.LOCK, rule=rule) for name in "ab"]
    seq = rig.desk.recorder.record(events, rows=[ROW])
    assert rig.journal.entries[-1].rows == (ROW,)
    assert rig.journal.entries[-2].rows == ()
    assert rig.desk.recorder.record([]) == seq == rig.journal.last_seq
