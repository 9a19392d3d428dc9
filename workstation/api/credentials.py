"""Who is calling: a credential read from one header, compared in constant time against a stored hash.

Missing, malformed and unknown credentials get one and the same 401 body. Only wrong ones count towards the bucket of
failed authentications, which never holds up a valid one.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workstation.api.errors import ApiError
from workstation.api.options import FAILED_AUTHENTICATIONS_MAX, LOCAL_TOKEN_FACTOR, ApiOptions
from workstation.api.rates import Window
from workstation.api.scopes import ROLES
from workstation.kernel.ids import stable_uid

TENANT_ID = stable_uid("tenant", "local")
LOCAL_USER = "local"
LOCAL_USER_ID = stable_uid("user", LOCAL_USER)

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Credential:
    """A credential that was accepted, with its own rate windows. id: never the secret itself."""

    id: str
    user: str
    scopes: frozenset[str]
    default: Window
    protect: Window


@lru_cache(maxsize=1_024)
def user_id(user: str) -> str:
    """Return the id of a user on the wire."""
    return stable_uid("user", user)


class Credentials:
    """Accepts the local token, which acts as the built-in OWNER."""

    def __init__(self, token: str, options: ApiOptions, mono_ns: Callable[[], int]) -> None:
        digest = _digest(token.encode())
        self._hash = digest
        self._mono_ns = mono_ns
        self._failures = Window("failed", FAILED_AUTHENTICATIONS_MAX)
        self._local = Credential(
            id=stable_uid("credential", digest.hex()),
            user=LOCAL_USER,
            scopes=frozenset(ROLES["OWNER"]),
            default=Window("default", options.rate_limit * LOCAL_TOKEN_FACTOR),
            protect=Window("protect", options.protect_limit),
        )

    def authenticate(self, headers: Headers) -> Credential:
        """Return the credential of a request.

        Raises:
            ApiError: 401; 400 with two credentials at once; 429 when too many wrong ones came within a minute.
        """
        bearers = [value for name, value in headers if name == b"authorization"]
        keys = [value for name, value in headers if name == b"x-api-key"]
        if len(bearers) + len(keys) > 1:
            raise ApiError("BAD_REQUEST", "Send one credential: Authorization or X-API-Key, once.")
        if not bearers and not keys:
            raise _unauthenticated()
        if bearers:
            scheme, _, presented = bearers[0].partition(b" ")
            if scheme.lower() == b"bearer" and hmac.compare_digest(_digest(presented.strip()), self._hash):
                return self._local
        now = self._mono_ns()
        if not self._failures.take(now):
            headers_out = {"Retry-After": str(self._failures.wait_s(now))}
            raise ApiError("RATE_LIMITED", "Too many failed authentications.", headers=headers_out)
        raise _unauthenticated()


def _unauthenticated() -> ApiError:
    return ApiError(
        "UNAUTHENTICATED", "A valid credential is needed.", headers={"WWW-Authenticate": 'Bearer realm="workstation"'}
    )


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
