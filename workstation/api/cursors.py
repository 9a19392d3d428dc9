"""Cursors of append-only lists: opaque, signed, bound to the list that they were given for.

A cursor is a place behind one row, (time, id). It outlives restarts, since the signing secret does; with other filters
or another ordering its signature does not fit.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from workstation.api.credentials import TENANT_ID
from workstation.api.errors import ApiError
from workstation.api.strict_json import canonical

Place = tuple[int, str]
_MAC_BYTES = 16
_UNBOUND = ("cursor", "limit", "offset", "with_count", "fields", "nested")


class Cursors:
    """Signs and reads cursors."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, place: Place, path: str, query: Mapping[str, Any]) -> str:
        """Return the cursor of a place in a list."""
        payload = msgspec.json.encode(place)
        return base64.urlsafe_b64encode(self._mac(payload, path, query) + payload).decode().rstrip("=")

    def open(self, cursor: str, path: str, query: Mapping[str, Any]) -> Place:
        """Return the place of a cursor.

        Raises:
            ApiError: 400, not a cursor of this list.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            if hmac.compare_digest(mac, self._mac(payload, path, query)):
                place: Place = msgspec.json.decode(payload, type=Place)
                return place
        except (ValueError, msgspec.DecodeError):
            pass
        raise ApiError("INVALID_CURSOR", "The cursor does not belong to this list.")

    def _mac(self, payload: bytes, path: str, query: Mapping[str, Any]) -> bytes:
        bound = {name: value for name, value in query.items() if name not in _UNBOUND}
        text = b"\0".join((TENANT_ID.encode(), path.encode(), canonical(bound), payload))
        return hmac.new(self._secret, text, hashlib.sha256).digest()[:_MAC_BYTES]
