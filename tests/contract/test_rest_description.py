"""The service held to its own description: generated calls with a fixed seed, every answer as declared.

Examples, fuzzing, the boundaries of each constraint and walks along the links, over every operation; `-m nightly` makes
more of each. And the description held to what a stranger needs who writes a client from it alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER, HookContext
from schemathesis.openapi import from_dict

from tests.helpers.api_rig import ApiRig, served
from workstation.api.application import ENDPOINTS
from workstation.api.errors import KINDS, Answer
from workstation.api.openapi import document
from workstation.api.options import ApiOptions
from workstation.api.retirement import Retirement
from workstation.api.schemas import examples
from workstation.api.schemas.meanings import MEANINGS

SEED = 20_261_125
EXAMPLES, EXAMPLES_NIGHTLY = 2, 40
WALKED = 8
CALLS_MIN = 30
"""Fewer calls, and the exploring itself is broken."""

LISTS_MIN = 25
META = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
SCHEMA_WORDS = frozenset(
    re.findall(
        r"\S+",
        """$ref additionalProperties anyOf const default description enum examples exclusiveMinimum format items
        maxItems maxLength maxProperties maximum minItems minLength minimum oneOf pattern prefixItems properties
        propertyNames required title type uniqueItems""",
    )
)
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


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document(ENDPOINTS, "1.2.3")))
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every operation with a name to tell it by."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_declares_what_any_call_may_meet(described: dict[str, Any]) -> None:
    names = []
    for label, operation in operations(described):
        names.append(operation["operationId"])
        assert {"400", "401", "403", "405", "413", "415", "421", "422", "429", "500", "503"} <= set(
            operation["responses"]
        ), label
    assert len(names) == len(set(names))


def test_every_operation_parameter_header_and_group_is_put_in_words(described: dict[str, Any]) -> None:
    assert described["info"]["description"]
    groups = {group["name"] for group in described["tags"] if group["description"]}
    for label, operation in operations(described):
        assert operation["description"].startswith(operation["summary"]), label
        assert set(operation["tags"]) <= groups, label
        if operation.get("x-scope"):
            assert f"`{operation['x-scope']}`" in operation["description"], label
        for parameter in operation["parameters"]:
            assert parameter["description"].strip("."), (label, parameter["name"])
    for name, header in described["components"]["headers"].items():
        assert header["description"], name


def test_each_refusal_names_its_codes_and_no_code_is_left_out(described: dict[str, Any]) -> None:
    told = {name: answer["description"] for name, answer in described["components"]["responses"].items()}
    for code, kind in KINDS.items():
        assert f"`{code}`" in told[f"{'Refusal' if kind.status < 500 else 'Failure'}{kind.status}"], code


def test_every_body_has_an_example_that_the_service_takes(described: dict[str, Any]) -> None:
    models = {endpoint.body.__name__: endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None}
    assert set(examples.EXAMPLES) == set(models)
    for name, example in examples.EXAMPLES.items():
        models[name].model_validate(example)
    for label, operation in operations(described):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            shape = {**content["schema"], "components": described["components"]}
            for example in content["examples"].values():
                assert Draft202012Validator(shape).is_valid(example["value"]), label


def test_no_meaning_is_of_a_field_that_is_gone_and_figures_are_explained(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    fields = {name for shape in schemas.values() for name in shape.get("properties", {})}
    fields |= {f"{model}.{name}" for model, shape in schemas.items() for name in shape.get("properties", {})}
    assert not set(MEANINGS) - fields
    for name in ("Order", "OrderCreate", "Position", "Execution", "PnlSnapshotOut"):
        for field, shape in schemas[name]["properties"].items():
            if "pattern" in json.dumps(shape):
                assert shape.get("description"), (name, field)


def test_schemas_speak_the_words_of_json_schema_alone(described: dict[str, Any]) -> None:
    foreign = set()
    for label, operation in operations(described):
        foreign |= {(label, word) for p in operation["parameters"] for word in set(p["schema"]) - SCHEMA_WORDS}
    for name, shape in described["components"]["schemas"].items():
        for inner in (shape, *shape.get("properties", {}).values()):
            foreign |= {(name, word) for word in set(inner) - SCHEMA_WORDS}
        assert Draft202012Validator(META).is_valid(shape), name
    assert not foreign


def test_what_a_generator_of_clients_stumbles_over_is_not_there(described: dict[str, Any]) -> None:
    """A default must be a value of its field; an enum within a model is named after both, which no model may be."""
    schemas = described["components"]["schemas"]
    fields = [(name, *field) for name, shape in schemas.items() for field in shape.get("properties", {}).items()]
    for model, field, shape in fields:
        inner = {**shape, "components": described["components"]}
        assert "default" not in shape or Draft202012Validator(inner).is_valid(shape["default"]), (model, field)
        assert "enum" not in shape or model + shape["title"].replace(" ", "") not in schemas, (model, field)


def test_a_list_is_sorted_by_what_is_described_and_by_nothing_else(tmp_path: Path, described: dict[str, Any]) -> None:
    asked = 0
    with served(tmp_path, options=PLENTY) as rig, rig.client(Authorization=f"Bearer {rig.token}") as client:
        assert client.get("/api/openapi.json").json()["paths"] == described["paths"]
        for endpoint in ENDPOINTS:
            operation = described["paths"]["/api/v1" + endpoint.path][endpoint.method.lower()]
            sorts = {p["name"]: p for p in operation["parameters"]}.get("ordering")
            if sorts is None or endpoint.form is None or "{" in endpoint.path or "symbol" in endpoint.path:
                continue
            refused = client.get("/api/v1" + endpoint.path, params={"ordering": "nonsense"}).json()
            assert "fields" in refused["details"], (endpoint.path, refused)
            allowed = refused["details"]["fields"][0]["allowed"]
            assert allowed == re.findall(r"`(\w+)`", sorts["description"]), endpoint.path
            assert client.get("/api/v1" + endpoint.path, params={"ordering": sorts["schema"]["default"]}).is_success
            asked += 1
    assert asked > LISTS_MIN


def test_a_route_on_its_way_out_is_marked_and_says_when_it_ends() -> None:
    retires = Retirement(datetime(2026, 1, 5, tzinfo=UTC), datetime(2027, 1, 5, 12, 30, tzinfo=UTC))
    told = retires.told(Answer(200, b"{}", {"ETag": '"v1"'}))
    assert told.headers == {
        "ETag": '"v1"', "Deprecation": "@1767571200", "Sunset": "Tue, 05 Jan 2027 12:30:00 GMT"
    }  # fmt: skip
    leaving = [replace(endpoint, retires=retires) for endpoint in ENDPOINTS if endpoint.path == "/version"]
    operation = document(leaving, "1.2.3")["paths"]["/api/v1/version"]["get"]
    assert operation["deprecated"] is True
    assert {"Deprecation", "Sunset"} <= set(operation["responses"]["200"]["headers"])


def test_links_lead_from_creation_to_reading_and_cancelling(described: dict[str, Any]) -> None:
    paths = described["paths"]
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


def test_each_condition_that_is_heeded_is_declared(described: dict[str, Any]) -> None:
    for label, operation in operations(described):
        headers = {p["name"]: p["required"] for p in operation["parameters"] if p["in"] == "header"}
        assert ("304" in operation["responses"]) == ("If-None-Match" in headers), label
        if label.startswith(("PUT", "PATCH")):
            assert headers["If-Match"], label
        if label.startswith("DELETE") or label.endswith(("{order_id}/modify", "{order_id}/cancel")):
            assert headers["If-Match"] is False, label
        if label.startswith("POST"):
            assert headers["Idempotency-Key"] is False, label


def test_one_credential_is_asked_for_and_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    assert described["security"] == [{"bearer": []}]
    assert list(described["components"]["securitySchemes"]) == ["bearer"]
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(described)):
        place = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
