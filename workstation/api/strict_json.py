"""JSON as this interface accepts it: exact, bounded and unambiguous, before any schema looks at it.

Refused beside what is no JSON: NaN and infinities, numbers that overflow, duplicate keys, lone surrogates, NUL, more
than DEPTH_MAX levels, more than KEYS_MAX keys in one object. Input values never appear in an error. Texts are taken in
Unicode's normal form C, but for secrets, which are compared as they were given.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

from workstation.api.errors import ApiError, invalid
from workstation.domain.texts import composed

DEPTH_MAX = 32
KEYS_MAX = 1_000
_SECRETS = ("password", "secret", "token")
_SURROGATE_FIRST, _SURROGATE_LAST = "\ud800", "\udfff"


class _Refused(ValueError):
    """A document that is JSON, and still not acceptable. issue: stable name of the reason."""

    def __init__(self, issue: str, message: str) -> None:
        super().__init__(message)
        self.issue = issue


def load(raw: bytes) -> Any:
    """Return the value of a JSON document in UTF-8.

    Raises:
        ApiError: 400 when the bytes are no JSON or no UTF-8, 422 when they are refused JSON.
    """
    try:
        return _parse(raw)
    except _Refused as error:
        raise invalid("$", str(error), issue=error.issue) from None
    except RecursionError:
        raise invalid("$", f"is nested deeper than {DEPTH_MAX} levels", issue="depth") from None
    except ValueError:
        raise ApiError("BAD_REQUEST", "The body is not JSON in UTF-8.") from None


def canonical(value: Any) -> bytes:
    """Return the one text of a JSON value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _parse(raw: bytes) -> Any:
    text = raw.decode("utf-8")
    value = json.loads(
        text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
    )
    if b"\\u" in raw or raw.count(b"{") + raw.count(b"[") > DEPTH_MAX:
        _walk(value)
    return value if raw.isascii() and b"\\u" not in raw else _composed(value)


def _composed(value: Any) -> Any:
    """Return a value, no deeper than DEPTH_MAX, whose texts and keys are in normal form."""
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return _object([(composed(key), item if _is_secret(key) else _composed(item)) for key, item in value.items()])


def _is_secret(key: str) -> bool:
    return any(word in key for word in _SECRETS)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("duplicate_key", "holds a key twice")
    if len(found) > KEYS_MAX:
        raise _Refused("keys", f"holds more than {KEYS_MAX} keys in one object")
    return found


def _constant(_: str) -> Any:
    raise _Refused("not_finite", "holds a number that is not finite")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused("overflow", "holds a number that overflows")
    return value


def _integer(text: str) -> int:
    if len(text) > 40:
        raise _Refused("overflow", "holds a number that overflows")
    return int(text)


def _walk(value: Any) -> None:
    """Check depth and texts without recursion."""
    level: list[Any] = [value]
    for _ in range(DEPTH_MAX):
        following: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_texts((item,))
            elif isinstance(item, dict):
                _check_texts(item)
                following.extend(item.values())
            elif isinstance(item, list):
                following.extend(item)
        if not following:
            return
        level = following
    if any(isinstance(item, dict | list) for item in level):
        raise _Refused("depth", f"is nested deeper than {DEPTH_MAX} levels")
    _check_texts(item for item in level if isinstance(item, str))


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        if "\0" in text:
            raise _Refused("nul", "holds a NUL character")
        if any(_SURROGATE_FIRST <= character <= _SURROGATE_LAST for character in text):
            raise _Refused("surrogate", "holds half of a surrogate pair")
