"""Strategies over REST: defined, approved, run, held, ended, and what their runs leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.helpers.api_rig import ACCOUNT_UID, WAIT_S, ApiRig, served
from tests.helpers.core_rig import HAND, START_NS
from tests.helpers.strategy_code import Faulty
from workstation.api.options import ApiOptions
from workstation.commands.records import ChangeRecord
from workstation.commands.registry import CommandResult
from workstation.domain.accounts import Environment, KillScope
from workstation.domain.events import RecordSaved
from workstation.domain.market import Quote
from workstation.domain.records import LivePermit, StrategyDefinition
from workstation.domain.records.strategies import DailyReturns
from workstation.kernel.ids import stable_uid

STRATEGIES = "/api/v1/strategies"
ORDERS = "/api/v1/oms/orders"
RUNS = f"{STRATEGIES}/runs"
UNKNOWN = stable_uid("nobody", "knows")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def strategy(**fields: Any) -> dict[str, Any]:
    return {
        "name": "first",
        "strategy_type": "CUSTOM",
        "instruments": ["ABC"],
        "rebalance_frequency": "NONE",
        "config": {"entry_point": "hand:Buyer"},
    } | fields


def start(**fields: Any) -> dict[str, Any]:
    return {"broker_account_id": ACCOUNT_UID, "initial_capital": "10000.00", "start_date": "2026-01-05"} | fields


def defined(rig: ApiRig, **fields: Any) -> str:
    return made(rig.http.post(STRATEGIES, json=strategy(**fields)))


def begun(rig: ApiRig, strategy_id: str, **fields: Any) -> str:
    return made(rig.http.post(f"{STRATEGIES}/{strategy_id}/runs", json=start(**fields)))


def made(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def until(rig: ApiRig, fact: Callable[[], Any]) -> Any:
    """Let the engine work until a fact holds."""
    for _ in range(int(WAIT_S * 100)):
        found = fact()
        if found:
            return found
        rig.engine.do(rig.engine.context.strategies.tick)
        rig.engine.news.wait(0.01)
        rig.engine.news.clear()
    raise AssertionError("never")


def run_of(rig: ApiRig, run_id: str) -> dict[str, Any]:
    return dict(rig.http.get(f"{RUNS}/{run_id}").json())


def ends(rig: ApiRig, run_id: str, status: str) -> dict[str, Any]:
    return dict(until(rig, lambda: (found := run_of(rig, run_id))["status"] == status and found))


def quote(rig: ApiRig) -> None:
    now = START_NS
    rig.feed(Quote("ABC", 9_999, 100, 10_001, 100, now, now))


def listed(rig: ApiRig, run_id: str, what: str, **query: Any) -> list[dict[str, Any]]:
    key = {"performance": "performances"}.get(what, what)
    answer = rig.http.get(f"{RUNS}/{run_id}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()[key])


def test_a_run_orders_fills_tells_and_stops(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    until(rig, lambda: any(line["message"] == "begun" for line in listed(rig, run_id, "logs")))
    quote(rig)
    orders = until(rig, lambda: rig.http.get("/api/v1/oms/orders", params={"strategy_run_id": run_id}).json()["orders"])
    assert [order["strategy_run_id"] for order in orders] == [run_id]
    rig.fill(orders[0], 10, 10_001)
    signals = until(rig, lambda: listed(rig, run_id, "signals", min_confidence="0.5", signal_type="BUY"))
    assert [(row["instrument_symbol"], row["confidence"], row["signal_reason"]) for row in signals] == [
        ("ABC", "0.9000", "first")
    ]
    assert [(row["take_profit"], row["metadata"]) for row in signals] == [("105.01", {"model": "first"})]
    assert [list(row["market_conditions"]) for row in signals] == [["spread"]]
    assert [row["created_at"] for row in signals] == [row["signal_time"] for row in signals]
    assert listed(rig, run_id, "signals", min_confidence="0.95") == []
    assert [(row["message"], row["data"]) for row in listed(rig, run_id, "logs", event_type="BEGUN")] == [
        ("begun", {"quantity": 10})
    ]
    (signal,) = until(rig, lambda: listed(rig, run_id, "signals", is_executed="true"))
    assert (signal["order_id"], signal["execution_price"], signal["execution_quantity"]) == (
        orders[0]["id"], "100.0100", "10",
    )  # fmt: skip
    assert signal["executed_at"] is not None
    assert listed(rig, run_id, "signals", is_executed="false") == []
    page = rig.http.get("/api/v1/events", params={"types": "strategy.signal"}).json()["events"]
    assert [(told["data"]["id"], told["data"]["signal_type"]) for told in page] == [(signal["id"], "BUY")]
    run = until(rig, lambda: (found := run_of(rig, run_id))["total_positions_taken"] and found)
    assert run["is_active"]
    assert rig.http.post(f"{RUNS}/{run_id}/stop").status_code == 200
    ended = ends(rig, run_id, "STOPPED")
    assert ended["ended_at"] is not None
    periods = listed(rig, run_id, "performance")
    assert {(row["period_type"], row["metadata"]["days"]) for row in periods} == {
        ("DAILY", 1), ("WEEKLY", 1), ("MONTHLY", 1),
    }  # fmt: skip
    assert all(row["annualized_return"].startswith("-") for row in periods if row["period_pnl"].startswith("-"))
    (last,) = until(rig, lambda: listed(rig, run_id, "logs", event_type="ENDED"))
    assert last["data"] == {"status": "STOPPED"}
    assert code(rig.http.post(f"{RUNS}/{run_id}/stop"), 409) == "STATE_CONFLICT"
    assert code(rig.http.delete(f"{RUNS}/{run_id}"), 409) == "STATE_CONFLICT"


def test_a_run_is_held_and_goes_on(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig))
    path = f"{RUNS}/{run_id}"
    assert rig.http.post(f"{path}/pause").json()["status"] == "PAUSED"
    assert code(rig.http.post(f"{path}/pause"), 409) == "STATE_CONFLICT"
    assert rig.http.post(f"{path}/resume").json()["status"] == "RUNNING"
    assert code(rig.http.post(f"{path}/resume"), 409) == "STATE_CONFLICT"
    tag = rig.http.get(path).headers["etag"]
    held = rig.http.put(path, json={"is_active": False}, headers={"If-Match": tag})
    assert held.json()["status"] == "PAUSED"
    noted = rig.http.patch(path, json={"notes": "slow"}, headers={"If-Match": "*"})
    assert (noted.status_code, noted.json()["notes"]) == (200, "slow")
    assert code(rig.http.put(path, json={"notes": "x"}, headers={"If-Match": tag}), 412) == "PRECONDITION_FAILED"
    assert rig.http.delete(path).status_code == 200
    ends(rig, run_id, "STOPPED")


def test_the_trace_of_a_call_goes_to_what_it_made_of_a_run(rig: ApiRig) -> None:
    def sent(letter: str) -> dict[str, str]:
        return {"traceparent": f"00-{letter * 32}-{'0' * 15}1-01"}

    answer = rig.http.post(f"{STRATEGIES}/{defined(rig)}/runs", json=start(), headers=sent("1"))
    path = f"{RUNS}/{made(answer)}"
    for letter, act, status in (("2", "pause", "PAUSED"), ("3", "resume", "RUNNING"), ("4", "stop", "STOPPED")):
        assert rig.http.post(f"{path}/{act}", headers=sent(letter)).is_success
        ends(rig, path.rpartition("/")[2], status)
    told = rig.http.get("/api/v1/events", params={"types": "strategy.run.*", "ordering": "sequence"}).json()["events"]
    assert [(event["type"].rpartition(".")[2], event["traceid"]) for event in told] == [
        ("started", "1" * 32), ("paused", "2" * 32), ("resumed", "3" * 32), ("stopped", "4" * 32),
    ]  # fmt: skip


def test_a_strategy_has_one_active_run_on_an_account_and_cannot_be_archived_meanwhile(rig: ApiRig) -> None:
    strategy_id = defined(rig)
    run_id = begun(rig, strategy_id)
    assert code(rig.http.post(f"{STRATEGIES}/{strategy_id}/runs", json=start()), 409) == "STATE_CONFLICT"
    assert code(rig.http.delete(f"{STRATEGIES}/{strategy_id}"), 409) == "IN_USE"
    rig.http.post(f"{RUNS}/{run_id}/stop")
    ends(rig, run_id, "STOPPED")
    assert rig.http.delete(f"{STRATEGIES}/{strategy_id}").status_code == 204
    assert rig.http.get(f"{RUNS}/{run_id}").status_code == 200
    assert [row["id"] for row in rig.http.get(f"{STRATEGIES}/{strategy_id}/runs").json()["runs"]] == [run_id]
    assert code(rig.http.get(f"{STRATEGIES}/{strategy_id}"), 404) == "NOT_FOUND"


def test_runs_are_bounded_by_the_capital_that_they_began_with(rig: ApiRig) -> None:
    kept = {capital: begun(rig, defined(rig, name=capital), initial_capital=capital) for capital in ("5.00", "5.01")}
    for bounds, wanted in (
        ({"min_capital": "5.01"}, {kept["5.01"]}),
        ({"max_capital": "5"}, {kept["5.00"]}),
        ({"min_capital": "5", "max_capital": "5.01"}, {*kept.values()}),
    ):
        assert {row["id"] for row in rig.http.get(RUNS, params=bounds).json()["runs"]} == wanted
    assert code(rig.http.get(RUNS, params={"min_capital": "much"}), 422) == "VALIDATION_ERROR"


def test_at_most_five_runs_are_under_way(rig: ApiRig) -> None:
    for number in range(5):
        begun(rig, defined(rig, name=f"s{number}"))
    assert code(rig.http.post(f"{STRATEGIES}/{defined(rig, name='six')}/runs", json=start()), 429) == "QUOTA_EXCEEDED"


def test_a_live_account_needs_approval_that_a_change_withdraws(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        live = msgspec.structs.replace(rig.core.state.accounts["SIM-1"], environment=Environment.LIVE)
        rig.engine.do(lambda: rig.core.state.accounts.update({"SIM-1": live}))
        strategy_id = defined(rig, paper_trading_only=False)
        path = f"{STRATEGIES}/{strategy_id}"
        assert code(rig.http.post(f"{path}/runs", json=start()), 403) == "NOT_APPROVED"
        assert rig.http.post(f"{path}/approve", json={"reason": "seen"}).status_code == 200
        shown = rig.http.get(path)
        assert (shown.json()["is_approved"], shown.json()["status"]) == (True, "ACTIVE")
        rig.engine.code.classes["hand:Buyer"], first = Faulty, rig.engine.code.classes["hand:Buyer"]
        refused = rig.http.post(f"{path}/runs", json=start())
        assert code(refused, 403) == "NOT_APPROVED"
        assert "file has changed" in refused.json()["detail"]
        rig.engine.code.classes["hand:Buyer"] = first
        changed = rig.http.put(path, json={"parameters": {"quantity": 1}}, headers={"If-Match": shown.headers["etag"]})
        assert changed.json()["is_approved"] is False
        assert code(rig.http.post(f"{path}/runs", json=start()), 403) == "NOT_APPROVED"


def permitted(rig: ApiRig, strategy_id: str) -> bool:
    found = rig.core.state.records.find(StrategyDefinition, "local", strategy_id)
    assert found is not None
    shown = [row["holder"] for row in rig.http.get("/api/v1/risk/status").json()["live_permits"]]
    assert shown == ([strategy_id] if found.live_permit else [])
    return found.live_permit is not None


def granted(rig: ApiRig, strategy_id: str) -> CommandResult:
    """Grant a strategy a permit as a person at the desktop does."""
    answers: list[CommandResult] = []
    change = ChangeRecord(id=strategy_id, changes={"live_permit": LivePermit(expires_at=2**62)})
    rig.engine.call("strategy.update", change, HAND, answers.append)
    rig.engine.do(lambda: None)
    return answers[0]


def test_a_permit_for_live_accounts_is_a_persons_and_ends_with_what_it_was_given_for(rig: ApiRig) -> None:
    strategy_id = defined(rig, paper_trading_only=False)
    path = f"{STRATEGIES}/{strategy_id}"
    assert "approved and not for paper" in granted(rig, strategy_id).text
    rig.http.post(f"{path}/approve", json={})
    wish = {"live_permit": {"expires_at": "2099-01-01T00:00:00Z", "caps": {}}}
    assert code(rig.http.put(path, json=wish, headers={"If-Match": "*"}), 422) == "VALIDATION_ERROR"
    assert not permitted(rig, strategy_id)
    for change in ({"parameters": {"quantity": 1}}, {"version": "1.0.1"}, {"paper_trading_only": True}):
        rig.http.post(f"{path}/approve", json={})
        assert granted(rig, strategy_id).ok
        assert permitted(rig, strategy_id)
        assert rig.http.put(path, json=change, headers={"If-Match": "*"}).status_code == 200
        assert not permitted(rig, strategy_id), change
    rig.http.put(path, json={"paper_trading_only": False}, headers={"If-Match": "*"})
    assert granted(rig, strategy_id).ok
    rig.http.post(f"{path}/approve", json={})
    assert permitted(rig, strategy_id), "the same code is approved once more"
    rig.engine.code.classes["hand:Buyer"] = Faulty
    rig.http.post(f"{path}/approve", json={})
    assert not permitted(rig, strategy_id), "other code is approved"


def test_what_was_changed_on_a_strategy_when_and_by_whom_is_listed(rig: ApiRig) -> None:
    strategy_id = defined(rig, paper_trading_only=False, parameters={"quantity": 5})
    path = f"{STRATEGIES}/{strategy_id}"
    for step in (
        lambda: rig.http.put(path, json={"parameters": {"quantity": 7}}, headers={"If-Match": "*"}),
        lambda: rig.http.post(f"{path}/approve", json={"reason": "read"}),
        lambda: granted(rig, strategy_id),
        lambda: rig.http.put(path, json={"parameters": {}}, headers={"If-Match": "*"}),
        lambda: begun(rig, strategy_id),
    ):
        rig.engine.do(lambda: rig.core.clock.advance(1_000_000))
        step()
    page = rig.http.get(f"{path}/changes").json()
    shown = [{row["field"]: (row["old"], row["new"]) for row in change["changes"]} for change in page["changes"]]
    assert page["total_count"] == 5, "a start counts a run and changes nothing of the strategy"
    assert shown[0]["parameters.quantity"] == (7, None)
    assert shown[0]["is_approved"] == (True, False), "and withdraws what was approved with it"
    assert shown[0]["live_permit.expires_at"] == ("2116-02-20T23:53:38Z", None)
    assert shown[1] == {"live_permit.expires_at": (None, "2116-02-20T23:53:38Z")}
    assert shown[2]["approval_reason"] == ("", "read")
    assert shown[3] == {"parameters.quantity": (5, 7)}
    assert shown[4]["parameters.quantity"] == (None, 5)
    assert [change["row_version"] for change in page["changes"]] == [5, 4, 3, 2, 1]
    assert page["changes"][1]["actor"].startswith("HOTKEY:")
    assert page["changes"][3]["actor"].startswith("REST:")
    first = rig.http.get(f"{path}/changes", params={"limit": 2}).json()
    further = rig.http.get(f"{path}/changes", params={"cursor": first["next_cursor"], "limit": 2}).json()
    assert [row["row_version"] for row in further["changes"]] == [3, 2]
    assert code(rig.http.get(f"{STRATEGIES}/{UNKNOWN}/changes"), 404) == "NOT_FOUND"


def test_what_cannot_run_is_refused_by_name(rig: ApiRig) -> None:
    nowhere = defined(rig, config={"entry_point": "hand:Nobody"})
    assert code(rig.http.post(f"{STRATEGIES}/{nowhere}/runs", json=start()), 422) == "VALIDATION_ERROR"
    path = f"{STRATEGIES}/{defined(rig, name='second')}/runs"
    assert code(rig.http.post(path, json=start(parameters={"quantity": "many"})), 422) == "VALIDATION_ERROR"
    assert code(rig.http.post(path, json=start(strategy_definition_id=nowhere)), 422) == "VALIDATION_ERROR"
    assert code(rig.http.post(path, json=start(broker_account_id=UNKNOWN)), 404) == "NOT_FOUND"
    assert code(rig.http.post(f"{STRATEGIES}/{UNKNOWN}/runs", json=start()), 404) == "NOT_FOUND"
    assert code(rig.http.get(f"{RUNS}/{UNKNOWN}/logs"), 404) == "NOT_FOUND"
    assert code(rig.http.post(STRATEGIES, json=strategy(name="FIRST")), 409) == "DUPLICATE"
    assert code(rig.http.post(STRATEGIES, json=strategy(name="x", instruments=["NONE"])), 404) == "NOT_FOUND"


def test_a_run_that_raises_is_an_error_whose_traceback_stays_inside(rig: ApiRig) -> None:
    run_id = begun(rig, defined(rig, config={"entry_point": "hand:Faulty"}))
    ended = ends(rig, run_id, "ERROR")
    assert "no luck" in ended["error_message"]
    assert "error_traceback" not in ended
    assert any(
        "FAULTED" in line["message"] for line in until(rig, lambda: listed(rig, run_id, "logs", level="CRITICAL"))
    )


def test_a_kill_of_a_strategy_stops_its_runs_until_a_person_re_enables_it(rig: ApiRig) -> None:
    strategy_id = defined(rig)
    run_id = begun(rig, strategy_id)
    path = f"{STRATEGIES}/{strategy_id}"
    rig.http.post(f"{path}/approve")
    body = {"scope": KillScope.STRATEGY.value, "scope_id": strategy_id, "reason": "enough"}
    assert rig.http.post("/api/v1/risk/kill-switch", json=body).status_code == 200
    ends(rig, run_id, "STOPPED")
    assert rig.http.get(path).json()["status"] == "STOPPED"
    assert code(rig.http.post(f"{path}/runs", json=start()), 409) == "STATE_CONFLICT"
    assert rig.http.put(path, json={"is_active": True}, headers={"If-Match": "*"}).json()["status"] == "ACTIVE"


def test_a_draft_becomes_active_by_approval_alone(rig: ApiRig) -> None:
    path = f"{STRATEGIES}/{defined(rig)}"
    refused = rig.http.put(path, json={"is_active": True}, headers={"If-Match": "*"})
    assert code(refused, 409) == "STATE_CONFLICT"
    rig.http.post(f"{path}/approve")
    assert rig.http.put(path, json={"is_active": False}, headers={"If-Match": "*"}).json()["status"] == "PAUSED"
    paused = rig.http.get(STRATEGIES, params={"status": "PAUSED", "is_approved": "true"}).json()["strategies"]
    assert [row["name"] for row in paused] == ["first"]
    assert rig.http.get(STRATEGIES, params={"statuses": ["ACTIVE", "DRAFT"]}).json()["strategies"] == []


def test_a_strategy_shows_the_ratio_and_the_largest_fall_of_its_ended_runs(rig: ApiRig) -> None:
    strategy_id = defined(rig)
    fresh = rig.http.get(f"{STRATEGIES}/{strategy_id}").json()
    assert (fresh["sharpe_ratio"], fresh["max_drawdown_actual"]) == (None, "0.00")
    kept = rig.core.state.records.find(StrategyDefinition, "local", strategy_id)
    ran = msgspec.structs.replace(kept, returns=DailyReturns(days=3, mean=0.01, squares=0.0008), fall_bps=1_234)
    saved = RecordSaved(record=ran, changed=("returns", "fall_bps"), actor="test", ts=START_NS)
    rig.engine.do(lambda: rig.core.desk.recorder.record([saved], actor="test"))
    shown = until(rig, lambda: (found := rig.http.get(f"{STRATEGIES}/{strategy_id}").json())["sharpe_ratio"] and found)
    assert (shown["sharpe_ratio"], shown["max_drawdown_actual"]) == ("7.9373", "12.34")


def test_strategies_are_listed_by_any_of_their_tags(rig: ApiRig) -> None:
    for name, tags in (("one", ["fast", "new"]), ("two", ["slow"]), ("three", ["faster"]), ("four", [])):
        defined(rig, name=name, tags=tags)

    def names(*tags: str) -> list[str]:
        answer = rig.http.get(STRATEGIES, params={"tags": list(tags)})
        return [row["name"] for row in answer.json()["strategies"]]

    assert (names("fast"), names("FAST", "slow"), names("nobody")) == (["one"], ["one", "two"], [])
    assert code(rig.http.get(STRATEGIES, params={"tags": "a\nb"}), 422) == "VALIDATION_ERROR"
    assert code(rig.http.post(STRATEGIES, json=strategy(name="five", tags=["a\nb"])), 422) == "VALIDATION_ERROR"


@pytest.mark.parametrize("paper_only", [True, False])
def test_a_strategy_is_for_paper_accounts_as_the_setting_says_unless_it_says_itself(
    tmp_path: Path, paper_only: bool
) -> None:
    with served(tmp_path, options=ApiOptions(strategies_paper_only=paper_only)) as rig:
        said = [
            rig.http.post(STRATEGIES, json=strategy(name=name, **fields)).json()["paper_trading_only"]
            for name, fields in (("a", {}), ("b", {"paper_trading_only": True}), ("c", {"paper_trading_only": False}))
        ]
        assert said == [paper_only, True, False]
        assert code(rig.http.post(STRATEGIES, json=strategy(name="d", paper_trading_only=None)), 422)


def test_many_runs_start_each_on_its_own(rig: ApiRig) -> None:
    first, second = defined(rig), defined(rig, name="second")
    items = [start(strategy_definition_id=first), start(), start(strategy_definition_id=second)]
    answer = rig.http.post(f"{RUNS}/bulk", json={"runs": items}, headers={"Idempotency-Key": "k1"})
    body = answer.json()
    assert [run["strategy_definition_id"] for run in body["accepted"]] == [first, second]
    assert [(item["index"], item["code"]) for item in body["rejected"]] == [(1, "VALIDATION_ERROR")]
    again = rig.http.post(f"{RUNS}/bulk", json={"runs": items}, headers={"Idempotency-Key": "k1"})
    assert again.json() == body
    assert len(rig.http.get(RUNS).json()["runs"]) == 2
    assert len(rig.http.get(RUNS, params={"strategy_definition_id": first}).json()["runs"]) == 1


def test_a_start_repeated_with_its_key_is_one_run(rig: ApiRig) -> None:
    path = f"{STRATEGIES}/{defined(rig)}/runs"
    first, again = (rig.http.post(path, json=start(), headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(rig.http.get(path).json()["runs"]) == 1
