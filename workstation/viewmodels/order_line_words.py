"""What a typed line can mean: an order with its parts, or a verb. Values only; `order_line` reads them off a text."""

import datetime as dt
from decimal import Decimal

import msgspec

from workstation.domain.orders import Side, TimeInForce


class Units(msgspec.Struct, frozen=True):
    """A number of shares, contracts or units."""

    number: Decimal


class Preset(msgspec.Struct, frozen=True):
    """A size preset, 1 to 5."""

    number: int


class BuyingPower(msgspec.Struct, frozen=True):
    """As much as this share of the buying power pays for, in percent."""

    percent: Decimal


class All(msgspec.Struct, frozen=True):
    """The whole position."""


class Risk(msgspec.Struct, frozen=True):
    """So much that the stop loses this money of the account."""

    money: Decimal


Quantity = Units | Preset | BuyingPower | All | Risk


class AtPrice(msgspec.Struct, frozen=True):
    """A limit price."""

    price: Decimal


class AtQuote(msgspec.Struct, frozen=True):
    """A limit at a side of the market, shifted by signed ticks, + up. quote: bid, ask, mid or last."""

    quote: str
    ticks: Decimal = Decimal(0)


class AtTake(msgspec.Struct, frozen=True):
    """A limit through the opposite side, by ticks."""

    ticks: Decimal


class AtMarket(msgspec.Struct, frozen=True):
    """No limit."""


Price = AtPrice | AtQuote | AtTake | AtMarket


class Distance(msgspec.Struct, frozen=True):
    """A distance from the order's price. unit: t (ticks) or %."""

    number: Decimal
    unit: str


Level = AtPrice | Distance


class Bracket(msgspec.Struct, frozen=True):
    """Stop and target, each by its distance."""

    stop: Distance
    target: Distance


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order as typed. at None: no price was said, so that the ticket leaves its field open.

    oco: the other order of a pair, or the id of one that works already.
    """

    side: Side
    symbol: str
    qty: Quantity | None = None
    at: Price | None = None
    time_in_force: TimeInForce | None = None
    expire_date: dt.date | None = None
    stop: AtPrice | None = None
    trail: Distance | None = None
    stop_loss: Level | None = None
    take_profit: Level | None = None
    bracket: Bracket | None = None
    hold: bool = False
    account: str | None = None
    oco: "OrderLine | str | None" = None


class Exit(msgspec.Struct, frozen=True):
    """Exit a share of a position in percent; symbol None is the trade focus."""

    percent: Decimal
    symbol: str | None


class Reverse(msgspec.Struct, frozen=True):
    """Turn a position round."""

    symbol: str | None


class Cancel(msgspec.Struct, frozen=True):
    """Cancel a scope (bids, asks, entries, all) or the orders of a symbol."""

    scope: str | None
    symbol: str | None


class BreakEven(msgspec.Struct, frozen=True):
    """Move the stop to the average price."""

    symbol: str | None


class Go(msgspec.Struct, frozen=True):
    """Make an instrument the trade focus."""

    symbol: str


class Chart(msgspec.Struct, frozen=True):
    """Change the chart's interval."""

    interval: str


class Workspace(msgspec.Struct, frozen=True):
    """Open a workspace by name."""

    name: str


class Size(msgspec.Struct, frozen=True):
    """Choose the order size."""

    qty: Units | Preset


class Alert(msgspec.Struct, frozen=True):
    """Watch a condition on an instrument; the condition's text is known to be well formed."""

    symbol: str
    condition: str


class Lock(msgspec.Struct, frozen=True):
    """Lock oneself out for so many seconds."""

    seconds: int


class Undo(msgspec.Struct, frozen=True):
    """Undo the last order action."""


class Find(msgspec.Struct, frozen=True):
    """Search for a text."""

    text: str


Verb = Exit | Reverse | Cancel | BreakEven | Go | Chart | Workspace | Size | Alert | Lock | Undo | Find
