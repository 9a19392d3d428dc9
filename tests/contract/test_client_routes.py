"""The client's tables say what the service says: every route, every parameter, every field of every answer."""

from __future__ import annotations

import re
import typing
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from workstation.api.application import ENDPOINTS
from workstation.api.endpoint import Endpoint
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.client import Address, Client
from workstation.client.calls import Call, Group, Listing, Route
from workstation.client.requests import WITHOUT_KEYS

NOT_SENT = {"if_match", "idempotency_key"}
LEFT_OUT = {"fields"}
"""A sparse answer has no type; `ask` gets it."""

WITHOUT_A_METHOD = {
    ("PUT", "/oms/orders/{}"),  # a change without a key could not be repeated; `modify` does the same with one
    ("DELETE", "/oms/orders/{}"),  # the same for a cancel
    ("POST", "/webhooks/in"), ("POST", "/webhooks/in/marketdata"),  # a source tells with a signature of its own
    ("GET", "/system/version"), ("GET", "/system/health/ready"), ("GET", "/system/metrics"),  # second names
}  # fmt: skip


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


ENDPOINT = {(endpoint.method, shape(endpoint.path)): endpoint for endpoint in ENDPOINTS}
ROUTES: dict[str, Route[Any]] = {
    f"{name}.{method}": route
    for name, group in vars(Client(address=Address("http://127.0.0.1:1", "t"))).items()
    if isinstance(group, Group)
    for method, route in vars(type(group)).items()
    if isinstance(route, Route)
}


def endpoint_of(route: Route[Any]) -> Endpoint:
    return ENDPOINT[route.method, shape(route.path)]


def parts(kind: Any) -> list[Any]:
    """Return the types inside an annotation, itself first."""
    inner = [part for argument in typing.get_args(kind) for part in parts(argument)]
    return [kind, *inner]


def model_in(kind: Any) -> type[BaseModel] | None:
    return next((part for part in parts(kind) if isinstance(part, type) and issubclass(part, BaseModel)), None)


def struct_in(kind: Any) -> type[msgspec.Struct] | None:
    return next((part for part in parts(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct)), None)


def differences(struct: type[msgspec.Struct], model: type[BaseModel], seen: set[type]) -> list[str]:
    """Return where an answer's struct and the service's model part, names below names."""
    if struct in seen:
        return []
    seen.add(struct)
    ours = typing.get_type_hints(struct)
    theirs = {name: field.annotation for name, field in model.model_fields.items()}
    found = [f"{struct.__name__}.{name}" for name in ours.keys() ^ theirs.keys()]
    for name in ours.keys() & theirs.keys():
        inner, other = struct_in(ours[name]), model_in(theirs[name])
        if inner is not None and other is not None:
            found += differences(inner, other, seen)
    return found


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_of_the_client_is_one_of_the_service(name: str) -> None:
    route = ROUTES[name]
    assert (route.method, shape(route.path)) in ENDPOINT


@pytest.mark.parametrize("name", ROUTES)
def test_a_method_takes_what_its_route_takes(name: str) -> None:
    route = ROUTES[name]
    endpoint = endpoint_of(route)
    struct: Any = route.params
    ours = set(struct.__struct_fields__) - NOT_SENT - set(re.findall(r"\{(\w+)\}", route.path))
    taken = endpoint.query.model_fields | ({} if endpoint.body is None else endpoint.body.model_fields)
    assert ours == taken.keys() - NOT_SENT - LEFT_OUT - {"format"}  # a method has one format: see below
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    assert {key for key, field in taken.items() if field.is_required()} <= required


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if isinstance(route, Call | Listing)])
def test_an_answer_has_the_fields_of_the_service(name: str) -> None:
    route = ROUTES[name]
    for model in endpoint_of(route).answers.values():
        if isinstance(route, Listing):
            page = {key: field.annotation for key, field in model.model_fields.items()}
            assert route.key in page
            assert differences(route.item, model_in(page[route.key]) or model, set()) == []
        elif isinstance(route, Call) and struct_in(route.answer) is not None:
            assert differences(route.answer, model, set()) == []


def test_every_format_of_a_route_has_a_method_of_its_own() -> None:
    formats = {
        (key, name)
        for key, endpoint in ENDPOINT.items()
        if (field := endpoint.query.model_fields.get("format")) is not None
        for name in typing.get_args(field.annotation)
    }
    reached = set()
    for route in ROUTES.values():
        struct: Any = route.params
        config = struct.__struct_config__
        assert config.tag_field in (None, "format")
        key = (route.method, shape(route.path))
        if "format" in ENDPOINT[key].query.model_fields:
            reached.add((key, config.tag or ENDPOINT[key].query.model_fields["format"].default))
    assert len(formats) > 1
    assert reached == formats


def test_writes_without_a_credential_go_out_without_a_key() -> None:
    assert {API_ROOT + path for path in WITHOUT_KEYS} == {
        API_ROOT + path for method, path in ENDPOINT if method == "POST" and API_ROOT + path in PUBLIC
    }


def test_the_client_reaches_every_route_of_the_service() -> None:
    reached = {(route.method, shape(route.path)) for route in ROUTES.values()} | WITHOUT_A_METHOD
    missing = {key for key in ENDPOINT if key[0] != "PATCH"} - reached
    assert missing == set()
