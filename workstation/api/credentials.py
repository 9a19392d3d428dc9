"""Who is calling: a credential read from one header, compared in constant time against a stored hash.

The local token acts as the built-in OWNER; API keys act for their owners within their own scopes, login sessions with
their role. Keys, sessions and people are learnt from their records, so that every change takes effect at once. Missing,
malformed, unknown, revoked and expired credentials get one and the same 401 body. Only wrong ones count towards the
bucket of failed authentications, which never holds up a valid one.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from workstation.api.directory import Directory
from workstation.api.errors import ApiError
from workstation.api.key_uses import KeyTally
from workstation.api.options import FAILED_AUTHENTICATIONS_MAX, LOCAL_TOKEN_FACTOR, ApiOptions
from workstation.api.proofs import Tokens
from workstation.api.rates import Window
from workstation.api.scopes import ROLES
from workstation.api.token_file import local_credential
from workstation.domain.records import LOCAL_TENANT, ApiKey, Record, UserSession
from workstation.domain.times import NS_PER_S
from workstation.kernel.ids import stable_uid

TENANT_ID = stable_uid("tenant", LOCAL_TENANT)
LOCAL_USER = "local"
LOCAL_USER_ID = stable_uid("user", LOCAL_USER)
HASHES_AT_ONCE = 4
"""Password hashes worked out at one moment: each takes 19 MiB and a reading thread."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Headers = Sequence[tuple[bytes, bytes]]


class CredentialKind(StrEnum):
    """How a caller proved who he is."""

    LOCAL = "LOCAL"
    API_KEY = "API_KEY"
    SESSION = "SESSION"


@dataclass(frozen=True)
class Credential:
    """A credential that was accepted, with its own rate windows. id: never the secret itself; expires_at: UTC ns."""

    id: str
    user: str
    scopes: frozenset[str]
    default: Window
    protect: Window
    kind: CredentialKind = CredentialKind.LOCAL
    tenant: str = LOCAL_TENANT
    expires_at: int | None = None


@lru_cache(maxsize=1_024)
def user_id(user: str) -> str:
    """Return the id of a user on the wire; people who were made there are named by it already."""
    return user if _UUID.fullmatch(user) else stable_uid("user", user)


def user_key(uid: str) -> str:
    """Return a user as orders name him, by his id on the wire."""
    return LOCAL_USER if uid == LOCAL_USER_ID else uid


@lru_cache(maxsize=1_024)
def tenant_uid(tenant: str) -> str:
    """Return the id of a tenant on the wire."""
    return TENANT_ID if tenant == LOCAL_TENANT else tenant


