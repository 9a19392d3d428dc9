"""Orders per day: counted in the account's trading day, by the fold, against the tenant's bound."""

from __future__ import annotations

from msgspec.structs import replace

from tests.helpers.core_rig import ACCOUNT, SCRIPT, CoreRig
from workstation.domain.events import RecordSaved, TradingDayRolled
from workstation.domain.orders import ReplaceOrder, Side
from workstation.domain.records.identity import BUILT_IN
from workstation.orders.fold import CoreState


def bounded(most: int) -> CoreRig:
    rig = CoreRig()
    tenant = replace(BUILT_IN[0], max_orders_per_day=most, row_version=2)
    rig.record(RecordSaved(record=tenant, changed=("max_orders_per_day",), actor="pat", ts=rig.now))
    return rig


def refusal(rig: CoreRig, side: Side = Side.BUY) -> str:
    denial = rig.desk.submit(rig.command(rig.terms(side))).denial
    return "" if denial is None else denial.code


def test_an_account_sends_no_more_than_the_tenants_orders_of_a_day():
    rig = bounded(2)
    assert [refusal(rig) for _ in range(3)] == ["", "", "ORDERS_PER_DAY"]
    said = rig.desk.preview(rig.command())
    (found,) = [result for result in said.results if result.code == "ORDERS_PER_DAY"]
    assert (found.value, found.limit, found.headroom) == ("3", "2", "0")


def test_the_next_trading_day_of_the_account_begins_anew():
    rig = bounded(1)
    assert [refusal(rig), refusal(rig)] == ["", "ORDERS_PER_DAY"]
    rig.record(TradingDayRolled(account="OTHER", day="2025-10-10", ts=rig.now))
    assert refusal(rig) == "ORDERS_PER_DAY"
    rig.record(TradingDayRolled(account=ACCOUNT, day="2025-10-10", ts=rig.now))
    assert refusal(rig) == ""


def test_a_restart_forgets_no_order_and_no_bound():
    rig = bounded(1)
    assert refusal(rig) == ""
    replayed = rig.restart()
    assert refusal(replayed) == "ORDERS_PER_DAY"
    loaded = CoreState(dict(rig.state.instruments))
    loaded.load(replayed.state.state())
    assert (loaded.controls.day_orders.count(ACCOUNT), loaded.controls.day_orders.limit) == (1, 1)


def test_exits_changes_and_refused_orders_count_for_nothing_or_go_on():
    rig = bounded(2)
    rig.position(100)
    order = rig.submit(qty=10)
    assert refusal(rig) == "ORDERS_PER_DAY"
    assert rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=SCRIPT, order_qty=20)).denial is None
    assert refusal(rig, Side.SELL) == ""
