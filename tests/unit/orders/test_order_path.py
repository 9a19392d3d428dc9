"""The walk of one order: down through the gate and the journal, turned at the venue, up by events."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.events import OrderAccepted, OrderIntended
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, OrdStatus, Side
from workstation.ports.broker import SendOutcome
from workstation.ports.store import OrderTransition

S = OrdStatus


def history(rig: CoreRig, cl_ord_id: str) -> list[OrdStatus]:
    return [
        row.to_status for row in rig.journal.rows if isinstance(row, OrderTransition) and row.cl_ord_id == cl_ord_id
    ]


def test_an_order_walks_from_command_to_fill():
    rig = CoreRig()
    order = rig.submit(qty=100)
    assert order.status is S.SUBMITTED
    assert order.order_id == "V1"
    rig.broker.fill(order.cl_ord_id, 40, 9_999)
    rig.broker.fill(order.cl_ord_id, 60, 10_000)
    done = rig.order(order.cl_ord_id)
    assert (done.status, done.cum_qty, done.leaves_qty) == (S.FILLED, 100, 0)
    assert done.cost == 40 * 9_999 + 60 * 10_000
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 100
    assert history(rig, order.cl_ord_id) == [S.NEW, S.PENDING_SUBMIT, S.SUBMITTED, S.PARTIALLY_FILLED, S.FILLED]
    assert not rig.faults


def test_nothing_is_sent_before_the_intent_is_durable():
    rig = CoreRig(instant=False)
    result = rig.desk.submit(rig.command())
    assert result.order is not None
    assert result.order.status is S.PENDING_SUBMIT
    assert rig.broker.calls == []
    rig.commit()
    assert [call.kind for call in rig.broker.calls] == ["submit"]
    rig.commit()
    assert rig.order(result.order.cl_ord_id).ts_durable == rig.now


def test_creation_and_intent_are_one_transaction():
    rig = CoreRig()
    rig.broker.auto = False
    rig.desk.submit(rig.command())
    assert rig.journal.appends[-1] == 2
    assert rig.journal.kinds()[-2:] == ["OrderCreated", "OrderIntended"]


def test_a_journal_that_fails_closes_the_order_as_not_sent():
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    rig.journal.fail()
    closed = rig.order(order.cl_ord_id)
    assert (closed.status, closed.reject_code) == (S.REJECTED, "NOT_SENT")
    assert rig.broker.calls == []


@pytest.mark.parametrize("obstacle", ["lock", "down", "epoch"])
def test_what_changed_while_the_disk_was_busy_stops_the_order(obstacle):
    rig = CoreRig(instant=False)
    order = rig.desk.submit(rig.command()).order
    if obstacle == "lock":
        rig.lock()
    elif obstacle == "down":
        rig.down()
    else:
        rig.journal.epoch = 2
    rig.commit()
    assert rig.broker.of("submit") == []
    assert rig.order(order.cl_ord_id).reject_code == "NOT_SENT"


def test_the_same_command_twice_is_one_order():
    rig = CoreRig()
    command = rig.command()
    first = rig.desk.submit(command)
    again = rig.desk.submit(command)
    assert again.duplicate
    assert again.order.cl_ord_id == first.order.cl_ord_id
    assert len(rig.broker.of("submit")) == 1


def test_storage_in_trouble_refuses_what_adds_risk():
    rig = CoreRig()
    rig.journal.trouble = "disk full"
    before = rig.journal.last_seq
    result = rig.desk.submit(rig.command())
    assert result.denial.code == "STORAGE_UNAVAILABLE"
    assert result.order is None
    assert rig.journal.last_seq == before


def test_a_full_queue_refuses_what_adds_risk():
    rig = CoreRig()
    rig.journal.fill_ratio = 1.0
    assert rig.desk.submit(rig.command()).denial.code == "STORAGE_BUSY"


def test_a_risk_refusal_is_stored_and_the_venue_never_hears_of_it():
    rig = CoreRig(limits=True)
    result = rig.desk.submit(rig.command(rig.terms(qty=100_000)))
    assert result.order.status is S.RISK_REJECTED
    assert result.order.leaves_qty == 0
    assert rig.broker.calls == []


def test_a_locked_account_refuses_without_an_order_and_the_refusal_is_journaled():
    rig = CoreRig()
    rig.lock()
    result = rig.desk.submit(rig.command())
    assert result.order is None
    assert result.denial is not None
    assert rig.journal.kinds()[-1] == "OrderDenied"


def test_a_session_that_is_down_refuses_without_queueing():
    rig = CoreRig()
    rig.down()
    rig.unlock()
    result = rig.desk.submit(rig.command())
    assert result.denial.code == "BROKER_UNAVAILABLE"
    assert result.order is None


def test_a_fill_before_the_acknowledgement_implies_it():
    rig = CoreRig()
    rig.broker.auto = False
    order = rig.submit()
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    assert history(rig, order.cl_ord_id) == [S.NEW, S.PENDING_SUBMIT, S.SUBMITTED, S.FILLED]
    rig.broker.accept(order.cl_ord_id)
    assert rig.order(order.cl_ord_id).status is S.FILLED


def test_an_unsent_request_is_closed_and_an_ambiguous_one_is_unknown():
    rig = CoreRig()
    rig.broker.auto = False
    unsent, unclear = rig.submit(), rig.submit()
    rig.broker.sent(unsent.cl_ord_id, outcome=SendOutcome.NOT_SENT, text="no session")
    rig.broker.sent(unclear.cl_ord_id, outcome=SendOutcome.UNKNOWN, text="time-out")
    assert rig.order(unsent.cl_ord_id).reject_code == "NOT_SENT"
    doubtful = rig.order(unclear.cl_ord_id)
    assert (doubtful.status, doubtful.unknown) == (S.PENDING_SUBMIT, "submit")


def test_rows_of_a_door_travel_in_the_same_transaction():
    rig = CoreRig()
    seen: list[OrderState] = []

    def attach(order, event):
        assert isinstance(event, OrderIntended)
        seen.append(order)
        return (order,)

    told: list[bool] = []
    result = rig.desk.submit(rig.command(), attach=attach, on_durable=told.append)
    assert seen[0].cl_ord_id == result.order.cl_ord_id
    assert seen[0].status is S.PENDING_SUBMIT
    assert told == [True]


def test_unknown_names_and_broken_terms_raise():
    rig = CoreRig()
    with pytest.raises(NotFound):
        rig.desk.submit(rig.command(rig.terms(symbol="NOPE")))
    with pytest.raises(ValidationError):
        rig.desk.submit(rig.command(rig.terms(qty=0)))
    assert rig.broker.calls == []


def test_a_preview_counts_and_sends_nothing():
    rig = CoreRig()
    before = rig.journal.last_seq
    verdict = rig.desk.preview(rig.command(rig.terms(Side.BUY, 100)))
    assert verdict.passed
    assert len(verdict.results) > 5
    assert rig.journal.last_seq == before


def test_a_violated_invariant_locks_every_account():
    rig = CoreRig()
    rig.record(OrderAccepted(cl_ord_id="nobody", ts=rig.now, order_id="V9", ts_event=rig.now))
    assert rig.state.controls.locks.state(ACCOUNT) == "LOCKED"
    assert rig.desk.submit(rig.command()).denial.kind == "LOCK"


def test_a_day_loss_at_its_limit_locks_the_account_out():
    rig = CoreRig(limits=True)
    rig.worth.day = -60_000 * MONEY_ONE
    rig.desk.check_losses()
    rig.desk.check_losses()
    assert rig.journal.kinds().count("LimitChanged") == 1
    assert rig.desk.submit(rig.command()).denial is not None
