"""Figures of a day: sums in the account's currency, past days from executions in the venue's order."""

from __future__ import annotations

from typing import Any

import pytest

from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import StateConflict
from workstation.domain.events import AccountOpened, OrderFilled, TradingDayRolled
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import Side
from workstation.portfolio.day_figures import day_figures, past_figures
from workstation.portfolio.ledger import Ledger
from workstation.portfolio.pnl import Pnl

ACCOUNT = Account(
    account="A", uid="u", venue="V", environment=Environment.SIM, currency="USD", initial_cash=1_000 * MONEY_ONE
)
DAY = 86_400


def share(symbol: str, currency: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency=currency,
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
    )


INSTRUMENTS = {"US": share("US", "USD"), "DE": share("DE", "EUR")}


def fill(key: str, side: Side, qty: int, px: int, ts: int, **fields: Any) -> Execution:
    values: dict[str, Any] = {
        "exec_key": key, "exec_id": key, "uid": key, "cl_ord_id": "C", "order_id": "", "account": "A", "symbol": "US",
        "side": side, "last_qty": qty, "last_px": px, "fee": MONEY_ONE, "fee_currency": "USD", "ts_event": ts,
        "ts_init": ts, "venue_seq": 0,
    }  # fmt: skip
    return Execution(**(values | fields))


def past(executions: list[Execution], *, day: int) -> Any:
    return past_figures(ACCOUNT, INSTRUMENTS, executions, day="d", start_ns=day * DAY, end_ns=(day + 1) * DAY)


def test_a_past_day_counts_what_was_made_in_it_and_holds_what_was_held() -> None:
    executions = [
        fill("1", Side.BUY, 10, 10_000, 5),
        fill("2", Side.SELL, 4, 10_100, DAY + 5),
        fill("3", Side.SELL, 6, 10_500, 2 * DAY + 5),
    ]
    first, second, third = (past(executions, day=day) for day in range(3))
    assert [row.realised // MONEY_ONE for row in (first, second, third)] == [0, 4, 30]
    assert [row.unrealised // MONEY_ONE for row in (first, second, third)] == [0, 6, 0]
    assert [row.commission // MONEY_ONE for row in (first, second, third)] == [1, 1, 1]
    assert [len(row.open_positions) for row in (first, second, third)] == [1, 1, 0]
    assert second.worth - second.cost == second.unrealised
    assert second.net == second.realised + second.unrealised - second.commission


def test_the_mark_of_a_past_day_is_its_last_trade_that_stands() -> None:
    executions = [
        fill("1", Side.BUY, 10, 10_000, 5),
        fill("2", Side.SELL, 4, 10_300, 7, venue_seq=2),
        fill("3", Side.SELL, 1, 10_200, 7, venue_seq=1),
        fill("4", Side.SELL, 1, 10_900, 9, kind=ExecKind.BUST, corrects="3"),
    ]
    found = past(executions, day=0)
    assert [row.qty for row in found.positions] == [6]
    assert found.unrealised == 6 * 3 * MONEY_ONE
    assert past(list(reversed(executions[:3])), day=0).unrealised == past(executions[:3], day=0).unrealised


def test_other_currencies_are_summed_at_the_rate_that_stands_beside_them() -> None:
    ledger = Ledger(INSTRUMENTS)
    pnl = Pnl(ledger, INSTRUMENTS)
    ledger.apply(AccountOpened(account=ACCOUNT, ts=0))
    ledger.apply(TradingDayRolled(account="A", day="d", ts=1))
    ledger.apply(OrderFilled(cl_ord_id="C", ts=2, execution=fill("1", Side.BUY, 10, 10_000, 2, symbol="DE")))
    pnl.mark("DE", 10_100, 3)
    with pytest.raises(StateConflict, match="EUR"):
        day_figures(ledger, pnl, "A", "d")
    pnl.rates.set("EUR", "USD", MONEY_ONE * 11 // 10, 4)
    found = day_figures(ledger, pnl, "A", "d")
    assert (found.unrealised, found.worth) == (11 * MONEY_ONE, 1_111 * MONEY_ONE)
    assert [(rate.currency, rate.ts) for rate in found.rates] == [("EUR", 4)]
    assert found.positions[0].currency == "EUR"
