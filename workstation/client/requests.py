"""Requests as data: what one call sends, and how its answer is read. Nothing here touches the network."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import msgspec

from workstation.client.errors import Malformed, problem_of

API = "/api/v1"
T = TypeVar("T")
_HOLE = re.compile(r"\{(\w+)\}")
_QUERY_METHODS = frozenset({"GET", "DELETE"})

WITHOUT_KEYS = frozenset({"/auth/login", "/auth/refresh", "/auth/register"})
"""Writes that nobody has proved himself for. The program knows keys by credential, so these are never repeated."""


class Params(msgspec.Struct):
    """Base of what a call takes. A field that is UNSET is not sent; None is sent as null and clears a value."""


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One call, ready to be sent any number of times. target: path and query, percent-encoded."""

    method: str
    target: str
    body: bytes | None = None
    idempotency_key: str | None = None
    if_match: str | None = None
    last_event_id: str | None = None
    read: Callable[[bytes], T]

    @property
    def is_safe(self) -> bool:
        """Whether it only reads."""
        return self.method == "GET"

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.is_safe or self.idempotency_key is not None

    def headers(self) -> dict[str, str]:
        """Return the headers of this call, without the credential."""
        named = {
            "Content-Type": "application/json" if self.body is not None else None,
            "Idempotency-Key": self.idempotency_key,
            "If-Match": self.if_match,
            "Last-Event-ID": self.last_event_id,
        }
        return {name: value for name, value in named.items() if value is not None}

    def result(self, status: int, content: bytes) -> T:
        """Return what an answer says.

        Raises:
            Problem: the program refuses.
            Malformed: the answer is none of the contract's.
        """
        if status >= 400:
            raise problem_of(status, content)
        try:
            return self.read(content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Malformed(f"{self.method} {self.target}: {error}") from error


def build(
    method: str, path: str, params: Any, read: Callable[[bytes], T], query_names: frozenset[str] = frozenset()
) -> Request[T]:
    """Return the request that `params` makes of a route.

    Fields named in `path` fill it; `if_match` and `idempotency_key` become headers; of the rest, those of a GET or
    DELETE and those in `query_names` become the query, all others the body.
    """
    given = plain(params)
    version, key = given.pop("if_match", None), given.pop("idempotency_key", None)
    filled = _HOLE.sub(lambda hole: quote(str(given.pop(hole[1])), safe=""), path)
    in_query = {name: given[name] for name in list(given) if method in _QUERY_METHODS or name in query_names}
    body = {name: value for name, value in given.items() if name not in in_query}
    if method == "POST" and key is None and path not in WITHOUT_KEYS:
        key = uuid4().hex
    return Request(
        method=method,
        target=API + filled + _query(in_query),
        body=msgspec.json.encode(body) if method not in _QUERY_METHODS and (body or method != "POST") else None,
        idempotency_key=key,
        if_match=f'"v{version}"' if isinstance(version, int) else version,
        read=read,
    )


def plain(params: Any) -> dict[str, Any]:
    """Return fields as JSON takes them: decimals as plain text, never with an exponent."""
    fields: dict[str, Any] = _plain(msgspec.to_builtins(params, builtin_types=(Decimal,)))
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _query(fields: Mapping[str, Any]) -> str:
    pairs = [
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return f"?{urlencode(pairs)}" if pairs else ""
