"""A share split in the running program: the position follows, cash stays, and an order from before it is called out."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import ACCOUNT, QUIET, cancel, limit_order, on_engine, order, place, unlocked, wait_for
from workstation.commands.params import BarsRequest, SwitchFault
from workstation.domain.accounts import LockState
from workstation.domain.orders import OrdStatus
from workstation.marketdata.intervals import bar_type_of
from workstation.orders.results import OrderAlert

WEEK = bar_type_of("1w")


def test_a_split_overnight_keeps_cash_and_worth_and_names_the_open_order(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        resting = limit_order(program)
        bought = place(program, order(QUIET, 10, price=None))
        core, alerts = program.engine.core, list[OrderAlert]()
        on_engine(program, lambda: core.bus.subscribe(OrderAlert, alerts.append))
        ledger, book, locks = core.state.ledger, core.state.book, core.state.controls.locks
        wait_for(lambda: on_engine(program, lambda: book.get(bought.cl_ord_id).status is OrdStatus.FILLED))
        cash = on_engine(program, lambda: dict(ledger.cash(ACCOUNT)))
        assert ask(program, "market.bars", BarsRequest(symbol=QUIET, bar_type=WEEK)).ok
        before = on_engine(program, lambda: core.market.current_bar(QUIET, WEEK))
        split = SwitchFault(kind="split", arguments={"symbol": QUIET, "qty": "4"})
        assert ask(program, "venue.fault", split).ok
        wait_for(lambda: on_engine(program, lambda: ledger.qty(ACCOUNT, QUIET)) == 40)
        assert on_engine(program, lambda: dict(ledger.cash(ACCOUNT))) == cash
        week = on_engine(program, lambda: core.market.current_bar(QUIET, WEEK))
        assert week.ts_open == before.ts_open
        assert week.open == round(before.open / 4), "the week that forms is in prices of its end"
        (named,) = [alert for alert in alerts if alert.code == "SPLIT_OPEN_ORDER"]
        assert named.cl_ord_id == resting.cl_ord_id
        assert named.text.startswith("AAPL split 4 for 1: this order to buy 1 ")
        cancel(program, resting.cl_ord_id)  # at the old price the new market would fill it
        wait_for(lambda: on_engine(program, lambda: book.get(resting.cl_ord_id).status.is_final))
        held = on_engine(program, lambda: ledger.qty(ACCOUNT, QUIET))
        on_engine(program, lambda: core.desk.reconcile(ACCOUNT, "test"))
        unlocked(program)
        wait_for(lambda: on_engine(program, lambda: book.get(resting.cl_ord_id).unknown is None))
        assert on_engine(program, lambda: locks.state(ACCOUNT)) is LockState.UNLOCKED
        assert on_engine(program, lambda: core.desk.breaks(ACCOUNT)) == ()
    with running_headless(tmp_path) as again:
        unlocked(again)
        ledger = again.engine.core.state.ledger
        assert on_engine(again, lambda: ledger.qty(ACCOUNT, QUIET)) == held, "venue and journal both remember it"
