"""Each rule: passes, holds at the exact limit, refuses over it, and refuses what it cannot know."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import ACCOUNT, HAND, REST, RiskDesk, intent, live, terms
from workstation.domain.accounts import Environment, KillScope
from workstation.domain.events import EngineStarted, TradingDayRolled
from workstation.domain.instruments import AssetClass
from workstation.domain.market import SessionPhase
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrdType,
    Origin,
    OriginKind,
    ReferencePrice,
    Side,
    TimeInForce,
)
from workstation.domain.records import LivePermit
from workstation.domain.verdicts import DenialKind
from workstation.risk.rules.account_permission import barred_classes

S = 1_000_000_000


@pytest.fixture
def desk() -> RiskDesk:
    return RiskDesk()


def test_an_order_within_every_limit_passes_and_names_the_limits_used(desk):
    verdict = desk.gate.check(intent())
    assert verdict.passed
    assert verdict.qty == 100
    assert {result.code: result.limit for result in verdict.results} == {
        "ORDER_NOTIONAL": "100000",
        "POSITION_NOTIONAL": "1000000",
        "DAILY_LOSS": "50000",
        "ORDERS_PER_MINUTE": "60",
        "PRICE_COLLAR": "10",
    }


@pytest.mark.parametrize(
    ("limit", "value", "exact", "over"),
    [
        ("ORDER_QUANTITY", "100", 100, 101),
        ("ORDER_NOTIONAL", "10000", 100, 101),
        ("POSITION_QUANTITY", "150", 100, 101),
        ("POSITION_NOTIONAL", "15000", 100, 101),
        ("GROSS_EXPOSURE", "15000", 100, 101),
    ],
)
def test_a_quantity_or_value_may_reach_its_limit_and_not_exceed_it(desk, limit, value, exact, over):
    desk.work(live("resting", terms(qty=50)))
    desk.limit(limit, value)
    assert desk.refusal(intent(terms(qty=exact))) == ""
    assert desk.refusal(intent(terms(qty=over))) == limit


@pytest.mark.parametrize(
    "limit",
    [
        "ORDER_QUANTITY",
        "ORDER_NOTIONAL",
        "POSITION_QUANTITY",
        "POSITION_NOTIONAL",
        "GROSS_EXPOSURE",
        "OPEN_ORDERS",
        "ORDERS_PER_SECOND",
        "ORDERS_PER_MINUTE",
        "DAILY_LOSS",
        "DRAWDOWN",
        "PRICE_COLLAR",
    ],
)
@pytest.mark.parametrize("text", ["", "NaN", "-1", "0", "1e9", "unlimited"])
def test_a_missing_or_unreadable_limit_refuses(desk, limit, text):
    desk.limit(limit, text)
    assert desk.refusal(intent()) == limit
    desk.limit(limit, "UNLIMITED")
    assert desk.refusal(intent()) == ""


def test_a_market_order_is_valued_past_the_side_that_it_takes(desk):
    desk.limit("ORDER_NOTIONAL", "10050")
    assert desk.refusal(intent(terms(price=None))) == ""
    desk.limit("ORDER_NOTIONAL", "10049.99")
    assert desk.refusal(intent(terms(price=None))) == "ORDER_NOTIONAL"


def test_a_cheap_limit_sell_is_valued_at_the_bid_that_it_would_take(desk):
    desk.limit("PRICE_COLLAR", "UNLIMITED")
    desk.limit("ORDER_NOTIONAL", "9998.99")
    assert desk.refusal(intent(terms(Side.SELL, price=1))) == "ORDER_NOTIONAL"


def test_a_price_of_zero_values_nothing_and_refuses(desk):
    desk.view.references["AAPL"] = ReferencePrice(0, 0, 0, 5, True)
    assert desk.refusal(intent(terms(price=None))) == "ORDER_NOTIONAL"


def test_the_collar_is_measured_through_the_opposite_side(desk):
    desk.limit("PRICE_COLLAR_TICKS", "25")
    assert desk.refusal(intent(terms(price=10_025))) == ""
    denial = desk.gate.check(intent(terms(price=10_031))).denial
    assert denial.text == "Refused: price collar. 100.31 is 31t through ask 100.00; limit 25t. Price it nearer."
    assert desk.refusal(intent(terms(Side.SELL, price=9_974))) == ""
    assert desk.refusal(intent(terms(Side.SELL, price=9_973))) == "PRICE_COLLAR"
    assert desk.refusal(intent(terms(price=1))) == ""


def test_the_percent_collar_ends_at_its_percentage(desk):
    desk.limit("PRICE_COLLAR", "1")
    assert desk.refusal(intent(terms(price=10_100))) == ""
    assert desk.refusal(intent(terms(price=10_101))) == "PRICE_COLLAR"


def test_at_a_negative_price_the_collar_counts_ticks(desk):
    desk.limit("POSITION_NOTIONAL", "UNLIMITED")
    desk.limit("ORDER_NOTIONAL", "UNLIMITED")
    desk.view.references["CL"] = ReferencePrice(-3_764, -3_763, -3_763, 5, True)
    assert desk.refusal(intent(terms(qty=1, price=-3_663, symbol="CL"))) == ""
    assert desk.refusal(intent(terms(qty=1, price=-3_662, symbol="CL"))) == "PRICE_COLLAR"
    desk.limit("PRICE_COLLAR_TICKS", "10")
    assert desk.refusal(intent(terms(qty=1, price=-3_652, symbol="CL"))) == "PRICE_COLLAR"


def test_a_stop_limit_is_collared_from_its_own_trigger(desk):
    desk.limit("PRICE_COLLAR", "1")
    stop = {"ord_type": OrdType.STOP_LIMIT, "stop_px": 12_000, "qty": 10}
    assert desk.refusal(intent(terms(price=12_120, **stop))) == ""
    assert desk.refusal(intent(terms(price=12_121, **stop))) == "PRICE_COLLAR"


def test_a_stale_or_absent_reference_refuses(desk):
    desk.view.references["AAPL"] = ReferencePrice(9_999, 10_000, 10_000, 7_000, False, "no update")
    denial = desk.gate.check(intent()).denial
    assert denial.code == "REFERENCE_PRICE"
    assert "7000 ms old (no update)" in denial.text
    desk.view.references["AAPL"] = ReferencePrice(None, None, None, 0, True)
    assert desk.refusal(intent()) == "REFERENCE_PRICE"
    desk.view.references["AAPL"] = ReferencePrice(None, None, None, 0, False, "no data yet")
    assert desk.gate.check(intent()).denial.text == (
        "Refused: reference price. AAPL has no price (no data yet); wait for a quote."
    )


def test_while_closed_only_priced_orders_that_can_wait_pass_with_the_collar_from_the_last_close(desk):
    desk.view.phases["AAPL"] = SessionPhase.CLOSED
    desk.view.references["AAPL"] = ReferencePrice(None, None, 10_000, 10**8, False, "closed")
    desk.limit("PRICE_COLLAR", "1")
    assert desk.refusal(intent(terms(price=10_100))) == ""
    assert desk.refusal(intent(terms(price=10_101))) == "PRICE_COLLAR"
    assert desk.refusal(intent(terms(price=None))) == "MARKET_HOURS"
    assert desk.refusal(intent(terms(time_in_force=TimeInForce.IOC))) == "MARKET_HOURS"


def test_a_halt_refuses(desk):
    desk.view.phases["AAPL"] = SessionPhase.HALTED
    assert desk.refusal(intent()) == "MARKET_HOURS"


def test_open_orders_are_counted_per_scope(desk):
    desk.limit("OPEN_ORDERS", "2", "STRATEGY", "s1")
    desk.work(live("a", terms(qty=1), strategy_id="s1"))
    desk.work(live("b", terms(qty=1)))
    assert desk.refusal(intent(strategy_id="s1")) == ""
    desk.work(live("c", terms(qty=1), strategy_id="s1"))
    assert desk.refusal(intent(strategy_id="s1")) == "OPEN_ORDERS"
    assert desk.refusal(intent(strategy_id="s2")) == ""


def test_orders_per_minute_slide(desk):
    desk.limit("ORDERS_PER_MINUTE", "3")
    for number in range(3):
        asked = intent(terms(qty=number + 1), mono_ns=number * S)
        assert desk.refusal(asked) == ""
        desk.gate.count(asked)
    assert desk.refusal(intent(mono_ns=3 * S)) == "ORDERS_PER_MINUTE"
    assert desk.refusal(intent(mono_ns=60 * S - 1)) == "ORDERS_PER_MINUTE"
    assert desk.refusal(intent(mono_ns=60 * S + S // 5)) == ""


def test_orders_per_second_slide_and_changes_count(desk):
    desk.limit("ORDERS_PER_SECOND", "2", "INSTRUMENT", "AAPL")
    order = desk.work(live("a", terms(qty=5)))
    desk.gate.count(intent(terms(qty=1)))
    desk.gate.count(intent(terms(qty=6), replaces=order))
    assert desk.refusal(intent(mono_ns=S // 2)) == "ORDERS_PER_SECOND"
    assert desk.refusal(intent(terms(symbol="CL", qty=1), mono_ns=S // 2)) == ""
    assert desk.refusal(intent(mono_ns=S + S // 5)) == ""


def test_a_daily_loss_beyond_the_limit_refuses_and_locks_out_until_the_next_trading_day(desk):
    desk.view.net = -50_000 * MONEY_ONE
    assert desk.refusal(intent()) == ""
    assert desk.gate.breach("SIM-1", 9) is None
    desk.view.net -= 1
    assert desk.refusal(intent()) == "DAILY_LOSS"
    lockout = desk.gate.breach("SIM-1", 9)
    desk.controls.apply(lockout)
    assert desk.gate.breach("SIM-1", 10) is None
    desk.view.net = 0
    assert desk.refusal(intent()) == "LOCKOUT"
    desk.controls.apply(TradingDayRolled(account="SIM-1", day="2026-11-26", ts=11))
    assert desk.refusal(intent()) == ""


def test_an_unpriced_day_refuses(desk):
    desk.view.net = None
    assert desk.refusal(intent()) == "DAILY_LOSS"


def test_drawdown_is_in_percent_of_the_peak(desk):
    desk.limit("DRAWDOWN", "10")
    desk.view.equities = 900_000 * MONEY_ONE
    assert desk.refusal(intent()) == ""
    desk.view.equities -= 1
    assert desk.refusal(intent()) == "DRAWDOWN"


def test_buying_power_is_margin_against_equity(desk):
    desk.view.equities = 2_500 * MONEY_ONE
    assert desk.refusal(intent()) == ""
    verdict = desk.gate.check(intent(terms(qty=101)))
    assert (verdict.denial.code, verdict.denial.kind) == ("BUYING_POWER", DenialKind.FUNDS)
    desk.work(live("a", terms(qty=1)))
    assert desk.refusal(intent()) == "BUYING_POWER"


def test_orders_that_close_reserve_no_buying_power(desk):
    desk.view.equities = 5_000 * MONEY_ONE
    desk.view.grosses = 10_000 * MONEY_ONE
    desk.hold(100)
    desk.work(live("exit", terms(Side.SELL, price=11_000)))
    assert desk.refusal(intent()) == ""


def test_unknown_equity_refuses(desk):
    desk.view.equities = None
    assert desk.refusal(intent()) == "BUYING_POWER"


def test_another_currency_is_converted_or_refused(desk):
    desk.view.accounts["SIM-1"] = msgspec.structs.replace(ACCOUNT, currency="JPY")
    assert desk.refusal(intent()) == "ORDER_NOTIONAL"
    desk.view.rates["USD", "JPY"] = 150
    assert desk.refusal(intent()) == "ORDER_NOTIONAL"
    desk.view.rates["USD", "JPY"] = 10
    assert desk.refusal(intent()) == ""


def test_the_same_order_within_400_ms_is_refused_and_an_explicit_wish_lifts_it_for_scripts_alone(desk):
    desk.gate.count(intent(mono_ns=S, cl_ord_id="first"))
    again = intent(mono_ns=S + 399_999_999)
    assert desk.refusal(again) == "DUPLICATE_ORDER"
    assert desk.refusal(msgspec.structs.replace(again, cl_ord_id="another")) == "DUPLICATE_ORDER"
    assert desk.refusal(msgspec.structs.replace(again, allow_duplicate=True)) == ""
    assert desk.refusal(msgspec.structs.replace(again, origin=HAND)) == ""
    assert desk.refusal(msgspec.structs.replace(again, terms=terms(qty=99))) == ""
    assert desk.refusal(intent(mono_ns=S + 400_000_000)) == ""
    desk.gate.count(intent(origin=HAND, mono_ns=9 * S, cl_ord_id="first"))
    assert desk.refusal(intent(origin=HAND, mono_ns=9 * S, allow_duplicate=True)) == "DUPLICATE_ORDER"


def test_an_order_judged_again_at_its_release_is_no_duplicate_of_itself_and_a_leg_of_none(desk):
    desk.gate.count(intent(origin=HAND, cl_ord_id="held"))
    assert desk.refusal(intent(origin=HAND, cl_ord_id="held")) == ""
    leg = GroupLink("g", Contingency.BRACKET, LegRole.TAKE_PROFIT, parent="entry")
    assert desk.refusal(intent(origin=HAND, cl_ord_id="leg", link=leg)) == ""
    assert desk.refusal(intent(origin=HAND, cl_ord_id="other")) == "DUPLICATE_ORDER"


def test_an_order_that_would_cross_an_own_resting_one_is_refused_across_strategies(desk):
    desk.work(live("mine", terms(Side.SELL, price=10_010), strategy_id="s1"))
    assert desk.refusal(intent(terms(price=10_009), strategy_id="s2")) == ""
    assert desk.refusal(intent(terms(price=10_010), strategy_id="s2")) == "SELF_TRADE"
    assert desk.refusal(intent(terms(price=None))) == "SELF_TRADE"
    stop = terms(price=None, ord_type=OrdType.STOP, stop_px=10_100)
    assert desk.refusal(intent(stop)) == ""


def test_restrictions_refuse_entries_in_their_scope_and_can_be_lifted(desk):
    for name, value in (("RESTRICTED_SYMBOL", "ON"), ("CLOSE_ONLY", "ON")):
        desk.limit(name, value, "INSTRUMENT", "AAPL")
        assert desk.refusal(intent()) == name
        assert desk.refusal(intent(terms(symbol="CL", qty=1))) == ""
        desk.limit(name, "", "INSTRUMENT", "AAPL")
        assert desk.refusal(intent()) == ""


def test_an_account_may_lack_the_permission_for_an_asset_class(desk):
    desk.limit("ACCOUNT_PERMISSION", "OPTION,FUTURE", "ACCOUNT", "SIM-1")
    assert desk.refusal(intent()) == ""
    assert desk.refusal(intent(terms(symbol="CL", qty=1))) == "ACCOUNT_PERMISSION"
    assert barred_classes(desk.controls, "SIM-1") == {AssetClass.OPTION, AssetClass.FUTURE}
    assert barred_classes(desk.controls, "SIM-2") == frozenset()


def test_a_forbidden_short_sale_is_one_that_could_end_below_zero(desk):
    desk.limit("SHORT_SALE", "REFUSE")
    desk.hold(100)
    assert desk.refusal(intent(terms(Side.SELL, qty=100))) == ""
    assert desk.refusal(intent(terms(Side.SELL, qty=101))) == "SHORT_SALE"
    desk.work(live("exit", terms(Side.SELL, qty=50, price=11_000)))
    assert desk.refusal(intent(terms(Side.SELL, qty=51))) == "SHORT_SALE"


def test_hand_entry_needs_arming_and_scripts_do_not(desk):
    desk.view.is_armed = False
    assert desk.refusal(intent(origin=HAND)) == "NOT_ARMED"
    assert desk.refusal(intent(origin=REST)) == ""


def test_scripts_need_a_permit_on_a_live_account(desk):
    desk.view.accounts["SIM-1"] = msgspec.structs.replace(ACCOUNT, environment=Environment.LIVE)
    assert desk.refusal(intent()) == "LIVE_NOT_PERMITTED"
    assert desk.refusal(intent(origin=Origin(OriginKind.STRATEGY, "s1"), strategy_id="s1")) == "LIVE_NOT_PERMITTED"
    assert desk.refusal(intent(origin=HAND)) == ""
    desk.view.permit = LivePermit(expires_at=1)
    assert desk.refusal(intent()) == ""


def test_a_permit_holds_until_its_time_and_within_its_caps(desk):
    desk.view.accounts["SIM-1"] = msgspec.structs.replace(ACCOUNT, environment=Environment.LIVE)
    desk.view.permit = LivePermit(
        expires_at=intent().now_ns + 1, caps={"order_notional": "10000", "position_notional": "12000"}
    )
    assert desk.refusal(intent(terms(qty=100, price=10_000))) == ""
    assert desk.refusal(intent(terms(qty=101, price=10_000))) == "PERMIT_CAP"
    desk.hold(30)
    assert desk.refusal(intent(terms(qty=90, price=10_000))) == ""
    assert desk.refusal(intent(terms(qty=91, price=10_000))) == "PERMIT_CAP"
    desk.view.permit = LivePermit(expires_at=intent().now_ns + 1, caps={"day_loss": "1"})
    assert desk.refusal(intent()) == "PERMIT_CAP"
    desk.view.permit = LivePermit(expires_at=intent().now_ns)
    assert desk.refusal(intent()) == "LIVE_NOT_PERMITTED"


def test_a_start_of_the_engine_locks_every_account(desk):
    desk.controls.apply(EngineStarted(epoch=2, version="1", ts=5))
    assert desk.refusal(intent()) == "TRADING_LOCKED"


@pytest.mark.parametrize(
    ("scope", "key", "refused"),
    [
        (KillScope.ALL, "", True),
        (KillScope.ACCOUNT, "SIM-1", True),
        (KillScope.ACCOUNT, "SIM-2", False),
        (KillScope.STRATEGY, "s1", True),
        (KillScope.STRATEGY, "", False),
        (KillScope.SYMBOL, "AAPL", True),
        (KillScope.SYMBOL, "CL", False),
    ],
)
def test_a_kill_switch_stops_its_scope(desk, scope, key, refused):
    desk.kill(scope, key)
    assert desk.refusal(intent(strategy_id="s1")) == ("KILL_SWITCH_ACTIVE" if refused else "")
    desk.kill(scope, key, on=False)
    assert desk.refusal(intent(strategy_id="s1")) == ""


def test_refusals_speak_in_the_order_of_the_contract(desk):
    desk.view.is_armed = False
    desk.controls.locks.lock_all()
    desk.kill(KillScope.ALL)
    desk.limit("RESTRICTED_SYMBOL", "ON", "INSTRUMENT", "AAPL")
    desk.limit("ORDER_QUANTITY", "1")
    desk.view.equities = 0
    codes = [result.code for result in desk.gate.explain(intent(origin=HAND)).results if not result.passed]
    expected = "NOT_ARMED TRADING_LOCKED KILL_SWITCH_ACTIVE RESTRICTED_SYMBOL ORDER_QUANTITY BUYING_POWER"
    assert codes == expected.split()


def test_explain_shows_value_limit_and_headroom(desk):
    shown = {result.code: result for result in desk.gate.explain(intent()).results}
    notional = shown["ORDER_NOTIONAL"]
    assert (notional.value, notional.limit, notional.headroom) == ("10,000.00 USD", "100,000.00 USD", "90,000.00 USD")
    assert shown["ORDERS_PER_MINUTE"].headroom == "59"


def test_a_refusal_is_one_sentence_of_rule_value_limit_and_next_step(desk):
    denial = desk.gate.check(intent(terms(qty=1_500))).denial
    assert denial.text == (
        "Refused: order notional. 150,000.00 USD; limit 100,000.00 USD (tenant). Lower the quantity or raise the limit."
    )
