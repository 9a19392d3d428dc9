"""The sum over accounts is the total (P8): of each contract what all fills moved, and of money what the screen adds up.

Fills of several accounts, strategies and currencies go through the real ledger; its rows, marked, through the table of
positions. The total is what one table of all accounts shows; the parts are tables of one account each, of the same rows
and of a ledger that has seen that account's fills alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.ledger_oracle import BASE, INSTRUMENTS, account_opened, fill, ledger_of
from workstation.domain.events import Event, OrderFilled
from workstation.domain.executions import CostMethod
from workstation.portfolio.ledger import ACCOUNT_TOTAL, Ledger
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.positions_table import PositionsView

ACCOUNTS = ("A", "B", "C")
MARK = 250
SYMBOLS = ("EUQ", "FUT", "STK")


@st.composite
def histories(draw: st.DrawFn) -> list[OrderFilled]:
    return [
        fill(
            draw(st.integers(-9, 9).filter(bool)),
            draw(st.integers(1, 400)),
            at=number + 1,
            key=f"k{number}",
            symbol=draw(st.sampled_from(SYMBOLS)),
            account=draw(st.sampled_from(ACCOUNTS)),
            fee=draw(st.sampled_from([0, 10**15, -3 * 10**14])),
            fee_currency=draw(st.sampled_from(["USD", "EUR"])),
            strategy=draw(st.sampled_from(["", "s1", "EXTERNAL"])),
        )
        for number in range(draw(st.integers(1, 20)))
    ]


def booked(fills: Iterable[OrderFilled], accounts: Iterable[str], method: CostMethod) -> Ledger:
    opened: list[Event] = [account_opened(msgspec.structs.replace(BASE, account=name, uid=name)) for name in accounts]
    return ledger_of([*opened, *fills], method)


def shown(ledger: Ledger, unmarked: frozenset[str], account: str = "") -> PositionsView:
    """Return the table of one account, or of all; positions of `unmarked` instruments have no mark."""
    view = PositionsView(Formats(INSTRUMENTS))
    view.take(
        PositionSnap(
            position=row,
            mark=None if row.symbol in unmarked else MARK,
            mark_kind="last",
            mark_age_ms=0,
            unrealised=None if row.symbol in unmarked else INSTRUMENTS[row.symbol].notional(row.qty, MARK) - row.cost,
            protection="none",
        )
        for row in ledger.positions()
        if account in ("", row.account)
    )
    return view


def money_of(views: Iterable[PositionsView]) -> dict[tuple[str, str], int]:
    """Return the sums of tables by currency and figure, those that are not 0."""
    sums: Counter[tuple[str, str]] = Counter()
    for view in views:
        for currency, totals in view.totals().items():
            for name in ("open", "realised", "fees"):
                sums[currency, name] += getattr(totals, name)
    return {key: amount for key, amount in sums.items() if amount}


@given(histories(), st.sampled_from(list(CostMethod)), st.frozensets(st.sampled_from(SYMBOLS)))
def test_accounts_add_up_to_the_total(fills: list[OrderFilled], method: CostMethod, unmarked: frozenset[str]) -> None:
    whole = booked(fills, ACCOUNTS, method)
    for symbol in SYMBOLS:
        moved = sum(
            event.execution.side.sign * event.execution.last_qty for event in fills if event.execution.symbol == symbol
        )
        assert sum(whole.qty(account, symbol) for account in ACCOUNTS) == moved
        for account in ACCOUNTS:
            rows = [row for row in whole.positions() if (row.account, row.symbol) == (account, symbol)]
            parts = sum(row.qty for row in rows if row.strategy_id != ACCOUNT_TOTAL)
            assert parts == whole.qty(account, symbol), "strategies, and what is of none, make the account"
    alone = [
        shown(booked([event for event in fills if event.execution.account == account], [account], method), unmarked)
        for account in ACCOUNTS
    ]
    total = money_of([shown(whole, unmarked)])
    assert money_of(shown(whole, unmarked, account) for account in ACCOUNTS) == total
    assert money_of(alone) == total
    fees = Counter[str]()
    for event in fills:
        fees[event.execution.fee_currency] += event.execution.fee
    assert {name: amount for (name, what), amount in total.items() if what == "fees"} == {
        name: amount for name, amount in fees.items() if amount
    }
