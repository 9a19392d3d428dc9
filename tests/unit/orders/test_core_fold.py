"""State from the journal, from a snapshot with its tail, and in memory are one state (P11)."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SYMBOL, CoreRig, instrument
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.events import OrderEvent, OrderHandedOver, OrderNoted, OrderSent, OrderWaits
from workstation.domain.executions import BalanceState, PositionState
from workstation.domain.orders import WAITS, CancelOrder, OrderState, ReplaceOrder, RequestKind, Side
from workstation.orders.effects import STILL
from workstation.orders.fold import CoreState
from workstation.ports.store import OrderTransition
from workstation.risk.exposure import Exposure

TOLD = {
    OrderSent: {"request": RequestKind.SUBMIT, "ts_durable": 1},
    OrderWaits: {"reason": f"{WAITS}its turn"},
    OrderNoted: {"notes": "n", "metadata": {"k": "v"}},
    OrderHandedOver: {"owner": "pat", "origin": HAND},
}
"""What each event that leaves its order as it was tells."""


def busy_rig():
    rig = CoreRig()
    first = rig.submit(qty=100)
    fill = rig.broker.fill(first.cl_ord_id, 40, 10_000, fee=10**18)
    rig.broker.bust(fill)
    rig.journal.save_snapshot(rig.state.state(), rig.state.state_hash())
    second = rig.submit(Side.BUY, 50, 9_990)
    rig.desk.replace(ReplaceOrder(cl_ord_id=second.cl_ord_id, origin=HAND, price=9_980))
    rig.broker.fill(first.cl_ord_id, 60, 10_001, fee=3)
    rig.desk.cancel(CancelOrder(cl_ord_id=first.cl_ord_id, origin=HAND))
    rig.broker.fill(first.cl_ord_id, 5, 10_001)
    rig.desk.kill(KillState(scope=KillScope.SYMBOL, key="XYZ", on=True, reason="test", actor="t", ts=rig.now))
    return rig


def fresh():
    return CoreState({symbol: instrument(symbol) for symbol in (SYMBOL, "XYZ")})


def test_replay_gives_the_state_in_memory():
    rig = busy_rig()
    replayed = fresh()
    for event in rig.journal.replayed():
        replayed.apply(event)
    assert replayed.state() == rig.state.state()
    assert replayed.state_hash() == rig.state.state_hash()


def test_a_state_that_keeps_no_rows_is_the_same_state():
    rig, bare = busy_rig(), CoreState({symbol: instrument(symbol) for symbol in (SYMBOL, "XYZ")}, keeps_rows=False)
    stored = (OrderTransition, OrderState, PositionState, BalanceState)
    for event in rig.journal.replayed():
        assert not [row for row in bare.apply(event) if isinstance(row, stored)] or not isinstance(event, OrderEvent)
    assert bare.state() == rig.state.state()


def test_a_snapshot_and_its_tail_give_the_state_in_memory():
    rig = busy_rig()
    snapshot = rig.journal.latest_snapshot()
    loaded = fresh()
    loaded.load(snapshot.state)
    assert loaded.state_hash() == snapshot.state_hash
    for event in rig.journal.replayed(snapshot.seq):
        loaded.apply(event)
    assert loaded.state() == rig.state.state()
    working, ours = loaded.exposure.working(ACCOUNT, SYMBOL), rig.state.exposure.working(ACCOUNT, SYMBOL)
    assert (working.buy.qty, working.sell.qty) == (ours.buy.qty, ours.sell.qty)


def test_the_hash_tells_two_states_apart():
    rig = busy_rig()
    before = rig.state.state_hash()
    rig.submit(qty=1)
    assert rig.state.state_hash() != before


def test_equal_seeds_give_equal_journals():
    assert busy_rig().journal.replayed() == busy_rig().journal.replayed()


@pytest.mark.parametrize("kind", sorted(STILL, key=lambda kind: kind.__name__))
def test_an_event_that_is_said_to_leave_an_order_as_it_was_does(kind):
    rig = CoreRig()
    working, changing = rig.submit(qty=100), rig.submit(Side.BUY, 50, 9_990)
    rig.broker.fill(working.cl_ord_id, 40, 10_000)
    rig.desk.replace(ReplaceOrder(cl_ord_id=changing.cl_ord_id, origin=HAND, order_qty=80))
    for order in (working, changing):
        before = rig.order(order.cl_ord_id)
        rig.record(kind(cl_ord_id=order.cl_ord_id, ts=rig.now, **TOLD[kind]))
        after = rig.order(order.cl_ord_id)
        assert after.version == before.version + 1
        assert (after.status, after.terms, after.pending_terms) == (before.status, before.terms, before.pending_terms)
        assert (after.leaves_qty, after.triggered) == (before.leaves_qty, before.triggered)
    counted = Exposure(rig.state.instruments)
    counted.rebuild(rig.state.book.open_orders())
    ours, again = rig.state.exposure.working(ACCOUNT, SYMBOL).buy, counted.working(ACCOUNT, SYMBOL).buy
    assert (ours.qty, ours.notional, ours.best) == (again.qty, again.notional, again.best)
