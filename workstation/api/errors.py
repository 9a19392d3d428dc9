"""Errors of the REST interface: one catalogue of codes, one form of body, and the boundary that lets nothing through.

Every 4xx and 5xx is `application/problem+json` (RFC 9457). One of the four places that catch `Exception`: what nobody
foresaw is logged with its trace and shown as a trace id alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workstation.domain.errors import StorageDamaged, StorageError
from workstation.kernel.logs import get_logger

PROBLEM_MEDIA_TYPE = "application/problem+json"

_log = get_logger("api")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Kind:
    """What a machine code means: HTTP status, family and title."""

    status: int
    family: str
    title: str


def _kinds(status: int, family: str, **titles: str) -> dict[str, Kind]:
    return {code: Kind(status, family, title) for code, title in titles.items()}


KINDS: Mapping[str, Kind] = {
    **_kinds(
        400,
        "value_error",
        BAD_REQUEST="Bad request",
        INVALID_CURSOR="Invalid cursor",
        INVALID_EVENT_ID="Invalid event id",
        IDEMPOTENCY_KEY_REQUIRED="Idempotency key required",
    ),
    **_kinds(
        401,
        "permission_error",
        UNAUTHENTICATED="Authentication required",
        INVALID_CREDENTIALS="Invalid credentials",
        MFA_REQUIRED="One-time code required",
    ),
    **_kinds(
        403,
        "permission_error",
        PERMISSION_DENIED="Permission denied",
        ORIGIN_FORBIDDEN="Origin forbidden",
        NOT_APPROVED="Not approved",
        NOT_ARMED="Not armed",
        LIVE_NOT_PERMITTED="Live trading not permitted",
        DESKTOP_ONLY="Only in the desktop",
        REGISTRATION_CLOSED="Registration closed",
        TENANCY_DISABLED="One tenant only",
    ),
    **_kinds(404, "not_found_error", NOT_FOUND="Not found"),
    **_kinds(405, "http_error", METHOD_NOT_ALLOWED="Method not allowed"),
    **_kinds(413, "http_error", PAYLOAD_TOO_LARGE="Payload too large"),
    **_kinds(414, "http_error", URI_TOO_LONG="Request line too long"),
    **_kinds(415, "http_error", UNSUPPORTED_MEDIA_TYPE="Unsupported media type"),
    **_kinds(421, "http_error", MISDIRECTED_HOST="Misdirected host"),
    **_kinds(431, "http_error", HEADERS_TOO_LARGE="Headers too large"),
    **_kinds(
        409,
        "conflict_error",
        STATE_CONFLICT="State conflict",
        DUPLICATE="Duplicate",
        IN_USE="In use",
        IDEMPOTENT_REPLAY="First call still running",
        KILL_SWITCH_ACTIVE="Kill switch active",
        TRADING_LOCKED="Trading locked",
        CONFIRMATION_REQUIRED="Confirmation required",
    ),
    **_kinds(423, "permission_error", ACCOUNT_LOCKED="Account locked"),
    **_kinds(412, "conflict_error", PRECONDITION_FAILED="Precondition failed"),
    **_kinds(428, "conflict_error", PRECONDITION_REQUIRED="Precondition required"),
    **_kinds(
        422,
        "validation_error",
        VALIDATION_ERROR="Validation error",
        UNSUPPORTED_ORDER="Unsupported order",
        INSTRUMENT_NOT_TRADABLE="Instrument not tradable",
        ACCOUNT_NOT_TRADABLE="Account not tradable",
        RISK_LIMIT_BREACH="Risk limit breached",
        TARGET_FORBIDDEN="Target forbidden",
        COMPLIANCE_BLOCKED="Compliance blocked",
        INSUFFICIENT_FUNDS="Insufficient funds",
        IDEMPOTENCY_MISMATCH="Idempotency mismatch",
    ),
    **_kinds(429, "rate_limit_error", RATE_LIMITED="Rate limited", QUOTA_EXCEEDED="Quota exceeded"),
    **_kinds(500, "internal_error", INTERNAL_ERROR="Internal error"),
    **_kinds(
        503,
        "api_error",
        NOT_READY="Not ready",
        DATABASE_UNAVAILABLE="Database unavailable",
        DATABASE_DAMAGED="Database damaged",
        BROKER_UNAVAILABLE="Broker unavailable",
        STORAGE_FULL="Storage full",
        ENGINE_TIMEOUT="Engine timeout",
        SHUTTING_DOWN="Shutting down",
    ),
}


@dataclass
class ApiError(Exception):
    """A refusal on its way to the caller. extra: members beside the standard ones; never holds an input value."""

    code: str
    detail: str
    details: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hint: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """HTTP status of the code."""
        return KINDS[self.code].status


@dataclass(frozen=True)
class Answer:
    """A finished answer: status, body bytes and headers beside the standard ones."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True)
class StreamAnswer(Answer):
    """An answer that goes on: `frames` yields bytes until the stream ends; `ended` is called once, however it ends.

    cut: gives the last frame for a client that was too slow to take the next one.
    """

    frames: AsyncIterator[bytes] | None = None
    cut: Callable[[], Awaitable[bytes]] | None = None
    ended: Callable[[], None] = lambda: None


def problem_body(error: ApiError, *, instance: str, trace_id: str) -> bytes:
    """Return the JSON of a problem."""
    kind = KINDS[error.code]
    body: dict[str, Any] = {
        "type": "urn:oms:problem:" + error.code.lower().replace("_", "-"),
        "title": kind.title,
        "status": kind.status,
        "detail": error.detail,
        "instance": instance,
        "code": error.code,
        "trace_id": trace_id,
        "details": error.details,
        "error": {"code": kind.status, "message": kind.title, "type": kind.family, "details": error.details},
        **error.extra,
    }
    if error.hint:
        body["hint"] = error.hint
    return _encode(body)


def problem(error: ApiError, *, instance: str, trace_id: str) -> Answer:
    """Return the answer of a problem."""
    body = problem_body(error, instance=instance, trace_id=trace_id)
    return Answer(error.status, body, error.headers, PROBLEM_MEDIA_TYPE)


def invalid(field_name: str, message: str, *, location: str = "body", issue: str = "invalid", **more: Any) -> ApiError:
    """Return the 422 of one wrong field. more: `allowed` (list) or `step` (text) where they help."""
    fields = [{"field": field_name, "location": location, "issue": issue, "message": message, **more}]
    return ApiError("VALIDATION_ERROR", f"{field_name}: {message}", {"fields": fields})


async def boundary(work: Callable[[], Awaitable[Answer]], *, instance: str, trace_id: str) -> Answer:
    """Run a request; whatever goes wrong becomes a problem, and a bug becomes a logged 500 without its cause."""
    try:
        return await work()
    except ApiError as refused:
        return problem(refused, instance=instance, trace_id=trace_id)
    except StorageDamaged as damage:
        failure = ApiError("DATABASE_DAMAGED", "The database is damaged; restore a backup.", {"problem": str(damage)})
    except StorageError:
        failure = ApiError("DATABASE_UNAVAILABLE", "The database cannot be read now.", headers={"Retry-After": "1"})
    except Exception:
        _log.exception("api.request.failed", instance=instance, trace_id=trace_id)
        failure = ApiError("INTERNAL_ERROR", "Something went wrong here; the log has the trace id.")
    return problem(failure, instance=instance, trace_id=trace_id)
