"""Books in sequence, and what the border lets through."""

from __future__ import annotations

import math

import pytest

from tests.helpers.market import T0, change, instrument, levels, quote, snapshot, trade
from workstation.domain.market import Bar, BarKind, BarType, Level, StreamChange, StreamKind, StreamState
from workstation.marketdata.books import PENDING_CHANGES_MAX, Applied, Book, BookSet
from workstation.marketdata.quality import REFUSED_SAMPLES_MAX, Border, Defect, Quality


def ready_book() -> Book:
    book = Book("ABC")
    book.on_snapshot(snapshot(levels((99, 5), (98, 6)), levels((101, 7), (102, 8)), 10))
    return book


def test_levels_come_best_first() -> None:
    book = ready_book()
    book.on_change(change(levels((97, 1)), levels((100, 2)), 11))
    assert book.levels(2) == ((Level(99, 5), Level(98, 6)), (Level(100, 2), Level(101, 7)))
    assert (book.best_bid, book.best_ask) == (Level(99, 5), Level(100, 2))


def test_size_zero_removes_a_level_and_an_unknown_level_may_be_removed() -> None:
    book = ready_book()
    book.on_change(change(levels((99, 0), (50, 0)), (), 11))
    assert book.best_bid == Level(98, 6)


def test_a_missing_change_makes_the_book_unsynced_until_a_snapshot_bridges_it() -> None:
    book = ready_book()
    assert book.on_change(change((), levels((103, 1)), 11)) is Applied.CHANGED
    assert book.on_change(change((), levels((104, 1)), 13)) is Applied.GAP
    assert book.state is StreamState.UNSYNCED
    assert book.on_change(change((), levels((105, 1)), 14)) is Applied.KEPT
    assert book.on_snapshot(snapshot(levels((90, 1)), levels((110, 1)), 12)) is Applied.CHANGED
    assert (book.state, book.seq) == (StreamState.UP, 14)
    assert book.asks.prices == [104, 105, 110]


def test_a_snapshot_older_than_the_kept_changes_leaves_the_gap_open() -> None:
    book = ready_book()
    book.on_change(change((), levels((104, 1)), 13))
    assert book.on_snapshot(snapshot(levels((90, 1)), levels((110, 1)), 11)) is Applied.GAP
    assert book.on_snapshot(snapshot(levels((90, 1)), levels((110, 1)), 12)) is Applied.CHANGED
    assert book.seq == 13


def test_a_repeated_change_is_ignored() -> None:
    book = ready_book()
    first = change(levels((99, 50)), (), 11)
    book.on_change(first)
    book.on_change(change(levels((99, 60)), (), 12))
    assert book.on_change(first) is Applied.OLD
    assert book.best_bid == Level(99, 60)


def test_changes_kept_for_a_snapshot_are_bounded() -> None:
    book = Book("ABC")
    for seq in range(1, PENDING_CHANGES_MAX + 50):
        book.on_change(change((), (), seq))
    assert book.on_snapshot(snapshot((), (), 1)) is Applied.GAP


def test_each_gap_asks_for_one_snapshot() -> None:
    asked: list[str] = []
    quality = Quality()
    books = BookSet(quality, asked.append)
    books.apply([snapshot(levels((99, 1)), levels((101, 1)), 1)])
    books.apply([change((), (), 3), change((), (), 4), change((), (), 5)])
    assert asked == ["ABC"]
    assert quality.of("ABC", Defect.GAP) == 1


def test_a_lost_depth_stream_makes_every_book_unsynced() -> None:
    books = BookSet(Quality())
    books.apply([snapshot(levels((99, 1)), levels((101, 1)), 1)])
    books.apply([StreamChange(StreamKind.DEPTH, StreamState.DOWN, T0)])
    assert books["ABC"].state is StreamState.UNSYNCED


def test_a_crossed_book_is_counted_and_says_so() -> None:
    quality = Quality()
    books = BookSet(quality)
    books.apply([snapshot(levels((101, 1)), levels((101, 1)), 1)])
    assert books["ABC"].crossed
    assert quality.of("ABC", Defect.CROSSED) == 1


@pytest.mark.parametrize(
    "event",
    [
        trade(math.nan),
        trade(100.0),
        trade(0),
        trade(-5),
        trade(100, 0),
        trade(100, -1),
        trade(103),
        trade(100, symbol="NOBODY"),
        quote(100, math.inf),
        quote(100, 105, sizes=(1, -1)),
        quote(101, 105),
        snapshot(levels((100, -1)), (), 1),
        change((), levels((101, 1)), 1),
        Bar("ABC", BarType(BarKind.MINUTE, 1), 100, 95, 90, 95, 1, 1, 0, 1),
        Bar("ABC", BarType(BarKind.MINUTE, 1), 100, 100, 100, 100, -1, 1, 0, 1),
        Bar("ABC", BarType(BarKind.MINUTE, 1), 100, 100, 100, 100, 1, 1, 1, 1),
    ],
    ids=repr,
)
def test_an_impossible_message_is_refused_and_counted(event: object) -> None:
    quality = Quality()
    border = Border({"ABC": instrument(tick=5)}, quality)
    good = quote(100, 105)
    assert border.admit([good, event, good]) == [good, good]
    assert quality.total(Defect.REFUSED) == 1
    assert quality.refused[0].reason


def test_a_list_without_faults_passes_as_it_is() -> None:
    events = [quote(100, 105), quote(None, 105), trade(100)]
    assert Border({"ABC": instrument(tick=5)}, Quality()).admit(events) is events


def test_a_crossed_quote_is_counted_and_let_through() -> None:
    quality = Quality()
    events = [quote(105, 100)]
    assert Border({"ABC": instrument()}, quality).admit(events) == events
    assert quality.of("ABC", Defect.CROSSED) == 1


def test_samples_of_refused_messages_are_bounded() -> None:
    quality = Quality()
    Border({}, quality).admit([trade(1) for _ in range(REFUSED_SAMPLES_MAX + 5)])
    assert len(quality.refused) == REFUSED_SAMPLES_MAX
    assert quality.total(Defect.REFUSED) == REFUSED_SAMPLES_MAX + 5
