"""Where an order came from, in the words of the screen: the door, and what came through it.

Beside the order walk. A script's key is told by its name, also after the key was deleted; its id stands in the hover.
"""

from collections.abc import Mapping

from workstation.domain.orders import OrderState, Origin, OriginKind


def key_name(origin: Origin, keys: Mapping[str, str]) -> str:
    """Return the name of the key that a script's order came by, its id where no name is known, "" for other doors.

    keys: names by id.
    """
    return keys.get(origin.detail, origin.detail) if origin.kind is OriginKind.REST else ""


def origin_words(origin: Origin, keys: Mapping[str, str]) -> str:
    """Return the door and its detail in a few words. keys: names of keys by id."""
    kind = origin.kind.value.replace("_", " ").lower()
    detail = key_name(origin, keys) or origin.detail
    return f"{kind} {detail}" if detail and detail != origin.kind else kind


def origin_id(order: OrderState) -> str:
    """Return the door and its detail as they are kept, a key by its id, and who took it over from its strategy."""
    words = origin_words(order.origin, {})
    return f"{words}; taken over by {order.taken_by}" if order.taken_by else words


def is_foreign(words: str) -> bool:
    """Tell whether an origin in words is that of an order entered elsewhere."""
    return words.partition(" ")[0] == OriginKind.EXTERNAL.value.lower()
