"""The guard: what every request must pass before a route sees it. Outermost, plain ASGI, in a fixed order.

Head size -> Host -> Origin -> authentication -> rate limit. Any web page that the user opens can send requests to
loopback, and DNS rebinding defeats the same-origin rule, so Host is compared whole, port included. There is no CORS
header, no cookie and no credential in a query string. Every answer leaves with the same protective headers.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from workstation.api.credentials import Credential, Credentials
from workstation.api.errors import ApiError, problem
from workstation.api.options import HEAD_BYTES_MAX
from workstation.api.request_log import Watch, nobody

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API_ROOT = "/api/v1"
PUBLIC = frozenset(API_ROOT + path for path in ("/health", "/auth/login", "/auth/refresh", "/auth/register"))
"""Paths below API_ROOT that need no credential; rate limits do not count them either, but wrong passwords do count."""

_PROTECTED = re.compile(
    rf"POST {API_ROOT}/(oms/orders/[^/]+/cancel|oms/orders/bulk/cancel|risk/kill-switch)"
    rf"|DELETE {API_ROOT}/oms/orders/[^/]+"
)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACE_PARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Passport(msgspec.Struct):
    """What the guard found out about a request; routes read it from the scope's state."""

    request_id: str
    trace_id: str
    credential: Credential | None = None
    rates: tuple[tuple[bytes, bytes], ...] = ()


class Guard:
    """Wraps the application. port: the one that the service is bound to."""

    def __init__(
        self,
        app: App,
        *,
        port: int,
        credentials: Credentials,
        allowed_origins: tuple[str, ...],
        mono_ns: Callable[[], int],
        watch: Watch | None = None,
    ) -> None:
        names = (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}")
        self._app = app
        self._hosts = frozenset(name.encode() for name in names)
        self._origins = frozenset(f"http://{name}".encode() for name in names) | {o.encode() for o in allowed_origins}
        self._credentials = credentials
        self._mono_ns = mono_ns
        self._watch = watch or Watch(nobody, mono_ns, mono_ns)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit one request, or answer it with a problem."""
        headers = scope["headers"]
        passport = Passport(*_ids(headers))
        scope.setdefault("state", {})["passport"] = passport
        began = self._mono_ns()

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_protective(passport)]
                self._watch.answered(scope, passport.credential, int(message["status"]), began)
            await send(message)

        try:
            self._admit(scope, passport)
        except ApiError as error:
            await _refuse(scope, error, passport, guarded_send)
            return
        await self._app(scope, receive, guarded_send)

    def _admit(self, scope: Scope, passport: Passport) -> None:
        headers = scope["headers"]
        self._check_head(scope)
        self._check_host(headers)
        self._check_origin(headers)
        path = scope["path"]
        if not path.startswith(API_ROOT) or path in PUBLIC:
            return
        credential = passport.credential = self._credentials.authenticate(headers)
        window = credential.protect if _PROTECTED.fullmatch(f"{scope['method']} {path}") else credential.default
        now = self._mono_ns()
        admitted = window.take(now)
        passport.rates = window.headers(now)
        if not admitted:
            raise ApiError(
                "RATE_LIMITED",
                f"More than {window.most} requests within a minute.",
                headers={"Retry-After": str(window.wait_s(now))},
            )

    @staticmethod
    def _check_head(scope: Scope) -> None:
        size = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        line = len(scope.get("raw_path", b"")) + len(scope["query_string"])
        if line > HEAD_BYTES_MAX:
            raise ApiError("URI_TOO_LONG", f"The request line is longer than {HEAD_BYTES_MAX} bytes.")
        if size + line > HEAD_BYTES_MAX:
            raise ApiError("HEADERS_TOO_LARGE", f"The headers are longer than {HEAD_BYTES_MAX} bytes.")

    def _check_host(self, headers: list[tuple[bytes, bytes]]) -> None:
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not hosts[0]:
            raise ApiError("BAD_REQUEST", "Send exactly one Host header.")
        if hosts[0].lower() not in self._hosts:
            raise ApiError("MISDIRECTED_HOST", "This service answers to its loopback address and port alone.")

    def _check_origin(self, headers: list[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            foreign = name == b"origin" and value not in self._origins
            if foreign or (name == b"sec-fetch-site" and value.lower() == b"cross-site"):
                raise ApiError("ORIGIN_FORBIDDEN", "Requests from other sites are not served.")


def _ids(headers: list[tuple[bytes, bytes]]) -> tuple[str, str]:
    """Return request id and trace id: those of the caller where well-formed, else new ones."""
    request_id = trace_id = ""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request_id = value.decode()
        elif name == b"traceparent" and (found := _TRACE_PARENT.fullmatch(value)):
            trace_id = found[1].decode()
    return request_id or secrets.token_hex(16), trace_id or secrets.token_hex(16)


def _protective(passport: Passport) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", passport.request_id.encode()),
        *passport.rates,
    )


async def _refuse(scope: Scope, error: ApiError, passport: Passport, send: Send) -> None:
    answer = problem(error, instance=scope["path"], trace_id=passport.trace_id)
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-type", answer.media_type.encode()))
    headers.append((b"content-length", str(len(answer.body)).encode()))
    if any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    ):
        headers.append((b"connection", b"close"))  # the body that is not read ends with the connection
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
