"""The answers in the description: successes of an operation, refusals that all share, and the headers of both.

A refusal of one status looks the same wherever it is met, so each is described once and referred to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from workstation.api.endpoint import Endpoint
from workstation.api.errors import KINDS, PROBLEM_MEDIA_TYPE
from workstation.api.guard import API_ROOT, PUBLIC
from workstation.api.schemas.values import Query
from workstation.domain.records.bounds import RECORDS_MAX, WEBHOOKS_MAX

MODEL = "#/components/schemas/{name}"
_ANY_CALL = (400, 401, 403, 405, 413, 414, 415, 421, 422, 429, 431, 500, 503)
"""What any call may be refused with."""

_NAMING = {"broker_account_id", "instrument_symbol", "strategy_run_id", "order_id", "source"}
"""Parameters of a query that name something which may be unknown."""

_PUBLIC = frozenset(path.removeprefix(API_ROOT) for path in PUBLIC)
_TEXT = {"type": "string"}
_HEADERS: Mapping[str, str] = {
    "Allow": "Every method of the path.",
    "Content-Disposition": "Name of the file.",
    "Deprecation": "Since when the route is on its way out, as `@` and seconds since 1970.",
    "ETag": "Tag of this version, for `If-Match` and `If-None-Match`.",
    "Idempotency-Replayed": "`true` where this is the answer to an earlier call with the same key.",
    "Location": "Path of what was made.",
    "RateLimit": "Calls left (`r`) and seconds until more are (`t`), under the policy named.",
    "RateLimit-Policy": "The policy: calls (`q`) within seconds (`w`).",
    "Retry-After": "Seconds to wait before the next try.",
    "Sunset": "When the route ends.",
    "WWW-Authenticate": "The scheme that is asked for.",
    "X-Request-ID": "Id of the request: the one sent, else a new one.",
}
_OF_REFUSAL: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate", "Retry-After"),
    405: ("Allow",),
    409: ("Location", "Retry-After", "Idempotency-Replayed"),
    422: ("Location", "Idempotency-Replayed"),
    423: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
"""Headers that a refusal may bring beside those of every answer. Location: of the order that it left behind or met.

A refusal that is kept with its effect, or that stands in for a secret shown once, is replayed under its key."""

_MORE: Mapping[int, str] = {
    429: f" `QUOTA_EXCEEDED` tells in `details` the `limit` and how many there are (`current`): of streams,"
    f" subscriptions or runs at once, or of records of one kind in a tenant, {RECORDS_MAX:,} at most"
    f" ({WEBHOOKS_MAX} webhooks)."
}
"""What a status needs to have said beside its codes."""


def headers() -> dict[str, Any]:
    """Return the headers that answers refer to."""
    return {name: {"description": text, "schema": _TEXT} for name, text in _HEADERS.items()}


def refusals() -> dict[str, Any]:
    """Return the refusals that operations refer to, by the name of each."""
    return {_name(status): _refusal(status) for status in sorted({kind.status for kind in KINDS.values()})}


def responses(endpoint: Endpoint, links: dict[str, Any], *, is_tagged: bool) -> dict[str, Any]:
    """Return all answers of an operation, by status."""
    found = {str(status): _success(endpoint, status, is_tagged=is_tagged) for status in endpoint.answers}
    for status, answer in found.items():
        if links and status in ("200", "201"):
            answer["links"] = links
    if endpoint.text_types:
        texts = {media: {"schema": _TEXT} for media in endpoint.text_types}
        answer = found.setdefault("200", {"description": "Done.", "headers": _common(endpoint), "content": {}})
        answer["content"].update(texts)
        if endpoint.answers:
            answer["headers"] |= _refer("Content-Disposition")
    if endpoint.is_stream:
        stream = {"text/event-stream": {"schema": _TEXT}}
        found["200"] = {"description": "Events as they happen.", "headers": _common(endpoint), "content": stream}
        if "until_id" in endpoint.query.model_fields:
            found["204"] = {"description": "Nothing can follow.", "headers": _common(endpoint)}
    if endpoint.method == "GET" and is_tagged:
        found["304"] = {"description": "Not modified.", "headers": _common(endpoint) | _refer("ETag")}
    for refused in sorted({*_ANY_CALL, *_special(endpoint)}):
        found[str(refused)] = {"$ref": f"#/components/responses/{_name(refused)}"}
    return found


def _success(endpoint: Endpoint, status: int, *, is_tagged: bool) -> dict[str, Any]:
    model = endpoint.answers[status]
    answer: dict[str, Any] = {
        "description": "Accepted, not done yet." if status == 202 else "Done.",
        "headers": _common(endpoint),
    }
    if endpoint.method == "POST" and endpoint.path not in _PUBLIC:
        answer["headers"] |= _refer("Idempotency-Replayed")
    if model is not None:
        answer["content"] = {"application/json": {"schema": {"$ref": MODEL.format(name=model.__name__)}}}
        if is_tagged or endpoint.method != "GET":
            answer["headers"] |= _refer("ETag")
        if status in (200, 201) and endpoint.method == "POST":
            answer["headers"] |= _refer("Location")
    return answer


def _common(endpoint: Endpoint) -> dict[str, Any]:
    """Return the headers of every success of an operation."""
    names = ["X-Request-ID"]
    if endpoint.path not in _PUBLIC:
        names += ["RateLimit", "RateLimit-Policy"]
    if endpoint.retires is not None:
        names += ["Deprecation", "Sunset"]
    return _refer(*names)


def _refer(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusal(status: int) -> dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code, kind in KINDS.items() if kind.status == status)
    names = ("X-Request-ID", "RateLimit", "RateLimit-Policy", "Deprecation", "Sunset", *_OF_REFUSAL.get(status, ()))
    return {
        "description": f"{'Failed' if status >= 500 else 'Refused'}; `code` is {codes}.{_MORE.get(status, '')}",
        "headers": _refer(*names),
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": MODEL.format(name="Problem")}}},
    }


def _name(status: int) -> str:
    return f"Refusal{status}" if status < 500 else f"Failure{status}"


def _special(endpoint: Endpoint) -> Iterator[int]:
    """Yield what not every call may be refused with: unknown ids, conflicts, stale or missing tags, a locked login."""
    query: type[Query] = endpoint.query
    if "{" in endpoint.path or endpoint.body is not None or {*query.model_fields} & _NAMING:
        yield 404
    if endpoint.method != "GET":
        yield 409
    if endpoint.method in ("PUT", "PATCH", "DELETE") or (endpoint.method == "POST" and "{" in endpoint.path):
        yield 412
    if endpoint.if_match:
        yield 428
    if endpoint.path == "/auth/login":
        yield 423
