"""What people prove themselves with: passwords (argon2id), one-time codes (RFC 6238) and the tokens of a session.

An access token is a JWT signed with HS256 under a key of this installation alone; a refresh token names its session and
carries its own signature, so that a spent one is told from a made-up one. Nothing here is stored but hashes.
"""

import base64
import functools
import hashlib
import hmac
import secrets
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from workstation.domain.times import NS_PER_S

ACCESS_S = 15 * 60
REFRESH_S = 7 * 86_400
MEMORY_KIB = 19 * 1024
ITERATIONS, LANES, HASH_BYTES, SALT_BYTES = 2, 1, 32, 16
TOTP_DIGITS, TOTP_STEP_S, TOTP_STEPS_AROUND = 6, 30, 1
TOKEN_BYTES_MAX = 2_000
_HEADER = {"alg": "HS256", "typ": "JWT"}
_PURPOSE = b"workstation sessions"


def password_hash(password: str) -> str:
    """Return the argon2id hash of a password in the PHC form; takes tens of milliseconds."""
    salt = secrets.token_bytes(SALT_BYTES)
    work = Argon2id(salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return work.derive_phc_encoded(password.encode())


@functools.cache
def _nobodys() -> str:
    return password_hash(secrets.token_hex(SALT_BYTES))


def password_fits(password: str, kept: str) -> bool:
    """Tell whether a password has the hash `kept`; takes as long for "", which no password fits."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept or _nobodys())
    except InvalidKey:
        return False
    return bool(kept)


def totp_secret() -> str:
    """Return a new secret of an authenticator, base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp_step(secret: str, code: str, now_ns: int, newest_used: int) -> int | None:
    """Return the time step of a one-time code, None when it is wrong, too far off, or used already."""
    work = _authenticator(secret)
    now = now_ns // NS_PER_S // TOTP_STEP_S
    for step in range(now - TOTP_STEPS_AROUND, now + TOTP_STEPS_AROUND + 1):
        if hmac.compare_digest(work.generate(step * TOTP_STEP_S), code.encode()) and step > newest_used:
            return step
    return None


def otpauth_uri(secret: str, email: str) -> str:
    """Return what an authenticator scans."""
    return _authenticator(secret).get_provisioning_uri(email, "Workstation")


def _authenticator(secret: str) -> TOTP:
    digest = SHA1()  # noqa: S303  every authenticator app computes RFC 6238 with it
    return TOTP(base64.b32decode(secret), TOTP_DIGITS, digest, TOTP_STEP_S)


class Claims(msgspec.Struct, frozen=True):
    """What an access token says: person, session, and when it ends, seconds of UTC."""

    sub: str
    sid: str
    iat: int
    exp: int


class Refresh(NamedTuple):
    """A refresh token that this installation made: its session and its hash."""

    session_id: str
    hash: str


class Tokens:
    """Makes and reads the tokens of sessions. secret: the installation's own, which outlives restarts."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)

    def access(self, user_id: str, session_id: str, now_ns: int) -> str:
        """Return an access token that lives ACCESS_S."""
        now = now_ns // NS_PER_S
        claims = Claims(user_id, session_id, now, now + ACCESS_S)
        text = f"{_part(msgspec.json.encode(_HEADER))}.{_part(msgspec.json.encode(claims))}"
        return f"{text}.{self._signature(text)}"

    def read(self, token: bytes, now_ns: int) -> Claims | None:
        """Return what a token says, None for one that is not ours, not whole or over."""
        if len(token) > TOKEN_BYTES_MAX:
            return None
        text, _, signature = token.decode("latin-1").rpartition(".")
        if not hmac.compare_digest(self._signature(text).encode(), signature.encode("latin-1")):
            return None
        claims = msgspec.json.decode(_whole(text.rpartition(".")[2]), type=Claims)
        return claims if claims.exp > now_ns // NS_PER_S else None

    def refresh(self, session_id: str) -> str:
        """Return a new refresh token of a session."""
        body = f"{session_id}.{secrets.token_hex(32)}"
        return f"{body}.{self._signature(body)}"

    def opened(self, refresh: str) -> Refresh | None:
        """Return the session of a refresh token, spent ones included; None for one that was never ours."""
        body, _, signature = refresh.rpartition(".")
        if not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
            return None
        return Refresh(body.partition(".")[0], hashlib.sha256(refresh.encode()).hexdigest())

    def _signature(self, text: str) -> str:
        return _part(hmac.digest(self._key, text.encode(), hashlib.sha256))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _whole(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
