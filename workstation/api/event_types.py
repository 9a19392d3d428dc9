"""The types of events that scripts may ask for, and whether an event has one that was asked for.

Behind the order walk, for readers. One list for the event routes and for webhooks: a type that no event can have is
refused with it, for whoever waits for one would wait for ever without a word.
"""

from collections.abc import Collection

from workstation.api.envelopes import LINE_TYPES
from workstation.api.errors import invalid
from workstation.api.record_events import RECORD_TYPES

EVENT_TYPES: tuple[str, ...] = tuple(
    sorted({*LINE_TYPES, *(name for told in RECORD_TYPES.values() for name in told.types)})
)
"""Every type that an event can have."""

_PREFIX = ".*"


def is_of_type(event_type: str, wanted: Collection[str]) -> bool:
    """Tell whether a type is one of those wanted, or begins as one such as `order.*` says; none wanted means all."""
    return not wanted or any(
        event_type.startswith(name[:-1]) if name.endswith(_PREFIX) else event_type == name for name in wanted
    )


def types_trouble(wanted: Collection[str]) -> str:
    """Return which of the wanted types no event can have, with every type that there is; "" where all can come."""
    for name in wanted:
        if not any(is_of_type(known, (name,)) for known in EVENT_TYPES):
            return f"{name!r} is no type of event; there are {', '.join(EVENT_TYPES)}"
    return ""


def check_types(wanted: Collection[str], field: str = "types", location: str = "query") -> None:
    """Refuse types that no event can have.

    Raises:
        ApiError: 422, with every type that there is.
    """
    trouble = types_trouble(wanted)
    if trouble:
        raise invalid(field, trouble, location=location, allowed=list(EVENT_TYPES))
