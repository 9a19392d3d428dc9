"""Reversals: the exit first, the entry once flat by the venue's word, refused whole when locked, never twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.core_rig import ACCOUNT, HAND, SCRIPT, SECOND, SYMBOL, CoreRig
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import ArmChanged, OutcomeUnknown
from workstation.domain.orders import OrdStatus, Origin, RequestKind, ReversePosition, Side
from workstation.orders.results import OrderAlert
from workstation.orders.reversals import ENTRY_MARK, REVERSE_WAIT_NS, REVERSES_MARK


def reverse(rig: CoreRig, origin: Origin = HAND, **fields: Any) -> Any:
    return rig.desk.reverse(ReversePosition(**({"account": ACCOUNT, "symbol": SYMBOL, "origin": origin} | fields)))


def sent(rig: CoreRig) -> list[Any]:
    """Orders that reached the venue after the position's own."""
    return rig.broker.of("submit")[1:]


def disarm(rig: CoreRig) -> None:
    rig.record(ArmChanged(armed=False, environment="SIM", actor="test", reason="", ts=rig.now))


def given_up(rig: CoreRig) -> list[str]:
    return [alert.text for alert in rig.said(OrderAlert) if alert.code == "REVERSE_GIVEN_UP"]


@pytest.mark.parametrize(
    ("held", "first", "second", "price"),
    [(100, Side.SELL, Side.SELL_SHORT, 9_998), (-40, Side.BUY_TO_COVER, Side.BUY, 10_004)],
)
def test_the_entry_goes_out_once_the_exit_is_filled_and_verified(
    held: int, first: Side, second: Side, price: int
) -> None:
    rig = CoreRig()
    rig.position(held)
    result = reverse(rig)
    (exit_,) = sent(rig)
    assert (exit_.terms.side, exit_.terms.order_qty, exit_.terms.reduce_only) == (first, abs(held), True)
    rig.broker.fill(exit_.cl_ord_id, abs(held) - 10, price)
    assert len(sent(rig)) == 1
    rig.broker.fill(exit_.cl_ord_id, 10, price)
    entry = sent(rig)[1]
    assert (entry.terms.side, entry.terms.order_qty, entry.terms.price) == (second, abs(held), price)
    assert entry.cl_ord_id == result.entry_id == rig.order(exit_.cl_ord_id).metadata[ENTRY_MARK]
    assert rig.order(entry.cl_ord_id).metadata[REVERSES_MARK] == exit_.cl_ord_id
    rig.broker.fill(entry.cl_ord_id, abs(held), price)
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == -held
    assert rig.faults == []


def test_disarmed_a_reversal_by_hand_is_refused_whole_and_a_script_asks_for_no_arming() -> None:
    rig = CoreRig()
    rig.position(100)
    disarm(rig)
    denial = reverse(rig).denial
    assert (denial.code, sent(rig)) == ("NOT_ARMED", [])
    assert reverse(rig, SCRIPT).denial is None
    assert len(sent(rig)) == 1


def test_with_the_kill_switch_on_a_reversal_is_refused_whole() -> None:
    rig = CoreRig()
    rig.position(100)
    rig.desk.kill(KillState(scope=KillScope.ALL, key="", on=True, reason="t", actor="t", ts=rig.now))
    assert reverse(rig).denial is not None
    assert sent(rig) == []


def test_an_entry_that_the_gate_refuses_leaves_the_exit_standing() -> None:
    rig = CoreRig()
    rig.position(100)
    entry_id = reverse(rig).entry_id
    disarm(rig)
    rig.broker.fill(sent(rig)[0].cl_ord_id, 100, 9_998)
    assert (len(sent(rig)), rig.state.ledger.qty(ACCOUNT, SYMBOL)) == (1, 0)
    assert rig.order(sent(rig)[0].cl_ord_id).status is OrdStatus.FILLED
    assert not rig.state.book.knows(entry_id) or rig.order(entry_id).status is OrdStatus.DENIED
    assert "not armed" in given_up(rig)[0]


def test_pressing_again_while_one_is_under_way_is_refused_and_sends_nothing() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig)
    for _ in range(5):
        with pytest.raises(StateConflict, match="being left already"):
            reverse(rig)
    assert len(sent(rig)) == 1


def test_flatten_during_a_reversal_gives_its_entry_up() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig)
    rig.flatten()
    rig.broker.fill(sent(rig)[0].cl_ord_id, 100, 9_998)
    assert len(sent(rig)) == 1
    assert "flatten was asked for" in given_up(rig)[0]


def test_an_exit_that_takes_too_long_enters_nowhere() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig)
    rig.clock.advance(REVERSE_WAIT_NS + SECOND)
    rig.broker.fill(sent(rig)[0].cl_ord_id, 100, 9_998)
    assert len(sent(rig)) == 1
    assert "not flat within 10 s" in given_up(rig)[0]


def test_an_exit_that_the_venue_ends_gives_the_entry_up() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig)
    rig.broker.cancelled(sent(rig)[0].cl_ord_id)
    assert "its exit is CANCELLED" in given_up(rig)[0]


def test_what_cannot_be_reversed_is_said_at_once() -> None:
    rig = CoreRig()
    with pytest.raises(StateConflict, match="flat"):
        reverse(rig)
    with pytest.raises(NotFound):
        reverse(rig, account="NONE")
    with pytest.raises(NotFound):
        reverse(rig, symbol="NONE")
    rig.position(100)
    doubtful = rig.submit(Side.BUY, 1, 9_000)
    rig.record(OutcomeUnknown(cl_ord_id=doubtful.cl_ord_id, ts=rig.now, request=RequestKind.CANCEL, cause="no answer"))
    with pytest.raises(StateConflict, match="is UNKNOWN; wait until it is known"):
        reverse(rig)
    assert sent(rig) == [call for call in sent(rig) if call.cl_ord_id == doubtful.cl_ord_id]
    rig = CoreRig()
    rig.position(100)
    rig.down()
    assert reverse(rig).denial is not None
    assert sent(rig) == []


def test_a_restart_between_exit_and_entry_sends_the_entry_once_under_the_id_that_was_kept() -> None:
    rig = CoreRig()
    rig.position(100)
    entry_id = reverse(rig, SCRIPT).entry_id
    again = rig.restart()
    again.broker.fill(sent(again)[0].cl_ord_id, 100, 9_998)
    assert [order.cl_ord_id for order in sent(again)[1:]] == [entry_id]
    third = again.restart()
    third.clock.advance(SECOND)
    assert [order.cl_ord_id for order in sent(third)[1:]] == [entry_id]


def test_after_a_restart_the_entry_of_a_hand_is_refused_since_a_start_is_disarmed() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig)
    again = rig.restart()
    again.broker.fill(sent(again)[0].cl_ord_id, 100, 9_998)
    assert len(sent(again)) == 1
    assert "not armed" in given_up(again)[0]


def test_a_restart_after_the_wait_enters_nowhere() -> None:
    rig = CoreRig()
    rig.position(100)
    reverse(rig, SCRIPT)
    rig.desk.stop()
    rig.clock.advance(REVERSE_WAIT_NS)
    again = rig.restart()
    again.broker.fill(sent(again)[0].cl_ord_id, 100, 9_998)
    assert len(sent(again)) == 1
