"""Limits, kill switches, locks and restrictions: scopes, and what a restart keeps."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import RiskDesk, intent, terms
from workstation.domain.accounts import Environment, KillScope, LockState
from workstation.domain.errors import ValidationError
from workstation.domain.events import ArmChanged, EngineStarted, LockChanged
from workstation.domain.numbers import MONEY_ONE
from workstation.risk.controls import Controls, ControlsState
from workstation.risk.limits import DEFAULTS, UNLIMITED, Limits, LimitScope, LimitType, parse_limit
from workstation.risk.rates import OrderRates


@pytest.fixture
def desk() -> RiskDesk:
    return RiskDesk()


def test_every_type_has_a_default():
    assert set(DEFAULTS) == set(LimitType)


def test_the_tightest_scope_applies_and_taking_it_away_restores_the_wider_one(desk):
    desk.limit("ORDER_NOTIONAL", "5000", "INSTRUMENT", "AAPL")
    desk.limit("ORDER_NOTIONAL", "7000", "ACCOUNT", "SIM-1")
    bound = desk.controls.limits.bounds("SIM-1", "", "AAPL")[LimitType.ORDER_NOTIONAL][0]
    assert (bound.text, bound.where) == ("5000", "instrument AAPL")
    desk.limit("ORDER_NOTIONAL", "", "INSTRUMENT", "AAPL")
    assert desk.controls.limits.bounds("SIM-1", "", "AAPL")[LimitType.ORDER_NOTIONAL][0].text == "7000"


def test_a_wider_unlimited_does_not_lift_a_narrower_limit(desk):
    desk.limit("ORDER_QUANTITY", "10", "STRATEGY", "s1")
    assert desk.refusal(intent(strategy_id="s1")) == "ORDER_QUANTITY"
    assert desk.refusal(intent(strategy_id="s2")) == ""


@pytest.mark.parametrize("text", ["", "0", "-5", "NaN", "inf", "1e3", "none"])
def test_a_limit_that_is_no_number_above_zero_is_not_taken(text):
    with pytest.raises(ValidationError, match="UNLIMITED"):
        parse_limit(LimitType.ORDER_NOTIONAL, text)


def test_a_count_takes_no_fraction_and_money_does():
    with pytest.raises(ValidationError):
        parse_limit(LimitType.OPEN_ORDERS, "1.5")
    assert parse_limit(LimitType.ORDER_NOTIONAL, "0.5") == MONEY_ONE // 2
    assert parse_limit(LimitType.ORDER_NOTIONAL, UNLIMITED) > parse_limit(LimitType.ORDER_NOTIONAL, "9" * 20)


def test_controls_survive_a_restart_and_come_back_disarmed_and_locked(desk):
    desk.limit("ORDER_QUANTITY", "77", "ACCOUNT", "SIM-1")
    desk.limit("LOCKOUT", "DAY", "ACCOUNT", "SIM-1")
    desk.kill(KillScope.SYMBOL, "AAPL")
    desk.controls.apply(ArmChanged(armed=True, environment="SIM", actor="pat", reason="", ts=2))
    stored = msgspec.json.decode(msgspec.json.encode(desk.controls.state()), type=ControlsState)
    restored = Controls()
    restored.load(stored)
    assert restored.state() == desk.controls.state()
    assert restored.limits.text(LimitType.ORDER_QUANTITY, LimitScope.ACCOUNT, "SIM-1") == "77"
    assert restored.kills.find(KillScope.SYMBOL, "AAPL").on
    assert restored.restrictions.lockout("SIM-1").new == "DAY"
    assert not restored.arming.armed(Environment.SIM)
    restored.apply(EngineStarted(epoch=2, version="1", ts=3))
    assert restored.locks.state("SIM-1") is LockState.LOCKED


def test_arming_one_environment_disarms_the_other():
    controls = Controls()
    controls.apply(ArmChanged(armed=True, environment="SIM", actor="pat", reason="", ts=1))
    controls.apply(ArmChanged(armed=True, environment="LIVE", actor="pat", reason="", ts=2))
    assert (controls.arming.armed(Environment.SIM), controls.arming.armed(Environment.LIVE)) == (False, True)
    controls.apply(ArmChanged(armed=False, environment="LIVE", actor="pat", reason="", ts=3))
    assert not controls.arming.armed(Environment.LIVE)


def test_a_lock_keeps_its_reason(desk):
    desk.controls.apply(LockChanged(account="SIM-1", state=LockState.RECONCILING, reason="1 break", ts=2))
    text = desk.gate.check(intent()).denial.text
    assert text == "Refused: trading locked. SIM-1 is reconciling: 1 break; wait for the reconciliation."


def test_the_cache_of_bounds_is_bounded_and_right():
    limits = Limits()
    for number in range(5_000):
        assert limits.bounds("SIM-1", "", f"S{number}")[LimitType.ORDER_NOTIONAL][0].text == "100000"


def test_silent_scopes_make_room_for_new_ones():
    rates = OrderRates()
    for number in range(OrderRates.SCOPES_MAX):
        rates.hit((("INSTRUMENT", str(number)),), 0)
    rates.hit((("INSTRUMENT", "new"),), 120_000_000_000)
    assert rates.minute(("INSTRUMENT", "0"), 120_000_000_000) == 0
    assert rates.minute(("INSTRUMENT", "new"), 120_000_000_000) == 1


def test_what_is_not_known_is_refused_before_any_rule(desk):
    assert desk.refusal(intent(terms(symbol="NONE"))) == "INSTRUMENT_NOT_TRADABLE"
    desk.view.accounts.clear()
    assert desk.refusal(intent()) == "ACCOUNT_NOT_TRADABLE"


def test_an_untradable_instrument_takes_exits_only(desk):
    desk.view.instruments["AAPL"] = msgspec.structs.replace(desk.view.instruments["AAPL"], tradable=False)
    assert desk.refusal(intent()) == "INSTRUMENT_NOT_TRADABLE"
    desk.hold(-100)
    assert desk.refusal(intent()) == ""
