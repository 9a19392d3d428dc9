"""What binds a run at the gate besides the limits that people set: its strategy's, its own, and a budget of its own."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.risk import RiskDesk, intent, live, terms
from workstation.domain.accounts import KillScope
from workstation.domain.events import RecordSaved
from workstation.domain.orders import OrdStatus, Origin, OriginKind, Side
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus

STRATEGY = StrategyDefinition(id="S1", name="s", strategy_type="CUSTOM", user_id="local", rebalance_frequency="")
RUN = StrategyRun(
    id="R1", strategy_id="S1", account="SIM-1", user_id="local", run_name="s 1", run_number=1,
    initial_capital="1000000.00", start_date="2026-11-01", status=StrategyRunStatus.RUNNING,
)  # fmt: skip
CODE = Origin(OriginKind.STRATEGY, "R1")


def save(desk: RiskDesk, record: StrategyDefinition | StrategyRun, **fields: object) -> None:
    made = msgspec.structs.replace(record, **fields)
    desk.controls.apply(RecordSaved(record=made, changed=tuple(fields), actor="pat", ts=1))


def by_run(qty: int = 100, price: int = 10_000, run_id: str = "R1", side: Side = Side.BUY, cl_ord_id: str = "new"):
    return intent(terms(side, qty, price), origin=CODE, strategy_id=run_id, cl_ord_id=cl_ord_id, allow_duplicate=True)


@pytest.fixture
def desk() -> RiskDesk:
    made = RiskDesk()
    save(made, STRATEGY)
    save(made, RUN)
    save(made, RUN, id="R2")
    return made


def test_a_limit_of_a_strategy_binds_each_of_its_runs_and_nobody_else(desk: RiskDesk) -> None:
    desk.limit("ORDER_QUANTITY", "50", "STRATEGY", "S1")
    assert desk.refusal(by_run(51)) == "ORDER_QUANTITY"
    assert desk.refusal(by_run(51, run_id="R2")) == "ORDER_QUANTITY"
    assert desk.refusal(by_run(50)) == ""
    assert desk.refusal(intent(terms(qty=51))) == ""


@pytest.mark.parametrize(
    ("restriction", "text", "code"),
    [
        ("CLOSE_ONLY", "on", "CLOSE_ONLY"),
        ("CUSTOM", "qty > 50", "CUSTOM"),
        ("MARKET_HOURS", "REFUSE||0-4000000000000000000", "MARKET_HOURS"),
    ],
)
def test_a_restriction_of_a_strategy_binds_each_of_its_runs_and_nobody_else(
    desk: RiskDesk, restriction: str, text: str, code: str
) -> None:
    save(desk, STRATEGY, id="S2")
    save(desk, RUN, id="R3", strategy_id="S2")
    desk.limit(restriction, text, "STRATEGY", "S1")
    assert desk.refusal(by_run(51)) == code
    assert desk.refusal(by_run(51, run_id="R2")) == code
    assert desk.refusal(by_run(51, run_id="R3")) == ""
    assert desk.refusal(intent(terms(qty=51))) == ""
    desk.limit(restriction, "", "STRATEGY", "S1")
    assert desk.refusal(by_run(51)) == ""
    desk.limit(restriction, text, "STRATEGY", "R2")
    assert (desk.refusal(by_run(51)), desk.refusal(by_run(51, run_id="R2"))) == ("", code)


def test_a_kill_of_a_strategy_refuses_its_runs_at_the_gate(desk: RiskDesk) -> None:
    desk.kill(KillScope.STRATEGY, "S1")
    assert desk.refusal(by_run()) == "KILL_SWITCH_ACTIVE"
    assert desk.refusal(intent()) == ""


@pytest.mark.parametrize("given", [{"strategy": "5000.00"}, {"run": "5000.00"}, {"run": "9000.00", "strategy": "5000"}])
def test_a_runs_own_position_stays_within_what_it_and_its_strategy_were_given(desk: RiskDesk, given: dict) -> None:
    save(desk, STRATEGY, max_position_size=given.get("strategy"))
    save(desk, RUN, max_position_size=given.get("run"))
    desk.hold(9_000)  # the account's, which is not the run's
    assert desk.refusal(by_run(50)) == ""
    assert desk.refusal(by_run(51)) == "RUN_POSITION_SIZE"
    denial = desk.gate.check(by_run(51)).denial
    assert denial is not None
    assert ("5,100.00 USD" in denial.text, "5,000.00 USD" in denial.text) == (True, True)
    desk.view.of_runs["SIM-1", "AAPL", "R1"] = 30
    assert desk.refusal(by_run(21)) == "RUN_POSITION_SIZE"
    desk.work(live("a", terms(qty=10), strategy_id="R1"))
    desk.work(live("b", terms(qty=10), strategy_id="R2"))
    assert desk.refusal(by_run(11)) == "RUN_POSITION_SIZE"
    assert desk.refusal(by_run(10)) == ""
    desk.work(live("a", terms(qty=10), strategy_id="R1", status=OrdStatus.CANCELLED))
    assert desk.refusal(by_run(20)) == ""


def test_the_slippage_of_a_strategy_is_a_collar_of_its_runs(desk: RiskDesk) -> None:
    save(desk, STRATEGY, max_slippage="1.00")
    assert desk.refusal(by_run(1, 10_100)) == ""
    assert desk.refusal(by_run(1, 10_101)) == "PRICE_COLLAR"
    assert desk.refusal(intent(terms(qty=1, price=10_101))) == ""
    save(desk, STRATEGY, max_slippage="0")
    assert desk.refusal(by_run(1, 10_001)) == "PRICE_COLLAR"
    assert desk.refusal(by_run(1, 10_000)) == ""


def test_a_bound_that_cannot_be_read_refuses(desk: RiskDesk) -> None:
    save(desk, STRATEGY, max_position_size="much")
    assert desk.refusal(by_run(1)) == "RUN_POSITION_SIZE"


def test_runs_have_a_budget_of_their_own_and_leave_that_of_hands_alone(desk: RiskDesk) -> None:
    save(desk, RUN, config_snapshot={"orders_per_second": 2})
    for _ in range(100):
        desk.gate.count(by_run(1, run_id="R2"))
    assert desk.refusal(intent()) == ""
    assert desk.refusal(by_run(1)) == ""
    for _ in range(2):
        desk.gate.count(by_run(1))
    assert desk.refusal(by_run(1)) == "ORDERS_PER_SECOND"
    for _ in range(60):
        desk.gate.count(intent())
    assert desk.refusal(intent()) == "ORDERS_PER_MINUTE"
    assert desk.refusal(intent(terms(), origin=CODE, strategy_id="R1", cl_ord_id="x", mono_ns=2 * 10**9)) == ""


def test_a_rate_of_a_strategy_counts_all_its_runs(desk: RiskDesk) -> None:
    desk.limit("ORDERS_PER_MINUTE", "3", "STRATEGY", "S1")
    desk.limit("OPEN_ORDERS", "2", "STRATEGY", "S1")
    for run_id in ("R1", "R2", "R2"):
        desk.gate.count(by_run(1, run_id=run_id))
    assert desk.refusal(by_run(1)) == "ORDERS_PER_MINUTE"
    desk.work(live("a", terms(qty=1), strategy_id="R1"))
    desk.work(live("b", terms(qty=1), strategy_id="R2"))
    assert desk.refusal(by_run(1)) == "OPEN_ORDERS"


def test_a_run_that_has_ended_has_no_bounds_of_its_own(desk: RiskDesk) -> None:
    save(desk, RUN, max_position_size="100.00")
    assert desk.refusal(by_run(50)) == "RUN_POSITION_SIZE"
    version = desk.controls.version
    save(desk, RUN, max_position_size="100.00", error_message="a figure")
    assert desk.controls.version == version
    save(desk, RUN, status=StrategyRunStatus.STOPPED)
    assert desk.controls.runs.owner("R1") == ""
    assert desk.refusal(by_run(50)) == ""
