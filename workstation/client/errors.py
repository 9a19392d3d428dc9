"""What a call can end in, as one tree; a script catches the branch it can deal with.

    ClientError
    ├── NotRunning          no program has published where it listens
    ├── Unreachable         nobody answers; nothing was done
    ├── OutcomeUnknown      a write went out, its outcome is not known; `client.repeat(error)` asks again
    ├── Malformed           what answers does not keep to the contract
    ├── StreamLost          a stream broke and could not be taken up again
    └── Problem             the program's own answer: `code` for the script, `detail` for a person
        ├── BadRequest 400  Unauthenticated 401  PermissionDenied 403  NotFound 404
        ├── Conflict 409    Stale 412 428        Invalid 422           Locked 423
        └── RateLimited 429 Unavailable 503

Errors carry no token and no header.
"""

from typing import Any

import msgspec


class ClientError(Exception):
    """Base of everything that this package raises."""


class NotRunning(ClientError):
    """No program has published where it listens."""


class Unreachable(ClientError):
    """Nobody answers at the address; nothing was done."""


class OutcomeUnknown(ClientError):
    """A write may or may not have been done. request: what was asked, with the key that makes it repeatable."""

    def __init__(self, message: str, request: Any) -> None:
        super().__init__(message)
        self.request = request

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the program knows this write; None where the write has none."""
        key: str | None = self.request.idempotency_key
        return key


class Malformed(ClientError):
    """An answer that does not keep to the contract."""


class StreamLost(ClientError):
    """A stream broke. last_id: the last event seen, after which another may go on; None when none was."""

    def __init__(self, message: str, last_id: str | None) -> None:
        super().__init__(message)
        self.last_id = last_id


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """A problem on the wire (RFC 9457)."""

    status: int
    code: str
    title: str = ""
    detail: str = ""
    trace_id: str = ""
    hint: str | None = None
    details: dict[str, Any] = {}


class Problem(ClientError):
    """A refusal or failure in the program's own words. status: HTTP; code: for scripts; detail, hint: for people."""

    def __init__(self, body: ProblemBody) -> None:
        super().__init__(f"{body.code}: {body.detail or body.title}" + (f" ({body.hint})" if body.hint else ""))
        self.status, self.code, self.detail = body.status, body.code, body.detail or body.title
        self.hint, self.details, self.trace_id = body.hint, body.details, body.trace_id


class BadRequest(Problem):
    """400: the call has not the form of one."""


class Unauthenticated(Problem):
    """401: the credential is missing, wrong, expired or revoked."""


class PermissionDenied(Problem):
    """403: the credential may not do this; `details["required"]` names missing scopes."""


class NotFound(Problem):
    """404: no such thing."""


class Conflict(Problem):
    """409: the state does not allow it."""


class Stale(Problem):
    """412, 428: the row has changed since it was read, or `if_match` is missing."""


class Invalid(Problem):
    """422: a field is wrong, or a limit or rule refuses; `details` says which."""


class Locked(Problem):
    """423: the account is locked."""


class RateLimited(Problem):
    """429: too many calls, streams or subscriptions."""


class Unavailable(Problem):
    """503: a part that the call needs does not work now."""


_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    412: Stale,
    422: Invalid,
    423: Locked,
    428: Stale,
    429: RateLimited,
    503: Unavailable,
}


def problem_of(status: int, content: bytes) -> Problem | Malformed:
    """Return the error that an answer of 400 or more stands for."""
    try:
        body = msgspec.json.decode(content, type=ProblemBody)
    except msgspec.MsgspecError:
        return Malformed(f"HTTP {status} without a problem description")
    return _BY_STATUS.get(status, Problem)(body)
