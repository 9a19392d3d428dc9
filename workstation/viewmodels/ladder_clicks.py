"""What a click on the ladder means: an entry at the row that was pressed, or a refusal with its reason.

Scheme `classic`: the left button is a limit order, the right one a stop. Scheme `auto`: the side of the market decides,
a price through the far side is a stop. The bid column buys, the ask column sells. Alt attaches the bracket template,
Shift takes the second quantity. One function words the hover preview and makes the order, so that what was read is what
is sent. Qt-free; it knows nothing of the gate, which has the last word.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.numbers import format_money
from workstation.domain.orders import OrderState, OrderTerms, OrdType, Side, TimeInForce
from workstation.viewmodels.formats import money
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.hotkeys import Place, Refused
from workstation.viewmodels.ladder_amend import line_price, nudged
from workstation.viewmodels.ladder_settings import LadderSettings, Scheme
from workstation.viewmodels.open_profit import risk_text
from workstation.viewmodels.preview import order_words

POINTER_QUIET_NS = 400_000_000
"""A recentring waits until the pointer has not moved over an order column for so long."""


class Column(StrEnum):
    """Columns of the ladder, by what a click on them is about."""

    OWN_BID = "my bids"
    BID = "bid"
    PRICE = "price"
    ASK = "ask"
    OWN_ASK = "my asks"
    TRADED = "volume"
    FLOW = "sold × bought"
    PULLED = "pulled or stacked"
    PNL = "P&L"

    @property
    def sign(self) -> int:
        """+1 on the buying side, -1 on the selling side, 0 elsewhere."""
        return {"my bids": 1, "bid": 1, "ask": -1, "my asks": -1}.get(self.value, 0)


class Click(msgspec.Struct, frozen=True):
    """How an entry cell was acted on. right: other button; bracket: with Alt; second: with the second quantity."""

    right: bool = False
    bracket: bool = False
    second: bool = False


class EntryRules(msgspec.Struct, frozen=True, kw_only=True):
    """How entry clicks are read. order_qty: in quantity units; marketable: limits through the market are allowed.

    stop_ticks, target_ticks: distances of the legs to attach, 0 for none.
    """

    account: str
    order_qty: int
    time_in_force: TimeInForce = TimeInForce.DAY
    marketable: bool = False
    scheme: Scheme = Scheme.CLASSIC
    stop_ticks: int = 0
    target_ticks: int = 0


def rules_for(
    click: Click, settings: LadderSettings, instrument: Instrument, account: str, order_qty: int
) -> EntryRules:
    """Return the rules of one click. order_qty: the pad's, in quantity units."""
    second = settings.second_qty * 10**instrument.qty_decimals
    return EntryRules(
        account=account,
        order_qty=second if click.second else order_qty,
        marketable=settings.marketable,
        scheme=settings.scheme,
        stop_ticks=settings.stop_ticks if click.bracket else 0,
        target_ticks=settings.target_ticks if click.bracket else 0,
    )


def entry(
    column: Column,
    price: int,
    instrument: Instrument,
    rules: EntryRules,
    *,
    stop: bool,
    inside: tuple[int | None, int | None],
) -> Place | Refused:
    """Return the order of a click at `price`. inside: best bid and ask as painted, None where a side is empty."""
    side = Side.BUY if column.sign > 0 else Side.SELL
    if rules.order_qty <= 0:
        return Refused("Refused: quantity 0 never sends; add to the quantity first.")
    bid, ask = inside
    far, far_name = (ask, "ask") if side is Side.BUY else (bid, "bid")
    through = far is not None and (price - far) * side.sign > 0
    if rules.scheme is Scheme.AUTO:
        stop = through
    words = instrument.price_text
    if not stop and through and not rules.marketable and far is not None:
        ticks = abs(instrument.ticks_between(far, price))
        return Refused(
            f"Refused: wrong side. {side.value} LIMIT {words(price)} is {ticks}t through {far_name} {words(far)}; "
            "allow marketable limits, or use the right button for a stop."
        )
    if stop and far is not None and (price - far) * side.sign <= 0:
        return Refused(
            f"Refused: stop on the wrong side. {side.value} STOP {words(price)} would trigger at once against "
            f"{far_name} {words(far)}."
        )
    terms = OrderTerms(
        symbol=instrument.symbol,
        account=rules.account,
        side=side,
        ord_type=OrdType.STOP if stop else OrdType.LIMIT,
        order_qty=rules.order_qty,
        price=None if stop else price,
        stop_px=price if stop else None,
        time_in_force=rules.time_in_force,
    )
    return with_legs(terms, price, instrument, rules)


