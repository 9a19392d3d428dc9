"""Paper fills against a naive account of what the market showed: never better, never more, whatever happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.market import change, levels, quote, snapshot, trade
from tests.helpers.paper_venue import PaperVenue
from workstation.brokers.paper.options import PaperOptions, QueueModel
from workstation.domain.executions import Execution, Liquidity
from workstation.domain.market import Aggressor
from workstation.domain.orders import Side, TimeInForce

level_step = st.tuples(st.just("level"), st.sampled_from([1, -1]), st.integers(0, 9), st.integers(0, 30))
trade_step = st.tuples(
    st.just("trade"), st.sampled_from([Aggressor.BUY, Aggressor.SELL]), st.integers(90, 110), st.integers(1, 40)
)
order_step = st.tuples(
    st.just("order"), st.sampled_from([Side.BUY, Side.SELL]), st.none() | st.integers(90, 110), st.integers(1, 60)
)
steps = st.lists(st.one_of(level_step, trade_step, order_step), min_size=5, max_size=60)
models = st.sampled_from(list(QueueModel))


class Shown:
    """What is visible and not yet taken: bids 90 to 99, asks 101 to 110."""

    def __init__(self) -> None:
        self.left = {1: {99: 10, 98: 20}, -1: {101: 10, 102: 20}}

    def show(self, sign: int, price: int, size: int) -> None:
        self.left[sign][price] = size

    def take(self, fill: Execution, *, at: int | None = None) -> None:
        """Take a fill from the side that it met: at one price, or from the best on, up to the fill's price."""
        sign = fill.side.sign
        offered = self.left[-sign]
        qty = fill.last_qty
        for price in sorted(offered, key=lambda price: price * sign):
            if (at is not None and price != at) or (price - fill.last_px) * sign > 0:
                continue
            part = min(qty, offered[price])
            offered[price] -= part
            qty -= part
        assert qty == 0, f"{fill.last_qty} at {fill.last_px} were not on offer"


@given(models, steps)
def test_fills_against_a_book_are_on_offer_and_within_what_traded(
    model: QueueModel, drawn: list[tuple[str, object, int, int]]
) -> None:
    venue = PaperVenue(options=PaperOptions(queue=model))
    venue.market(snapshot(levels((99, 10), (98, 20)), levels((101, 10), (102, 20)), 1))
    shown = Shown()
    limits: dict[str, int | None] = {}
    seen, seq = 0, 1
    for at, (kind, what, price, size) in enumerate(drawn, 1):
        budget = None
        if kind == "level":
            sign = int(str(what))
            level, seq = (99 - price if sign > 0 else 101 + price), seq + 1
            shown.show(sign, level, size)
            sides = (levels((level, size)), ()) if sign > 0 else ((), levels((level, size)))
            venue.market(change(*sides, seq, at))
        elif kind == "trade":
            assert isinstance(what, Aggressor)
            budget = size
            venue.market(trade(price, size, at, aggressor=what))
        else:
            assert isinstance(what, Side)
            limits[venue.order(what, size, price)] = price
        for fill in venue.executions[seen:]:
            limit = limits[fill.cl_ord_id]
            assert limit is None or (fill.last_px - limit) * fill.side.sign <= 0
            if fill.liquidity is Liquidity.TAKER:
                shown.take(fill, at=fill.last_px)
                continue
            assert fill.last_px == limit
            if budget is None:
                shown.take(fill)
            else:
                budget -= fill.last_qty
                assert budget >= 0
                assert (fill.last_px - price) * fill.side.sign >= 0
        seen = len(venue.executions)
    for cl_ord_id in limits:
        state = venue.broker.exchange.orders.by_client[cl_ord_id]
        assert sum(qty for qty, _ in venue.fills(cl_ord_id)) == state.cum_qty <= state.terms.order_qty


@given(st.lists(st.tuples(st.integers(90, 99), st.integers(1, 20), st.integers(1, 60)), min_size=1, max_size=30))
def test_one_quote_is_never_filled_beyond_its_size(drawn: list[tuple[int, int, int]]) -> None:
    venue = PaperVenue()
    for at, (bid, size, qty) in enumerate(drawn):
        before = len(venue.executions)
        # The bid moves with every quote, so that each shows its size anew.
        venue.market(quote(bid, bid + 5, at, sizes=(size, size)))
        venue.buy(qty, time_in_force=TimeInForce.IOC)
        venue.sell(qty, time_in_force=TimeInForce.IOC)
        made = venue.executions[before:]
        for side, price in ((Side.BUY, bid + 5), (Side.SELL, bid)):
            fills = [fill for fill in made if fill.side is side]
            assert all(fill.last_px == price for fill in fills)
            assert sum(fill.last_qty for fill in fills) <= size


@given(
    st.lists(st.tuples(st.integers(90, 110), st.integers(1, 40)), min_size=1, max_size=30),
    st.lists(st.tuples(st.sampled_from([Side.BUY, Side.SELL]), st.none() | st.integers(85, 115), st.integers(1, 50))),
)
def test_with_trades_alone_no_more_fills_than_traded(
    trades: list[tuple[int, int]], orders: list[tuple[Side, int | None, int]]
) -> None:
    venue = PaperVenue()
    waiting = iter(orders)
    for at, (price, size) in enumerate(trades, 1):
        before = len(venue.executions)
        venue.market(trade(price, size, at))
        if (order := next(waiting, None)) is not None:
            venue.order(order[0], order[2], order[1])
        made = venue.executions[before:]
        assert sum(fill.last_qty for fill in made) <= size
        for fill in made:
            if fill.liquidity is Liquidity.TAKER:
                assert fill.last_px == price + fill.side.sign
