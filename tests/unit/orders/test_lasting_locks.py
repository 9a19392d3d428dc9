"""Locks that outlast a restart: a violated invariant until a person signs, a day's loss until the next day."""

from __future__ import annotations

from tests.helpers.core_rig import ACCOUNT, SYMBOL, CoreRig
from workstation.domain.accounts import LockState
from workstation.domain.events import InvariantViolated, LimitChanged, TradingDayRolled
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrdStatus, Side
from workstation.orders.fold import CoreState


def lock_of(rig):
    return rig.state.controls.locks.state(ACCOUNT)


def violate(rig):
    rig.record(InvariantViolated(where="test", text="broken", ts=rig.now))


def test_a_violated_invariant_locks_and_agreement_with_the_venue_does_not_unlock():
    rig = CoreRig()
    violate(rig)
    assert lock_of(rig) is LockState.LOCKED
    rig.desk.reconcile(ACCOUNT, "test")
    assert lock_of(rig) is LockState.LOCKED
    last = rig.state.controls.locks.last(ACCOUNT)
    assert (last.state, "override" in last.reason) == (LockState.LOCKED, True)


def test_the_lock_of_a_violated_invariant_survives_a_restart():
    rig = CoreRig()
    violate(rig)
    again = rig.restart()
    assert lock_of(again) is LockState.LOCKED
    assert again.desk.submit(again.command()).denial.code == "TRADING_LOCKED"


def test_a_persons_word_unlocks_for_good_and_for_that_account_alone():
    rig = CoreRig()
    violate(rig)
    rig.desk.override_lock(ACCOUNT, "TICKET:ann", "looked at it")
    assert lock_of(rig) is LockState.UNLOCKED
    assert rig.state.controls.locks.violation("OTHER") is not None
    again = rig.restart()
    assert lock_of(again) is LockState.UNLOCKED
    violate(again)
    assert lock_of(again) is LockState.LOCKED


def test_a_snapshot_keeps_the_violation_and_the_signature():
    rig = CoreRig()
    violate(rig)
    for _ in range(2):
        loaded = CoreState(rig.state.instruments)
        loaded.load(rig.state.state())
        assert loaded.state_hash() == rig.state.state_hash()
        assert loaded.controls.locks.violation(ACCOUNT) == rig.state.controls.locks.violation(ACCOUNT)
        rig.desk.override_lock(ACCOUNT, "TICKET:ann", "looked at it")


def test_an_exit_passes_a_violated_invariant():
    rig = CoreRig()
    rig.position(100)
    violate(rig)
    assert rig.submit(Side.SELL, 100, 10_000, reduce_only=True).status is OrdStatus.SUBMITTED


def lose(rig):
    """Lose more than the day's limit and let the desk look."""
    rig.record(
        LimitChanged(
            limit="DAILY_LOSS", scope="TENANT", key="", old="", new="1000", actor="test", reason="", ts=rig.now
        )
    )
    rig.worth.day = -1_001 * MONEY_ONE
    rig.desk.check_losses()


def lockouts(rig):
    return [event for event in rig.journal.replayed() if isinstance(event, LimitChanged) and event.limit == "LOCKOUT"]


def test_a_days_loss_is_journaled_once_as_a_lockout():
    rig = CoreRig()
    lose(rig)
    rig.desk.check_losses()
    (lockout,) = lockouts(rig)
    assert (lockout.key, lockout.new, "loss" in lockout.reason) == (ACCOUNT, "DAY", True)


def test_a_fill_that_loses_too_much_locks_out_at_once():
    rig = CoreRig()
    order = rig.submit()
    rig.worth.day = -60_000 * MONEY_ONE
    rig.broker.fill(order.cl_ord_id, 100, 10_000)
    assert len(lockouts(rig)) == 1


def test_a_lockout_outlasts_recovery_of_the_price_and_a_restart():
    rig = CoreRig()
    lose(rig)
    rig.worth.day = 0
    assert rig.desk.submit(rig.command()).denial.code == "LOCKOUT"
    again = rig.restart()
    assert again.desk.submit(again.command()).denial.code == "LOCKOUT"


def test_a_lockout_ends_with_the_accounts_next_trading_day():
    rig = CoreRig()
    lose(rig)
    rig.worth.day = 0
    rig.record(TradingDayRolled(account="OTHER", day="2026-11-26", ts=rig.now))
    assert rig.desk.submit(rig.command()).denial.code == "LOCKOUT"
    rig.record(TradingDayRolled(account=ACCOUNT, day="2026-11-26", ts=rig.now))
    assert rig.desk.submit(rig.command()).denial is None


def test_an_exit_passes_a_lockout():
    rig = CoreRig()
    rig.position(100)
    lose(rig)
    assert rig.submit(Side.SELL, 100, 10_000, reduce_only=True).status is OrdStatus.SUBMITTED
    assert rig.state.exposure.working(ACCOUNT, SYMBOL).sell.qty == 100
