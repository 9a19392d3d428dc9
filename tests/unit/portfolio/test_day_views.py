"""Round trips with how far they ran, first in first out beside the books, and what stood when the day began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.ledger_oracle import INSTRUMENTS, account_opened, fill, ledger_of, money
from workstation.domain.events import TradingDayRolled
from workstation.domain.executions import CostMethod, ExecKind
from workstation.portfolio.accounts import Accounts
from workstation.portfolio.day_views import DayViews, Trip
from workstation.portfolio.excursions import Excursion
from workstation.portfolio.ledger import Ledger
from workstation.portfolio.pnl import Pnl


class Desk:
    """A ledger with marks and the views of its day."""

    def __init__(self, *, history_max: int = 4_096) -> None:
        self.ledger = Ledger(INSTRUMENTS, history_max=history_max)
        self.ledger.apply(account_opened())
        self.pnl = Pnl(self.ledger, INSTRUMENTS)
        self.views = DayViews(self.ledger, self.pnl.excursion)
        self.at = 0

    def fill(self, qty: int, px: int, **words: object) -> None:
        self.at += 10
        self.ledger.apply(fill(qty, px, **{"at": self.at, **words}))

    def mark(self, *prices: int) -> None:
        for price in prices:
            self.pnl.mark("STK", price, self.at)

    def trips(self) -> tuple[Trip, ...]:
        return self.views.trips("A")


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.mark(10_00)
    return made


def test_a_trip_runs_from_flat_to_flat_and_remembers_how_far_it_went(desk: Desk) -> None:
    desk.fill(10, 10_00, fee=money("1"))
    desk.mark(10_30, 9_50, 10_10)
    desk.fill(-10, 10_20, fee=money("1"))
    desk.mark(20_00)
    (trip,) = desk.trips()
    assert (trip.qty, trip.opened_at, trip.closed_at, trip.realised) == (10, 10, 20, money("2"))
    assert (trip.fees, trip.excursion) == ({"USD": money("2")}, Excursion(money("3"), money("-5")))


def test_the_profit_on_the_way_counts_what_was_realised_before(desk: Desk) -> None:
    desk.fill(10, 10_00)
    desk.mark(11_00)
    desk.fill(-5, 11_00)
    desk.mark(9_00)
    (trip,) = desk.trips()
    assert (trip.closed_at, trip.realised) == (0, money("5"))
    assert trip.excursion == Excursion(money("10"), 0)


def test_a_fill_that_turns_the_position_ends_one_trip_and_begins_the_next(desk: Desk) -> None:
    desk.fill(10, 10_00)
    desk.mark(11_00)
    desk.fill(-30, 11_00, fee=money("3"))
    desk.mark(12_00)
    first, second = desk.trips()
    assert (first.qty, first.realised, first.fees) == (10, money("10"), {"USD": money("1")})
    assert (second.qty, second.realised, second.fees) == (-20, 0, {"USD": money("2")})
    assert second.excursion == Excursion(0, money("-20"))


def test_a_trip_that_began_without_a_mark_is_not_seen_whole() -> None:
    desk = Desk()
    desk.fill(10, 10_00)
    desk.mark(11_00)
    assert desk.trips()[0].excursion == Excursion(money("10"), 0, whole=False)


def test_a_restart_knows_the_trips_but_not_how_far_they_ran(desk: Desk) -> None:
    desk.fill(10, 10_00)
    desk.mark(15_00, 11_00)
    desk.fill(-10, 11_00)
    desk.fill(5, 11_00)
    desk.ledger.load(desk.ledger.state())
    desk.mark(11_50)
    closed, under_way = desk.trips()
    assert (closed.realised, closed.excursion) == (money("10"), None)
    assert under_way.excursion == Excursion(money("2.5"), 0, whole=False)


def test_a_bust_is_folded_again(desk: Desk) -> None:
    desk.fill(10, 10_00, key="a")
    desk.fill(10, 12_00, key="b")
    assert desk.trips()[0].qty == 20
    desk.ledger.apply(fill(10, 12_00, key="c", kind=ExecKind.BUST, corrects="b", at=desk.at + 1))
    assert desk.trips()[0].qty == 10
    assert desk.views.fifo("A", "STK").cost == money("100")


def test_a_new_day_lets_closed_trips_go_and_keeps_the_one_under_way(desk: Desk) -> None:
    desk.fill(10, 10_00)
    desk.fill(-10, 11_00)
    desk.fill(20, 10_00)
    desk.fill(-5, 12_00)
    assert desk.views.fifo("A", "STK").realised == money("20")
    desk.ledger.apply(TradingDayRolled(account="A", day="2026-01-02", ts=desk.at + 5))
    assert desk.views.fifo("A", "STK").realised == 0
    desk.fill(-5, 13_00)
    (trip,) = desk.trips()
    assert (trip.qty, trip.closed_at, trip.realised) == (20, 0, money("25"))
    assert desk.views.fifo("A", "STK").realised == money("15")
    realised, fees = desk.ledger.purse("A").day.rows["STK"]["*"]
    assert (realised, fees) == (money("20"), {})


def test_fifo_is_not_known_where_older_fills_are_sealed() -> None:
    desk = Desk(history_max=4)
    for _ in range(6):
        desk.fill(1, 10_00)
    assert desk.views.fifo("A", "STK") is None
    followed = Desk(history_max=4)
    for _ in range(12):
        followed.fill(1, 10_00)
        assert followed.views.fifo("A", "STK") is not None


@given(st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.integers(5_00, 15_00)), max_size=25), st.data())
def test_by_either_method_realised_and_open_sum_to_the_same(fills: list[tuple[int, int]], data: st.DataObject) -> None:
    desk = Desk()
    desk.mark(10_00)
    for qty, price in fills:
        desk.fill(qty, price)
        if data.draw(st.booleans()):
            desk.views.fifo("A", "STK")
    row, own = desk.ledger.position("A", "STK"), desk.views.fifo("A", "STK")
    if row is None:
        assert own is None
        return
    other = ledger_of([fill(q, p, at=10 * n) for n, (q, p) in enumerate(fills, 1)], CostMethod.FIFO).position(
        "A", "STK"
    )
    assert (own.cost, own.realised) == (other.cost, other.realised)
    assert own.realised - own.cost == row.realised - row.cost
    assert sum(trip.realised for trip in desk.trips()) == row.realised


def test_margin_of_the_positions_sums_to_the_accounts(desk: Desk) -> None:
    desk.fill(10, 10_00)
    desk.fill(-4, 20_00, symbol="FUT")
    funds = Accounts(desk.ledger, desk.pnl)
    assert funds.margin_of("A", "FUT") is None
    desk.pnl.mark("FUT", 20_00, desk.at)
    parts = [funds.margin_of("A", symbol) for symbol in ("STK", "FUT", "EUQ")]
    assert sum(parts) == funds.margin_used("A")
    assert parts[2] == 0
