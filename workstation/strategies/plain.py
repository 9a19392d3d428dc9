"""What a strategy attaches to a signal or a log line, as plain values: a copy that fits into JSON and into bounds.

A copy, because the values go to another thread while the strategy may change its own.
"""

from typing import Any

import msgspec

from workstation.domain.errors import ValidationError

BYTES_MAX = 8_192
"""Of all values of one signal or line, as JSON."""


def plain(values: Any, field: str) -> dict[str, Any]:
    """Return a copy of values by name; Decimals and times become text, NaN becomes None.

    Raises:
        ValidationError: they are no dict, hold something that JSON has no word for, or are too large.
    """
    if not isinstance(values, dict):
        raise ValidationError(field, "is no dict", allowed="names and plain values")
    try:
        text = msgspec.json.encode(values)
    except (TypeError, msgspec.MsgspecError, RecursionError) as error:
        raise ValidationError(field, f"cannot be kept: {error}", allowed="names and plain values") from error
    if len(text) > BYTES_MAX:
        raise ValidationError(field, f"holds {len(text)} bytes", allowed=f"at most {BYTES_MAX}")
    copied: dict[str, Any] = msgspec.json.decode(text)
    return copied
