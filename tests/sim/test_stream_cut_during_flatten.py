"""The order stream is cut while a position is being flattened: one exit, nothing through flat, no word before its time.

The cut comes at many moments of the way (cancels, exit, fill, verification), silently or with a session that goes down,
while a person presses the key again and again. Afterwards book and venue agree, and a press more ends what is left.
"""

from __future__ import annotations

import pytest

from tests.helpers.simulation import SECOND, Simulation
from workstation.domain.orders import (
    FlattenPosition,
    OrderTerms,
    OrdType,
    Origin,
    OriginKind,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.orders.exits import EXIT_MARK
from workstation.orders.results import ExitProgress, ExitStage

MS = 1_000_000
ACCOUNT, HELD = "SIM-MARGIN", 60
LATENCY_MS = 40
BY_HAND = Origin(kind=OriginKind.HOTKEY, user="trader")
MOMENTS_MS = (0, 1, 5, 20, 41, 60, 85, 110, 130, 160, 200, 260, 340, 420, 560, 600, 640, 680, 800)
"""When the stream is cut, counted from the press: each leg of the way takes some 40 ms, partial fills some 600."""

CUT_S = 4
PRESS_EVERY_MS = 250
LONG_CUT_S = 30


class Flattening:
    """An account with a position, a protective stop and, where one rests, a bid; on virtual time."""

    def __init__(self, symbol: str, seed: int) -> None:
        self.symbol = symbol
        self.sim = Simulation(seed)
        self.sim.venue.broker._latency_ns = LATENCY_MS * MS
        self.told: list[ExitProgress] = []
        self.sim.venue.start()
        self.sim._start()
        self.sim.core.bus.subscribe(ExitProgress, self._on_progress)
        self.sim.clock.advance(3 * SECOND)
        touch = self.sim.core.market.cache.quote(symbol)
        self._place(Side.BUY, OrdType.MARKET, time_in_force=TimeInForce.DAY)
        self.sim.clock.advance(3 * SECOND)
        assert self.at_venue == HELD
        instrument = self.sim.core.instruments[symbol]
        if symbol != "SIM-PARTIAL":  # where any limit order fills by rule
            self._place(Side.BUY, OrdType.LIMIT, price=instrument.step(touch.bid, -200))
        self._place(Side.SELL, OrdType.STOP, stop_px=instrument.step(touch.bid, -150), reduce_only=True)
        self.sim.clock.advance(SECOND)

    @property
    def at_venue(self) -> int:
        return self.sim.venue.exchange.holdings.qty(ACCOUNT, self.symbol)

    @property
    def exits_sent(self) -> int:
        orders = [self.sim.core.state.book.get(cl_ord_id) for cl_ord_id in self.sim.checks.sent]
        return sum(order is not None and EXIT_MARK in order.metadata for order in orders)

    def press(self) -> None:
        command = FlattenPosition(account=ACCOUNT, symbol=self.symbol, origin=BY_HAND)
        self.sim._life.enter(lambda: self.sim.core.desk.flatten(command))

    def go_on(self, span_ms: int) -> None:
        """Let time pass; the position never turns."""
        for _ in range(span_ms // 5 or 1):
            self.sim.clock.advance(min(span_ms, 5) * MS)
            assert 0 <= self.at_venue <= HELD
        assert self.sim.checks.violations == []

    def settle(self) -> None:
        self.sim._settle()
        assert self.sim.checks.violations == []
        assert 0 <= self.at_venue <= HELD

    def _place(self, side: Side, ord_type: OrdType, **fields) -> None:
        terms = OrderTerms(symbol=self.symbol, account=ACCOUNT, side=side, ord_type=ord_type, order_qty=HELD, **fields)
        ids = self.sim.trader._ids
        command = SubmitOrder(
            cl_ord_id=ids.cl_ord_id(), uid=ids.uid(), terms=terms, origin=BY_HAND, allow_duplicate=True
        )
        self.sim._life.enter(lambda: self.sim.core.desk.submit(command))

    def _on_progress(self, progress: ExitProgress) -> None:
        self.told.append(progress)
        if progress.stage is ExitStage.FLAT:
            assert self.at_venue == 0


@pytest.mark.parametrize("symbol", ["AAPL", "SIM-PARTIAL"])
@pytest.mark.parametrize("cut", ["half_open", "disconnect", "venue_restart"])
def test_a_cut_at_any_moment_of_a_flatten_sends_one_exit_and_never_turns_the_position(cut, symbol):
    cut_while = set()
    for seed, moment in enumerate(MOMENTS_MS):
        world = Flattening(symbol, seed)
        world.press()
        world.go_on(moment)
        sent, stage = world.exits_sent, world.told[-1].stage
        cut_while.add(stage)
        world.sim.venue.faults.arm(cut, for_s=CUT_S)
        for _ in range(CUT_S * 1_000 // PRESS_EVERY_MS):
            world.press()
            world.go_on(PRESS_EVERY_MS)
            assert world.exits_sent <= max(sent, 1)
        world.settle()
        world.press()
        world.go_on(3_000)
        world.settle()
        assert world.at_venue == 0
        assert world.told[-1].stage is ExitStage.FLAT
    assert cut_while >= {ExitStage.CANCELLING, ExitStage.EXITING, ExitStage.VERIFYING}


def test_a_silent_stream_is_shown_as_unknown_and_nothing_more_is_sent_however_often_one_presses():
    world = Flattening("SIM-PARTIAL", 3)
    world.press()
    while not world.exits_sent:
        world.go_on(5)
    world.sim.venue.faults.arm("half_open", for_s=LONG_CUT_S)
    for _ in range(20):
        world.press()
        world.go_on(1_000)
    (exit_,) = [order for order in world.sim.core.state.book.open_orders(ACCOUNT) if EXIT_MARK in order.metadata]
    assert exit_.unknown is not None
    assert world.exits_sent == 1
    assert "is not known" in world.told[-1].text
    assert ExitStage.FLAT not in {progress.stage for progress in world.told}
