"""The description of the interface, OpenAPI 3.1, made from the endpoints' declarations alone.

Every operation declares the refusals that any call may meet, and links to the calls that its answer leads to. Models
come from `schemas`; parameters from the query models, so that what is described is what is checked.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workstation.api.endpoint import Endpoint
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.api.schemas.system import Problem
from workstation.api.schemas.values import Query

_REF = "#/components/schemas/{model}"
_REFUSALS = (400, 401, 403, 405, 413, 414, 415, 421, 422, 429, 431, 500, 503)
"""What any call may be refused with."""

_NAMING = {"broker_account_id", "instrument_symbol", "strategy_run_id", "order_id", "source"}
"""Parameters of a query that name something which may be unknown."""

_DECIMAL_PATH = {
    "uuid": {"type": "string", "format": "uuid"},
    "symbol": {"type": "string", "minLength": 1, "maxLength": 32},
    "event_id": {"type": "string", "pattern": "^[0-9]{1,16}$"},
    "command_id": {"type": "string", "pattern": "^[a-z_.]{1,100}$"},
    "config_key": {"type": "string", "pattern": "^[a-z_.]{1,100}$"},
}
_CLIENT_ID = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,100}$"}
_TEXT = {"type": "string"}
_NULL = {"type": "null"}
_HEADER = {"required": False, "schema": _TEXT}
_CREDENTIAL = (
    "The local token, an API key or a session's access token. An API key may come in `X-API-Key` instead; a call with "
    "both headers is refused, so that one scheme is all that a client needs."
)


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    known = list(endpoints)
    models = {Problem: None} | {model: None for endpoint in known for model in _models(endpoint)}
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    changed = {endpoint.path for endpoint in known if endpoint.if_match}
    for endpoint in known:
        path = API_ROOT + endpoint.path
        operation = _operation(endpoint, path, _links(endpoint, known))
        paths.setdefault(path, {})[endpoint.method.lower()] = operation
        if endpoint.method == "GET" and (endpoint.tagged or endpoint.path in changed):
            operation["responses"]["304"] = {"description": "Not modified."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Workstation", "version": version, "description": "The local REST interface, version 1."},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _CREDENTIAL}},
        },
        "security": [{"bearer": []}],
    }


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


def _operation(endpoint: Endpoint, path: str, links: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "tags": [endpoint.path.strip("/").split("/")[0]],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint.query), *_headers(endpoint)],
        "responses": _responses(endpoint, links),
    }
    if path in PUBLIC:
        operation["security"] = []
    if endpoint.scope is not None:
        operation["x-scope"] = endpoint.scope
    if endpoint.body is not None:
        shape: dict[str, Any] = {"$ref": _REF.format(model=endpoint.body.__name__)}
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": {"schema": {"anyOf": [shape, _NULL]} if endpoint.body_optional else shape}},
        }
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _DECIMAL_PATH.get(kind, _CLIENT_ID)}
        for name, kind in endpoint.path_types.items()
    ]


def _query_parameters(model: type[Query]) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = schema.get("required", ())
    found = []
    for name, shape in schema.get("properties", {}).items():
        options = [option for option in shape.get("anyOf", ()) if option != _NULL]
        plain = options[0] if len(options) == 1 else {**shape, "anyOf": options} if options else shape
        plain = {key: value for key, value in plain.items() if not (key == "default" and value is None)}
        if "$ref" in plain:
            plain = schema["$defs"][plain["$ref"].rpartition("/")[2]]
        found.append({"name": name, "in": "query", "required": name in required, "schema": plain})
    return found


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    headers: list[dict[str, Any]] = []
    if endpoint.method == "POST":
        key = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        headers.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    if endpoint.method in ("PUT", "PATCH", "DELETE"):
        headers.append({"name": "If-Match", "in": "header", "required": endpoint.if_match, "schema": _TEXT})
    if endpoint.is_stream:
        headers.append({"name": "Last-Event-ID", "in": "header", "required": False, "schema": _TEXT})
    return headers


def _responses(endpoint: Endpoint, links: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in endpoint.answers.items():
        if model is None:
            responses[str(status)] = {"description": "Done."}
            continue
        answer: dict[str, Any] = {
            "description": "Accepted, not done yet." if status == 202 else "Done.",
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}},
        }
        if status in (200, 201):
            answer["headers"] = dict.fromkeys(("ETag", "Location") if status == 201 else ("ETag",), _HEADER)
        if links and status in (200, 201):
            answer["links"] = links
        responses[str(status)] = answer
    if endpoint.text_types:
        content = responses.setdefault("200", {"description": "Done.", "content": {}})["content"]
        content.update({media: {"schema": _TEXT} for media in endpoint.text_types})
    if endpoint.is_stream:
        responses["200"] = {
            "description": "Events as they happen.",
            "content": {"text/event-stream": {"schema": _TEXT}},
        }
        if "until_id" in endpoint.query.model_fields:
            responses["204"] = {"description": "Nothing can follow."}
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    for status in sorted({*_REFUSALS, *_special(endpoint)}):
        responses[str(status)] = {"description": "Refused, or failed; see `code`.", "content": problem}
    return responses


def _special(endpoint: Endpoint) -> Iterator[int]:
    """Yield what not every call may be refused with: unknown ids, conflicts, stale or missing tags, a locked login."""
    named = {*endpoint.query.model_fields} & _NAMING
    if "{" in endpoint.path or endpoint.body is not None or named:
        yield 404
    if endpoint.method != "GET":
        yield 409
    if endpoint.method in ("PUT", "PATCH", "DELETE") or (endpoint.method == "POST" and "{" in endpoint.path):
        yield 412
    if endpoint.if_match:
        yield 428
    if endpoint.path == "/auth/login":
        yield 423
