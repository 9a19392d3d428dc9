"""Classification: tells what adds risk from what can only take risk away.

REDUCE is an order that cannot enlarge or reverse the position under any outcome of the orders already live, or a change
that takes away (a partial cancel). It is capped, never blocked: at the reconciled position less what live exits could
still close. All else is INCREASE, a change that loosens a protective stop included. Cancels are REDUCE and never come
here, since there is nothing to decide.
"""

import msgspec

from workstation.domain.orders import OrderState, OrderTerms, OrdType, RiskClass, TimeInForce
from workstation.risk.exposure import Exposure
from workstation.risk.view import RiskIntent

_INCREASE, _REDUCE = RiskClass.INCREASE, RiskClass.REDUCE


class Classification(msgspec.Struct, frozen=True, gc=False):
    """The class of an intent and the quantity that may go out, filled part included; 0 means nothing to reduce.

    others: worst-case quantity of the other live orders on the same side. added: what the order adds to them, at the
    largest leg of its group.
    """

    risk_class: RiskClass
    qty: int
    others: int
    added: int


def classify(intent: RiskIntent, position: int, exposure: Exposure) -> Classification:
    """Return the class of an intent on `position` (signed, + long)."""
    terms, replaced = intent.terms, intent.replaces
    filled = 0 if replaced is None else replaced.cum_qty
    own_id = intent.cl_ord_id if replaced is None else replaced.cl_ord_id
    others, legs = exposure.others(terms, own_id, intent.link if replaced is None else replaced.link)
    leaves = terms.order_qty - filled
    worst = leaves if replaced is None else max(leaves, replaced.leaves_qty)
    added = max(worst, legs)

    if replaced is not None and is_partial_cancel(replaced.terms, terms):
        return Classification(_REDUCE, terms.order_qty, others, added)
    ahead = 0 if intent.uncapped else others
    cap = max(-terms.side.sign * position - ahead, 0) if position else 0
    allowed = terms.order_qty
    if terms.reduce_only:
        capped = min(leaves, cap)
        allowed = filled + capped if capped > 0 else 0
    loosened = replaced is not None and loosens_protection(replaced, terms, position)
    reduces = (terms.reduce_only or worst <= cap) and not loosened
    return Classification(_REDUCE if reduces else _INCREASE, allowed, others, added)


def is_partial_cancel(old: OrderTerms, new: OrderTerms) -> bool:
    """Tell whether a change does nothing but lower the quantity."""
    return new.order_qty < old.order_qty and msgspec.structs.replace(new, order_qty=old.order_qty) == old


def loosens_protection(order: OrderState, new: OrderTerms, position: int) -> bool:
    """Tell whether a change lets a protective stop fire later, less surely or not as long.

    Protective is what `OrderState.is_protective` says, and any stop order on the closing side of `position`.
    """
    old = order.terms
    if old.ord_type in (OrdType.MARKET, OrdType.LIMIT):
        return False
    if not order.is_protective and old.side.sign * position >= 0:
        return False
    return _fires_later(old, new) or _room_shrinks(old, new) or _ends_earlier(old, new)


def _fires_later(old: OrderTerms, new: OrderTerms) -> bool:
    if new.trigger is not old.trigger:
        return True
    if old.stop_px is not None and (new.stop_px is None or (new.stop_px - old.stop_px) * old.side.sign > 0):
        return True
    if old.trail is None:
        return False
    if new.trail is None or new.trail.kind is not old.trail.kind or new.trail.offset > old.trail.offset:
        return True
    return new.trail.activation_px != old.trail.activation_px and new.trail.activation_px is not None


def _room_shrinks(old: OrderTerms, new: OrderTerms) -> bool:
    """Tell whether a stop-limit leaves less room between trigger and limit, so that it may fire and not fill."""
    if new.price is None:
        return False
    if old.price is None:
        return True
    if old.stop_px is None or new.stop_px is None:
        return (new.price - old.price) * old.side.sign < 0
    return ((new.price - new.stop_px) - (old.price - old.stop_px)) * old.side.sign < 0


def _ends_earlier(old: OrderTerms, new: OrderTerms) -> bool:
    if new.time_in_force is not old.time_in_force:
        return new.time_in_force is not TimeInForce.GTC
    return old.expire_time is not None and (new.expire_time is None or new.expire_time < old.expire_time)
