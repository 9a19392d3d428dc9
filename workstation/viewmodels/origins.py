"""Where an order came from, in the words of the screen: the door, and what came through it.

Beside the order walk. A script's key and a strategy's run are told by their names, also after they were deleted; the
id stands in the hover.
"""

from collections.abc import Mapping
from enum import StrEnum

from workstation.domain.orders import HAND_ORIGINS, OrderState, Origin, OriginKind

_NAMED = frozenset({OriginKind.REST, OriginKind.STRATEGY})
"""Doors whose detail is an id that has a name."""


class Sender(StrEnum):
    """Who sent an order, as the blotter's chips tell it."""

    HAND = "hand"
    SCRIPT = "script"
    STRATEGY = "strategy"


_SENDERS = {kind.value.replace("_", " ").lower(): Sender.HAND for kind in HAND_ORIGINS} | {
    "rest": Sender.SCRIPT,
    "command line": Sender.SCRIPT,
    "strategy": Sender.STRATEGY,
}


def detail_words(origin: Origin, names: Mapping[str, str]) -> str:
    """Return what came through the door: of a script's key or a run the name where it is known, else as it is kept.

    names: by id.
    """
    return names.get(origin.detail, origin.detail) if origin.kind in _NAMED else origin.detail


def origin_words(origin: Origin, names: Mapping[str, str]) -> str:
    """Return the door and its detail in a few words. names: of keys and runs by id."""
    kind = origin.kind.value.replace("_", " ").lower()
    detail = detail_words(origin, names)
    return f"{kind} {detail}" if detail and detail != origin.kind else kind


def origin_id(order: OrderState) -> str:
    """Return the door and its detail as they are kept, by id, and who took the order over from its strategy."""
    words = origin_words(order.origin, {})
    return f"{words}; taken over by {order.taken_by}" if order.taken_by else words


def is_foreign(words: str) -> bool:
    """Tell whether an origin in words is that of an order entered elsewhere."""
    return words.partition(" ")[0] == OriginKind.EXTERNAL.value.lower()


def sender_of(words: str) -> Sender | None:
    """Return who sent an order, by its origin in words or by those behind who took it over and ` from `.

    None for the program itself and for whoever sent it elsewhere.
    """
    for text in (words, words.partition(" from ")[2]):
        for door, sender in _SENDERS.items():
            if text == door or text.startswith(f"{door} "):
                return sender
    return None
