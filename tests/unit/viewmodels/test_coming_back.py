"""What is said when the desktop comes back to orders or positions: what is there, and whether the venue agrees."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.desktop_rig import ACCOUNT, order, position, status
from workstation.domain.accounts import Environment, LockState
from workstation.domain.orders import RequestKind
from workstation.viewmodels.coming_back import agreement_mark, back_words, is_settled
from workstation.viewmodels.frames import AccountSnap
from workstation.viewmodels.outbox import Outbox
from workstation.viewmodels.screen_state import ScreenState


def account(lock: LockState, reason: str = "", name: str = ACCOUNT) -> AccountSnap:
    return AccountSnap(
        account=name, environment=Environment.SIM, venue="SIM", currency="USD", cash=0, equity=0, buying_power=None,
        realised=0, unrealised=0, fees=0, net=0, drawdown=0, day_limit=None, unpriced=(), lock=lock,
        lock_reason=reason, lockout="",
    )  # fmt: skip


def screen(*accounts: AccountSnap, orders: int = 0, unknown: int = 0, qty: int = 0) -> ScreenState:
    outbox = Outbox(lambda: None)
    rows = [order(f"OMS-{n}") for n in range(orders - unknown)]
    rows += [order(f"OMS-U{n}", unknown=RequestKind.SUBMIT) for n in range(unknown)]
    outbox.put_rows(rows)
    own = position(qty)
    of_run = msgspec.structs.replace(own, position=msgspec.structs.replace(own.position, strategy_id="run-1"))
    outbox.put_snapshots(
        positions=[own, of_run], accounts=accounts, status=status(open_orders=orders, unknown_orders=unknown)
    )
    state = ScreenState()
    state.apply(outbox.take())
    return state


def test_nothing_is_said_where_nothing_was_left_behind() -> None:
    state = screen(account(LockState.RECONCILING))
    assert back_words(state) == ("info", "")
    assert is_settled(state), "an account without orders and positions keeps nobody waiting"
    assert back_words(ScreenState()) == ("info", "")
    assert not is_settled(ScreenState())


@pytest.mark.parametrize(
    ("lock", "reason", "level", "standing", "settled"),
    [
        (LockState.UNLOCKED, "", "info", "SIM-1 agrees with SIM", True),
        (LockState.RECONCILING, "start", "info", "SIM-1 is being compared with SIM, new risk waits", False),
        (LockState.LOCKED, "AAPL: ours 3, theirs 2", "warning", "SIM-1 is LOCKED: AAPL: ours 3, theirs 2", True),
    ],
)
def test_what_is_there_and_whether_the_venue_agrees_is_one_sentence(lock, reason, level, standing, settled) -> None:
    state = screen(account(lock, reason), account(LockState.RECONCILING, name="OTHER"), orders=2, qty=3)
    assert back_words(state) == (level, f"Back with 2 open orders and 1 position; {standing}.")
    assert is_settled(state) is settled


def test_orders_of_unknown_outcome_are_named_and_warn() -> None:
    state = screen(account(LockState.UNLOCKED), orders=1, unknown=1)
    assert back_words(state) == (
        "warning",
        "Back with 1 open order and no positions; 1 order UNKNOWN, asked about at the venue; SIM-1 agrees with SIM.",
    )


def test_figures_are_marked_until_the_venue_has_agreed_to_them() -> None:
    assert agreement_mark(account(LockState.RECONCILING, "start")) == "not yet reconciled"
    assert agreement_mark(account(LockState.LOCKED, "AAPL: ours 3, theirs 2")) == (
        "not reconciled: AAPL: ours 3, theirs 2"
    )
    assert agreement_mark(account(LockState.UNLOCKED)) == ""
