"""Exits: one at most, capped, repriced by pressing again, flat only by the venue's word."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.orders import OrdStatus, OrdType, Side
from workstation.domain.verdicts import DenialKind
from workstation.orders.results import ExitProgress, ExitStage

S = OrdStatus


def exits(rig):
    """Exit orders that reached the venue."""
    return [call for call in rig.broker.of("submit") if call.terms.reduce_only]


def stages(rig):
    return [progress.stage for progress in rig.said(ExitProgress)]


def test_flatten_cancels_exits_and_verifies():
    rig = CoreRig()
    rig.position(100)
    resting = rig.submit(Side.BUY, 10, 9_900)
    progress = rig.flatten()
    assert rig.order(resting.cl_ord_id).status is S.CANCELLED
    (exit_,) = exits(rig)
    assert (exit_.terms.side, exit_.terms.order_qty, exit_.terms.price) == (Side.SELL, 100, 9_998)
    assert progress.stage is ExitStage.EXITING
    rig.broker.fill(exit_.cl_ord_id, 100, 10_000)
    assert stages(rig) == ["CANCELLING", "SETTLED", "EXITING", "VERIFYING", "FLAT"]
    assert rig.desk.exits() == ()


def test_flatten_pressed_ten_times_on_a_frozen_stream_sends_exactly_one_exit():
    rig = CoreRig()
    rig.position(100)
    rig.broker.frozen = True
    for _ in range(10):
        rig.flatten()
        rig.clock.advance(SECOND // 5)
    assert len(exits(rig)) == 1
    rig.broker.thaw()
    rig.broker.fill(exits(rig)[0].cl_ord_id, 100, 10_000)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_flatten_on_a_frozen_stream_with_a_live_exit_order_leaves_room_for_it():
    rig = CoreRig()
    rig.position(100)
    target = rig.submit(Side.SELL, 60, 10_500)
    rig.broker.frozen = True
    for _ in range(10):
        rig.flatten()
        rig.clock.advance(SECOND // 2)
    sent = exits(rig)
    assert [call.terms.order_qty for call in sent] == [40]
    rig.broker.fill(sent[0].cl_ord_id, 40, 10_000)
    rig.broker.fill(target.cl_ord_id, 60, 10_500)
    rig.broker.thaw()
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_an_exit_with_no_room_is_held_for_a_person():
    rig = CoreRig()
    rig.position(100)
    rig.submit(Side.SELL, 100, 10_500)
    rig.broker.frozen = True
    rig.flatten()
    rig.clock.advance(5 * SECOND)
    assert exits(rig) == []
    assert rig.said(ExitProgress)[-1].stage is ExitStage.HELD


def test_pressing_again_reprices_the_same_exit():
    rig = CoreRig()
    rig.position(100)
    rig.flatten()
    rig.prices.quote(SYMBOL, 9_900, 9_902)
    again = rig.flatten()
    assert again.presses == 2
    assert len(exits(rig)) == 1
    assert [call.terms.price for call in rig.broker.of("replace")] == [9_898]


def test_an_unfilled_exit_follows_the_market_once_per_second_and_acknowledgement():
    rig = CoreRig()
    rig.position(100)
    rig.flatten()
    rig.broker.auto = False
    for step in range(4):
        rig.prices.quote(SYMBOL, 9_900 - step, 9_902 - step)
        rig.clock.advance(SECOND)
    assert len(rig.broker.of("replace")) == 1


def test_a_short_position_is_bought_back():
    rig = CoreRig()
    rig.position(-40)
    rig.flatten()
    (exit_,) = exits(rig)
    assert (exit_.terms.side, exit_.terms.order_qty, exit_.terms.price) == (Side.BUY_TO_COVER, 40, 10_004)


def test_stale_and_absent_prices_make_a_blind_exit():
    rig = CoreRig()
    rig.position(100)
    rig.prices.quote(SYMBOL, 10_000, 10_002, fresh=False)
    stale = rig.flatten()
    assert (stale.blind, exits(rig)[0].terms.price) == (True, 9_990)
    other = CoreRig()
    other.position(100)
    other.prices.quotes.clear()
    other.flatten()
    assert exits(other)[0].terms.ord_type is OrdType.MARKET


def test_no_price_and_no_market_orders_asks_for_a_price():
    rig = CoreRig(card=msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.LIMIT})))
    rig.position(100)
    rig.prices.quotes.clear()
    rig.flatten()
    assert exits(rig) == []
    assert "price" in rig.said(ExitProgress)[-1].text


def test_without_a_session_an_exit_is_not_sent_and_never_queued():
    rig = CoreRig()
    rig.position(100)
    rig.down()
    progress = rig.flatten()
    assert progress.stage is ExitStage.FAILED
    assert progress.text.startswith("NOT SENT")
    assert progress.text.endswith("Live orders: none."), "the venue of this test has no telephone"
    assert rig.desk.exits() == ()


def by_voice(rig):
    rig.broker.capabilities = msgspec.structs.replace(rig.broker.capabilities, phone="+1 555 0199")
    rig.position(100)
    return rig


def test_an_exit_that_is_not_sent_names_the_live_orders_and_the_brokers_telephone():
    rig = by_voice(CoreRig())
    stop = rig.submit(Side.SELL, 60, 10_500)
    rig.down()
    text = rig.flatten().text
    assert f"Live orders: {rig.order(stop.cl_ord_id).order_id}. Trade desk of" in text
    assert text.endswith(": +1 555 0199.")


def test_an_exit_that_the_broker_refuses_or_that_is_not_known_names_its_telephone():
    rig = by_voice(CoreRig())
    rig.broker.auto = False
    rig.flatten()
    rig.broker.reject(exits(rig)[0].cl_ord_id, text="no borrow")
    failed = rig.said(ExitProgress)[-1]
    assert "no borrow" in failed.text
    assert failed.text.endswith(": +1 555 0199.")
    rig.broker.answering = False
    rig.clock.advance(SECOND)
    rig.flatten()
    rig.clock.advance(20 * SECOND)
    assert any("is not known" in said.text and "+1 555 0199" in said.text for said in rig.said(ExitProgress))


def locked(rig):
    rig.lock()


def killed(rig):
    rig.desk.kill(KillState(scope=KillScope.ALL, key="", on=True, reason="stop", actor="pat", ts=rig.now))


@pytest.mark.parametrize(("block", "kind"), [(locked, DenialKind.LOCK), (killed, DenialKind.KILL)])
def test_what_refuses_an_entry_does_not_stop_an_exit(block, kind):
    rig = CoreRig()
    rig.position(100)
    block(rig)
    assert rig.desk.submit(rig.command(rig.terms(Side.BUY, 10, 9_900))).denial.kind is kind
    rig.flatten()
    (exit_,) = exits(rig)
    rig.broker.fill(exit_.cl_ord_id, 100, 10_000)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == 0


def test_a_part_is_exited_without_touching_other_orders():
    rig = CoreRig()
    rig.position(100)
    resting = rig.submit(Side.BUY, 10, 9_900)
    rig.flatten(portion_bps=5_000)
    (exit_,) = exits(rig)
    assert exit_.terms.order_qty == 50
    assert rig.order(resting.cl_ord_id).status is S.SUBMITTED
    rig.broker.fill(exit_.cl_ord_id, 50, 10_000)
    assert rig.said(ExitProgress)[-1].stage is ExitStage.DONE


def test_an_unknown_exit_asks_the_venue_and_sends_no_second_one():
    rig = CoreRig()
    rig.position(100)
    rig.broker.auto = False
    rig.broker.answering = False
    rig.flatten()
    before = len(rig.broker.asks)
    for _ in range(12):
        rig.clock.advance(SECOND)
        rig.flatten()
    assert len(exits(rig)) == 1
    assert len(rig.broker.asks) > before


def test_an_exit_survives_a_restart_as_the_same_exit():
    rig = CoreRig()
    rig.position(100)
    rig.flatten()
    again = rig.restart()
    again.prices.quote(SYMBOL, 9_900, 9_902)
    again.flatten()
    assert len(exits(again)) == 1
    assert len(again.broker.of("replace")) == 1


def test_flat_is_not_said_while_the_venue_does_not_answer():
    rig = CoreRig()
    rig.position(100)
    rig.flatten()
    rig.broker.answering = False
    rig.broker.fill(exits(rig)[0].cl_ord_id, 100, 10_000)
    rig.clock.advance(5 * SECOND)
    assert ExitStage.FLAT not in stages(rig)
    rig.clock.advance(20 * SECOND)
    assert rig.said(ExitProgress)[-1].stage is ExitStage.HELD


def test_a_rejected_exit_says_why_and_lets_one_try_again():
    rig = CoreRig()
    rig.position(100)
    rig.broker.auto = False
    rig.flatten()
    rig.broker.reject(exits(rig)[0].cl_ord_id, text="short sale restricted")
    last = rig.said(ExitProgress)[-1]
    assert (last.stage, "restricted" in last.text) == (ExitStage.FAILED, True)
    rig.clock.advance(SECOND)
    rig.flatten()
    assert len(exits(rig)) == 2


def test_flatten_when_flat_sends_nothing_and_says_when_the_venue_showed_it_flat():
    rig = CoreRig()
    rig.flatten()
    done = rig.said(ExitProgress)[-1]
    assert exits(rig) == []
    at = dt.datetime.fromtimestamp(rig.now // 10**9, dt.UTC)
    assert (done.stage, done.text) == (ExitStage.FLAT, f"flat, verified {at:%H:%M:%S} UTC")
