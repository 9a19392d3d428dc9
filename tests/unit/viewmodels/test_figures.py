"""Figures of positions for screens, from a real core: what the stops cover, and what they would lose."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.core_rig import ACCOUNT, SECOND, SYMBOL, CoreRig
from tests.helpers.fake_broker import CARD
from workstation.domain.events import TradingDayRolled
from workstation.domain.market import Quote
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, OrdType, RequestKind, Side
from workstation.marketdata.service import MarketData
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.pnl import Pnl
from workstation.viewmodels.figures import Figures
from workstation.viewmodels.frames import PartSnap, PositionSnap
from workstation.viewmodels.guards import guards_of
from workstation.viewmodels.reconciled import VenueCash


@pytest.fixture
def rig() -> CoreRig:
    made = CoreRig()
    made.position(100, 10_000)
    return made


def taken(rig: CoreRig) -> PositionSnap:
    """Return the account's row of the position as a screen gets it, at a market of 100.18 to 100.22."""
    state = rig.state
    market = MarketData(rig.clock, state.instruments, on_fault=lambda *_: None)
    market.on_feed([Quote(SYMBOL, 10_018, 5, 10_022, 5, rig.now, rig.now)])
    pnl = Pnl(state.ledger, state.instruments)
    pnl.mark(SYMBOL, 10_020, rig.now)
    funds = Accounts(state.ledger, pnl)
    figures = Figures(state, market, pnl, funds, rig.clock.now_ns, venue_cash=VenueCash(lambda _: {}))
    figures.refresh_all()
    rows, _ = figures.take()
    return next(row for row in rows if row.position.account == ACCOUNT and row.position.strategy_id == "*")


def guards(rig: CoreRig, qty: int) -> list[OrderState]:
    return guards_of(rig.state.book.open_orders(ACCOUNT, SYMBOL), qty)


def stop(rig: CoreRig, qty: int, at: int) -> None:
    order = rig.submit(Side.SELL, qty, None, ord_type=OrdType.STOP, stop_px=at, reduce_only=True)
    assert order.is_open


def test_without_a_stop_a_position_has_no_risk_to_measure_by(rig: CoreRig) -> None:
    row = taken(rig)
    assert (row.mark, row.unrealised, row.protection, row.risk) == (10_020, 20 * MONEY_ONE, "none", None)


def test_risk_is_what_the_stops_would_lose_from_the_average(rig: CoreRig) -> None:
    stop(rig, 60, 9_950)
    assert (taken(rig).protection, taken(rig).risk) == ("partial", 30 * MONEY_ONE)
    stop(rig, 40, 9_900)
    assert taken(rig).risk == (30 + 40) * MONEY_ONE


def test_a_stop_that_has_locked_a_gain_in_risks_nothing(rig: CoreRig) -> None:
    stop(rig, 100, 10_010)
    assert taken(rig).risk is None


def test_the_legs_of_an_entry_guard_nothing_before_it_fills(rig: CoreRig) -> None:
    entry, held, _ = rig.bracket(40, entry=9_900, stop=9_800)
    assert rig.order(held).is_open
    assert (taken(rig).protection, taken(rig).risk) == ("none", None)
    rig.broker.fill(entry, 40, 9_900)
    row = taken(rig)
    assert (row.position.qty, row.protection, row.risk is None) == (140, "partial", False)


def test_a_stop_that_this_program_watches_guards_and_its_leg_not_before_the_entry_fills() -> None:
    rig = CoreRig(card=msgspec.structs.replace(CARD, ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT})))
    rig.position(100)
    entry, _, _ = rig.bracket(40, entry=9_900, stop=9_800)
    assert taken(rig).protection == "none"
    rig.broker.fill(entry, 40, 9_900)
    assert taken(rig).protection == "program"


def test_a_leg_that_waits_for_the_whole_entry_guards_nothing_before(rig: CoreRig) -> None:
    entry, held, _ = rig.bracket(40, entry=9_900, stop=9_800, full=True)
    rig.broker.fill(entry, 10, 9_900)
    assert taken(rig).protection == "none"
    rig.broker.fill(entry, 30, 9_900)
    assert [order.cl_ord_id for order in guards(rig, 140)] == [held]


def test_a_stop_whose_sending_went_unanswered_is_not_counted_on(rig: CoreRig) -> None:
    rig.broker.frozen = True
    order = rig.submit(Side.SELL, 100, None, ord_type=OrdType.STOP, stop_px=9_900, reduce_only=True)
    assert taken(rig).protection == "full"
    rig.clock.advance(120 * SECOND)
    assert rig.order(order.cl_ord_id).unknown is RequestKind.SUBMIT
    assert taken(rig).protection == "none"


def test_a_stop_guards_positions_of_the_other_side_alone(rig: CoreRig) -> None:
    stop(rig, 100, 9_900)
    assert (len(guards(rig, 100)), guards(rig, -100), guards(rig, 0)) == (1, [], [])


def test_a_position_says_its_margin_its_parts_and_what_the_day_brought(rig: CoreRig) -> None:
    order = rig.submit(Side.SELL, 40, 10_000)
    rig.broker.fill(order.cl_ord_id, 40, 10_010)
    row = taken(rig)
    assert row.margin == 1_503 * MONEY_ONE  # a quarter of 60 at 100.20
    assert row.parts == (PartSnap("", 60, 12 * MONEY_ONE, 4 * MONEY_ONE),)
    assert (row.day_realised, row.fifo.realised) == (4 * MONEY_ONE, 4 * MONEY_ONE)
    rig.record(TradingDayRolled(account=ACCOUNT, day="2026-01-02", ts=rig.now + 1))
    assert (taken(rig).day_realised, taken(rig).parts[0].realised) == (0, 0)
