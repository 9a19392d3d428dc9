"""Many runs in one call: each that is refused is told why, as it would be alone."""

from __future__ import annotations

from tests.contract.test_rest_strategies import RUNS, begun, defined, ends, rig, start
from tests.helpers.api_rig import ApiRig
from workstation.domain.accounts import KillScope

__all__ = ["rig"]


def test_a_run_that_is_refused_among_many_names_its_state_what_was_asked_and_what_is_allowed(rig: ApiRig) -> None:
    running, stopped = defined(rig), defined(rig, name="second")
    begun(rig, running)
    kill = {"scope": KillScope.STRATEGY.value, "scope_id": stopped, "reason": "enough"}
    begun_too = begun(rig, stopped)
    assert rig.http.post("/api/v1/risk/kill-switch", json=kill).status_code == 200
    ends(rig, begun_too, "STOPPED")
    items = [start(strategy_definition_id=running), start(strategy_definition_id=stopped)]
    body = rig.http.post(f"{RUNS}/bulk", json={"runs": items}, headers={"Idempotency-Key": "k2"}).json()
    said = [(line["index"], line["error"]["message"], line["error"]["details"]) for line in body["rejected"]]
    run = rig.http.get(RUNS, params={"strategy_definition_id": running}).json()["runs"][0]
    first = f"Not started: the strategy's run {run['run_name']} on that account is {run['status']}; it must end first."
    ended = ["COMPLETED", "STOPPED", "ERROR", "CANCELLED"]
    assert said[0] == (0, first, {"state": run["status"], "allowed": ended})
    killed = "Not started: the kill switch is on for the strategy (enough); a person must lift it."
    assert said[1] == (1, killed, {"state": "KILLED", "allowed": ["DRAFT", "ACTIVE", "PAUSED"]})
