"""OTO in FULL mode: children go out once, when their parent has no further fill to come."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.helpers.core_rig import HAND, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.orders import (
    CancelOrder,
    Contingency,
    GroupLink,
    LegRole,
    OrdStatus,
    OrdType,
    Residence,
    Side,
    SubmitGroup,
)

S = OrdStatus
GROUP = "GRP-full"


def place(rig: CoreRig, **child):
    """Place a parent for 100 and a child for 50 that waits for all of it; return both ids."""
    parent = rig.ids.cl_ord_id()
    terms = child or {"price": 9_000}
    orders = (
        rig.command(cl_ord_id=parent, link=GroupLink(GROUP, Contingency.OTO, LegRole.ENTRY)),
        rig.command(
            rig.terms(Side.BUY, 50, symbol="XYZ", **terms),
            link=GroupLink(GROUP, Contingency.OTO, LegRole.OCO, parent, full=True),
        ),
    )
    result = rig.desk.submit_group(SubmitGroup(orders=orders))
    assert result.denial is None
    return [order.cl_ord_id for order in orders]


def test_a_full_child_waits_for_the_last_fill_of_its_parent():
    rig = CoreRig()
    parent, child = place(rig)
    rig.broker.fill(parent, 60, 10_000)
    assert rig.order(child).status is S.NEW
    rig.broker.fill(parent, 40, 10_000)
    assert (rig.order(child).status, rig.order(child).terms.order_qty) == (S.SUBMITTED, 50)


def test_a_full_child_is_sized_by_what_its_ended_parent_filled():
    rig = CoreRig()
    parent, child = place(rig)
    rig.broker.fill(parent, 60, 10_000)
    rig.desk.cancel(CancelOrder(cl_ord_id=parent, origin=HAND))
    assert (rig.order(child).status, rig.order(child).terms.order_qty) == (S.SUBMITTED, 30)


def test_a_full_child_ends_with_a_parent_that_never_filled():
    rig = CoreRig()
    parent, child = place(rig)
    rig.desk.cancel(CancelOrder(cl_ord_id=parent, origin=HAND))
    assert rig.order(child).status is S.CANCELLED


@pytest.mark.parametrize("filled", [60, 100])
def test_a_full_child_that_lives_here_is_watched_from_its_release_only(filled):
    limit_only = replace(CARD, ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET}))
    rig = CoreRig(card=limit_only)
    parent, child = place(rig, price=None, ord_type=OrdType.STOP, stop_px=10_500)
    assert rig.order(child).residence is Residence.PROGRAM
    rig.broker.fill(parent, filled, 10_000)
    assert rig.desk._emulation.watched == ((child,) if filled == 100 else ())


def test_a_restart_keeps_a_full_child_waiting():
    rig = CoreRig()
    parent, child = place(rig)
    rig.broker.fill(parent, 60, 10_000)
    again = rig.restart()
    assert again.order(child).status is S.NEW
    again.broker.fill(parent, 40, 10_000)
    assert again.order(child).status is S.SUBMITTED
