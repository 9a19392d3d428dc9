"""The program's commands over REST: what there is, what may be called from here, and what a call answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.helpers.api_rig import ApiRig, served
from workstation.commands.keymap import declare_keys
from workstation.domain.accounts import Environment
from workstation.domain.events import AccountOpened
from workstation.domain.orders import OrdType
from workstation.ports.broker import SessionState

COMMANDS = "/api/v1/commands"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


def run(rig: ApiRig, command_id: str, **parameters: Any) -> Any:
    return rig.http.post(f"{COMMANDS}/{command_id}", json={"parameters": parameters})


def code(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def test_every_command_is_listed_with_its_parameters(rig: ApiRig) -> None:
    body = rig.http.get(COMMANDS, params={"limit": 500}).json()
    ids = [command["id"] for command in body["commands"]]
    assert ids == sorted(ids)
    assert body["total_count"] == len(ids)
    by_id = {command["id"]: command for command in body["commands"]}
    assert by_id["order.cancel"]["parameters"]["cl_ord_id"] == {"type": "str", "required": True, "allowed": None}
    assert by_id["risk.kill"]["parameters"]["scope"]["allowed"] == ["ALL", "ACCOUNT", "STRATEGY", "SYMBOL"]
    assert (by_id["risk.arm"]["desktop_only"], by_id["order.cancel"]["desktop_only"]) == (True, False)
    page = rig.http.get(COMMANDS, params={"limit": 2, "offset": 1}).json()
    assert [command["id"] for command in page["commands"]] == ids[1:3]
    assert page["has_next"]


def test_a_command_does_what_its_route_does(rig: ApiRig) -> None:
    order = rig.place()
    answer = run(rig, "order.cancel", cl_ord_id=order["client_order_id"], reason="enough")
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["data"]["id"]) == (True, order["id"])
    assert rig.http.get(f"/api/v1/oms/orders/{order['id']}").json()["state"] == "CANCELLED"
    assert run(rig, "account.reconcile", account="SIM-1").status_code == 202


def test_wrong_parameters_are_named_and_their_values_are_not(rig: ApiRig) -> None:
    for parameters in ({}, {"cl_ord_id": 5}, {"cl_ord_id": "x", "colour": "red"}):
        answer = run(rig, "order.cancel", **parameters)
        assert code(answer, 422) == "VALIDATION_ERROR"
        assert answer.json()["details"]["fields"][0]["field"].startswith("parameters")
    answer = run(rig, "risk.kill", scope="SECRET")
    assert code(answer, 422) == "VALIDATION_ERROR"
    assert "SECRET" not in answer.text
    assert code(run(rig, "order.cancel", cl_ord_id="nobody"), 404) == "NOT_FOUND"
    assert code(run(rig, "no.such"), 404) == "NOT_FOUND"


def test_what_a_person_does_in_the_desktop_cannot_be_done_from_here(rig: ApiRig) -> None:
    assert code(run(rig, "risk.arm", environment="SIM"), 403) == "DESKTOP_ONLY"
    assert code(run(rig, "account.unlock", account="SIM-1", reason="x"), 403) == "DESKTOP_ONLY"
    declare_keys(rig.engine.commands)
    assert code(run(rig, "trade.buy_join"), 409) == "STATE_CONFLICT"


def test_a_kept_cancel_is_withdrawn(rig: ApiRig) -> None:
    order = rig.place()
    rig.engine.do(lambda: rig.core.broker.session(SessionState.DOWN))
    assert rig.http.delete(f"/api/v1/oms/orders/{order['id']}").status_code == 202
    answer = run(rig, "order.withdraw_cancel", cl_ord_id=order["client_order_id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["cancel_requested_at"] is None
    assert code(run(rig, "order.withdraw_cancel", cl_ord_id=order["client_order_id"]), 409) == "STATE_CONFLICT"


def test_a_stop_that_is_watched_here_is_given_to_a_venue_that_takes_it(
    rig: ApiRig,
) -> None:
    card = rig.core.broker.capabilities
    rig.engine.do(lambda: setattr(rig.core.broker, "capabilities", replace(card, ord_types=frozenset({OrdType.LIMIT}))))
    order = rig.place(order_type="STOP", price=None, stop_price="120.00")
    cl_ord_id = order["client_order_id"]
    refused = run(rig, "order.move_to_broker", cl_ord_id=cl_ord_id)
    assert code(refused, 422) == "UNSUPPORTED_ORDER"
    assert "stays on this PC" in refused.json()["detail"]
    assert code(run(rig, "order.fire", cl_ord_id=cl_ord_id), 409) == "STATE_CONFLICT"
    rig.engine.do(lambda: setattr(rig.core.broker, "capabilities", card))
    moved = run(rig, "order.move_to_broker", cl_ord_id=cl_ord_id)
    assert moved.json()["message"] == "Moved to the broker as a stop."
    assert code(run(rig, "order.move_to_broker", cl_ord_id=cl_ord_id), 409) == "STATE_CONFLICT"
    assert code(run(rig, "order.move_to_broker", cl_ord_id="nobody"), 404) == "NOT_FOUND"


def test_a_position_is_adopted_only_where_a_break_stands_open(rig: ApiRig) -> None:
    assert run(rig, "account.breaks", account="SIM-1").json()["message"].startswith("Book and venue agree")
    assert code(run(rig, "position.adopt", account="SIM-1", symbol="ABC", reason="ours"), 404) == "NOT_FOUND"
    assert code(run(rig, "position.adopt", account="SIM-1", symbol="ABC", reason=" "), 422) == "VALIDATION_ERROR"


def test_a_limit_set_without_a_scope_holds_for_all_accounts(rig: ApiRig) -> None:
    answer = run(rig, "risk.limit", limit="ORDER_NOTIONAL", value="5", reason="cautious")
    assert answer.status_code == 200, answer.text
    rows = rig.http.get("/api/v1/risk/limits").json()["limits"]
    found = [row for row in rows if row["limit_type"] == "ORDER_NOTIONAL"]
    assert [(row["scope"], row["limit_value"]) for row in found] == [("TENANT", "5.0000")]


def test_with_a_live_account_only_the_desktop_adopts_loosens_and_releases(tmp_path: Path) -> None:
    with served(tmp_path, environment=Environment.LIVE) as rig:
        live = replace(rig.core.state.accounts["SIM-1"], environment=Environment.LIVE)
        rig.engine.do(lambda: rig.core.record(AccountOpened(account=live, ts=rig.core.now)))
        assert code(run(rig, "position.adopt", account="SIM-1", symbol="ABC", reason="ours"), 403) == "DESKTOP_ONLY"
        bold = {"limit": "ORDER_NOTIONAL", "scope": "TENANT", "reason": "bold"}
        assert run(rig, "risk.limit", value="5", **bold).status_code == 200
        assert code(run(rig, "risk.limit", value="6", **bold), 403) == "DESKTOP_ONLY"
        assert run(rig, "risk.kill", reason="stop").status_code == 200
        assert code(run(rig, "risk.unkill", reason="calm"), 403) == "DESKTOP_ONLY"