class Credentials:
    """Accepts the local token, living API keys and access tokens. On the API's loop; now_ns: wall time, UTC ns."""

    def __init__(
        self, token: str, options: ApiOptions, mono_ns: Callable[[], int], now_ns: Callable[[], int], tokens: Tokens
    ) -> None:
        self.directory = Directory()
        self.tokens = tokens
        self.hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        digest = hash_of(token)
        self._hash = digest
        self._options, self._mono_ns, self._now_ns = options, mono_ns, now_ns
        self._failures = Window("failed", FAILED_AUTHENTICATIONS_MAX)
        self._keys: dict[str, Credential] = {}
        self._hashes: dict[str, str] = {}
        self.uses = KeyTally()
        self._windows: dict[str, tuple[Window, Window]] = {}
        self._local = Credential(
            id=local_credential(token),
            user=LOCAL_USER,
            scopes=frozenset(ROLES["OWNER"]),
            default=Window("default", options.rate_limit * LOCAL_TOKEN_FACTOR),
            protect=Window("protect", options.protect_limit),
        )

    def learn(self, record: Record) -> None:
        """Take a saved record in place of its earlier version."""
        self.directory.learn(record)
        if isinstance(record, UserSession) and not (record.is_active and record.deleted_at is None):
            self._windows.pop(record.id, None)
        if not isinstance(record, ApiKey):
            return
        earlier = self._keys.pop(self._hashes.pop(record.id, ""), None)
        if record.deleted_at is not None or not record.is_active:
            return
        if earlier is None:
            earlier = self._new(record)
        self._hashes[record.id] = record.key_hash
        self._keys[record.key_hash] = replace(earlier, scopes=frozenset(record.scopes), expires_at=record.expires_at)

    def is_alive(self, credential: Credential) -> bool:
        """Tell whether a credential that was accepted once would still be: streams ask while they last."""
        if credential.kind is CredentialKind.API_KEY:
            known = self._keys.get(self._hashes.get(credential.id, ""))
            return known is not None and self._as_of_now(known) is not None
        if credential.kind is CredentialKind.SESSION:
            session = self.directory.session(credential.id)
            return session is not None and session.expires_at > self._now_ns() and bool(self._scopes(credential))
        return True

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
        found = self._bearer(bearers[0]) if bearers else self._key(keys[0].strip())
        if found is not None:
            return found
        self.count_failure()
        raise _unauthenticated()

    def count_failure(self) -> None:
        """Count one wrong credential or password.

        Raises:
            ApiError: 429, too many wrong ones came within a minute.
        """
        now = self._mono_ns()
        if not self._failures.take(now):
            headers_out = {"Retry-After": str(self._failures.wait_s(now))}
            raise ApiError("RATE_LIMITED", "Too many failed authentications.", headers=headers_out)

    def _bearer(self, value: bytes) -> Credential | None:
        scheme, _, presented = value.partition(b" ")
        presented = presented.strip()
        if scheme.lower() != b"bearer":
            return None
        if hmac.compare_digest(hash_of(presented), self._hash):
            return self._local
        return self._session(presented) if presented.count(b".") == 2 else self._key(presented)

    def _session(self, presented: bytes) -> Credential | None:
        claims = self.tokens.read(presented, self._now_ns())
        session = None if claims is None else self.directory.session(claims.sid)
        if claims is None or session is None or session.expires_at <= self._now_ns():
            return None
        windows = self._windows.get(session.id)
        if windows is None:
            options = self._options
            windows = (Window("default", options.rate_limit), Window("protect", options.protect_limit))
            self._windows[session.id] = windows
        scopes = self.directory.scopes(session.home, session.user_id)
        if not scopes:
            return None
        return Credential(
            id=session.id,
            user=user_key(session.user_id),
            scopes=scopes,
            default=windows[0],
            protect=windows[1],
            kind=CredentialKind.SESSION,
            tenant=session.home,
            expires_at=claims.exp * NS_PER_S,
        )

    def _key(self, presented: bytes) -> Credential | None:
        """Return the credential of a key. It is looked up by its hash, which tells a guesser nothing of its digits."""
        known = self._keys.get(hash_of(presented))
        found = None if known is None else self._as_of_now(known)
        if found is not None:
            self.uses.hit(found.tenant, found.id, self._now_ns())
        return found

    def _as_of_now(self, key: Credential) -> Credential | None:
        """Return a key with what its owner still may do, None when it or its owner's place has ended."""
        if key.expires_at is not None and key.expires_at <= self._now_ns():
            return None
        scopes = self._scopes(key)
        return None if not scopes else key if key.scopes <= scopes else replace(key, scopes=key.scopes & scopes)

    def _scopes(self, credential: Credential) -> frozenset[str]:
        return self.directory.scopes(credential.tenant, user_id(credential.user))

    def _new(self, record: ApiKey) -> Credential:
        return Credential(
            id=record.id,
            user=record.user_id,
            scopes=frozenset(record.scopes),
            default=Window("default", record.rate_limit),
            protect=Window("protect", self._options.protect_limit),
            kind=CredentialKind.API_KEY,
            tenant=record.tenant,
        )


def hash_of(secret: bytes | str) -> str:
    """Return the SHA-256 of a secret, hexadecimal: all that is kept of it."""
    return hashlib.sha256(secret if isinstance(secret, bytes) else secret.encode()).hexdigest()


def _unauthenticated() -> ApiError:
    return ApiError(
        "UNAUTHENTICATED", "A valid credential is needed.", headers={"WWW-Authenticate": 'Bearer realm="workstation"'}
    )
