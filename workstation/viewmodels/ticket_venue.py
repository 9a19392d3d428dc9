"""What the venue of an account takes, for a ticket: what it lacks with the reason, and where orders live.

Read from the venue's card before anything is asked of the engine, which judges the same card again. Qt-free.
"""

from enum import StrEnum

import msgspec

from workstation.domain.orders import OrderTerms, OrdType, TimeInForce
from workstation.orders.routing import EMULATED_TYPES, KEPT_HERE, keeps_time
from workstation.ports.broker import CapabilityCard


class Offer(msgspec.Struct, frozen=True):
    """Whether a choice can be sent. on_pc: this program keeps it in the venue's place; reason: why not there, or ""."""

    usable: bool = True
    on_pc: bool = False
    reason: str = ""


def offer(choice: StrEnum, card: CapabilityCard | None) -> Offer:
    """Return what a venue makes of a type or a time in force; all is offered where no card is known."""
    if card is None:
        return Offer()
    if isinstance(choice, OrdType):
        taken: frozenset[StrEnum] = frozenset(card.ord_types)
        here, what = choice in EMULATED_TYPES, "order type"
    else:
        taken = frozenset(card.times_in_force)
        here, what = choice in KEPT_HERE and TimeInForce.GTC in card.times_in_force, "time in force"
    if choice in taken:
        return Offer()
    lacks = f"{card.venue} takes no {what} {choice.value}"
    if here:
        return Offer(on_pc=True, reason=f"{lacks}: this program keeps it, and it dies with the program.")
    return Offer(usable=False, reason=f"{lacks}; it takes {', '.join(sorted(taken))}.")


def residence_words(terms: OrderTerms, card: CapabilityCard | None, *, stop_loss: bool, take_profit: bool) -> str:
    """Return the venue that an order goes to, and where it and each of its legs would live: EX there, PC here."""
    entry = ("" if card is None else f"{card.venue} ") + _home(terms.ord_type, card)
    if keeps_time(terms, card):
        entry += f", its {terms.time_in_force} on PC"
    legs = [
        f"{word} {_home(kind, card)}"
        for word, kind, there in (("stop", OrdType.STOP, stop_loss), ("target", OrdType.LIMIT, take_profit))
        if there
    ]
    return f"{entry} · legs PC until the entry fills, then {', '.join(legs)}" if legs else entry


def _home(kind: OrdType, card: CapabilityCard | None) -> str:
    if kind not in EMULATED_TYPES:
        return "EX"
    if card is None:
        return "EX, PC if the venue lacks the type"
    return "EX" if kind in card.ord_types else "PC"
