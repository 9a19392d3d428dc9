"""Orders of strategies over REST: placed for a run, under its limits and rules, and left over when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.test_rest_strategies import ORDERS, RUNS, UNKNOWN, begun, code, defined, ends, made, run_of, until
from tests.helpers.api_rig import ApiRig, served
from tests.helpers.core_rig import START_NS
from workstation.commands.handovers import HandedOrder
from workstation.commands.params import AnnotateOrder
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.strategies import RunName
from workstation.domain.events import RecordSaved
from workstation.domain.orders import ADOPTED_BY, Origin, OriginKind
from workstation.domain.records import StrategyRun


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as serving:
        yield serving


def test_an_order_placed_for_a_running_run_is_the_runs_own(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    body = rig.order(strategy_run_id=run_id, quantity="7")
    order = rig.http.post(ORDERS, json=body).json()
    assert order["strategy_run_id"] == run_id
    kept = rig.core.state.book.get(order["client_order_id"])
    assert (kept.strategy_id, kept.origin.kind) == (run_id, OriginKind.REST)
    rig.fill(order, 7, 10_000)
    assert rig.core.state.ledger.position("SIM-1", "ABC", run_id).qty == 7
    fills = rig.http.get("/api/v1/oms/executions", params={"strategy_run_id": run_id}).json()["executions"]
    assert [fill["order_id"] for fill in fills] == [order["id"]]
    assert until(rig, lambda: run_of(rig, run_id)["total_positions_taken"]) == 1
    assert rig.http.post(f"{ORDERS}/preview", json=body).status_code == 200


def test_an_order_placed_for_a_run_is_under_the_limits_of_that_run(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "5", "scope": "STRATEGY", "strategy_id": run_id}
    made(rig.http.post("/api/v1/risk/limits", json=limit | {"reason": "small"}))
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id, quantity="7"))
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["limit_type"] == "ORDER_QUANTITY"
    assert rig.http.post(ORDERS, json=rig.order(quantity="7")).status_code == 201


def test_a_limit_of_a_strategy_binds_its_run(rig: ApiRig) -> None:
    strategy_id = defined(rig)
    run_id = begun(rig, strategy_id)
    limit = {"limit_type": "ORDER_QUANTITY", "limit_value": "20", "scope": "STRATEGY", "strategy_id": strategy_id}
    assert rig.http.post("/api/v1/risk/limits", json=limit | {"reason": "small"}).status_code == 201
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id, quantity="21"))
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["limit_type"] == "ORDER_QUANTITY"
    small = {"max_position_size": "700.00"}
    assert rig.http.put(f"{RUNS}/{run_id}", json=small, headers={"If-Match": "*"}).status_code == 200
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id, quantity="8"))
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    assert refused.json()["details"]["limit_type"] == "RUN_POSITION_SIZE"


def test_a_run_holds_no_more_than_its_capital(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig), initial_capital="10000.00")
    assert rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id, quantity="60")).status_code == 201
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id, quantity="60"))
    assert code(refused, 422) == "RISK_LIMIT_BREACH"
    told = refused.json()["details"]
    assert (told["limit_type"], told["limit"]) == ("STRATEGY_CAPITAL", "10000.00")
    assert rig.http.post(ORDERS, json=rig.order(quantity="61")).status_code == 201


def test_limits_and_rules_of_a_strategy_count_and_bind_the_orders_of_its_runs(rig: ApiRig) -> None:
    strategy_id = defined(rig)
    run_id = begun(rig, strategy_id)
    for name in ("OPEN_ORDERS", "ORDERS_PER_MINUTE"):
        limit = {"limit_type": name, "limit_value": "5", "scope": "STRATEGY", "strategy_id": strategy_id}
        assert rig.http.post("/api/v1/risk/limits", json=limit | {"reason": "few"}).status_code == 201
    assert rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id)).status_code == 201
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201
    rows = rig.http.get("/api/v1/risk/status").json()["limits"]
    used = {row["limit_type"]: row["used"] for row in rows if row["scope"] == "STRATEGY"}
    assert used == {"OPEN_ORDERS": "1.0000", "ORDERS_PER_MINUTE": "1.0000"}
    rule = {"name": "no buying", "rule_type": "CUSTOM", "scope": "STRATEGY", "scope_id": strategy_id}
    made = rig.http.post("/api/v1/compliance/rules", json=rule | {"config": {"when": "buy"}})
    assert made.status_code == 201, made.text
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id))
    assert code(refused, 422) == "COMPLIANCE_BLOCKED"
    assert rig.http.post(ORDERS, json=rig.order()).status_code == 201


def test_only_a_running_run_on_the_same_account_takes_orders(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    first = rig.order(strategy_run_id=run_id, client_order_id="first")
    made(rig.http.post(ORDERS, json=first))
    for door in ("", "/preview"):
        assert code(rig.http.post(f"{ORDERS}{door}", json=rig.order(strategy_run_id=UNKNOWN)), 404) == "NOT_FOUND"
    rig.http.post(f"{RUNS}/{run_id}/pause")
    body = rig.order(strategy_run_id=run_id)
    refused = rig.http.post(ORDERS, json=body)
    assert code(refused, 409) == "STATE_CONFLICT"
    assert refused.json()["details"] == {"state": "PAUSED", "allowed": ["RUNNING"]}
    rig.http.post(f"{RUNS}/{run_id}/resume")
    rig.http.post(f"{RUNS}/{run_id}/stop")
    ends(rig, run_id, "STOPPED")
    for door in ("", "/preview"):
        assert code(rig.http.post(f"{ORDERS}{door}", json=body), 409) == "STATE_CONFLICT"
    assert code(rig.http.post(ORDERS, json=first), 409) == "DUPLICATE"


def test_an_order_for_a_run_on_another_account_is_refused_by_name(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    run = rig.core.state.records.find(StrategyRun, "local", run_id)
    elsewhere = msgspec.structs.replace(run, account="SIM-2", row_version=run.row_version + 1)
    rig.engine.do(lambda: rig.core.record(RecordSaved(record=elsewhere, changed=("account",), actor="t", ts=START_NS)))
    refused = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id))
    assert code(refused, 422) == "VALIDATION_ERROR"
    assert refused.json()["details"]["fields"][0]["field"] == "broker_account_id"


def test_an_order_that_outlives_its_run_is_an_orphan_until_a_person_adopts_it(rig: ApiRig) -> None:
    def asked(command_id: str, params: msgspec.Struct) -> Any:
        answers: list[CommandResult] = []
        rig.engine.call(command_id, params, Origin(OriginKind.PALETTE, user="pat"), answers.append)
        rig.engine.do(lambda: None)
        return until(rig, lambda: answers)[0].data

    def orphans() -> list[str]:
        return [order.cl_ord_id for order in asked("strategy.board", NoParams()).orphans]

    run_id = begun(rig, defined(rig, config={"entry_point": "hand:Buyer", "on_stop": "KEEP"}))
    own = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id)).json()["client_order_id"]
    rig.http.post(ORDERS, json=rig.order())
    assert orphans() == []
    tail = asked("strategy.lines", RunName(run_id=run_id))
    assert [order.cl_ord_id for order in tail.orders] == [own]
    rig.http.post(f"{RUNS}/{run_id}/stop")
    ends(rig, run_id, "STOPPED")
    assert orphans() == [own]
    asked("order.annotate", AnnotateOrder(cl_ord_id=own, metadata={ADOPTED_BY: "pat"}))
    assert orphans() == []
    assert rig.core.state.book.get(own).is_open


def test_a_person_takes_an_order_of_a_run_over_and_gives_it_back_and_no_script_does(rig: ApiRig) -> None:
    def asked(command_id: str, kind: OriginKind, cl_ord_id: str) -> CommandResult:
        answers: list[CommandResult] = []
        rig.engine.call(command_id, HandedOrder(cl_ord_id=cl_ord_id), Origin(kind, user="pat"), answers.append)
        rig.engine.do(lambda: None)
        return until(rig, lambda: answers)[0]

    run_id = begun(rig, defined(rig))
    body = rig.http.post(ORDERS, json=rig.order(strategy_run_id=run_id)).json()
    own, hand = body["client_order_id"], rig.http.post(ORDERS, json=rig.order()).json()["client_order_id"]
    assert asked("order.take_over", OriginKind.REST, own).code == "DESKTOP_ONLY"
    call = {"parameters": {"cl_ord_id": own}}
    assert code(rig.http.post("/api/v1/commands/order.take_over", json=call), 403) == "DESKTOP_ONLY"
    assert asked("order.give_back", OriginKind.BLOTTER, own).code == "STATE_CONFLICT", "it is its run's own"
    assert asked("order.take_over", OriginKind.BLOTTER, hand).code == "STATE_CONFLICT", "it is of no strategy"
    assert body["taken_over_by"] is None
    for command, owner in (("order.take_over", "pat"), ("order.take_over", "pat"), ("order.give_back", None)):
        assert asked(command, OriginKind.BLOTTER, own).ok
        assert rig.http.get(f"{ORDERS}/{body['id']}").json()["taken_over_by"] == owner
    events = rig.http.get("/api/v1/events", params={"types": "order.updated", "limit": 500}).json()["events"]
    told = [row["data"]["taken_over_by"] for row in events if row["data"].get("changed") == ["taken_over_by"]]
    assert sorted(told, key=str) == [None, "pat"], "once for each change, none for a repeat"
