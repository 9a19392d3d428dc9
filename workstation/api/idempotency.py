"""Idempotency: a call with a key has one effect and one answer, however often it is sent.

The answer is stored in the same transaction as the effect: a record travels with the order's row through `attach`. The
newest answers stay in memory as they went out; after a restart the stored records speak. Used on the API's loop, but
for `KeyedCall.record`, which the engine's thread calls.
"""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from workstation.api.credentials import TENANT_ID
from workstation.api.errors import PROBLEM_MEDIA_TYPE, Answer, ApiError, invalid
from workstation.api.strict_json import canonical
from workstation.ports.store import IdempotencyRecord

ANSWERS_KEPT_MAX = 10_000
RUNNING_MAX = 10_000
_KEY = re.compile(rb'"([\x21-\x7e]{1,255})"|([\x21-\x7e]{1,255})')
_NS_PER_HOUR = 3_600 * 1_000_000_000

Place = tuple[str, str, str, str]
"""Credential, method, route template and key."""


def key_of(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Return the Idempotency-Key of a request, None without one.

    Raises:
        ApiError: 400, malformed or repeated.
    """
    values = [value.strip() for name, value in headers if name == b"idempotency-key"]
    if not values:
        return None
    found = _KEY.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise ApiError("BAD_REQUEST", "Idempotency-Key must be 1 to 255 visible ASCII characters, once.")
    return (found[1] or found[2]).decode("ascii")


def required_key(key: str | None, body: Any) -> str:
    """Return the key of a call that needs one: of its header, or of its body's `idempotency_key`.

    Raises:
        ApiError: 400 without a key, 422 when the two differ or the body's is malformed.
    """
    inner = body.get("idempotency_key") if isinstance(body, dict) else None
    if inner is None and key is None:
        raise ApiError("IDEMPOTENCY_KEY_REQUIRED", "Send Idempotency-Key, or idempotency_key in the body.")
    if inner is None:
        return str(key)
    if not isinstance(inner, str) or re.fullmatch(r"[!-~]{1,255}", inner) is None:
        raise invalid("idempotency_key", "must be 1 to 255 visible ASCII characters")
    if key not in (None, inner):
        raise invalid("idempotency_key", "differs from the header")
    return inner


def fingerprint_of(method: str, path: str, body: Any) -> str:
    """Return what makes two calls the same: tenant, method, path and canonical body."""
    shown = (
        {name: value for name, value in body.items() if name != "idempotency_key"} if isinstance(body, dict) else body
    )
    text = b"\0".join((TENANT_ID.encode(), method.encode(), path.encode(), canonical(shown)))
    return hashlib.sha256(text).hexdigest()


class KeyedCall:
    """One running call with a key.

    What is stored first may be replaced while the call waits for the venue's word, and no longer once it was `settled`:
    what is stored is what was answered.
    """

    def __init__(self, place: Place, fingerprint: str, expires_at: int, release: Callable[["KeyedCall"], None]) -> None:
        self.place, self.fingerprint, self.expires_at = place, fingerprint, expires_at
        self.answer: Answer | None = None
        self.stored: Answer | None = None
        self._release = release
        self._settled = False
        self._records = 0
        self._lock = threading.Lock()

    def settle(self) -> bool:
        """Let what is stored stand; tells whether it is the venue's word already, in place of the first answer."""
        with self._lock:
            self._settled = True
            return self._records > 1

    def reopen(self) -> None:
        """Let one more effect of this call replace what is stored."""
        with self._lock:
            self._settled = False

    def record(self, answer: Answer) -> IdempotencyRecord | None:
        """Return the row that stores `answer` with its effect, None when another one was given already."""
        with self._lock:
            if self._settled and self._records:
                return None
            self._records += 1
            self.stored = answer
        credential, method, route, key = self.place
        return IdempotencyRecord(
            credential=credential,
            method=method,
            route=route,
            key=key,
            fingerprint=self.fingerprint,
            status=answer.status,
            body=answer.body,
            location=answer.headers.get("Location", ""),
            etag=answer.headers.get("ETag", ""),
            expires_at=self.expires_at,
        )

    def finish(self, answer: Answer | None) -> None:
        """End the call; a repeat gets `answer`, or runs anew when there is none to repeat."""
        self.answer = answer
        self._release(self)


class Idempotency:
    """Keyed calls that run, and the answers of those that ran."""

    def __init__(self, hours: float, now_ns: Callable[[], int]) -> None:
        self._keep_ns = int(hours * _NS_PER_HOUR)
        self._now_ns = now_ns
        self._running: dict[Place, KeyedCall] = {}
        self._answered: OrderedDict[Place, KeyedCall] = OrderedDict()

    def begin(self, place: Place, fingerprint: str) -> KeyedCall:
        """Mark a call as running.

        Raises:
            ApiError: 409 while the first runs, 422 when the key belongs to another request, 503 with too many running.
        """
        running = self._running.get(place)
        if running is not None:
            check_same(running.fingerprint, fingerprint)
            raise ApiError(
                "IDEMPOTENT_REPLAY", "The first call with this key still runs.", headers={"Retry-After": "1"}
            )
        if len(self._running) >= RUNNING_MAX:
            raise ApiError("NOT_READY", "Too many keyed calls are running.", headers={"Retry-After": "1"})
        call = KeyedCall(place, fingerprint, self._now_ns() + self._keep_ns, self._release)
        self._running[place] = call
        return call

    def remembered(self, call: KeyedCall) -> Answer | None:
        """Return the answer that memory has for this key, as a replay.

        Raises:
            ApiError: 422 when the key belongs to another request.
        """
        earlier = self._answered.get(call.place)
        if earlier is None or earlier.answer is None or earlier.expires_at <= self._now_ns():
            return None
        check_same(earlier.fingerprint, call.fingerprint)
        return Answer(
            earlier.answer.status,
            earlier.answer.body,
            {**_repeatable(earlier.answer), "Idempotency-Replayed": "true"},
            earlier.answer.media_type,
        )

    def _release(self, call: KeyedCall) -> None:
        if self._running.get(call.place) is call:
            del self._running[call.place]
        if call.answer is not None:
            self._answered[call.place] = call
            self._answered.move_to_end(call.place)
            while len(self._answered) > ANSWERS_KEPT_MAX:
                self._answered.popitem(last=False)


def replayed(record: IdempotencyRecord, fingerprint: str) -> Answer:
    """Return the stored answer of a record.

    Raises:
        ApiError: 422 when the key belongs to another request.
    """
    check_same(record.fingerprint, fingerprint)
    headers = {"Idempotency-Replayed": "true"}
    if record.location:
        headers["Location"] = record.location
    if record.etag:
        headers["ETag"] = record.etag
    media = PROBLEM_MEDIA_TYPE if record.status >= 400 else "application/json"
    return Answer(record.status, record.body, headers, media)


def check_same(first: str, second: str) -> None:
    """Refuse a key that is used for another request.

    Raises:
        ApiError: 422.
    """
    if first != second:
        raise ApiError("IDEMPOTENCY_MISMATCH", "This key was used for another request.")


def _repeatable(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in ("Location", "ETag")}