def with_legs(terms: OrderTerms, price: int, instrument: Instrument, rules: EntryRules) -> Place:
    """Return an order at a price with its bracket; the words end with the money at risk where there is a stop."""
    sign = terms.side.sign
    stop = instrument.step(price, -rules.stop_ticks * sign) if rules.stop_ticks else None
    target = instrument.step(price, rules.target_ticks * sign) if rules.target_ticks else None
    words = order_words(terms, instrument, stop_loss_px=stop, take_profit_px=target)
    if stop is not None:
        risk = abs(instrument.notional(price, terms.order_qty) - instrument.notional(stop, terms.order_qty))
        words += f" · RISK {format_money(risk, 2, grouping=True)} {instrument.currency}"
    return Place(terms, words, stop, target)


def only_reduces(terms: OrderTerms, position_qty: int, working: Iterable[OrderState]) -> bool:
    """Tell whether an order can only shrink the position that the screen shows, all live orders of its side filled.

    Such an entry is not held back while disarmed; the gate decides its class.
    """
    if position_qty * terms.side.sign >= 0:
        return False
    others = sum(order.leaves_qty for order in working if order.terms.side.sign == terms.side.sign)
    return terms.order_qty + others <= abs(position_qty)


def legs_of(order: OrderState, working: Iterable[OrderState]) -> tuple[OrderState, ...]:
    """Return the other open orders of an order's bracket."""
    if order.link is None:
        return ()
    group = order.link.group_id
    others = (other for other in working if other.cl_ord_id != order.cl_ord_id)
    return tuple(other for other in others if other.link is not None and other.link.group_id == group)


class Drag(msgspec.Struct):
    """One order under the pointer, bound to its id and version. version: None while an own amend is in flight.

    legs: other orders of its bracket, which move with it by the same ticks. held, risk: the position and its open risk
    as money when the drag began.
    """

    order: OrderState
    version: int | None
    start_price: int
    price: int
    legs: tuple[OrderState, ...] = ()
    held: PositionSnap | None = None
    risk: int | None = None

    def move_to(self, price: int) -> None:
        """Follow the pointer to another row."""
        self.price = price

    def still_holds(self, order: OrderState | None) -> bool:
        """Tell whether the order is what it was when the drag began."""
        if order is None or not order.is_open:
            return False
        if self.version is None:
            return order.leaves_qty == self.order.leaves_qty
        return order.version == self.version

    def moves(self, instrument: Instrument) -> list[tuple[OrderState, int]]:
        """Return each order with its new price; none when the drop is where the drag began."""
        ticks = instrument.ticks_between(self.start_price, self.price)
        if not ticks:
            return []
        legs = [(leg, line_price(leg.terms)) for leg in self.legs]
        return [(self.order, self.price)] + [(leg, nudged(at, ticks, instrument)) for leg, at in legs if at is not None]

    def label(self, instrument: Instrument) -> str:
        """Return the live label: new price, ticks and money from before, what an exit there brings, and the queue."""
        ticks = instrument.ticks_between(self.start_price, self.price)
        qty = self.order.leaves_qty
        worth = abs(instrument.notional(self.price, qty) - instrument.notional(self.start_price, qty))
        moved = f" ({format_money(worth, 2, grouping=True)} {instrument.currency})" if ticks else ""
        lost = " · loses queue place" if self.order.terms.ord_type is OrdType.LIMIT and ticks else ""
        legs = f" · {len(self.legs) + 1} legs" if self.legs else ""
        return f"{instrument.price_text(self.price)} {ticks:+d}t{moved}{self.outcome(instrument)}{legs}{lost}"

    def outcome(self, instrument: Instrument) -> str:
        """Return what the position gains where the order takes from it, in money and R; "" where it adds."""
        position = None if self.held is None else self.held.position
        if position is None or position.qty * self.order.terms.side.sign >= 0:
            return ""
        sign = 1 if position.qty > 0 else -1
        closed = sign * min(self.order.leaves_qty, abs(position.qty))
        profit = instrument.notional(self.price, closed) - position.cost * closed // position.qty
        in_risk = f" {risk_text(profit, self.risk)}" if self.risk else ""
        return f" · exits {money(profit, signed=True)} {instrument.currency}{in_risk}"
