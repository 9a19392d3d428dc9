"""Breaks: positions and cash that differ from the venue's, with age and owner, until they agree or a person acts."""

from __future__ import annotations

import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from workstation.domain.accounts import LockState
from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.events import BreakFound
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OriginKind
from workstation.orders.agreement import AGREES, CASH_TOLERANCE
from workstation.orders.context import DeskSettings
from workstation.orders.fold import CoreState
from workstation.orders.results import ExitProgress, ExitStage

PERSON = "POSITIONS:ann"


def lock_of(rig):
    return rig.state.controls.locks.state(ACCOUNT)


def differing(qty=70, **fields) -> CoreRig:
    """Return a core whose venue holds a position that nothing here explains."""
    rig = CoreRig(**fields)
    rig.broker.positions[(ACCOUNT, SYMBOL)] = qty
    rig.desk.reconcile(ACCOUNT, "test")
    return rig


def test_a_break_keeps_its_age_and_has_no_owner_at_first():
    rig = differing()
    since = rig.now
    rig.clock.advance(61 * SECOND)
    rig.broker.positions[(ACCOUNT, SYMBOL)] = 80
    rig.clock.advance(61 * SECOND)
    (found,) = rig.desk.breaks(ACCOUNT)
    assert (found.theirs, found.since, found.owner) == (80, since, "")
    assert found.ts > since


def test_a_break_ends_when_book_and_venue_agree_again():
    rig = differing()
    del rig.broker.positions[(ACCOUNT, SYMBOL)]
    rig.desk.reconcile(ACCOUNT, "test")
    assert (rig.desk.breaks(ACCOUNT), lock_of(rig)) == ((), LockState.UNLOCKED)
    assert rig.said(BreakFound)[-1].resolution == AGREES


def test_a_signature_holds_while_the_numbers_do_and_over_a_restart():
    rig = differing()
    rig.desk.override_lock(ACCOUNT, PERSON, "known transfer")
    rig.clock.advance(61 * SECOND)
    assert (lock_of(rig), rig.desk.breaks(ACCOUNT)[0].owner) == (LockState.UNLOCKED, PERSON)
    again = rig.restart()
    assert (lock_of(again), again.desk.breaks(ACCOUNT)[0].owner) == (LockState.UNLOCKED, PERSON)
    again.broker.positions[(ACCOUNT, SYMBOL)] = 71
    again.desk.reconcile(ACCOUNT, "test")
    assert (lock_of(again), again.desk.breaks(ACCOUNT)[0].owner) == (LockState.LOCKED, "")


def test_open_breaks_are_in_the_snapshot():
    rig = differing()
    loaded = CoreState(rig.state.instruments)
    loaded.load(rig.state.state())
    assert loaded.breaks.of(ACCOUNT) == rig.desk.breaks(ACCOUNT)
    assert loaded.state_hash() == rig.state.state_hash()


@pytest.mark.parametrize("qty", [70, -70])
def test_an_adopted_position_equals_the_venues_and_leaves_cash_alone(qty):
    rig = differing(qty)
    cash = rig.state.ledger.cash(ACCOUNT)
    rig.desk.adopt_position(ACCOUNT, SYMBOL, PERSON, "transfer in")
    assert (rig.state.ledger.qty(ACCOUNT, SYMBOL), rig.state.ledger.cash(ACCOUNT)) == (qty, cash)
    assert (rig.desk.breaks(ACCOUNT), lock_of(rig)) == ((), LockState.UNLOCKED)
    (adjustment,) = [order for order in rig.state.book.recent() if order.origin.kind is OriginKind.EXTERNAL]
    (fill,) = rig.state.book.fills(adjustment.cl_ord_id)
    assert fill.synthetic
    assert any(event.owner == PERSON and "transfer in" in event.resolution for event in rig.said(BreakFound))
    rig.state.ledger.check()


