"""Answers held to the description: what a stranger's client, written from it alone, would be able to read."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from workstation.api.application import ENDPOINTS
from workstation.api.openapi import document

_OF_HTTP = frozenset(
    {"date", "content-type", "content-length", "connection", "transfer-encoding", "cache-control"}
    | {"x-content-type-options"}
)
"""Headers of every answer that say nothing of the call."""

_PLACE = re.compile(r"\{(\w+)\}")


@cache
def _described() -> dict[str, Any]:
    return document(ENDPOINTS, "1.2.3")


@cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return each path as a pattern, literal ones first; a symbol may hold slashes."""
    paths = sorted(_described()["paths"], key=lambda path: path.count("{"))
    return tuple(
        (re.compile(_PLACE.sub(lambda m: ".+" if m[1] == "symbol" else "[^/]+", path)), path) for path in paths
    )


def _validator(path: str, method: str, status: str, media: str) -> Draft202012Validator:
    content = _answer(path, method, status).get("content", {})
    assert media in content, f"{method} {path} does not declare {media} at {status}"
    return _compiled(json.dumps(content[media]["schema"]))


def _answer(path: str, method: str, status: str) -> dict[str, Any]:
    """Return what is declared of an answer; a refusal is declared once for all operations."""
    answers = _described()["paths"][path][method]["responses"]
    assert status in answers, f"{method} {path} does not declare {status}"
    named = answers[status].get("$ref", "").rpartition("/")[2]
    answer: dict[str, Any] = _described()["components"]["responses"][named] if named else answers[status]
    return answer


@cache
def _compiled(schema: str) -> Draft202012Validator:
    """Return what checks a shape; each holds megabytes, and most answers share theirs with others."""
    return Draft202012Validator({**json.loads(schema), "components": _described()["components"]})


def placeholders(path: str) -> list[str]:
    """Return the names of a path's parameters."""
    return _PLACE.findall(path)


def successes() -> set[tuple[str, int]]:
    """Return every success that an operation declares: its name and the status."""
    return {
        (operation["operationId"], int(status))
        for methods in _described()["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if int(status) < 400
    }


def operation_of(request: httpx.Request) -> str | None:
    """Return the name of the operation that a request asks for, None for what is not described."""
    path = _path_of(request)
    operation = None if path is None else _described()["paths"][path].get(request.method.lower())
    return None if operation is None else str(operation["operationId"])


def _path_of(request: httpx.Request) -> str | None:
    return next((path for pattern, path in _paths() if pattern.fullmatch(request.url.path)), None)


def check(response: httpx.Response) -> None:
    """Fail where an answer in JSON of a described call is not as described."""
    request = response.request
    method, asked = request.method.lower(), request.url.path
    media = response.headers.get("content-type", "")
    path = _path_of(request)
    if path is None or media not in ("application/json", "application/problem+json"):
        return
    if method not in _described()["paths"][path] or "fields" in request.url.params:
        return
    declared = {name.lower() for name in _answer(path, method, str(response.status_code)).get("headers", {})}
    undeclared = set(response.headers) - declared - _OF_HTTP
    assert not undeclared, f"{request.method} {asked} -> {response.status_code} does not declare {undeclared}"
    response.read()
    for error in _validator(path, method, str(response.status_code), media).iter_errors(response.json()):
        raise AssertionError(f"{request.method} {asked} -> {response.status_code}: {error.message} in {response.text}")
