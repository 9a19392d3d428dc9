"""Another exit beside one that hangs goes out on typed words only."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from workstation.domain.errors import StateConflict, ValidationError
from workstation.domain.orders import OVERRIDE_TEXT, Side
from workstation.orders.results import ExitProgress, ExitStage


def exits(rig):
    return [call for call in rig.broker.of("submit") if call.terms.reduce_only]


def hanging() -> CoreRig:
    """Return a core with a position of 100 whose exit was sent and never answered."""
    rig = CoreRig()
    rig.position(100)
    rig.broker.auto = False
    rig.broker.answering = False
    rig.flatten()
    rig.clock.advance(12 * SECOND)
    return rig


def test_an_exit_that_hangs_says_what_to_type():
    rig = hanging()
    assert OVERRIDE_TEXT in rig.said(ExitProgress)[-1].text
    assert len(exits(rig)) == 1


def test_a_wall_clock_that_jumps_neither_makes_an_exit_hang_nor_hides_that_it_does():
    rig = CoreRig()
    rig.position(100)
    rig.broker.auto = rig.broker.answering = False
    rig.flatten()
    rig.clock.advance(7 * SECOND)
    assert rig.order(exits(rig)[0].cl_ord_id).unknown is not None
    rig.clock.jump_wall(3_600 * SECOND)
    with pytest.raises(StateConflict):
        rig.flatten(override=OVERRIDE_TEXT)
    rig.clock.jump_wall(-7_200 * SECOND)
    rig.clock.advance(5 * SECOND)
    assert rig.flatten(override=OVERRIDE_TEXT).stage is ExitStage.EXITING


def test_the_typed_words_send_another_exit_for_the_whole_position():
    rig = hanging()
    progress = rig.flatten(override=OVERRIDE_TEXT)
    assert progress.stage is ExitStage.EXITING
    assert [call.terms.order_qty for call in exits(rig)] == [100, 100]


def test_an_override_is_for_one_exit_only():
    rig = hanging()
    rig.flatten(override=OVERRIDE_TEXT)
    with pytest.raises(StateConflict):
        rig.flatten(override=OVERRIDE_TEXT)
    rig.flatten()
    assert len(exits(rig)) == 2


def test_a_held_exit_goes_out_on_the_typed_words():
    rig = CoreRig()
    rig.position(100)
    rig.submit(Side.SELL, 100, 10_500)
    rig.broker.frozen = True
    rig.flatten()
    rig.clock.advance(5 * SECOND)
    assert rig.said(ExitProgress)[-1].stage is ExitStage.HELD
    rig.flatten(override=OVERRIDE_TEXT)
    assert [call.terms.order_qty for call in exits(rig)] == [100]


def test_other_words_and_an_exit_that_is_not_in_doubt_send_nothing():
    rig = CoreRig()
    rig.position(100)
    with pytest.raises(ValidationError):
        rig.flatten(override="send another")
    rig.flatten()
    with pytest.raises(StateConflict):
        rig.flatten(override=OVERRIDE_TEXT)
    assert len(exits(rig)) == 1


def test_an_override_without_a_session_is_not_sent():
    rig = hanging()
    rig.down()
    progress = rig.flatten(override=OVERRIDE_TEXT)
    assert (progress.stage, progress.text[:8]) == (ExitStage.FAILED, "NOT SENT")


def test_an_override_when_both_fill_books_both_and_never_says_flat():
    rig = hanging()
    rig.flatten(override=OVERRIDE_TEXT)
    for call in exits(rig):
        rig.broker.fill(call.cl_ord_id, 100, 10_000)
    rig.broker.answering = True
    rig.broker.answer()
    assert rig.state.ledger.qty(ACCOUNT, SYMBOL) == -100
    assert rig.said(ExitProgress)[-1].stage is not ExitStage.FLAT
