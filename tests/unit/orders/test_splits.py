"""A split in live trading: booked once, cash and worth stay, orders from before it are called out and fire nothing."""

from __future__ import annotations

import msgspec

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.brokers.sim.faults import SimPlan
from workstation.brokers.sim.venue import MARGIN_ACCOUNT, SimVenue
from workstation.domain.accounts import LockState
from workstation.domain.events import SplitApplied
from workstation.domain.market import Aggressor, Trade
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, RequestKind, Side
from workstation.kernel.clock import VirtualClock
from workstation.orders.results import OrderAlert
from workstation.ports.broker import QueryAnswer, SplitReport

S = OrdStatus


def split(rig: CoreRig, numerator: int, denominator: int = 1, price: int | None = 5_000) -> SplitReport:
    return SplitReport(
        venue="FAKE", symbol=SYMBOL, numerator=numerator, denominator=denominator, ts_event=rig.now,
        cash_in_lieu_px=price,
    )  # fmt: skip


def figures(rig: CoreRig) -> tuple[int, int]:
    """Return what is held and the cash."""
    return rig.state.ledger.qty(ACCOUNT, SYMBOL), rig.state.ledger.cash(ACCOUNT)["USD"]


def test_a_split_moves_the_quantity_and_leaves_the_cash():
    rig = CoreRig()
    rig.position(100)
    _, cash = figures(rig)
    rig.clock.advance(SECOND)
    rig.broker.say(split(rig, 4))
    assert figures(rig) == (400, cash)


def test_the_fraction_of_a_share_is_paid_in_cash():
    rig = CoreRig()
    rig.position(101)
    _, cash = figures(rig)
    rig.clock.advance(SECOND)
    rig.broker.say(split(rig, 3, 2, price=6_666))
    assert figures(rig) == (151, cash + 3_333 * MONEY_ONE // 100)


def test_a_split_told_again_and_found_again_by_a_query_is_booked_once():
    rig = CoreRig()
    rig.position(100)
    rig.clock.advance(SECOND)
    told = split(rig, 2)
    rig.broker.say(told, told)
    rig.broker.positions[ACCOUNT, SYMBOL] = 200
    answer_with(rig, told)
    rig.clock.advance(10 * SECOND)
    assert len(rig.said(SplitApplied)) == 1
    assert figures(rig)[0] == 200
    assert rig.state.controls.locks.state(ACCOUNT) is LockState.UNLOCKED


def answer_with(rig: CoreRig, told: SplitReport) -> None:
    """Let the venue answer one question with a split among its words."""
    rig.broker.answering = False
    rig.desk.reconcile(ACCOUNT, "test")
    say = rig.broker.say
    rig.broker.say = lambda *reports: say(  # type: ignore[method-assign]  # the venue's answers carry the split from now on
        *(msgspec.structs.replace(row, splits=(told,)) if isinstance(row, QueryAnswer) else row for row in reports)
    )
    rig.broker.answering = True
    rig.broker.answer()


def test_a_split_while_this_program_was_away_is_booked_before_positions_are_compared():
    rig = CoreRig()
    rig.position(100)
    rig.down()
    rig.clock.advance(SECOND)
    told = split(rig, 4)
    rig.broker.positions[ACCOUNT, SYMBOL] = 400
    again = rig.restart(connect=False)
    say = again.broker.say
    again.broker.say = lambda *reports: say(  # type: ignore[method-assign]  # the venue's answers carry the split
        *(msgspec.structs.replace(row, splits=(told,)) if isinstance(row, QueryAnswer) else row for row in reports)
    )
    again.broker.connect(again.desk.on_reports)
    again.clock.advance(10 * SECOND)
    assert again.state.ledger.qty(ACCOUNT, SYMBOL) == 400
    assert again.state.controls.locks.state(ACCOUNT) is LockState.UNLOCKED


def test_open_orders_from_before_it_are_called_out_and_asked_about():
    rig = CoreRig()
    order, other = rig.submit(), rig.submit(symbol="XYZ")
    rig.clock.advance(SECOND)
    rig.broker.answering = False
    asked = len(rig.broker.asks)
    rig.broker.say(split(rig, 4))
    assert len(rig.broker.asks) == asked + 1, "its venue is asked at once"
    flagged = rig.order(order.cl_ord_id)
    assert (flagged.status, flagged.unknown) == (S.SUBMITTED, RequestKind.STATUS)
    assert flagged.unknown_cause == "ABC split 4 for 1; its terms at the venue may have changed"
    assert rig.order(other.cl_ord_id).unknown is None
    (alert,) = [row for row in rig.said(OrderAlert) if row.code == "SPLIT_OPEN_ORDER"]
    assert (alert.cl_ord_id, alert.severity) == (order.cl_ord_id, "CRITICAL")
    assert alert.text == (
        "ABC split 4 for 1: this order to buy 100 was given at prices from before it; change or cancel it."
    )
    rig.broker.answering = True
    rig.broker.answer()
    rig.clock.advance(10 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is None, "the venue has said what it holds"


def test_terms_that_the_venue_restated_are_adopted():
    rig = CoreRig()
    order = rig.submit()
    rig.clock.advance(SECOND)
    found = rig.broker.orders[order.cl_ord_id]
    restated = msgspec.structs.replace(found.terms, order_qty=400, price=2_500)
    rig.broker.orders[order.cl_ord_id] = msgspec.structs.replace(found, terms=restated)
    rig.broker.say(split(rig, 4))
    rig.clock.advance(10 * SECOND)
    now = rig.order(order.cl_ord_id)
    assert (now.terms.order_qty, now.terms.price) == (400, 2_500)


def test_a_stop_watched_here_waits_for_a_person_instead_of_firing_at_the_new_price():
    card = msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}))
    rig = CoreRig(card=card)
    rig.position(100)
    stop = rig.submit(Side.SELL, 100, None, ord_type=OrdType.STOP, stop_px=9_000)
    trade = Trade(SYMBOL, 10_000, 1, Aggressor.BUY, "T1", rig.now, rig.now)
    rig.desk.on_market([trade])
    rig.clock.advance(SECOND)
    rig.broker.say(split(rig, 4))
    sent = len(rig.broker.of("submit"))
    rig.prices.quote(SYMBOL, 2_500, 2_501)
    rig.desk.on_market([msgspec.structs.replace(trade, price=2_500)])
    assert len(rig.broker.of("submit")) == sent
    assert rig.desk.held() == (stop.cl_ord_id,)
    assert rig.order(stop.cl_ord_id).status is S.NEW


