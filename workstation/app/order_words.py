"""An order on the command line: words as a person says them become the fields that the REST interface takes.

The grammar is that of the desktop's order line, with a few words spelled out. What only the desktop can know, such as a
size preset or a price relative to the quote on its screen, is refused by name: nothing is guessed here.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from workstation.domain.errors import UserError
from workstation.viewmodels.order_line import LineError, parse_line
from workstation.viewmodels.order_line_words import All, AtMarket, AtPrice, OrderLine, Units

SPELLED_OUT = {
    "buy": "b", "sell": "s", "short": "ss", "cover": "bc", "market": "mkt", "stop": "stp",
    "limit": "", "at": "", "@": "",
}  # fmt: skip
"""Words of people for the words of the order line; those that add nothing fall away."""

_TYPES = {(False, False): "MARKET", (True, False): "LIMIT", (False, True): "STOP", (True, True): "STOP_LIMIT"}
_NEEDS_THE_DESKTOP = {
    "bracket": "br", "stop_loss": "sl", "take_profit": "tp", "hold": "hold", "oco": "oco",
}  # fmt: skip


def read_order(words: Sequence[str]) -> OrderLine:
    """Return the order that the words say.

    Raises:
        UserError: a word does not fit; the message names it and what stands before it.
    """
    line = " ".join(filter(None, (SPELLED_OUT.get(word.lower(), word) for word in words)))
    try:
        read = parse_line(line)
    except LineError as error:
        raise UserError(f"{error}, after {line[: error.start].strip()!r}") from None
    if not isinstance(read, OrderLine):
        raise UserError(f"{line!r} is no order: begin with buy, sell, short or cover")
    return read


def order_fields(order: OrderLine, held: Decimal | None) -> dict[str, Any]:
    """Return the fields of a new order. held: the position, signed, + long, where the order says `all`.

    Raises:
        UserError: a part is missing, or needs the desktop.
    """
    for name, word in _NEEDS_THE_DESKTOP.items():
        if getattr(order, name):
            raise UserError(f"{word} goes with the desktop's order line, not with the command line")
    if order.trail is not None:
        return _common(order, held) | _trail(order)
    if not isinstance(order.at, AtPrice | AtMarket | None):
        raise UserError("a price relative to the quote goes with the desktop's order line: say the price, or market")
    if order.at is None and order.stop is None:
        raise UserError("say a price, or market")
    prices = {
        "price": order.at.price if isinstance(order.at, AtPrice) else None,
        "stop_price": None if order.stop is None else order.stop.price,
    }
    fields = _common(order, held)
    fields["order_type"] = _TYPES[prices["price"] is not None, prices["stop_price"] is not None]
    return fields | {name: price for name, price in prices.items() if price is not None}


def _common(order: OrderLine, held: Decimal | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "instrument_symbol": order.symbol,
        "side": order.side.value,
        "quantity": _quantity(order, held),
    }
    if order.time_in_force is not None:
        fields["time_in_force"] = order.time_in_force.value
    if order.expire_date is not None:
        fields["expire_at"] = dt.datetime.combine(order.expire_date, dt.time.max, dt.UTC)
    return fields


def _quantity(order: OrderLine, held: Decimal | None) -> Decimal:
    if isinstance(order.qty, Units):
        return order.qty.number
    if not isinstance(order.qty, All):
        raise UserError("say how many: a number, or all")
    if not held:
        raise UserError(f"nothing is held of {order.symbol}")
    return abs(held)


def _trail(order: OrderLine) -> dict[str, Any]:
    if order.trail is None or order.trail.unit != "%" or order.at is not None or order.stop is not None:
        raise UserError("trail takes a distance in percent and no other price, such as: sell 100 X trail 1.5%")
    return {"order_type": "TRAILING_STOP", "trailing_percent": order.trail.number}
