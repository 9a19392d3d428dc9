"""A run holds no more than its capital in positions and working orders; exits pass, whatever it holds."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import OIL, STOCK, RiskDesk, intent, live, terms
from workstation.domain.events import RecordSaved
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrderState,
    OrdStatus,
    Origin,
    OriginKind,
    Side,
)
from workstation.domain.records import StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus

CODE = "STRATEGY_CAPITAL"
ORIGIN = Origin(OriginKind.STRATEGY, "R1")
RUN = StrategyRun(
    id="R1", strategy_id="S1", account="SIM-1", user_id="local", run_name="s 1", run_number=1,
    initial_capital="10000.00", start_date="2026-11-01", status=StrategyRunStatus.RUNNING,
)  # fmt: skip
"""10,000.00: a hundred units at 100.00."""


def save(desk: RiskDesk, **fields: object) -> None:
    made = msgspec.structs.replace(RUN, **fields)
    desk.controls.apply(RecordSaved(record=made, changed=("status",), actor="pat", ts=1))


@pytest.fixture
def desk() -> RiskDesk:
    made = RiskDesk()
    made.limit("POSITION_NOTIONAL", "UNLIMITED")
    made.limit("ORDER_NOTIONAL", "UNLIMITED")
    save(made)
    return made


def asked(qty: int, side: Side = Side.BUY, price: int | None = 10_000, run: str = "R1", **more: object):
    more.setdefault("allow_duplicate", True)
    symbol = str(more.pop("symbol", "AAPL"))
    return intent(terms(side, qty, price, symbol=symbol), origin=ORIGIN, strategy_id=run, **more)


def own(desk: RiskDesk, qty: int, symbol: str = "AAPL", run: str = "R1") -> None:
    desk.view.of_runs["SIM-1", symbol, run] = qty
    desk.hold(sum(held for (_, of, _), held in desk.view.of_runs.items() if of == symbol), symbol)


def works(desk: RiskDesk, name: str, qty: int, side: Side = Side.BUY, run: str = "R1", **more: object) -> OrderState:
    symbol = str(more.pop("symbol", "AAPL"))
    return desk.work(live(name, terms(side, qty, symbol=symbol), strategy_id=run, **more))


def test_an_order_within_the_capital_passes_and_one_beyond_it_names_value_and_limit(desk: RiskDesk) -> None:
    assert desk.refusal(asked(100)) == ""
    denial = desk.gate.check(asked(101)).denial
    assert denial is not None
    assert (denial.code, denial.value, denial.limit, denial.headroom) == (
        CODE, "10,100.00 USD", "10,000.00 USD", "0.00 USD",
    )  # fmt: skip
    assert "10,100.00 USD in positions and working orders; limit 10,000.00 USD" in denial.text
    shown = next(row for row in desk.gate.explain(asked(60)).results if row.code == CODE)
    assert (shown.passed, shown.value, shown.headroom) == (True, "6,000.00 USD", "4,000.00 USD")


def test_hands_and_scripts_have_no_capital(desk: RiskDesk) -> None:
    assert desk.refusal(intent(terms(qty=500))) == ""


def test_positions_count_at_their_marks_and_those_of_others_do_not(desk: RiskDesk) -> None:
    own(desk, 50)
    own(desk, 900, run="R2")
    assert desk.refusal(asked(50)) == ""
    assert desk.refusal(asked(51)) == CODE
    desk.view.marks["AAPL"] = 12_000
    assert desk.refusal(asked(40)) == ""
    assert desk.refusal(asked(41)) == CODE


def test_working_orders_count_at_their_worst_prices_until_they_are_over(desk: RiskDesk) -> None:
    order = works(desk, "a", 60)
    works(desk, "b", 900, run="R2")
    assert desk.refusal(asked(40)) == ""
    assert desk.refusal(asked(41)) == CODE
    desk.exposure.on_change(order, msgspec.structs.replace(order, status=OrdStatus.CANCELLED))
    assert desk.refusal(asked(100)) == ""


def test_a_market_order_counts_past_the_side_that_it_takes(desk: RiskDesk) -> None:
    assert desk.refusal(asked(99, price=None)) == ""  # 99 at 100.50
    assert desk.refusal(asked(100, price=None)) == CODE


def test_what_a_run_holds_elsewhere_counts(desk: RiskDesk) -> None:
    desk.view.instruments["XYZ"] = msgspec.structs.replace(STOCK, symbol="XYZ")
    desk.view.marks["XYZ"] = 5_000
    own(desk, -80, "XYZ")
    assert desk.refusal(asked(60)) == ""
    assert desk.refusal(asked(61)) == CODE


def test_both_sides_of_a_market_maker_count_once_at_the_larger(desk: RiskDesk) -> None:
    works(desk, "bid", 100)
    assert desk.refusal(asked(99, Side.SELL_SHORT, 10_100)) == ""
    desk.work(live("ask", terms(Side.SELL_SHORT, 99, 10_100), strategy_id="R1"))
    assert desk.refusal(asked(1, Side.SELL_SHORT, 10_100)) == CODE


def test_a_reversal_needs_what_stands_after_it(desk: RiskDesk) -> None:
    own(desk, 100)
    assert desk.refusal(asked(200, Side.SELL)) == ""
    assert desk.refusal(asked(201, Side.SELL)) == CODE


def test_exits_pass_whatever_the_run_holds(desk: RiskDesk) -> None:
    own(desk, 500)
    assert desk.refusal(asked(1)) == CODE
    assert desk.refusal(asked(500, Side.SELL)) == ""
    desk.hold(0)  # a hand is short as much: for the account the run's exit opens
    assert desk.refusal(asked(500, Side.SELL)) == ""
    desk.view.marks.clear()
    assert desk.refusal(asked(500, Side.SELL)) == ""


def test_what_the_run_has_made_and_lost_counts(desk: RiskDesk) -> None:
    desk.view.made = 2_000 * MONEY_ONE
    assert (desk.refusal(asked(120)), desk.refusal(asked(121))) == ("", CODE)
    desk.view.made = -4_000 * MONEY_ONE
    assert (desk.refusal(asked(60)), desk.refusal(asked(61))) == ("", CODE)
    desk.view.made = -10_001 * MONEY_ONE
    assert desk.refusal(asked(1)) == CODE


def test_futures_count_with_their_initial_margin(desk: RiskDesk) -> None:
    desk.view.instruments["CL"] = OIL
    save(desk, initial_capital="50000.00")
    own(desk, 1, "CL")  # 100,000.00, of which the account's 25 % bind
    assert desk.refusal(asked(1, symbol="CL")) == ""
    assert desk.refusal(asked(2, symbol="CL")) == CODE


def test_other_currencies_count_at_the_rate_and_without_one_nothing_is_added(desk: RiskDesk) -> None:
    desk.view.instruments["AAPL"] = msgspec.structs.replace(STOCK, currency="EUR")
    assert desk.refusal(asked(1)) != ""
    desk.view.rates["EUR", "USD"] = 2
    assert (desk.refusal(asked(50)), desk.refusal(asked(51))) == ("", CODE)
    own(desk, 20)
    works(desk, "a", 20)
    assert (desk.refusal(asked(10)), desk.refusal(asked(11))) == ("", CODE)


@pytest.mark.parametrize("lacks", ["mark", "profit"])
def test_what_cannot_be_valued_is_refused_and_says_so(desk: RiskDesk, lacks: str) -> None:
    own(desk, 10)
    if lacks == "mark":
        desk.view.marks.clear()
    else:
        desk.view.made = None
    denial = desk.gate.check(asked(1)).denial
    assert denial is not None
    assert (denial.code, "no price or rate" in denial.text) == (CODE, True)


def test_a_capital_that_cannot_be_read_refuses(desk: RiskDesk) -> None:
    save(desk, initial_capital="much")
    assert desk.refusal(asked(1)) == CODE


def test_legs_of_which_one_can_fill_count_once(desk: RiskDesk) -> None:
    link = GroupLink(group_id="g", role=LegRole.OCO, contingency=Contingency.OCO)
    works(desk, "one", 100, link=link)
    assert desk.refusal(asked(100, link=link)) == ""
    assert desk.refusal(asked(101, link=link)) == CODE


def test_a_change_of_an_order_counts_as_the_order_would_be(desk: RiskDesk) -> None:
    order = works(desk, "a", 60)
    works(desk, "b", 40)
    assert desk.refusal(asked(60, replaces=order, price=9_900)) == ""
    assert desk.refusal(asked(61, replaces=order)) == CODE


def test_what_a_run_holds_of_its_capital_is_told_as_the_gate_judges_it(desk: RiskDesk) -> None:
    own(desk, 30)
    works(desk, "a", 20)
    desk.view.made = 500 * MONEY_ONE
    found = desk.gate.run_capital("SIM-1", "R1")
    assert found is not None
    assert (found.used, found.capital, found.headroom) == (
        5_000 * MONEY_ONE, 10_500 * MONEY_ONE, 5_500 * MONEY_ONE,
    )  # fmt: skip
    assert desk.gate.run_capital("SIM-1", "R9") is None
    save(desk, status=StrategyRunStatus.STOPPED)
    assert desk.gate.run_capital("SIM-1", "R1") is None
    assert desk.refusal(asked(101)) == ""
