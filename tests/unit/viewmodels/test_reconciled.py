"""Cash as the venue names it, beside ours when it was booked; what it never named is not available."""

from __future__ import annotations

from workstation.domain.numbers import MONEY_ONE
from workstation.ports.broker import QueryAnswer, VenueBalance
from workstation.viewmodels.frames import CashSeen
from workstation.viewmodels.reconciled import VenueCash


def answer(*balances: VenueBalance, error: str = "") -> QueryAnswer:
    return QueryAnswer(request_id=1, account="A", ts_event=7, balances=balances, error=error)


def test_the_last_complete_answer_stands_beside_ours_of_that_moment() -> None:
    ours = {"USD": 100 * MONEY_ONE}
    cash = VenueCash(lambda _account: ours)
    assert cash.of("A") == ()
    cash.take(answer(VenueBalance(account="A", currency="USD", cash=90 * MONEY_ONE)))
    ours["USD"] = 0
    assert cash.of("A") == (CashSeen("USD", 100 * MONEY_ONE, 90 * MONEY_ONE, 7),)
    cash.take(answer(error="not complete"))
    assert cash.of("A")[0].theirs == 90 * MONEY_ONE
    cash.take(answer())
    assert cash.of("A") == (), "a venue that names no cash has none to compare"
