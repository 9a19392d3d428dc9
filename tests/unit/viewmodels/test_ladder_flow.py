"""What trades since a reset, and the streak of the last price: from totals, begun anew by key, inside and day."""

from __future__ import annotations

from typing import Any

from tests.helpers.desktop_rig import ACCOUNT, depth, stock
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.ladder import Ladder
from workstation.viewmodels.ladder_flow import Flow
from workstation.viewmodels.screen_state import ScreenState

LOW, HIGH = 18_719, 18_721


def book(*traded: tuple[int, int, int], last: int = LOW, size: int = 100, **changes: Any) -> Any:
    return depth(traded=traded, last=last, last_size=size, **changes)


def test_what_traded_before_is_no_flow_and_what_follows_is_told_by_side() -> None:
    flow = Flow()
    flow.take(book((LOW, 300, 200)))
    assert list(flow.traded()) == []
    flow.take(book((LOW, 350, 200), (HIGH, 0, 40)))
    assert (flow.since(LOW), flow.since(HIGH)) == ((50, 0), (0, 40))


def test_a_reset_by_key_and_a_new_inside_price_begin_anew() -> None:
    flow = Flow()
    flow.take(book((LOW, 300, 200)))
    flow.take(book((LOW, 350, 200)))
    flow.reset()
    assert flow.since(LOW) == (0, 0)
    flow.take(book((LOW, 360, 200)))
    assert flow.since(LOW) == (10, 0)
    flow.take(book((LOW, 360, 200), bid=LOW + 1))
    assert (flow.since(LOW), list(flow.traded())) == ((0, 0), [])


def test_the_totals_of_a_new_day_begin_anew() -> None:
    flow = Flow()
    flow.take(book((LOW, 300, 200)))
    flow.take(book((LOW, 20, 0)))
    assert flow.since(LOW) == (0, 0)
    flow.take(book((LOW, 25, 0)))
    assert flow.since(LOW) == (5, 0)


def test_the_streak_grows_at_one_price_and_begins_anew_at_another() -> None:
    flow = Flow()
    flow.take(book((LOW, 300, 200), size=30))
    assert flow.streak(LOW) == 30
    flow.take(book((LOW, 370, 200), size=10))
    assert flow.streak(LOW) == 100
    flow.take(book((LOW, 370, 200), (HIGH, 0, 25), last=HIGH, size=5))
    assert (flow.streak(HIGH), flow.streak(LOW)) == (25, None)
    flow.take(book((LOW, 380, 200), (HIGH, 0, 25), last=LOW, size=10))
    assert flow.streak(LOW) == 10


def test_the_row_shows_sold_and_bought_and_the_streak() -> None:
    ladder, state = Ladder(stock(), ACCOUNT, 21), ScreenState()
    ladder.map.centre(18_720)
    for snap in (book((LOW, 300, 200), size=30), book((LOW, 350, 200), size=10)):
        frame = Frame(
            rows=[], quotes={}, depths={"AAPL": snap}, bars=[], positions={}, accounts={}, status=None, overflowed=False
        )
        state.apply(frame)
        ladder.on_frame(frame, 0)
    row = next(row for row in ladder.view(state, 0).rows if row.price == LOW)
    assert (row.flow, row.last) == ("50×0", "80")
