"""The session is reset while requests are in flight: unknown at once, and known again within 30 seconds of its return.

Row 25 of the fault table, on virtual time: an order that nobody has acknowledged, a change and a cancel are on the way
when the venue's session breaks, at many moments of their way.
"""

from __future__ import annotations

from tests.helpers.simulation import SECOND, Simulation
from workstation.domain.orders import (
    CancelOrder,
    OrderState,
    OrderTerms,
    OrdType,
    Origin,
    OriginKind,
    ReplaceOrder,
    Side,
    SubmitOrder,
)
from workstation.ports.broker import CapabilityCard, SessionState

MS = 1_000_000
ACCOUNT, SYMBOL = "SIM-MARGIN", "AAPL"
BY_HAND = Origin(kind=OriginKind.HOTKEY, user="trader")
KNOWN_WITHIN_S = 30
"""Of the session's return, as the table says."""

CUT_S = 7
MOMENTS_MS = (0, 1, 3, 10, 20, 39, 41, 60, 79, 81)
"""When it breaks, counted from the requests; a way to the venue takes 40 ms."""


class WholeCard(Simulation):
    """The venue's own card, by which an order that it never got can be proven absent."""

    def _drawn_card(self) -> CapabilityCard:
        return self.venue.broker.capabilities


class World:
    """Two working orders and one that is about to go, on virtual time."""

    def __init__(self, seed: int) -> None:
        self.sim = WholeCard(seed)
        self.instrument = self.sim.core.instruments[SYMBOL]
        self.sim.venue.broker._latency_ns = 40 * MS
        self.sim.venue.start()
        self.sim._start()
        self.sim.clock.advance(3 * SECOND)
        self.changed, self.cancelled = self.submit(-200), self.submit(-210)
        self.sim.clock.advance(3 * SECOND)
        assert not any(
            self.order(name).unknown or self.order(name).status.is_final for name in (self.changed, self.cancelled)
        )

    def order(self, cl_ord_id: str) -> OrderState:
        found = self.sim.core.state.book.get(cl_ord_id)
        assert found is not None
        return found

    def submit(self, steps: int) -> str:
        price = self.instrument.step(self.sim.core.market.cache.quote(SYMBOL).bid, steps)
        terms = OrderTerms(
            symbol=SYMBOL, account=ACCOUNT, side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=10, price=price
        )
        ids = self.sim.trader._ids
        command = SubmitOrder(cl_ord_id=ids.cl_ord_id(), uid=ids.uid(), terms=terms, origin=BY_HAND)
        self.sim._life.enter(lambda: self.sim.core.desk.submit(command))
        return command.cl_ord_id

    def ask(self) -> tuple[str, ...]:
        """Send an order, a change and a cancel; returns the orders that they concern."""
        desk, price = self.sim.core.desk, self.order(self.changed).terms.price
        sent = self.submit(-220)
        change = ReplaceOrder(cl_ord_id=self.changed, origin=BY_HAND, price=self.instrument.step(price, -1))
        self.sim._life.enter(lambda: desk.replace(change))
        self.sim._life.enter(lambda: desk.cancel(CancelOrder(cl_ord_id=self.cancelled, origin=BY_HAND)))
        return sent, self.changed, self.cancelled

    def go_on_until_up(self) -> None:
        """Let time pass until the session is back."""
        while not self.is_up:
            self.sim.clock.advance(MS)

    @property
    def is_up(self) -> bool:
        routes = self.sim.core.desk.routes
        return routes.session(self.sim.venue.broker.venue) is SessionState.UP


def test_what_was_in_flight_when_the_session_broke_is_known_within_half_a_minute_of_its_return() -> None:
    lost = set()
    for seed, moment in enumerate(MOMENTS_MS):
        world = World(seed)
        concerned = world.ask()
        world.sim.clock.advance(moment * MS)
        world.sim.venue.faults.arm("disconnect", for_s=CUT_S)
        world.sim.clock.advance(CUT_S * SECOND // 2)
        assert not world.is_up
        unknown = {name for name in concerned if world.order(name).unknown}
        lost |= {concerned.index(name) for name in unknown}
        world.go_on_until_up()
        world.sim.clock.advance(KNOWN_WITHIN_S * SECOND)
        at_venue = {order.cl_ord_id: order for order in world.sim.venue.exchange.orders.by_id.values()}
        for name in concerned:
            here, there = world.order(name), at_venue.get(name)
            assert here.unknown is None, (moment, name)
            if there is None:
                assert here.status.is_final, (moment, "it never reached the venue")
            else:
                assert (here.status, here.terms.price) == (there.status, there.terms.price), moment
        assert world.sim.checks.violations == []
    assert lost == {0, 1, 2}, "each kind of request was unknown at some moment"
