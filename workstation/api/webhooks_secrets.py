"""Secrets of webhooks: made here, sealed for the journal, and what they sign (Standard Webhooks, scheme v1).

The signed text is `id.timestamp.body`, its signature `v1,` and the base64 of the HMAC-SHA256 under the secret's bytes.
A secret is shown once; in the journal it stands sealed with a key that follows from the installation's own secret.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from workstation.domain.errors import InvariantError

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE_S = 300
"""How far a sender's clock may be from ours."""

ROTATION_NS = 24 * 3_600 * 10**9
"""How long the secret before is good as well."""

SIGNATURES_MAX = 10
_PURPOSE = b"workstation webhook secrets"


class Sealer:
    """Seals and opens secrets. secret: the installation's own, which outlives restarts."""

    def __init__(self, secret: str) -> None:
        key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._box = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        """Return a secret as it may be kept."""
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return a sealed secret.

        Raises:
            InvariantError: it was sealed by another installation.
        """
        try:
            return self._box.decrypt(sealed).decode()
        except InvalidToken:
            raise InvariantError("a webhook's secret was sealed by another installation") from None


class Signing(Protocol):
    """What signs its messages. secret: sealed, "" for none; the one before is good until `previous_until`, UTC ns."""

    @property
    def secret(self) -> str:
        """The newest secret."""

    @property
    def previous_secret(self) -> str:
        """The one before."""

    @property
    def previous_until(self) -> int:
        """How long that one is good."""


def good_secrets(sealer: Sealer, signing: Signing, now_ns: int) -> list[str]:
    """Return the secrets that are good now, the newest first; empty where there are none.

    One before that cannot be opened here signs nothing any more: a new one was made because of that.

    Raises:
        InvariantError: the newest was sealed by another installation.
    """
    opened = [sealer.open(signing.secret)] if signing.secret else []
    if opened and signing.previous_secret and signing.previous_until > now_ns:
        with contextlib.suppress(InvariantError):
            opened.append(sealer.open(signing.previous_secret))
    return opened


def new_secret() -> str:
    """Return a new secret as a receiver gets it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message. timestamp: seconds of UTC."""
    text = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


def signed_headers(opened: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message, signed with each secret that is good now."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in opened),
    }


def is_signed(secret: str, message_id: str, timestamp: str, signatures: str, *, body: bytes, now_s: int) -> bool:
    """Tell whether one of the signatures of a message is ours and its time is near enough."""
    if not is_near(timestamp, now_s):
        return False
    wanted = signature(secret, message_id, int(timestamp), body)
    return any(hmac.compare_digest(wanted.encode(), given.encode()) for given in signatures.split()[:SIGNATURES_MAX])


def is_near(timestamp: str, now_s: int) -> bool:
    """Tell whether a message's time is a time, and near enough."""
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    return abs(int(timestamp) - now_s) <= TOLERANCE_S