def simulated() -> tuple[SimVenue, VirtualClock]:
    clock = VirtualClock(1_760_000_000_000_000_000)
    venue = SimVenue(clock, clock, 1, SimPlan(ticks_per_s=200))
    venue.start()
    return venue, clock


def test_the_simulated_venue_splits_positions_and_market_and_says_so_in_its_answers():
    venue, clock = simulated()
    heard: list[object] = []
    venue.broker.connect(heard.extend)
    buy = OrderTerms(symbol="SIM-FILL", account=MARGIN_ACCOUNT, side=Side.BUY, ord_type=OrdType.MARKET, order_qty=101)
    venue.broker.submit("o1", buy)
    clock.advance(SECOND)
    before = dict(venue.exchange.holdings.cash)
    venue.faults.arm("split", symbol="SIM-FILL", code="3:2")
    clock.advance(SECOND)
    (report,) = [row for row in heard if isinstance(row, SplitReport)]
    assert (report.numerator, report.denominator) == (3, 2)
    assert venue.exchange.holdings.qty(MARGIN_ACCOUNT, "SIM-FILL") == 151
    assert report.cash_in_lieu_px is not None
    paid = venue.exchange.holdings.cash[MARGIN_ACCOUNT, "USD"] - before[MARGIN_ACCOUNT, "USD"]
    instrument = venue.exchange.instruments["SIM-FILL"]
    assert paid == instrument.notional(report.cash_in_lieu_px, 1) // 2
    venue.broker.ask(1, MARGIN_ACCOUNT, (), 0)
    clock.advance(SECOND)
    (answer,) = [row for row in heard if isinstance(row, QueryAnswer)]
    assert answer.splits == (report,)
    venue.stop()


def test_the_market_of_a_split_instrument_goes_on_at_the_new_level():
    venue, clock = simulated()
    fair = venue.flow.fair_values
    before = fair.prices[fair.index("AAPL")]
    venue.faults.arm("split", symbol="AAPL", qty=4)
    clock.advance(SECOND)
    assert 0.24 < fair.prices[fair.index("AAPL")] / before < 0.26
    venue.stop()
