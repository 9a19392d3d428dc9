"""An order's journal lines in words: which way each message went, and what it said.

Part of the provenance page, last stage of the order walk. Reads events; decides and sends nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UnsetType

from workstation.domain.events import (
    CancelRejected,
    CancelRequested,
    CancelWithdrawn,
    Event,
    ExecutionSetAside,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderHandedOver,
    OrderIntended,
    OrderNoted,
    OrderRejected,
    OrderReplaced,
    OrderRouted,
    OrderSent,
    OrderTriggered,
    OrderWaits,
    OutcomeResolved,
    OutcomeUnknown,
    ReplaceDenied,
    ReplaceDropped,
    ReplaceQueued,
    ReplaceRejected,
    ReplaceRequested,
    StopTrailed,
)
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.instruments import Instrument
from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.preview import order_words

OUT, IN, HERE = "→ venue", "← venue", "here"

Words = Callable[[Any, Instrument], str]


def direction(event: Event) -> str:
    """Return which way a message went: to the venue, from it, or neither."""
    if isinstance(event, StopTrailed) and event.ts_event:
        return IN
    return _WORDS[type(event)][0] if type(event) in _WORDS else HERE


def message_words(event: Event, instrument: Instrument) -> str:
    """Return what a message said, in one line."""
    known = _WORDS.get(type(event))
    return type(event).__name__ if known is None else known[1](event, instrument)


def execution_words(execution: Execution, instrument: Instrument) -> str:
    """Return what was traded: kind, quantity, price and execution id."""
    kind = {ExecKind.TRADE: "fill", ExecKind.BUST: "bust of", ExecKind.CORRECTION: "correction:"}[execution.kind]
    price, quantity = instrument.price_text(execution.last_px), instrument.qty_text(execution.last_qty)
    return f"{kind} {execution.side.value} {quantity} at {price}, execution {execution.exec_id}"


def _because(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else text


def _price(price: int | None, instrument: Instrument) -> str:
    return MISSING if price is None else instrument.price_text(price)


def _limit_along(price: int | UnsetType, instrument: Instrument) -> str:
    """Return the limit that moved with a trail, "" for a trail that has none."""
    return "" if isinstance(price, UnsetType) else f", limit {instrument.price_text(price)}"


_WORDS: Mapping[type, tuple[str, Words]] = {
    OrderCreated: (HERE, lambda e, i: f"asked: {order_words(e.command.terms, i)}"),
    OrderDenied: (HERE, lambda e, _: e.rule.text or f"refused by {e.rule.code}"),
    OrderIntended: (HERE, lambda e, i: f"journaled before sending, quantity {i.qty_text(e.qty)}"),
    OrderSent: (OUT, lambda e, _: f"{e.request.value} sent"),
    OrderWaits: (HERE, lambda e, _: e.reason),
    OrderAccepted: (IN, lambda e, _: f"acknowledged as {e.order_id}"),
    OrderRouted: (IN, lambda e, _: f"working at the exchange as {e.order_id}"),
    OrderRejected: (IN, lambda e, _: _because(f"rejected {e.code}".rstrip(), e.text)),
    OrderTriggered: (IN, lambda e, i: f"triggered at {_price(e.stop_px, i)}"),
    StopTrailed: (HERE, lambda e, i: f"stop trailed to {_price(e.stop_px, i)}{_limit_along(e.price, i)}"),
    OrderFilled: (IN, lambda e, i: execution_words(e.execution, i)),
    ExecutionSetAside: (IN, lambda e, i: f"set aside, {e.reason}: {execution_words(e.execution, i)}"),
    CancelRequested: (
        HERE,
        lambda e, _: _because("cancel kept for the next session" if e.kept else "cancel asked", e.reason),
    ),
    CancelWithdrawn: (HERE, lambda *_: "kept cancel withdrawn"),
    OrderCancelled: (IN, lambda e, _: _because("cancelled", e.reason)),
    CancelRejected: (IN, lambda e, _: _because(f"cancel rejected {e.code}".rstrip(), e.text)),
    ReplaceRequested: (HERE, lambda e, i: f"change asked: {order_words(e.terms, i)}"),
    OrderChanged: (HERE, lambda e, i: _because(f"changed to {order_words(e.terms, i)}", e.reason)),
    OrderReplaced: (IN, lambda e, i: f"changed to {order_words(e.terms, i)}"),
    ReplaceRejected: (IN, lambda e, _: _because(f"change rejected {e.code}".rstrip(), e.text)),
    ReplaceDenied: (HERE, lambda e, _: f"change refused: {e.rule.text or e.rule.code}"),
    ReplaceQueued: (HERE, lambda e, _: e.reason),
    ReplaceDropped: (HERE, lambda e, _: e.reason or "the change that waited is in force already"),
    OrderExpired: (IN, lambda e, _: _because("expired", e.reason)),
    OutcomeUnknown: (HERE, lambda e, _: _because(f"outcome of {e.request.value} not known", e.cause)),
    OutcomeResolved: (IN, lambda e, _: f"outcome settled: {e.how}"),
    OrderNoted: (HERE, lambda *_: "notes changed"),
    OrderHandedOver: (
        HERE,
        lambda e, _: f"taken over from its strategy by {e.owner}" if e.owner else "given back to its strategy",
    ),
}
