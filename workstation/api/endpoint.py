"""One endpoint: its declaration, and the checks that every call of it passes, in the contract's order.

Media type and size -> scope -> idempotency lookup -> schema -> the handler (preconditions, state, engine). Handlers get
a `Call` and return an `Answer`; they never see the web framework. Long because the walk of a call is read in one piece.
"""

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from workstation.api.audit import AuditTrail, action_of, resource_of, running, trail_entry
from workstation.api.credentials import Credential
from workstation.api.errors import Answer, ApiError, StreamAnswer, boundary, invalid
from workstation.api.guard import Passport
from workstation.api.idempotency import KeyedCall, fingerprint_of, key_of, replayed, required_key
from workstation.api.retirement import Retirement
from workstation.api.schemas.system import NoQuery
from workstation.api.schemas.values import ClientOrderId, Query, Uuid
from workstation.api.services import Services
from workstation.api.stream_response import StreamResponse
from workstation.api.strict_json import load
from workstation.commands.records import NoteAudit
from workstation.domain.errors import NotFound, UserError
from workstation.domain.errors import ValidationError as CoreValidationError
from workstation.domain.orders import Origin, OriginKind

if TYPE_CHECKING:
    from workstation.api.lists import ListForm

QUERY_FIELDS_MAX = 200
NO_WRITE = frozenset({"VALIDATION_ERROR", "BAD_REQUEST", "IDEMPOTENCY_KEY_REQUIRED", "IDEMPOTENT_REPLAY"})
"""Codes of calls that were never a write of their own, so that the audit says nothing of them."""

NOTE_WAIT_S = 1.0
"""How long the answer to a refused write waits for its audit entry; behind a slow engine the entry follows."""

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)
_QUOTED = re.compile(r"'([^']*)'")
_PATH_TYPES: Mapping[str, TypeAdapter[str]] = {"uuid": TypeAdapter(Uuid), "client_order_id": TypeAdapter(ClientOrderId)}
_encode = msgspec.json.Encoder().encode

