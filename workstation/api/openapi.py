"""The description of the interface, OpenAPI 3.1, made from the endpoints' declarations alone.

Every operation declares the refusals that any call may meet, and links to the calls that its answer leads to. Models
come from `schemas`; parameters from the query models and forms of the lists, so that what is described is what is
checked. It is all that a stranger needs to write a client.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workstation.api.endpoint import Endpoint
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.api.openapi_answers import MODEL, headers, refusals, responses
from workstation.api.openapi_texts import CONVENTIONS, GROUPS, HEADERS, operation_text, parameter_text
from workstation.api.schemas.examples import EXAMPLES
from workstation.api.schemas.meanings import explain
from workstation.api.schemas.system import Problem

_BOUNDS = {"ge": "minimum", "le": "maximum"}
"""Bounds of a query's whole numbers, which come as text, by their names in a schema."""

_DECIMAL_PATH = {
    "uuid": {"type": "string", "format": "uuid"},
    "symbol": {"type": "string", "minLength": 1, "maxLength": 32},
    "event_id": {"type": "string", "pattern": "^[0-9]{1,16}$"},
    "command_id": {"type": "string", "pattern": "^[a-z_.]{1,100}$"},
    "config_key": {"type": "string", "pattern": "^[a-z_.]{1,100}$"},
}
_CLIENT_ID = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,100}$"}
_TEXT = {"type": "string"}
_CONDITIONAL = frozenset({"/oms/orders/{order_id}/modify", "/oms/orders/{order_id}/cancel"})
"""Actions that may be bound to the version that was read."""

_NULL = {"type": "null"}
_CREDENTIAL = (
    "The local token, an API key or a session's access token. An API key may come in `X-API-Key` instead; a call with "
    "both headers is refused, so that one scheme is all that a client needs."
)


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    known = list(endpoints)
    models = {Problem: None} | {model: None for endpoint in known for model in _models(endpoint)}
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template=MODEL.replace("name", "model")
    )
    schemas: dict[str, Any] = definitions.get("$defs", {})
    explain(schemas)
    _drop_false_defaults(schemas)
    paths: dict[str, dict[str, Any]] = {}
    changed = {endpoint.path for endpoint in known if endpoint.if_match}
    for endpoint in known:
        is_tagged = endpoint.tagged or endpoint.path in changed
        operation = _operation(endpoint, responses(endpoint, _links(endpoint, known), is_tagged=is_tagged))
        paths.setdefault(API_ROOT + endpoint.path, {})[endpoint.method.lower()] = operation
    groups = sorted({_group(endpoint) for endpoint in known})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Workstation", "version": version, "description": CONVENTIONS},
        "servers": [{"url": "/", "description": "The address in the token file."}],
        "tags": [{"name": group, "description": GROUPS[group]} for group in groups],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals(),
            "headers": headers(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _CREDENTIAL}},
        },
        "security": [{"bearer": []}],
    }


def _drop_false_defaults(schemas: dict[str, Any]) -> None:
    """Take away a default of null where null may not be sent: it only says that the field may be absent."""
    for shape in schemas.values():
        for described in shape.get("properties", {}).values():
            options = described.get("anyOf", (described,))
            if "default" in described and described["default"] is None and _NULL not in options:
                del described["default"]


def _models(endpoint: Endpoint) -> list[type[BaseModel]]:
    models = [model for model in endpoint.answers.values() if model is not None]
    return models if endpoint.body is None else [*models, endpoint.body]


def _links(endpoint: Endpoint, known: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the calls that go on from what an endpoint made or read: those whose path names it and nothing else."""
    makes = endpoint.method == "POST" and 201 in endpoint.answers
    if not makes and not (endpoint.method == "GET" and endpoint.path.endswith("}")):
        return {}
    collection = endpoint.path if makes else endpoint.path.rpartition("/")[0]
    below = re.compile(re.escape(collection) + r"/\{(\w+)\}(/[a-z-]+)?")
    links: dict[str, Any] = {}
    for other in known:
        named = below.fullmatch(other.path)
        if named is None or other is endpoint:
            continue
        parameters = {name: f"$request.path.{name}" for name in other.path_types} | {named[1]: "$response.body#/id"}
        if other.if_match:
            parameters["header.If-Match"] = "$response.header.ETag"
        links[other.operation_id] = {"operationId": other.operation_id, "parameters": parameters}
    return links


def _group(endpoint: Endpoint) -> str:
    return endpoint.path.strip("/").split("/")[0]


def _operation(endpoint: Endpoint, answers: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "description": operation_text(endpoint),
        "tags": [_group(endpoint)],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint, answers)],
        "responses": answers,
    }
    if endpoint.retires is not None:
        operation["deprecated"] = True
    if API_ROOT + endpoint.path in PUBLIC:
        operation["security"] = []
    if endpoint.scope is not None:
        operation["x-scope"] = endpoint.scope
    if endpoint.body is not None:
        name = endpoint.body.__name__
        shape: dict[str, Any] = {"$ref": MODEL.format(name=name)}
        content: dict[str, Any] = {"schema": {"anyOf": [shape, _NULL]} if endpoint.body_optional else shape}
        if name in EXAMPLES:
            content["examples"] = {"plain": {"value": EXAMPLES[name]}}
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": content},
        }
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": parameter_text(endpoint, name, "path"),
            "schema": _DECIMAL_PATH.get(kind, _CLIENT_ID),
        }
        for name, kind in endpoint.path_types.items()
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    schema = endpoint.query.model_json_schema()
    required = schema.get("required", ())
    found = []
    for name, shape in schema.get("properties", {}).items():
        options = [option for option in shape.get("anyOf", ()) if option != _NULL]
        plain = options[0] if len(options) == 1 else {**shape, "anyOf": options} if options else shape
        plain = {
            _BOUNDS.get(key, key): value
            for key, value in plain.items()
            if key != "title" and not (key == "default" and value is None)
        }
        if "$ref" in plain:
            plain = schema["$defs"][plain["$ref"].rpartition("/")[2]]
        if name == "ordering" and endpoint.form is not None:
            plain = {**plain, "default": endpoint.form.default}
        text = parameter_text(endpoint, name, "query")
        found.append({"name": name, "in": "query", "required": name in required, "description": text, "schema": plain})
    return found


def _headers(endpoint: Endpoint, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if endpoint.method == "POST":
        found.append(_header("Idempotency-Key", {"type": "string", "pattern": "^[!-~]{1,255}$"}))
    if endpoint.method in ("PUT", "PATCH", "DELETE"):
        found.append(_header("If-Match", _TEXT, required=endpoint.if_match))
    if endpoint.path in _CONDITIONAL:
        found.append(_header("If-Match", _TEXT))
    if "304" in answers:
        found.append(_header("If-None-Match", _TEXT))
    if endpoint.is_stream:
        found.append(_header("Last-Event-ID", _TEXT))
    return found


def _header(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": HEADERS[name], "schema": schema}
