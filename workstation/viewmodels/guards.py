"""Which open orders guard a position now, as against those that may one day.

Order walk, on the way to the screens and to keys. A leg whose entry has not filled guards nothing yet, an order that
waits for a person's word does not act by itself, and whether a venue has a stop whose sending went unanswered is not
known.
"""

from collections.abc import Iterable

from workstation.domain.orders import GroupLink, OrderState, OrdStatus, RequestKind, Residence
from workstation.viewmodels.order_states import is_held


def guards_of(orders: Iterable[OrderState], qty: int) -> list[OrderState]:
    """Return the protective orders on the closing side of a position that stand ready, in their order.

    orders: every open order of the position's account and instrument. qty: of the position, signed.
    """
    working = list(orders)
    return [order for order in working if order.is_protective and _stands(order, working, qty)]


def _stands(order: OrderState, working: list[OrderState], qty: int) -> bool:
    if order.terms.side.sign * qty >= 0 or order.is_held or is_held(order) or order.unknown is RequestKind.SUBMIT:
        return False
    return not _waits_for_entry(order, working)


def _waits_for_entry(leg: OrderState, working: list[OrderState]) -> bool:
    link = leg.link
    if link is None or not link.parent:
        return False
    if leg.status is OrdStatus.NEW and leg.residence is not Residence.PROGRAM:
        return True
    return any((link.full or other.cum_qty == 0) and _is_entry_of(other, link) for other in working)


def _is_entry_of(order: OrderState, link: GroupLink) -> bool:
    """Tell whether an order is the one that a group begins with, under whatever id a venue has it by now."""
    return order.link is not None and order.link.group_id == link.group_id and not order.link.parent
