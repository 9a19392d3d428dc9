"""The simulator's faults as a person chooses them: what each does in a sentence, grouped by what it hits.

Beside both walks: faults exist at the simulated exchange alone. A fault strikes at once, or waits armed for the message
that it is about. Figures are checked here, so that a wrong one stays in its field; the exchange checks again.
"""

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.numbers import parse_scaled

TIMES_MAX = 1_000
SECONDS_MAX = 3_600


class Fault(msgspec.Struct, frozen=True):
    """One kind of fault. at_once: it strikes when armed; takes: the fields that it reads besides symbol and times."""

    kind: str
    text: str
    at_once: bool = False
    takes: tuple[str, ...] = ()


class FaultInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What is typed, as text. lasts: seconds; delay: milliseconds; amount: quantity units or money."""

    symbol: str = ""
    times: str = "1"
    lasts: str = "2"
    delay: str = "500"
    amount: str = ""


LASTS, DELAY, QTY, AMOUNT = "for_s", "delay_ms", "qty", "amount"
GROUPS: dict[str, tuple[Fault, ...]] = {
    "Acknowledgements": (
        Fault("drop_ack", "The answer to an order never comes"),
        Fault("delay_ack", "The answer to an order comes late", takes=(DELAY,)),
        Fault("duplicate_ack", "The answer to an order comes twice"),
        Fault("timeout_after_accept", "The order works, its answer times out"),
        Fault("lost_request", "The request is lost on its way"),
        Fault("unknown_status", "A status that no rule book names"),
        Fault("reorder", "Two messages change places"),
    ),
    "Fills": (
        Fault("drop_fill", "A fill is never told"),
        Fault("delay_fill", "A fill is told late", takes=(DELAY,)),
        Fault("duplicate_fill", "A fill is told twice"),
        Fault("fill_after_cancel", "A fill after the cancel was confirmed", takes=(QTY,)),
        Fault("partial_then_silence", "A part is filled, then nothing is told"),
        Fault("overfill", "More is filled than was ordered", takes=(QTY,)),
        Fault("bust", "The newest fill is taken back", at_once=True),
        Fault("correct", "The newest fill gets another price", at_once=True),
        Fault("bust_unknown", "A fill is taken back that never was", at_once=True),
        Fault("second_channel", "Fills come over a second channel too"),
    ),
    "Refusals": (
        Fault("reject", "The next order is rejected"),
        Fault("reject_storm", "Many orders in a row are rejected"),
        Fault("reject_cancel", "A cancel is rejected"),
        Fault("reject_replace", "A change is rejected"),
        Fault("drop_cancel_ack", "The answer to a cancel never comes"),
        Fault("delay_cancel_ack", "The answer to a cancel comes late", takes=(DELAY,)),
        Fault("duplicate_cancel_ack", "The answer to a cancel comes twice"),
        Fault("rate_limit", "Too many requests"),
        Fault("request_limit", "It takes no more than Times requests in Lasts seconds", takes=(LASTS,)),
    ),
    "Link": (
        Fault("disconnect", "The session drops", at_once=True, takes=(LASTS,)),
        Fault("half_open", "The session stays up and says nothing", at_once=True, takes=(LASTS,)),
        Fault("maintenance", "The venue is closed for maintenance", at_once=True, takes=(LASTS,)),
        Fault("auth_expired", "The authentication expires", at_once=True, takes=(LASTS,)),
        Fault("venue_restart", "The venue restarts", at_once=True, takes=(LASTS,)),
        Fault("clock_skew", "The venue's clock jumps", at_once=True, takes=(DELAY,)),
    ),
    "Market data": (
        Fault("freeze", "Prices stop; the link stays up", at_once=True, takes=(LASTS,)),
        Fault("feed_gap", "A change of the book is missing", at_once=True),
        Fault("feed_down", "The feed drops", at_once=True, takes=(LASTS,)),
    ),
    "Account": (
        Fault("unknown_order", "A fill of an order that nobody sent", at_once=True, takes=(QTY,)),
        Fault("wrong_position", "The venue's position differs", at_once=True, takes=(QTY,)),
        Fault("wrong_cash", "The venue's cash differs", at_once=True, takes=(AMOUNT,)),
        Fault("split", "The instrument splits, Amount new shares for one", at_once=True, takes=(QTY,)),
        Fault("expire_orders", "The venue ends all orders", at_once=True),
    ),
}
"""Every fault of the simulated exchange, by what it hits."""

FAULTS: dict[str, Fault] = {fault.kind: fault for group in GROUPS.values() for fault in group}
NEEDS_SYMBOL = frozenset({"wrong_position", "feed_gap", "split"})
"""Kinds that say nothing without an instrument."""


def arming(fault: Fault, inputs: FaultInputs) -> dict[str, str]:
    """Return the arguments that arm a fault, plain texts by name.

    Raises:
        ValidationError: naming the field.
    """
    arguments = {}
    if inputs.symbol.strip():
        arguments["symbol"] = inputs.symbol.strip()
    elif fault.kind in NEEDS_SYMBOL:
        raise ValidationError("symbol", "is needed by this fault", allowed="an instrument")
    if not fault.at_once:
        arguments["count"] = str(_whole("times", inputs.times, TIMES_MAX))
    if LASTS in fault.takes:
        arguments[LASTS] = str(_whole("lasts", inputs.lasts, SECONDS_MAX))
    if DELAY in fault.takes:
        arguments[DELAY] = str(_whole("delay", inputs.delay, SECONDS_MAX * 1_000))
    if QTY in fault.takes and inputs.amount.strip():
        arguments[QTY] = str(parse_scaled(inputs.amount.strip(), 0, field="quantity"))
    if AMOUNT in fault.takes and inputs.amount.strip():
        arguments[AMOUNT] = inputs.amount.strip()
    return arguments


def _whole(field: str, text: str, most: int) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits) <= most:
        raise ValidationError(field, f"{text or 'nothing'} is not possible", allowed=f"a whole number, 1 to {most:,}")
    return int(digits)
