"""The service held to its own description: generated calls with a fixed seed, every answer as declared.

Examples, fuzzing, the boundaries of each constraint and walks along the links, over every operation; `-m nightly` makes
more of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER, HookContext
from schemathesis.openapi import from_dict

from tests.helpers.api_rig import ApiRig, served
from workstation.api.options import ApiOptions

SEED = 20_261_125
EXAMPLES, EXAMPLES_NIGHTLY = 2, 40
WALKED = 8
CALLS_MIN = 30
"""Fewer calls, and the exploring itself is broken."""

SHOWN = 20
EVENT_STREAM = "/api/v1/events/stream"
MARKET_STREAM = "/api/v1/marketdata/stream"

PLENTY = ApiOptions(rate_limit=1_000_000, protect_limit=1_000_000, share=1, venue_wait=0.01)
REFUSED = ["400", "401", "403", "404", "405", "409", "412", "415", "422", "428"]
CHECKS: dict[str, Any] = {
    "positive_data_acceptance": {"enabled": False},  # whether an order fits its instrument is not in a schema
    "ignored_auth": {"enabled": False},  # wrong credentials by the hundred meet their own bound, 429
    "missing_required_header": {"expected-statuses": REFUSED},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}


def failures(recorder: ScenarioRecorder) -> list[str]:
    """Return the failed checks of a scenario, each with the call that repeats it."""
    return [
        f"{recorder.cases[case].value.operation.label}: {info.failure.title} {info.failure.message}\n{info.code_sample}"
        for case, nodes in recorder.checks.items()
        for node in nodes
        if node.status is Status.FAILURE and (info := node.failure_info) is not None
    ]


@pytest.fixture(autouse=True)
def _streams_end() -> Iterator[None]:
    schemathesis.hook("before_call")(bounded)
    yield
    GLOBAL_HOOK_DISPATCHER.unregister(bounded)


def bounded(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Let a stream of events end at the first id, and one of the market name what nobody follows."""
    query = case.query or {}
    if case.path == EVENT_STREAM and str(query.get("until_id", "0")).isdecimal():
        case.query = {**query, "until_id": "0"}
    if case.path == MARKET_STREAM:
        case.query = {"symbols": ["NOBODYS"], **query}


def explored(rig: ApiRig, phases: dict[str, Any], examples: int, left_out: str = "") -> tuple[list[str], int]:
    """Return what was found wrong, and how many calls were made. left_out: a method that is not called."""
    with rig.client() as client:
        described = client.get("/api/openapi.json").json()
    for operations in described["paths"].values():
        operations.pop(left_out, None)
    off = {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing", "stateful")}
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": rig.url,
            "headers": {"Authorization": f"Bearer {rig.token}"},
            "continue-on-failure": True,
            "request-timeout": 10.0,
            "workers": 1,  # the interpreter counts the depth of syntax trees for all threads together
            "checks": CHECKS,
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "phases": off | phases,
        }
    )
    wrong: list[str] = []
    calls = 0
    for event in from_schema(from_dict(described, config=config)).execute():
        if isinstance(event, FatalError):
            raise event.exception
        if isinstance(event, NonFatalError):
            wrong.append(f"{event.label}: {event.value!r}")
        if isinstance(event, ScenarioFinished):
            calls += len(event.recorder.cases)
            wrong += failures(event.recorder)
    return wrong, calls


GENERATED = {"examples": {"enabled": True}, "fuzzing": {"enabled": True}}
WALKS = {"stateful": {"enabled": True, "max-steps": 6}}
BOUNDARIES = {"coverage": {"enabled": True, "unexpected-methods": []}}  # tested with the exact Allow beside
RUNS = {
    "generated": (GENERATED, EXAMPLES),
    "walks": (WALKS, WALKED),
    "boundaries": (BOUNDARIES, EXAMPLES, "patch"),  # an alias of put
}
NIGHTLY_RUNS = {
    "generated at length": (GENERATED, EXAMPLES_NIGHTLY),
    "walks at length": (WALKS, EXAMPLES_NIGHTLY),
    "all boundaries": (BOUNDARIES, EXAMPLES),
}


@pytest.mark.parametrize(
    "run",
    [*RUNS.values(), *(pytest.param(run, marks=pytest.mark.nightly) for run in NIGHTLY_RUNS.values())],
    ids=[*RUNS, *NIGHTLY_RUNS],
)
def test_every_call_is_answered_as_described(tmp_path: Path, run: tuple[Any, ...]) -> None:
    with served(tmp_path, options=PLENTY) as rig:
        rig.place()
        wrong, calls = explored(rig, *run)
    assert not wrong, "\n".join(wrong[:SHOWN])
    assert calls >= CALLS_MIN


def test_every_operation_declares_what_any_call_may_meet(tmp_path: Path) -> None:
    with served(tmp_path) as rig, rig.client() as client:
        described = client.get("/api/openapi.json").json()
    names = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert {"400", "401", "403", "405", "413", "415", "421", "422", "429", "500", "503"} <= set(
                operation["responses"]
            ), (path, method)
    assert len(names) == len(set(names))


def test_links_lead_from_creation_to_reading_and_cancelling(tmp_path: Path) -> None:
    with served(tmp_path) as rig, rig.client() as client:
        paths = client.get("/api/openapi.json").json()["paths"]
    created = paths["/api/v1/oms/orders"]["post"]["responses"]["201"]["links"]
    assert created["get_order"]["parameters"] == {"order_id": "$response.body#/id"}
    read = paths["/api/v1/oms/orders/{order_id}"]["get"]["responses"]["200"]["links"]
    assert {"delete_order", "cancel_order", "put_order", "list_order_history"} <= set(read)
    assert read["put_order"]["parameters"]["header.If-Match"] == "$response.header.ETag"
    member = paths["/api/v1/tenants/{tenant_id}/invitations"]["post"]["responses"]["201"]["links"]
    assert member["delete_invitation"]["parameters"] == {
        "tenant_id": "$request.path.tenant_id",
        "invitation_id": "$response.body#/id",
    }


def test_one_credential_is_asked_for_and_every_reference_leads_somewhere(tmp_path: Path) -> None:
    with served(tmp_path) as rig, rig.client() as client:
        answer = client.get("/api/openapi.json")
    described = answer.json()
    assert described["security"] == [{"bearer": []}]
    assert list(described["components"]["securitySchemes"]) == ["bearer"]
    for reference in re.findall(r'"\$ref":"([^"]+)"', answer.text):
        place = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
