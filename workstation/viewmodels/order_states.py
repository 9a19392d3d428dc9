"""The states and types of orders in the words of the blotter, and how each state looks: by shape and by colour.

Beside the order walk. Colours are roles of the theme; a state that is told by colour alone is a defect.
"""

from workstation.domain.orders import OrderState, OrdStatus, OrdType, Residence
from workstation.orders.emulation import HELD_TEXT

WORKING, PARTIAL, PENDING, HELD, UNKNOWN = "WORKING", "PARTIAL", "PENDING", "HELD", "UNKNOWN"
REJECTED, REFUSED = "REJECTED", "REFUSED"

STATE_WORDS = {
    OrdStatus.NEW: HELD,
    OrdStatus.PENDING_SUBMIT: PENDING,
    OrdStatus.SUBMITTED: WORKING,
    OrdStatus.ROUTED: WORKING,
    OrdStatus.PARTIALLY_FILLED: PARTIAL,
    OrdStatus.PENDING_CANCEL: "CANCELLING",
    OrdStatus.PENDING_REPLACE: "AMENDING",
    OrdStatus.FILLED: "FILLED",
    OrdStatus.CANCELLED: "CANCELLED",
    OrdStatus.REPLACED: "REPLACED",
    OrdStatus.REJECTED: REJECTED,
    OrdStatus.EXPIRED: "EXPIRED",
    OrdStatus.INSUFFICIENT_FUNDS: REFUSED,
    OrdStatus.RISK_REJECTED: REFUSED,
    OrdStatus.COMPLIANCE_REJECTED: REFUSED,
}
OPEN_WORDS = frozenset({WORKING, PARTIAL, PENDING, HELD, "CANCELLING", "AMENDING", UNKNOWN})

LOOKS = {  # state word: (glyph, colour role)
    WORKING: ("ring", "info"),
    PARTIAL: ("half", "info"),
    PENDING: ("dots", "warning"),
    HELD: ("pause", "text_muted"),
    "CANCELLING": ("dots", "warning"),
    "AMENDING": ("dots", "warning"),
    "FILLED": ("disc", "buy"),
    "CANCELLED": ("dash", "text_muted"),
    "REPLACED": ("dash", "text_muted"),
    "EXPIRED": ("dash", "text_muted"),
    REJECTED: ("cross", "danger"),
    REFUSED: ("bar", "danger"),
    UNKNOWN: ("question", "surface"),
}
TYPE_WORDS = {
    OrdType.MARKET: "MKT",
    OrdType.LIMIT: "LMT",
    OrdType.STOP: "STP",
    OrdType.STOP_LIMIT: "STP LMT",
    OrdType.TRAILING_STOP: "TRAIL",
    OrdType.TRAILING_STOP_LIMIT: "TRAIL LMT",
}


def order_word(order: OrderState, *, connected: bool) -> str:
    """Return an order's state in one word; without a venue link nothing sent is known, which goes before all else."""
    if order.unknown is not None or (order.is_open and order.status is not OrdStatus.NEW and not connected):
        return UNKNOWN
    return STATE_WORDS[order.status]


def is_watched(order: OrderState | None) -> bool:
    """Tell whether an order lives in this program alone, so that it could be given to its venue."""
    return order is not None and order.is_open and order.residence is Residence.PROGRAM


def is_watched_here(order: OrderState) -> bool:
    """Tell whether this program watches an order's trigger, so that its terms change here at once."""
    return order.status is OrdStatus.NEW and is_watched(order) and not order.is_held


def is_held(order: OrderState | None) -> bool:
    """Tell whether an order's trigger passed while nobody watched, so that a person is to fire or cancel it."""
    return order is not None and is_watched(order) and order.text == HELD_TEXT
