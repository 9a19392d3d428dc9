"""Pulled and stacked sizes: what levels gain and lose otherwise than by trades, and when that is unknown."""

from __future__ import annotations

from typing import Any

from tests.helpers.desktop_rig import ACCOUNT, depth, stock
from workstation.domain.market import Level
from workstation.viewmodels.frames import DepthSnap, Frame
from workstation.viewmodels.ladder import Ladder
from workstation.viewmodels.ladder_pulling import Pulling
from workstation.viewmodels.ladder_settings import LadderSettings
from workstation.viewmodels.screen_state import ScreenState

SECOND = 1_000_000_000
WINDOW = 5 * SECOND


def book(bids: dict[int, int], asks: dict[int, int], *traded: tuple[int, int, int], **changes: Any) -> DepthSnap:
    return depth(
        bids=tuple(Level(price, bids[price]) for price in sorted(bids, reverse=True)),
        asks=tuple(Level(price, asks[price]) for price in sorted(asks)),
        traded=traded,
        **changes,
    )


BIDS, ASKS = {99: 500, 98: 400}, {101: 300, 102: 200}


def after(*books: DepthSnap, every: int = SECOND) -> Pulling:
    pulling = Pulling(WINDOW)
    for number, taken in enumerate(books):
        pulling.take(taken, number * every)
    return pulling


def test_what_is_added_and_taken_away_is_counted_by_side_and_level() -> None:
    pulling = after(book(BIDS, ASKS), book({99: 650, 98: 300}, {101: 300, 102: 250}))
    assert sorted(pulling.levels(SECOND)) == [(-1, 102, 50), (1, 98, -100), (1, 99, 150)]


def test_what_a_trade_takes_is_no_pull() -> None:
    pulling = after(book(BIDS, ASKS, (99, 1_000, 0)), book({99: 380, 98: 400}, ASKS, (99, 1_100, 0)))
    assert pulling.levels(SECOND) == [(1, 99, -20)]
    lifted = after(book(BIDS, ASKS, (101, 0, 10)), book(BIDS, {102: 200, 103: 50}, (101, 0, 310)))
    assert lifted.net(-1, 101, SECOND) == 0


def test_a_change_leaves_the_sum_when_its_window_is_over() -> None:
    pulling = after(book(BIDS, ASKS), book({99: 650, 98: 400}, ASKS))
    assert pulling.net(1, 99, SECOND + WINDOW - SECOND) == 150
    assert pulling.net(1, 99, SECOND + WINDOW + SECOND) == 0
    assert pulling.levels(SECOND + WINDOW + SECOND) == []


def test_a_sum_that_passes_through_nothing_while_it_ages_goes_on() -> None:
    sizes = (500, 600, 650, 600)
    pulling = after(*(book({99: size, 98: 400}, ASKS) for size in sizes))
    seen = [pulling.net(1, 99, at * SECOND) for at in (3, 6, 7, 8)]
    assert seen == [100, 0, -50, 0]


def test_a_level_that_leaves_or_enters_the_carried_range_is_forgotten() -> None:
    rose = after(book(BIDS, ASKS), book({100: 50, 99: 500}, {101: 300, 102: 200}))
    assert rose.levels(SECOND) == [(1, 100, 50)]
    fell = after(book({100: 50, 99: 500}, ASKS), book(BIDS, ASKS))
    assert fell.levels(SECOND) == [(1, 100, -50)]


def test_a_level_that_vanishes_from_a_shorter_book_was_pulled() -> None:
    pulling = after(book(BIDS, ASKS), book({99: 500}, ASKS))
    assert pulling.levels(SECOND) == [(1, 98, -400)]


def test_a_lost_sync_and_the_totals_of_a_new_day_begin_afresh() -> None:
    grown = book({99: 900, 98: 400}, ASKS, (99, 50, 0))
    lost = after(book(BIDS, ASKS, (99, 50, 0)), grown, book(BIDS, ASKS, (99, 50, 0), synced=False), grown)
    assert lost.levels(3 * SECOND) == []
    assert after(book(BIDS, ASKS, (99, 50, 0)), grown, book(BIDS, ASKS, (99, 5, 0))).levels(2 * SECOND) == []


def shown(ladder: Ladder, state: ScreenState, taken: DepthSnap, mono_ns: int) -> dict[int, str]:
    frame = Frame(
        rows=[],
        quotes={},
        depths={"AAPL": taken},
        bars=[],
        positions={},
        accounts={},
        status=None,
        overflowed=False,
    )
    state.apply(frame)
    ladder.on_frame(frame, mono_ns)
    ladder.place(state)
    return {row.price: row.pulled for row in ladder.view(state, mono_ns).rows if row.pulled}


def test_the_rows_show_it_signed_and_grouped_rows_their_sum() -> None:
    ladder, state = Ladder(stock(), ACCOUNT, 20), ScreenState()
    ladder.show_as(LadderSettings())
    ladder.show_columns(pnl=False, pnl_wide=False, pulled=True)
    assert shown(ladder, state, book(BIDS, ASKS, (99, 5, 5)), 0) == {}
    assert ladder.view(state, 0).pulling
    assert shown(ladder, state, book({99: 650, 98: 300}, ASKS, (99, 5, 5)), SECOND) == {99: "+150", 98: "−100"}
    ladder.map.set_grouping(2)
    assert {row.price: row.pulled for row in ladder.view(state, SECOND).rows if row.pulled} == {98: "+50"}


def test_it_is_hidden_without_traded_volume_by_price_and_when_switched_off() -> None:
    ladder, state = Ladder(stock(), ACCOUNT, 20), ScreenState()
    ladder.show_as(LadderSettings())
    shown(ladder, state, book(BIDS, ASKS), 0)
    assert not ladder.view(state, 0).pulling
    shown(ladder, state, book(BIDS, ASKS, (99, 5, 5)), SECOND)
    ladder.show_as(LadderSettings(pulled_s=0))
    assert not ladder.view(state, SECOND).pulling
