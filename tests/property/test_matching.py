"""The matching core against a naive oracle that keeps one list of orders and scans it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from workstation.brokers.sim.matching import EndReason, MarketOrder, Matcher
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.orders import OrderTerms, OrdType, Side, TimeInForce

INSTRUMENT = Instrument(
    symbol="X", asset_class=AssetClass.STOCK, currency="USD", price_decimals=2, qty_decimals=0, ticks=(TickBand(0, 1),)
)


@dataclass
class Naive:
    """One list in order of arrival; the best price and the earliest arrival are searched for each time."""

    resting: list[list] = field(default_factory=list)  # id, sign, price, leaves, shown, display, place
    fills: list[tuple[str, int, int]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    places: int = 0

    def place(self) -> int:
        self.places += 1
        return self.places

    def best(self, sign: int, limit: int | None) -> list | None:
        found = [
            order for order in self.resting if order[1] == -sign and (limit is None or (limit - order[2]) * sign >= 0)
        ]
        return min(found, key=lambda order: (order[2] * sign, order[6]), default=None)

    def reachable(self, sign: int, limit: int | None) -> int:
        return sum(
            order[3]
            for order in self.resting
            if order[1] == -sign and (limit is None or (limit - order[2]) * sign >= 0)
        )

    def enter(
        self,
        name: str,
        sign: int,
        qty: int,
        limit: int | None,
        tif: TimeInForce,
        *,
        post_only: bool,
        display: int | None,
    ) -> None:
        if (post_only and self.best(sign, limit) is not None) or (
            tif is TimeInForce.FOK and self.reachable(sign, limit) < qty
        ):
            self.ended.append(name)
            return
        while qty and (maker := self.best(sign, limit)) is not None:
            size = min(qty, maker[4])
            qty -= size
            maker[3] -= size
            maker[4] -= size
            self.fills += [(maker[0], size, maker[2]), (name, size, maker[2])]
            if not maker[3]:
                self.resting.remove(maker)
            elif not maker[4]:
                maker[4] = min(maker[5], maker[3])
                maker[6] = self.place()
        if qty and (limit is None or tif in (TimeInForce.IOC, TimeInForce.FOK)):
            self.ended.append(name)
        elif qty:
            self.resting.append([name, sign, limit, qty, min(display or qty, qty), display, self.place()])

    def cancel(self, name: str) -> None:
        self.resting = [order for order in self.resting if order[0] != name]
        self.ended.append(name)

    def levels(self, sign: int) -> list[tuple[int, int]]:
        sizes: dict[int, int] = {}
        for order in self.resting:
            if order[1] == sign:
                sizes[order[2]] = sizes.get(order[2], 0) + order[4]
        return sorted(sizes.items(), reverse=sign > 0)


class Ears:
    """What the matcher said."""

    def __init__(self) -> None:
        self.fills: list[tuple[str, int, int]] = []
        self.ended: list[str] = []

    def on_fill(self, order: MarketOrder, qty: int, price: int, *, maker: bool) -> None:
        self.fills.append((order.order_id, qty, price))

    def on_trailed(self, order: MarketOrder) -> None:
        pass

    def on_triggered(self, order: MarketOrder) -> None:
        raise AssertionError("no conditional order was entered")

    def on_ended(self, order: MarketOrder, reason: EndReason) -> None:
        self.ended.append(order.order_id)

    def reducible(self, order: MarketOrder) -> int:
        return 0


prices = st.integers(95, 105)
sizes = st.integers(1, 30)
new_orders = st.tuples(
    st.just("new"),
    st.sampled_from([Side.BUY, Side.SELL]),
    sizes,
    st.none() | prices,
    st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
    st.booleans(),
    st.none() | sizes,
)
cancels = st.tuples(st.just("cancel"), st.integers(0, 60))
replaces = st.tuples(st.just("replace"), st.integers(0, 60), sizes, prices)
actions = st.lists(st.one_of(new_orders, new_orders, new_orders, cancels, replaces), max_size=60)


def terms(
    side: Side, qty: int, price: int | None, tif: TimeInForce, *, post_only: bool, display: int | None
) -> OrderTerms:
    ord_type = OrdType.MARKET if price is None else OrdType.LIMIT
    return OrderTerms(
        symbol="X",
        account="A",
        side=side,
        ord_type=ord_type,
        order_qty=qty,
        price=price,
        time_in_force=tif,
        post_only=post_only,
        display_qty=display,
    )


@given(actions)
def test_fills_ends_and_books_are_those_of_the_oracle(script):
    ears, oracle = Ears(), Naive()
    matcher = Matcher(INSTRUMENT, ears, lambda: 0)
    orders: dict[str, MarketOrder] = {}
    for number, action in enumerate(script, 1):
        if action[0] == "new":
            _, side, qty, price, tif, post_only, display = action
            resting = price is not None and tif is TimeInForce.GTC
            post_only, display = post_only and resting, min(display, qty) if display and resting else None
            name = str(number)
            orders[name] = MarketOrder(
                name, name, terms(side, qty, price, tif, post_only=post_only, display=display), number
            )
            matcher.enter(orders[name])
            oracle.enter(name, side.sign, qty, price, tif, post_only=post_only, display=display)
        else:
            act_on_resting(matcher, oracle, orders, action, 1_000 + number)
        check(matcher, ears, oracle)
    conserve(orders, ears)


def act_on_resting(
    matcher: Matcher, oracle: Naive, orders: dict[str, MarketOrder], action: tuple, arrival: int
) -> None:
    name = str(action[1])
    entry = next((order for order in oracle.resting if order[0] == name), None)
    if entry is None:
        return
    order = orders[name]
    if action[0] == "cancel":
        matcher.cancel(order)
        oracle.cancel(name)
        return
    _, _, qty, price = action
    old = order.terms
    qty = max(qty, order.cum_qty + 1, old.display_qty or 0)
    matcher.replace(
        order, terms(old.side, qty, price, old.time_in_force, post_only=False, display=old.display_qty), arrival
    )
    leaves = qty - order_filled_before(old, entry)
    if price == entry[2] and qty <= old.order_qty:
        entry[3], entry[4] = min(entry[3], leaves), min(entry[4], leaves)
    else:
        oracle.resting.remove(entry)
        oracle.enter(name, entry[1], leaves, price, old.time_in_force, post_only=False, display=old.display_qty)


def order_filled_before(old: OrderTerms, entry: list) -> int:
    return old.order_qty - entry[3]


def check(matcher: Matcher, ears: Ears, oracle: Naive) -> None:
    assert ears.fills == oracle.fills
    assert ears.ended == oracle.ended
    book = matcher.book
    assert [(level.price, level.size) for level in book.bids.top(100)] == oracle.levels(1)
    assert [(level.price, level.size) for level in book.asks.top(100)] == oracle.levels(-1)
    if book.bids.best is not None and book.asks.best is not None:
        assert book.bids.best < book.asks.best


def conserve(orders: dict[str, MarketOrder], ears: Ears) -> None:
    bought = sum(qty for name, qty, _ in ears.fills if orders[name].terms.side is Side.BUY)
    assert 2 * bought == sum(qty for _, qty, _ in ears.fills)
    for name, order in orders.items():
        filled = sum(qty for other, qty, _ in ears.fills if other == name)
        assert filled == order.cum_qty <= order.terms.order_qty
        if order.terms.time_in_force is TimeInForce.FOK:
            assert filled in (0, order.terms.order_qty)
