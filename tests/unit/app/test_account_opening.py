"""Accounts of one's own at the venue of a run: opened when journaled, opened again where the venue forgot them."""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, CoreRig
from workstation.app.account_opening import AccountOpening
from workstation.app.core import Core
from workstation.app.venues import Venue
from workstation.domain.accounts import Account
from workstation.domain.events import AccountOpened
from workstation.ports.broker import SessionState


class ForgetfulVenue:
    """Knows the accounts that it was told."""

    def __init__(self, rig: CoreRig, known: tuple[Account, ...] = ()) -> None:
        self.broker, self._known = rig.broker, list(known)

    def accounts(self) -> tuple[Account, ...]:
        return tuple(self._known)

    def open_account(self, account: Account) -> None:
        self._known.append(account)


def opening(rig: CoreRig, venue: ForgetfulVenue) -> AccountOpening:
    return AccountOpening(cast(Core, rig), cast(Venue, cast(Any, venue)))


def another(rig: CoreRig, **fields: Any) -> Account:
    return replace(rig.state.accounts[ACCOUNT], account="P-1", uid="p-1", **fields)


def test_what_is_journaled_is_opened_and_compared_while_the_session_is_up():
    rig = CoreRig()
    venue = ForgetfulVenue(rig, tuple(rig.state.accounts.values()))
    opening(rig, venue)
    asked = len(rig.broker.asks)
    rig.broker.session(SessionState.UP)
    rig.record(AccountOpened(account=another(rig), ts=rig.now))
    assert [account.account for account in venue.accounts()] == [ACCOUNT, "P-1"]
    assert len(rig.broker.asks) > asked


def test_a_start_opens_what_the_venue_forgot_but_nothing_closed_or_of_elsewhere():
    rig = CoreRig()
    for account in (
        another(rig),
        replace(another(rig), account="P-2", closed=True),
        replace(another(rig), account="P-3", venue="ELSEWHERE"),
    ):
        rig.record(AccountOpened(account=account, ts=rig.now))
    venue = ForgetfulVenue(rig)
    made = opening(rig, venue)
    made.recall()
    assert sorted(account.account for account in venue.accounts()) == ["P-1", ACCOUNT]
    rig.record(AccountOpened(account=another(rig, closed=True), ts=rig.now))
    assert [account.account for account in made.offered] == [ACCOUNT]
