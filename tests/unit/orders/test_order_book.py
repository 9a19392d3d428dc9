"""The book: fills in any state and order, exact sums, bounds, indexes and snapshots."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.accounts import KillScope
from workstation.domain.events import (
    AccountOpened,
    ExecutionSetAside,
    OrderAccepted,
    OrderCancelled,
    OrderCreated,
    OrderIntended,
)
from workstation.domain.executions import ExecKind
from workstation.domain.orders import OrdStatus, ReferencePrice, Residence, RiskClass, Side
from workstation.domain.verdicts import Verdict
from workstation.orders.book import OrderBook
from workstation.orders.id_set import MERGE_MIN, IdSet
from workstation.orders.results import OrderAlert
from workstation.orders.transitions import TransitionRefused
from workstation.ports.broker import FillReport

S = OrdStatus


def codes(rig):
    return [alert.code for alert in rig.said(OrderAlert)]


def test_an_exact_replay_of_a_fill_changes_nothing():
    rig = CoreRig()
    order = rig.submit()
    fill = rig.broker.fill(order.cl_ord_id, 40, 10_000)
    before = rig.journal.last_seq
    rig.broker.say(FillReport(execution=fill))
    assert rig.journal.last_seq == before
    assert rig.order(order.cl_ord_id).cum_qty == 40


def test_a_replay_with_other_numbers_is_kept_aside_with_an_alert():
    rig = CoreRig()
    order = rig.submit()
    fill = rig.broker.fill(order.cl_ord_id, 40, 10_000)
    rig.broker.say(FillReport(execution=msgspec.structs.replace(fill, last_qty=50)))
    assert isinstance(rig.journal.events[-1], ExecutionSetAside)
    assert rig.order(order.cl_ord_id).cum_qty == 40
    assert "EXECUTION_SET_ASIDE" in codes(rig)


def test_a_fill_after_cancel_reopens_nothing_and_moves_the_position():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.cancelled(order.cl_ord_id)
    rig.broker.fill(order.cl_ord_id, 30, 10_000)
    late = rig.order(order.cl_ord_id)
    assert (late.status, late.cum_qty, late.leaves_qty, late.late_fill) == (S.CANCELLED, 30, 0, True)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 30
    assert "LATE_FILL" in codes(rig)


def test_an_overfill_is_booked_and_flagged_never_clamped():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 130, 10_000)
    over = rig.order(order.cl_ord_id)
    assert (over.status, over.cum_qty, over.overfill_qty) == (S.FILLED, 130, 30)
    assert "OVERFILL" in codes(rig)


def test_an_overfill_stops_the_strategy_whose_order_it_was_and_nobody_elses():
    rig = CoreRig()
    mine = rig.desk.submit(rig.command(rig.terms(Side.BUY, 100, 9_900), strategy_id="sma")).order
    other = rig.desk.submit(rig.command(rig.terms(Side.BUY, 50, 9_800), strategy_id="calm")).order
    rig.broker.fill(other.cl_ord_id, 50, 9_800)
    rig.broker.fill(mine.cl_ord_id, 100, 9_900)
    assert rig.state.controls.kills.find(KillScope.STRATEGY, "sma") is None
    rig.broker.fill(mine.cl_ord_id, 30, 9_900)
    assert rig.state.controls.kills.find(KillScope.STRATEGY, "sma").on
    assert rig.state.controls.kills.find(KillScope.STRATEGY, "calm") is None
    assert rig.order(mine.cl_ord_id).overfill_qty == 30, "it is booked all the same"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"symbol": "OTHER"}, "it names OTHER, which is no instrument known here"),
        ({"symbol": "CL"}, f"it names CL, its order {SYMBOL}"),
        ({"side": Side.SELL}, "it is of the other side than its order"),
        ({"last_qty": 0}, "its quantity is 0"),
        ({"last_qty": -5}, "its quantity is -5"),
        ({"account": "SIM-2"}, "it names account SIM-2, which is none of ours"),
        ({"ts_event": 1 << 63}, f"its time is {1 << 63}"),
        ({"ts_event": -1}, "its time is -1"),
        ({"last_px": -1}, f"its price is below 0, which {SYMBOL} does not permit"),
    ],
)
def test_a_fill_of_another_contract_than_its_order_or_an_impossible_one_is_not_booked_and_is_told_once(wrong, reason):
    rig = CoreRig()
    rig.state.instruments["CL"] = msgspec.structs.replace(rig.state.instruments[SYMBOL], symbol="CL")
    order = rig.submit(qty=100)
    fill = msgspec.structs.replace(rig.broker.trade(order.cl_ord_id, 10, 10_000), **wrong)
    for _ in range(2):
        rig.broker.say(FillReport(execution=fill))
    (told,) = [alert for alert in rig.said(OrderAlert) if alert.code == "EXECUTION_SET_ASIDE"]
    assert told.text == f"Execution {fill.exec_key} not booked: {reason}."
    assert rig.order(order.cl_ord_id).cum_qty == 0
    assert [rig.state.ledger.qty(ACCOUNT, symbol) for symbol in (SYMBOL, "CL")] == [0, 0]


def test_a_bust_of_a_fill_and_an_order_that_nobody_knows_is_told():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 10, 10_000)
    stray = {"exec_key": "B1", "corrects": "never", "cl_ord_id": "never", "order_id": "never"}
    rig.broker.say(FillReport(execution=msgspec.structs.replace(fill, kind=ExecKind.BUST, **stray)))
    assert codes(rig)[-1] == "EXECUTION_SET_ASIDE"


def test_a_bust_takes_the_fill_back_exactly_and_reopens_nothing():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 100, 10_000)
    rig.broker.bust(fill)
    busted = rig.order(order.cl_ord_id)
    assert (busted.status, busted.cum_qty, busted.cost, busted.leaves_qty) == (S.FILLED, 0, 0, 0)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_a_bust_of_an_unknown_fill_is_kept_aside():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 10, 10_000)
    rig.broker.bust(msgspec.structs.replace(fill, exec_key="never"))
    assert isinstance(rig.journal.events[-1], ExecutionSetAside)
    assert rig.order(order.cl_ord_id).cum_qty == 10


def test_a_correction_replaces_the_numbers():
    rig = CoreRig()
    order = rig.submit(qty=100)
    fill = rig.broker.fill(order.cl_ord_id, 60, 10_000)
    corrected = msgspec.structs.replace(
        fill, exec_key="C1", exec_id="C1", kind="CORRECTION", corrects=fill.exec_key, last_qty=50, last_px=9_990
    )
    rig.broker.say(FillReport(execution=msgspec.convert(msgspec.to_builtins(corrected), type(fill))))
    after = rig.order(order.cl_ord_id)
    assert (after.cum_qty, after.cost, after.leaves_qty) == (50, 50 * 9_990, 50)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 50


def test_late_reports_never_move_an_order_backwards():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 40, 10_000)
    before = rig.journal.last_seq
    rig.broker.accept(order.cl_ord_id)
    rig.broker.route(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.PARTIALLY_FILLED
    assert rig.journal.last_seq == before


def test_a_refused_rest_of_a_part_filled_order_is_a_cancel_that_keeps_its_fills():
    rig = CoreRig()
    order = rig.submit(qty=100)
    rig.broker.fill(order.cl_ord_id, 40, 10_000)
    rig.broker.reject(order.cl_ord_id)
    after = rig.order(order.cl_ord_id)
    assert (after.status, after.cum_qty) == (S.CANCELLED, 40)


def test_an_event_that_the_life_cycle_forbids_becomes_a_violation_and_changes_no_order():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    before = rig.state.book.state()
    rig.record(OrderAccepted(cl_ord_id="nobody", ts=rig.now, order_id="V9", ts_event=rig.now))
    assert "InvariantViolated" in rig.journal.kinds()
    assert "OrderAccepted" not in rig.journal.kinds()
    assert rig.state.book.state() == before
    assert rig.order(order.cl_ord_id).status is S.PENDING_SUBMIT


def test_the_book_refuses_without_changing():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.fill(order.cl_ord_id, 10, 10_000)
    command = rig.command()
    book = rig.state.book
    rig.lock()
    before = book.state()
    with pytest.raises(TransitionRefused):
        book.apply(OrderCancelled(cl_ord_id=command.cl_ord_id, ts=1, reason=""))
    assert book.state() == before


def test_indexes_follow_an_order_through_its_life():
    rig = CoreRig()
    order = rig.submit()
    book = rig.state.book
    assert book.by_uid(order.uid) == order
    assert book.by_order_id(ACCOUNT, order.order_id) == order
    assert [row.cl_ord_id for row in book.open_orders(ACCOUNT, SYMBOL)] == [order.cl_ord_id]
    assert list(book.open_orders(ACCOUNT, "XYZ")) == []
    rig.broker.cancelled(order.cl_ord_id)
    assert list(book.open_orders()) == []
    assert book.by_uid(order.uid) is not None


def test_closed_orders_leave_memory_but_their_ids_are_never_used_again():
    rig = CoreRig()
    rig.state.book._closed_kept_max = 5
    ids, fills = [], []
    for _ in range(20):
        order = rig.submit(qty=1)
        fills.append(rig.broker.fill(order.cl_ord_id, 1, 10_000))
        ids.append(order.cl_ord_id)
    assert len(list(rig.state.book.recent())) == 5
    assert all(rig.state.book.knows(cl_ord_id) for cl_ord_id in ids)
    again = rig.desk.submit(rig.command(cl_ord_id=ids[0]))
    assert again.duplicate
    assert again.order is None
    before = rig.journal.last_seq
    rig.broker.say(FillReport(execution=fills[0]))
    assert rig.journal.last_seq == before


def test_a_book_from_its_own_state_is_the_same_book():
    rig = CoreRig()
    order = rig.submit()
    fill = rig.broker.fill(order.cl_ord_id, 40, 10_000)
    rig.broker.bust(fill)
    state = msgspec.json.decode(msgspec.json.encode(rig.state.book.state()))
    other = OrderBook()
    other.load(state)
    assert msgspec.json.encode(other.state()) == msgspec.json.encode(rig.state.book.state())
    assert other.get(order.cl_ord_id) == rig.order(order.cl_ord_id)


def test_an_id_set_knows_what_it_was_told_and_nothing_else():
    ids = IdSet()
    for number in range(MERGE_MIN + 10):
        ids.add(f"OMS-{number}")
    ids.add("OMS-1")
    assert len(ids) == MERGE_MIN + 10
    assert "OMS-5" in ids
    assert "OMS-x" not in ids
    other = IdSet()
    other.load(ids.state())
    assert other.state() == ids.state()
    assert f"OMS-{MERGE_MIN + 9}" in other


def test_a_refusal_after_a_busted_fill_ends_the_order_all_the_same():
    rig = CoreRig()
    order = rig.submit()
    rig.broker.bust(rig.broker.fill(order.cl_ord_id, 4, 10_000))
    rig.broker.reject(order.cl_ord_id)
    assert (rig.order(order.cl_ord_id).status, rig.order(order.cl_ord_id).cum_qty) == (S.CANCELLED, 0)


def test_a_fill_of_another_account_than_its_orders_is_booked_to_neither():
    rig = CoreRig()
    other = msgspec.structs.replace(rig.state.accounts[ACCOUNT], account="SIM-2", uid="u2")
    rig.record(AccountOpened(account=other, ts=rig.now))
    order = rig.submit(qty=100)
    fill = msgspec.structs.replace(rig.broker.trade(order.cl_ord_id, 10, 10_000), account="SIM-2")
    rig.broker.say(FillReport(execution=fill))
    (told,) = [alert for alert in rig.said(OrderAlert) if alert.code == "EXECUTION_SET_ASIDE"]
    assert told.text == f"Execution {fill.exec_key} not booked: it names account SIM-2, its order {ACCOUNT}."
    assert [rig.state.ledger.qty(account, SYMBOL) for account in (ACCOUNT, "SIM-2")] == [0, 0]


@pytest.mark.parametrize("residence", Residence)
@pytest.mark.parametrize(("qty", "display"), [(100, None), (40, None), (40, 60), (40, 10)])
@pytest.mark.parametrize("answered", [False, True])
def test_an_order_begun_in_one_step_is_the_one_that_its_first_events_make(residence, qty, display, *, answered):
    rig = CoreRig()
    terms = msgspec.structs.replace(rig.terms(Side.BUY, 100, 9_900), display_qty=display)
    command = msgspec.structs.replace(rig.command(terms), notes="why", metadata={"a": "b"}, strategy_id="sma")
    created = OrderCreated(cl_ord_id="A-1", ts=5, command=command, residence=residence, replaces="A-0")
    verdict = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=qty, results=())
    reference = ReferencePrice(bid=9_900, ask=9_901, last=9_900, age_ms=1, fresh=True)
    intended = OrderIntended(cl_ord_id="A-1", ts=7, verdict=verdict, qty=qty, epoch=3, reference=reference)
    accepted = OrderAccepted(cl_ord_id="A-1", ts=9, order_id="V-1", ts_event=8) if answered else None
    plain, quick = OrderBook(keeps_rows=False), OrderBook(keeps_rows=False)
    for event in (created, intended, accepted):
        if event is not None:
            plain.apply(event)
    order = quick.begin(created, intended, accepted)
    assert (order, quick.state()) == (plain.get("A-1"), plain.state())
    assert list(quick.open_orders()) == list(plain.open_orders()) == [order]
    assert quick.by_order_id(ACCOUNT, "V-1") == plain.by_order_id(ACCOUNT, "V-1") == (order if answered else None)
    with pytest.raises(TransitionRefused, match="A-1 was used before"):
        quick.begin(created, intended)