def test_a_future_is_adopted_without_any_cash():
    rig = CoreRig()
    rig.state.instruments["FUT"] = Instrument(
        symbol="FUT",
        asset_class=AssetClass.FUTURE,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )
    rig.prices.quote("FUT", 5_000, 5_001)
    rig.broker.positions[(ACCOUNT, "FUT")] = 3
    rig.desk.reconcile(ACCOUNT, "test")
    rig.desk.adopt_position(ACCOUNT, "FUT", PERSON, "transfer in")
    assert rig.state.ledger.qty(ACCOUNT, "FUT") == 3
    assert "CashAdjusted" not in rig.journal.kinds()


def test_what_is_no_break_or_has_no_price_is_not_adopted():
    rig = differing()
    with pytest.raises(NotFound):
        rig.desk.adopt_position(ACCOUNT, "XYZ", PERSON, "")
    rig.prices.quotes.clear()
    with pytest.raises(StateConflict):
        rig.desk.adopt_position(ACCOUNT, SYMBOL, PERSON, "")
    rig.prices.quote(SYMBOL, 10_000, 10_002)
    order = rig.state.ledger.qty(ACCOUNT, SYMBOL)
    assert order == 0


def test_a_break_that_has_filled_up_meanwhile_is_not_adopted():
    rig = differing()
    rig.desk.override_lock(ACCOUNT, PERSON, "on its way")
    entry = rig.submit(qty=70)
    rig.broker.fill(entry.cl_ord_id, 70, 10_000)
    with pytest.raises(NotFound):
        rig.desk.adopt_position(ACCOUNT, SYMBOL, PERSON, "")


def test_cash_that_differs_is_a_break_that_does_not_lock():
    rig = CoreRig()
    cash = rig.state.ledger.cash(ACCOUNT)["USD"]
    rig.broker.balances["USD"] = cash - 5 * MONEY_ONE
    rig.desk.reconcile(ACCOUNT, "test")
    (found,) = rig.desk.breaks(ACCOUNT)
    assert (found.symbol, found.currency, found.ours - found.theirs) == ("", "USD", 5 * MONEY_ONE)
    assert lock_of(rig) is LockState.UNLOCKED
    rig.desk.reconcile(ACCOUNT, "again")
    assert rig.journal.kinds().count("BreakFound") == 1
    rig.broker.balances["USD"] = cash + CASH_TOLERANCE
    rig.desk.reconcile(ACCOUNT, "test")
    assert rig.desk.breaks(ACCOUNT) == ()


def test_cash_locks_where_the_settings_say_so_until_a_person_signs():
    rig = CoreRig(settings=DeskSettings(cash_breaks_lock=True))
    rig.broker.balances["EUR"] = MONEY_ONE
    rig.desk.reconcile(ACCOUNT, "test")
    assert lock_of(rig) is LockState.LOCKED
    rig.desk.override_lock(ACCOUNT, PERSON, "interest")
    rig.desk.reconcile(ACCOUNT, "test")
    assert lock_of(rig) is LockState.UNLOCKED


def test_a_venue_that_names_no_cash_closes_no_cash_break():
    rig = CoreRig()
    rig.broker.balances["EUR"] = MONEY_ONE
    rig.desk.reconcile(ACCOUNT, "test")
    rig.broker.balances.clear()
    rig.desk.reconcile(ACCOUNT, "test")
    assert len(rig.desk.breaks(ACCOUNT)) == 1


def test_flat_is_not_said_where_the_venue_still_shows_a_position():
    rig = CoreRig()
    rig.position(100)
    rig.broker.positions[(ACCOUNT, SYMBOL)] = 130
    rig.desk.reconcile(ACCOUNT, "test")
    rig.desk.override_lock(ACCOUNT, PERSON, "seen")
    rig.flatten()
    exit_ = rig.broker.of("submit")[-1]
    rig.broker.fill(exit_.cl_ord_id, 100, 10_000)
    rig.desk.override_lock(ACCOUNT, PERSON, "seen")
    rig.desk.reconcile(ACCOUNT, "test")
    assert ExitStage.FLAT not in [progress.stage for progress in rig.said(ExitProgress)]
    assert "30" in rig.said(ExitProgress)[-1].text
