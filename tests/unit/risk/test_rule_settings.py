"""Rules that people set in the gate: market hours, wash trades, conditions; and overrides, which lift a limit once."""

from __future__ import annotations

import pytest

from tests.helpers.risk import HAND, STOCK, RiskDesk, intent, live, terms
from workstation.domain.accounts import Environment
from workstation.domain.events import RecordSaved
from workstation.domain.executions import Execution
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import ReferencePrice, Side
from workstation.domain.records import LivePermit, RiskOverride
from workstation.risk.controls import Controls
from workstation.risk.limits import limit_id

S = 1_000_000_000


@pytest.fixture
def desk() -> RiskDesk:
    return RiskDesk()


def fill(account: str, side: Side, ts: int) -> Execution:
    return Execution(
        exec_key="e", exec_id="e", uid="e", cl_ord_id="c", order_id="o", account=account, symbol="AAPL", side=side,
        last_qty=1, last_px=10_000, fee=0, fee_currency="USD", ts_event=ts, ts_init=ts, venue_seq=1,
    )  # fmt: skip


def give(desk: RiskDesk, name: str = "o1", **fields: object) -> RiskOverride:
    made = {
        "id": name, "limit_id": limit_id("ORDER_NOTIONAL"), "limit_type": "ORDER_NOTIONAL", "account": "SIM-1",
        "account_id": "u1", "reason": "known", "expires_at": 100 * S, "created_by": "local", "row_version": 1,
    } | fields  # fmt: skip
    record = RiskOverride(**made)
    desk.controls.apply(RecordSaved(record=record, changed=(), actor="pat", ts=1))
    return record


def test_a_rule_for_market_hours_refuses_priced_orders_too_while_closed(desk):
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    assert desk.refusal(intent()) == ""
    desk.limit("MARKET_HOURS", "REFUSE")
    assert desk.refusal(intent()) == "MARKET_HOURS"
    desk.view.phases["AAPL"] = SessionPhase.OPEN
    assert desk.refusal(intent()) == ""


def test_the_other_side_of_another_accounts_fill_is_refused_within_the_window(desk):
    desk.limit("WASH_TRADE", "60")
    desk.controls.traded.apply(fill("SIM-2", Side.SELL, 100 * S))
    assert desk.refusal(intent(now_ns=160 * S)) == "WASH_TRADE"
    assert desk.refusal(intent(now_ns=161 * S)) == ""
    assert desk.refusal(intent(terms(Side.SELL), now_ns=160 * S)) == ""


def test_ones_own_fill_is_no_wash_trade(desk):
    desk.limit("WASH_TRADE", "60")
    desk.controls.traded.apply(fill("SIM-1", Side.SELL, 100 * S))
    assert desk.refusal(intent(now_ns=110 * S)) == ""


@pytest.mark.parametrize(("price", "code"), [(10_001, "WASH_TRADE"), (10_000, "WASH_TRADE"), (9_999, "")])
def test_an_order_that_would_meet_another_accounts_is_refused(desk, price, code):
    desk.limit("WASH_TRADE", "60")
    resting = terms(Side.SELL, price=10_000)
    desk.work(live("theirs", type(resting)(account="SIM-2", symbol="AAPL", side=Side.SELL, order_qty=5, price=10_000,
                                           ord_type=resting.ord_type)))  # fmt: skip
    assert desk.refusal(intent(terms(price=price))) == code


def test_newest_fills_outlive_a_snapshot():
    before, after = Controls(), Controls()
    before.traded.apply(fill("SIM-2", Side.SELL, 100 * S))
    after.load(before.state())
    assert after.state() == before.state()
    assert after.traded.opposite("SIM-1", "AAPL", 1, 100 * S) == "SIM-2"


def test_a_condition_whose_input_is_missing_refuses(desk):
    desk.limit("CUSTOM", "spread > 50t")
    assert desk.refusal(intent()) == ""
    desk.view.references["AAPL"] = ReferencePrice(bid=None, ask=10_000, last=10_000, age_ms=5, fresh=True)
    denial = desk.gate.check(intent()).denial
    assert (denial.code, "cannot be decided" in denial.text) == ("CUSTOM", True)


def test_every_condition_of_every_scope_is_asked(desk):
    desk.limit("CUSTOM", "qty > 500\nsell")
    desk.limit("CUSTOM", "notional > 9000", "ACCOUNT", "SIM-1")
    assert desk.refusal(intent(terms(qty=10))) == ""
    assert desk.refusal(intent(terms(Side.SELL, qty=10))) == "CUSTOM"
    assert desk.refusal(intent(terms(qty=100))) == "CUSTOM"


def test_an_override_lifts_its_limit_until_it_expires_or_is_used(desk):
    desk.limit("ORDER_NOTIONAL", "5000")
    assert desk.refusal(intent(now_ns=S)) == "ORDER_NOTIONAL"
    given = give(desk)
    verdict = desk.gate.check(intent(now_ns=S))
    assert (verdict.passed, verdict.overrides) == (True, (given.id,))
    assert desk.refusal(intent(now_ns=100 * S)) == "ORDER_NOTIONAL"
    for saved in desk.controls.overrides.used(verdict.overrides, "order", 2 * S):
        desk.controls.apply(saved)
        assert (saved.record.order_id, saved.record.used_at, saved.record.row_version) == ("order", 2 * S, 2)
    assert desk.refusal(intent(now_ns=S)) == "ORDER_NOTIONAL"


def test_an_override_lifts_no_limit_against_which_nothing_was_measured(desk):
    desk.limit("ORDER_NOTIONAL", "5000")
    give(desk)
    desk.view.rates.clear()
    desk.view.instruments["AAPL"] = type(STOCK)(
        **{name: getattr(STOCK, name) for name in STOCK.__struct_fields__} | {"currency": "EUR"}
    )
    assert desk.refusal(intent(now_ns=S)) == "ORDER_NOTIONAL"


def test_on_a_live_account_an_override_is_for_a_persons_own_order(desk):
    desk.view.accounts["SIM-1"] = type(desk.view.accounts["SIM-1"])(
        account="SIM-1", uid="u1", venue="SIM", environment=Environment.LIVE, currency="USD",
        initial_cash=10**6 * MONEY_ONE,
    )  # fmt: skip
    desk.view.permit = LivePermit(expires_at=S + 1)
    desk.limit("ORDER_NOTIONAL", "5000")
    give(desk)
    assert desk.refusal(intent(now_ns=S)) == "ORDER_NOTIONAL"
    assert desk.refusal(intent(now_ns=S, origin=HAND)) == ""