Handler = Callable[["Call"], Awaitable[Answer]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Endpoint:
    """A method on a path. answers: model by success status, None for no body. path_types: kind of each path parameter.

    key_required: the call needs an idempotency key. text_types: media types of answers beside or in place of a model.
    tagged: a read whose answer has an ETag though nothing is changed at its path. form: how a list is sorted. retires:
    the route is on its way out, and every answer says so.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: str | None
    answers: Mapping[int, type[BaseModel] | None]
    query: type[Query] = NoQuery
    body: type[BaseModel] | None = None
    body_optional: bool = False
    path_types: Mapping[str, str] = field(default_factory=dict)
    if_match: bool = False
    key_required: bool = False
    is_stream: bool = False
    text_types: tuple[str, ...] = ()
    tagged: bool = False
    form: "ListForm | None" = None
    retires: Retirement | None = None

    @property
    def operation_id(self) -> str:
        """Name of the operation in the description."""
        name: str = self.handler.__name__
        return name.replace("put_", "patch_", 1) if self.method == "PATCH" else name


@dataclass
class Call:
    """One request on its way through an endpoint.

    late: its outcome is not known yet. repeat: what a repeat with its key gets in place of the answer. replayed: it is
    such a repeat. audit: its trail, None for calls that write nothing.
    """

    services: Services
    endpoint: Endpoint
    request: Request
    passport: Passport
    path_params: dict[str, str]
    query: Any = None
    body: Any = None
    raw: bytes = b""
    key: KeyedCall | None = None
    late: bool = False
    repeat: Answer | None = None
    replayed: bool = False
    audit: AuditTrail | None = None

    @property
    def credential(self) -> Credential:
        """Who asks; every endpoint with a scope has one."""
        if self.passport.credential is None:
            raise ApiError("UNAUTHENTICATED", "A valid credential is needed.")
        return self.passport.credential

    @property
    def origin(self) -> Origin:
        """Who asks, for the command; on a public path nobody is known yet."""
        credential, trace = self.passport.credential, self.passport.trace_id
        if credential is None and self.endpoint.scope is None:
            return Origin(kind=OriginKind.REST, user="", trace=trace)
        credential = self.credential
        return Origin(kind=OriginKind.REST, detail=credential.id, user=credential.user, trace=trace)

    def header(self, name: bytes) -> str | None:
        """Return a request header's first value."""
        for key, value in self.request.scope["headers"]:
            if key == name:
                return str(value.decode("latin-1"))
        return None


class Routes:
    """Collects the endpoints of one group."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []

    def add(self, method: str, path: str, **declared: Any) -> Callable[[H], H]:
        """Declare the decorated handler as an endpoint; its docstring's first line is the summary."""

        def declare(handler: H) -> H:
            summary = (handler.__doc__ or "").strip().splitlines()[0]
            self.endpoints.append(Endpoint(method, path, handler, summary, **declared))
            return handler

        return declare

    def change(self, path: str, **declared: Any) -> Callable[[H], H]:
        """Declare the decorated `put_…` as PUT and, as an alias, PATCH; both need If-Match."""

        def declare(handler: H) -> H:
            for method in ("PUT", "PATCH"):
                self.add(method, path, if_match=True, **declared)(handler)
            return handler

        return declare


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with `value` as JSON."""
    return Answer(status, _encode(value), headers or {})


async def serve(services: Services, endpoint: Endpoint, request: Request) -> Response:
    """Answer one request of an endpoint."""
    passport: Passport = request.scope["state"]["passport"]
    path = request.scope["path"]
    call = Call(services, endpoint, request, passport, dict(request.path_params))
    began = time.monotonic()
    answer = await boundary(lambda: _run(call), instance=path, trace_id=passport.trace_id)
    services.meters.count(endpoint.method, endpoint.path, answer.status, time.monotonic() - began)
    if endpoint.retires is not None:
        answer = endpoint.retires.told(answer)
    if isinstance(answer, StreamAnswer):
        return StreamResponse(answer, stall_s=services.options.write_stall)
    return Response(answer.body, answer.status, dict(answer.headers), answer.media_type if answer.body else None)


async def _run(call: Call) -> Answer:
    if call.services.feed.stopping:
        raise ApiError("SHUTTING_DOWN", "The service is stopping; nothing was done.", headers=_CLOSE)
    raw = call.raw = await _body(call)
    call.audit = _trail(call)
    running.set(call.audit)
    refusal: ApiError | None = None
    answer: Answer | None = None
    try:
        answer = await _admitted(call, raw)
    except ApiError as error:
        refusal = error
        raise
    finally:
        await _note(call, refusal, answer)
    return answer


def _trail(call: Call) -> AuditTrail | None:
    endpoint, scope, credential = call.endpoint, call.request.scope, call.passport.credential
    action = action_of(endpoint.method, endpoint.path)
    if action is None:
        return None
    entry = trail_entry(
        credential,
        action,
        entry_id=str(uuid.uuid4()),
        ts=call.services.now_ns(),
        resource_type=resource_of(endpoint.path),
        resource_id=next(reversed(call.path_params.values()), ""),
        ip_address=scope["client"][0] if scope.get("client") else None,
        user_agent=call.header(b"user-agent") or "",
        request_id=call.passport.request_id,
        trace_id=call.passport.trace_id,
        metadata={"method": endpoint.method, "path": endpoint.path},
    )
    return AuditTrail(entry)


async def _note(call: Call, refusal: ApiError | None, answer: Answer | None) -> None:
    """Store the entry of a call that had no effect; what is not known yet is left to the effect itself."""
    if call.audit is None or call.replayed or call.late or (refusal is not None and refusal.code in NO_WRITE):
        return
    entry = call.audit.outcome(refusal, 500 if answer is None else answer.status)
    if entry is not None:
        with contextlib.suppress(ApiError, TimeoutError):  # the caller's own answer matters more
            async with asyncio.timeout(NOTE_WAIT_S):
                await call.services.engine.call("audit.note", NoteAudit(entry=entry), call.origin)


async def _admitted(call: Call, raw: bytes) -> Answer:
    endpoint, scope = call.endpoint, call.request.scope
    _check_scope(call)
    value = load(raw) if raw else None
    key = key_of(scope["headers"]) if endpoint.method == "POST" else None
    if endpoint.key_required:
        key = required_key(key, value)
    if call.audit is not None and isinstance(value, dict):
        call.audit.new_values = value
    if key is not None and call.passport.credential:
        place = (call.passport.credential.id, endpoint.method, endpoint.path, key)
        call.key = call.services.idempotency.begin(place, fingerprint_of(endpoint.method, scope["path"], value))
    answer: Answer | None = None
    try:
        earlier = None if call.key is None else await _earlier(call, call.key)
        if earlier is not None:
            call.replayed = True
            return earlier
        answer = await _handle(call, value)
    except ApiError as error:
        call.late = error.code == "ENGINE_TIMEOUT"
        raise
    finally:
        if call.key is not None and not call.late:
            call.key.finish(call.repeat or answer)
    return answer


async def _earlier(call: Call, key: KeyedCall) -> Answer | None:
    """Return the answer that an earlier call with this key got: from memory, else from the store."""
    known = call.services.idempotency.remembered(key)
    if known is not None:
        return known
    record = await call.services.read(call.services.reader.idempotency, *key.place, call.services.now_ns())
    return None if record is None else replayed(record, key.fingerprint)


async def _handle(call: Call, value: Any) -> Answer:
    call.path_params = _path(call)
    call.query = _query(call)
    call.body = _schema(call, value)
    try:
        return await call.endpoint.handler(call)
    except CoreValidationError as error:
        raise invalid(error.field, error.message, location="query") from None
    except NotFound:
        raise ApiError("NOT_FOUND", "No such thing.") from None
    except UserError as error:
        raise ApiError("BAD_REQUEST", str(error)) from None


async def _body(call: Call) -> bytes:
    """Return the body, read within the limits of size and time; b"" where a request has none."""
    scope, limit = call.request.scope, call.services.options.max_body
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if length == b"0" and b"transfer-encoding" not in headers:
        return b""
    if call.endpoint.method in _BODY_METHODS:
        media = headers.get(b"content-type", b"").decode("latin-1")
        if not _JSON_TYPE.fullmatch(media.strip()):
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", "A body must be application/json in UTF-8.", headers=_CLOSE)
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", "A body must not be compressed.", headers=_CLOSE)
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    parts, size = [], 0
    try:
        async with asyncio.timeout(call.services.options.body_timeout):
            while True:
                message = await call.request.receive()
                if message["type"] != "http.request":
                    raise ApiError("BAD_REQUEST", "The body ended early.")
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts) if call.endpoint.method in _BODY_METHODS else b""
    except TimeoutError:
        raise ApiError("BAD_REQUEST", "The body did not arrive in time.", headers=_CLOSE) from None


_CLOSE = {"Connection": "close"}


def _too_large(limit: int) -> ApiError:
    return ApiError("PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes.", headers=_CLOSE)


def _check_scope(call: Call) -> None:
    needed, credential = call.endpoint.scope, call.passport.credential
    if needed is None or credential is None or needed in credential.scopes:
        return
    raise ApiError("PERMISSION_DENIED", f"The scope {needed} is missing.", {"required": [needed]})


def _path(call: Call) -> dict[str, str]:
    for name, kind in call.endpoint.path_types.items():
        adapter = _PATH_TYPES.get(kind)
        if adapter is not None:
            try:
                adapter.validate_python(call.path_params[name])
            except ValidationError:
                raise invalid(name, "is malformed", location="path") from None
    return call.path_params


def _query(call: Call) -> Query:
    model = call.endpoint.query
    raw = call.request.scope["query_string"]
    if not raw:
        return validated(model, {}, "query")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        raise invalid("$", "is no query string in UTF-8", location="query") from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in _repeatable(model):
            values.setdefault(name, []).append(value)
        elif name in values:
            raise invalid(name, "must not be repeated", location="query", issue="repeated")
        else:
            values[name] = value
        if "\0" in value:
            raise invalid(name, "holds a NUL character", location="query", issue="nul")
    return validated(model, values, "query")


def _repeatable(model: type[Query]) -> frozenset[str]:
    return frozenset(name for name in ("statuses", "types", "tags") if name in model.model_fields)


def _schema(call: Call, value: Any) -> Any:
    model = call.endpoint.body
    if model is None:
        if value is None or value == {}:
            return None
        raise invalid("$", "takes no body", issue="extra_forbidden")
    if value is None and call.endpoint.body_optional:
        value = {}
    return validated(model, value, "body")


M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], value: Any, location: str) -> M:
    """Return `value` as a model.

    Raises:
        ApiError: 422 with every field that is wrong.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        fields = [_fault(item, location) for item in found[:20]]
        first = fields[0]
        raise ApiError("VALIDATION_ERROR", f"{first['field']}: {first['message']}", {"fields": fields}) from None


def _fault(error: Any, location: str) -> dict[str, Any]:
    place = ".".join(str(part)[:100] for part in error["loc"]) or "$"
    message = error["msg"].removeprefix("Value error, ")
    fault = {"field": place, "location": location, "issue": error["type"], "message": message}
    expected = error.get("ctx", {}).get("expected")
    if error["type"] == "literal_error" and expected:
        fault["allowed"] = _QUOTED.findall(expected)
    return fault
